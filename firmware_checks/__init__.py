"""What firmware should be: images, versions, baselines, verdicts. No I/O beyond its own data."""
