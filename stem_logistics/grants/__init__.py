"""Prizes of contests and direct grants: fixed lists that are published and shipped as a wave's results are."""
