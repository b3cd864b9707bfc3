"""Checks of devices: laptops and their enrolment, signed reports, the health that follows from them."""
