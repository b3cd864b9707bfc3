"""The service: registry, waves, allocation, stock, deliveries, checks."""
