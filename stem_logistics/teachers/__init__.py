"""Teachers: where they serve, contacts by consent, double registrations."""
