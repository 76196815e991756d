"""Who the people are: their standing, their roles, what they lead, and how that changes hands."""
