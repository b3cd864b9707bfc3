"""Consignments to institutions, their receipt, and the documents that prove both."""
