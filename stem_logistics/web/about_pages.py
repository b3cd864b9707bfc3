"""What the service says of itself."""

from litestar import get
from litestar.response import Template
from litestar.types import ControllerRouterHandler

from stem_logistics import runtime
from stem_logistics.accounts.policy import Permission


@get("/accessibility", opt={"permission": Permission.PUBLIC}, include_in_schema=False, operation_id="AccessibilityPage")
async def accessibility_page() -> Template:
    """The accessibility statement that Directive (EU) 2016/2102 asks of public bodies."""
    return Template("about/accessibility.html", context={"address": runtime.settings().mail_from})


ROUTES: list[ControllerRouterHandler] = [accessibility_page]
