"""The provider of workflows of GitHub Actions."""
