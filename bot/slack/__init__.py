"""Slack: what comes in becomes commands, and what a release should show becomes messages."""
