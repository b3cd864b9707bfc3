"""Finds what may be a device, without opening any port: `Candidate(hardware_id, properties)`."""
