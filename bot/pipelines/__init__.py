"""Running the steps of releases, and seeing how each run ends."""
