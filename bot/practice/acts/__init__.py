"""What people do in Slack: type commands and messages, press, fill in and close."""
