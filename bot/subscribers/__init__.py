"""Telling others: every event goes out to those who have subscribed, in order for a release."""
