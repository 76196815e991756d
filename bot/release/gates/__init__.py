"""Who may say go: what people answer at a gate, how it stands, and how it may be passed all the same."""
