"""Runbooks: what a release goes through, written in strict YAML and read into frozen models."""
