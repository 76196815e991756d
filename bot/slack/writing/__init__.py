"""How things are written in Slack: text that is escaped, blocks, and the words for what releases wait for."""
