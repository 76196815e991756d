"""Who the people are, as Slack has it, and when they are to be left in peace."""
