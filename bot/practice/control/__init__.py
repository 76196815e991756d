"""How tests and the page act in the practice Slack, and see what is in it."""
