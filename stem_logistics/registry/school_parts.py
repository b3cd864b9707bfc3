"""What other nouns add to a school's page. A noun's `school.py` has `async def school_part(principal, institution)`."""

from dataclasses import dataclass, field
from typing import Any

from stem_logistics import nouns
from stem_logistics.accounts.policy import Principal
from stem_logistics.registry.model import Institution
from stem_logistics.web.i18n import Text


@dataclass(frozen=True)
class SchoolPart:
    """A section of a school's page: what it was given, what is on its way, what its devices say.

    Args:
        title: the section's heading.
        template: shown below it, with `part` (this object's `context`) and `school`.
        sentence: what the reader came to know, for the page's head; empty where this part has none.
        order: sections come by it; the page's own facts stand at 0.
        under: the merged code that it belongs to; empty for the school's own.
    """

    title: Text
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    sentence: Text = ""
    order: int = 50
    under: str = ""


async def school_parts(principal: Principal, school: Institution) -> list[SchoolPart]:
    """The sections that this person may see, in order."""
    found: list[SchoolPart] = []
    for module in nouns.load("school"):
        part: SchoolPart | None = await module.school_part(principal, school)
        if part is not None:
            found.append(part)
    return sorted(found, key=lambda part: part.order)
