"""Every page of stocktakes."""

from litestar.types import ControllerRouterHandler

from stem_logistics.stocktakes import link_pages, register, staff_pages

ROUTES: list[ControllerRouterHandler] = [*staff_pages.ROUTES, *register.ROUTES, *link_pages.ROUTES]
