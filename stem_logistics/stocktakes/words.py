"""The words of a stocktake, where people read them."""

from stem_logistics.web.i18n import LazyText, _

STATES: dict[str, LazyText] = {
    "open": _("Not counted yet"),
    "found": _("Found in order"),
    "broken": _("Found broken"),
    "missing": _("Pieces missing"),
    "gone": _("Left the school"),
}
TONES = {"open": "wait", "found": "good", "broken": "warn", "missing": "bad", "gone": "off"}
DECISIONS: dict[str, LazyText] = {
    "lost": _("Written off as lost"),
    "found": _("Found after all"),
    "repair": _("Made a repair"),
    "nothing": _("Nothing to be done"),
}
PROBLEMS: dict[str, LazyText] = {
    "unknown": _("Unknown to us"),
    "elsewhere": _("Somewhere else by the ledger"),
    "ambiguous": _("Can be several"),
}
