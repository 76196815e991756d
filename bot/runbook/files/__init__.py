"""Runbooks as files: strict YAML, layers that extend each other, and what is wrong, said in its place."""
