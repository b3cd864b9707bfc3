"""The vocabulary of fixed lists in the reader's language."""

from collections.abc import Mapping

from stem_logistics.web.i18n import Text, _

REASONS: Mapping[str, Text] = {
    "contest": _("Prizes of a contest"),
    "direct": _("Direct grant by a decision"),
}
STATES: Mapping[str, tuple[Text, str]] = {
    "draft": (_("Draft"), "wait"),
    "published": (_("Published"), "good"),
    "historic": (_("Published, given out before"), "off"),
}
COLUMNS: Mapping[str, Text] = {
    "code": _("Code"),
    "name": _("School"),
    "kit": _("Kit"),
    "pieces": _("Pieces"),
    "category": _("Category"),
    "rank": _("Prize"),
    "project": _("Project"),
    "note": _("Notes"),
}
HOW: Mapping[str, Text] = {
    "zeros": _("by its code, with the zeros that were lost"),
    "merged": _("by the code of a double registration"),
    "name": _("by its name"),
}
