"""Who looks at a page, and the entries of the page's menu that this person may open."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from stem_logistics.web.i18n import LazyText, Text, _


@dataclass(frozen=True)
class NavEntry:
    """One entry of the menu.

    Args:
        href: where it leads; the entry is current on every page beneath it.
        label: its word.
        permission: the permission's value that its page asks for; None for pages anyone may open.
    """

    href: str
    label: LazyText
    permission: str | None = None

    def is_current(self, path: str) -> bool:
        """Whether the page at this path lies under the entry."""
        return path == self.href or (self.href != "/" and path.startswith(self.href + "/"))


@dataclass(frozen=True)
class Viewer:
    """The signed-in person, as far as a page's frame needs to know them.

    Args:
        name: shown in the header.
        role: their role or scope in words ("Στέλεχος Ε.Ο.Υ.").
        can: decides by a permission's value whether an entry, a button or a column is shown.
    """

    name: str
    role: Text
    can: Callable[[str], bool]


ANYONE: Final = Viewer(name="", role="", can=lambda permission: False)

# One order for everyone: what needs a person today first, what is looked up after.
MENU: Final[tuple[NavEntry, ...]] = (
    NavEntry("/", _("Today")),
    NavEntry("/waves", _("Waves"), "waves:read"),
    NavEntry("/schools", _("Schools"), "registry:read"),
    NavEntry("/stock", _("Stock"), "stock:read"),
    NavEntry("/consignments", _("Consignments"), "deliveries:read"),
    NavEntry("/devices", _("Devices"), "checks:read"),
    NavEntry("/mail", _("Mail"), "mail:read"),
    NavEntry("/audit", _("Audit"), "audit:read"),
)

FOOTER: Final[tuple[NavEntry, ...]] = (
    NavEntry("/results", _("Results")),
    NavEntry("/results/map", _("Where the equipment is")),
    NavEntry("/accessibility", _("Accessibility")),
)


def entries_for(viewer: Viewer | None, menu: Iterable[NavEntry] = MENU) -> list[NavEntry]:
    """The entries that this person may open; none before sign-in."""
    if viewer is None:
        return []
    return [entry for entry in menu if entry.permission is None or viewer.can(entry.permission)]
