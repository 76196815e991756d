"""Checks that Rollcall reads by itself, while a gate that needs them is open."""
