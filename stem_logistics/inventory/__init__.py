"""Stock: kit definitions, kits, devices and the ledger of their movements."""
