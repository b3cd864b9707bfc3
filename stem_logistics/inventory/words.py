"""The words for places and movements, where people read them."""

from stem_logistics.web.i18n import LazyText, _

PLACE_WORDS: dict[str, LazyText] = {
    "supplier": _("At the supplier"),
    "store": _("In the store"),
    "consignment": _("In a consignment"),
    "institution": _("At a school"),
    "repairer": _("At a repairer"),
    "returning": _("On its way back to the store"),
    "lost": _("Lost"),
    "scrapped": _("Withdrawn"),
    "several": _("In several places"),
    "none": _("Without parts"),
}
PLACE_TONES: dict[str, str] = {
    "store": "wait",
    "consignment": "busy",
    "institution": "good",
    "repairer": "busy",
    "returning": "busy",
    "lost": "bad",
    "scrapped": "off",
    "supplier": "off",
    "several": "warn",
    "none": "off",
}
REASON_WORDS: dict[str, LazyText] = {
    "purchase": _("Came from the supplier"),
    "historic": _("Taken over from the records of an earlier wave"),
    "pack": _("Put into a consignment"),
    "unpack": _("Taken out of the consignment"),
    "receive": _("Received by the school"),
    "receive-damaged": _("Received damaged"),
    "missing": _("Missing"),
    "found": _("Found"),
    "return": _("Came back to the store"),
    "transfer": _("Moved"),
    "scrap": _("Withdrawn"),
    "repair": _("Sent to be repaired"),
    "repaired": _("Back from the repairer"),
    "replacement": _("Given in place of another"),
    "loan": _("Lent to another school"),
    "loan-return": _("Given back by the school that had borrowed it"),
    "reject": _("Rejected: back to the supplier"),
    "hand-over": _("Handed over on the last mile"),
    "regroup": _("Joined or left a kit"),
    "correction": _("Correction: an earlier movement was taken back"),
}
REASON_TONES: dict[str, str] = {
    "receive": "good",
    "receive-damaged": "warn",
    "missing": "bad",
    "found": "good",
    "pack": "busy",
    "repair": "busy",
    "repaired": "good",
    "replacement": "good",
    "loan": "busy",
    "loan-return": "good",
    "scrap": "off",
    "reject": "bad",
    "hand-over": "busy",
    "correction": "warn",
}
FUNDING_WORDS: dict[str, LazyText] = {
    "wave": _("A wave's budget"),
    "budget-line": _("Budget line"),
    "erasmus-plus": _("Erasmus+ grant"),
}
ORDER_STATES: dict[str, LazyText] = {
    "open": _("Order is open"),
    "cancelled": _("Order is cancelled"),
    "closed": _("Order is closed"),
}
CHANGE_WORDS: dict[str, LazyText] = {
    "kits": _("Number of kits"),
    "price": _("Price of one"),
    "title": _("Title"),
    "due": _("Due"),
    "state": _("State"),
}
# What the books call it: the organisation's own, or given to it for use.
TITLE_WORDS: dict[str, LazyText] = {"ownership": _("Ownership"), "use": _("Use")}
