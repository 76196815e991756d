"""The ledger: the events of all releases, hash-chained, and the few tables that queries need."""
