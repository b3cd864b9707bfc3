"""Schools, university departments, directorates, regional directorates."""
