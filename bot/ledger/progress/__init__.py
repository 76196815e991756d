"""How far others have followed the ledger: what was shown, started, read, told and answered."""
