"""A release played beforehand: the core itself, on a clock of its own, with people who take their time."""
