"""Waves: the rules of an action, its applications with their evidence, and their points."""
