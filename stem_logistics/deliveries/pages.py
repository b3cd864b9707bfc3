"""Every page of the deliveries: the school's, the public's, the staff's."""

from litestar.types import ControllerRouterHandler

from stem_logistics.deliveries import (
    bulk_pages,
    discrepancy_pages,
    last_mile_pages,
    late_pages,
    packing_pages,
    public_pages,
    quality_pages,
    receipt_pages,
    returning_pages,
    staff_pages,
    staff_receipt_pages,
)

ROUTES: list[ControllerRouterHandler] = [
    *public_pages.ROUTES,
    *receipt_pages.ROUTES,
    *quality_pages.ROUTES,
    *bulk_pages.ROUTES,
    *late_pages.ROUTES,
    *last_mile_pages.ROUTES,
    *packing_pages.ROUTES,
    *returning_pages.ROUTES,
    *staff_receipt_pages.ROUTES,
    *staff_pages.ROUTES,
    *discrepancy_pages.ROUTES,
]
