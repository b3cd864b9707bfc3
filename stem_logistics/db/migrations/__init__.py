"""The schema's history: one chain of Piccolo migrations in raw SQL, forward only."""
