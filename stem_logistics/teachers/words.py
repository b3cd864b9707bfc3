"""The vocabulary of teachers in the reader's language."""

from collections.abc import Mapping

from stem_logistics.web.i18n import LazyText, _

PURPOSES: Mapping[str, LazyText] = {
    "contact": _("to be written to about the school's projects and equipment"),
    "training": _("to be told of courses and workshops"),
    "news": _("to receive the newsletter"),
}
GROUNDS: Mapping[str, LazyText] = {
    "same-email": _("the same e-mail"),
    "same-code": _("the same code, typed differently"),
    "same-name": _("the same name at the same school"),
}
