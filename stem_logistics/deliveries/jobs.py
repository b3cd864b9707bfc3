"""Work of the deliveries that runs by itself or for long: importing it makes it known to the workers."""

from stem_logistics.deliveries import bulk, case_reminding, from_wave, quality, reminding

__all__ = ["bulk", "case_reminding", "from_wave", "quality", "reminding"]
