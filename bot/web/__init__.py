"""HTTP: Slack's requests where they come that way, and health."""
