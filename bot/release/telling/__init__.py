"""What people are told by the clock: reminders and summaries."""
