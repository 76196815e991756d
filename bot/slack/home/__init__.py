"""The Home tab: what waits for a person, what they lead, what is going out, and their settings."""
