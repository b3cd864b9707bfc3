"""Appeals, committees, and the final results."""
