"""The digest: the one private message in which a person is reminded of everything that waits for them."""
