"""The words for repairs, papers and answers, where people read them."""

from stem_logistics.web.i18n import LazyText, _

REPAIR_STATES: dict[str, LazyText] = {
    "reported": _("Reported"),
    "sent": _("Sent to the repairer"),
    "at-repairer": _("At the repairer"),
    "back": _("Back in the store"),
    "replaced": _("Replaced"),
    "not-repairable": _("Not repairable"),
    "returned": _("Back at the school"),
    "kept": _("Kept in the store"),
    "disposed": _("Disposed of"),
    "withdrawn": _("Report withdrawn"),
}
REPAIR_TONES = {
    "reported": "warn",
    "sent": "busy",
    "at-repairer": "busy",
    "back": "wait",
    "replaced": "wait",
    "not-repairable": "bad",
    "returned": "good",
    "kept": "good",
    "disposed": "off",
    "withdrawn": "off",
}
# What a repair's own steps say beside its states.
REPAIR_STEP_STATES: dict[str, LazyText] = {
    **REPAIR_STATES,
    "returned": _("Left for the school"),
    "arrived": _("The school confirmed that it has it"),
}
REPAIR_STEP_TONES = {**REPAIR_TONES, "returned": "busy", "arrived": "good"}
STEP_WORDS: dict[str, LazyText] = {
    "send": _("Send to a repairer"),
    "arrive": _("It has arrived at the repairer"),
    "back": _("It came back, into the store"),
    "replace": _("Give another device in its place"),
    "give-up": _("It cannot be repaired"),
    "return": _("Give it back to the school"),
    "keep": _("Keep it in the store"),
    "dispose": _("Dispose of it, with a protocol"),
    "withdraw": _("Withdraw the report"),
}
PAPER_WORDS: dict[str, LazyText] = {
    "custody": _("Hand-over of custody"),
    "repair": _("Repair note"),
    "loan": _("Loan protocol"),
    "transfer": _("Transfer protocol"),
    "disposal": _("Disposal protocol"),
    "rejection": _("Rejection note"),
    "write-off": _("Write-off note"),
    "movement": _("Note of an internal movement"),
    "stocktake": _("Statement of a stocktake"),
}
IDLE_STATES: dict[str, LazyText] = {
    "requested": _("The school says so"),
    "idle": _("Not in use"),
    "offered": _("Offered"),
    "accepted": _("Accepted"),
}
LOAN_STATES: dict[str, LazyText] = {
    "on-the-way": _("On its way to the borrower"),
    "out": _("On loan"),
    "going-back": _("Given back, not confirmed"),
    "ended": _("Given back"),
}
LOAN_TONES = {"on-the-way": "wait", "out": "busy", "going-back": "warn", "ended": "good"}
IDLE_TONES = {"requested": "wait", "idle": "warn", "offered": "busy", "accepted": "good"}
ANSWER_WORDS: dict[str, LazyText] = {
    "": _("No answer yet"),
    "done": _("Done"),
    "not-here": _("It is not here"),
    "cannot": _("We cannot do it"),
}
ANSWER_TONES = {"": "wait", "done": "good", "not-here": "warn", "cannot": "bad"}
RECALL_BY: dict[str, LazyText] = {
    "model": _("Every device of a model"),
    "batch": _("Every kit of a purchase"),
    "firmware": _("Every device with firmware below a version"),
}
