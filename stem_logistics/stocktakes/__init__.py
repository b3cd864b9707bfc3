"""Stocktakes: what each school has, counted once a year by the school itself on a telephone."""
