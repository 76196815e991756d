"""What can be said without changing anything: why a release waits, and what would become of a start."""
