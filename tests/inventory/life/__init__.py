"""A stateful test of every operation that moves stock."""
