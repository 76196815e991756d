"""What Rollcall does by the clock: a short list of ticks. What is due stands in the ledger's tables."""
