"""Reading a registry file: bytes to validated rows, or errors that name row and column."""
