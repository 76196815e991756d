"""GitLab as it is called: with which access, and how often."""
