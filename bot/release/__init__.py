"""The core: what a release is, what may happen to it, and what it waits for. Pure; no I/O, no clock."""
