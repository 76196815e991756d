"""What comes in from Slack, and what it means: commands, buttons, shortcuts, and words that people write."""
