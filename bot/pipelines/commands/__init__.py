"""The provider of commands that are run on this machine."""
