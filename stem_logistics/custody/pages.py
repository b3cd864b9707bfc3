"""Every page of custody."""

from litestar.types import ControllerRouterHandler

from stem_logistics.custody import kit_pages, link_pages, loan_pages, recall_pages, repair_pages

ROUTES: list[ControllerRouterHandler] = [
    *kit_pages.ROUTES,
    *repair_pages.ROUTES,
    *loan_pages.ROUTES,
    *recall_pages.ROUTES,
    *link_pages.ROUTES,
]
