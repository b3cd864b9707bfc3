"""Who may act: accounts, sign-in, roles by scope, schools' links."""
