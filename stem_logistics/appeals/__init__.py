"""Appeals against provisional results, the committees that decide, and the final results."""
