"""The long shows: what the product promises, at a scale and with a violence that no unit test has time for."""
