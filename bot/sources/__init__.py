"""Where it is read what is in a version."""
