"""The demonstration: a generated registry, the historic waves with their published numbers, an open wave, stock.

Everything is made through the services, as staff would make it; only dates that lie in the past are set beside them.
"""
