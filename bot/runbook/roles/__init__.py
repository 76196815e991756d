"""Who is in a role: a group, people by name, by turns, or the owners of what has changed."""
