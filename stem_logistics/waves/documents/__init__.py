"""The documents that the waves make."""
