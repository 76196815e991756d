"""The provider of pipelines of GitLab."""
