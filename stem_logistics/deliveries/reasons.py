"""The words for states, reasons and outcomes of deliveries, where people read them."""

from stem_logistics.deliveries.rules import Action, DamageReason, MissingReason, State
from stem_logistics.web.i18n import LazyText, _

STATE_WORDS: dict[str, LazyText] = {
    State.PACKING: _("Being packed"),
    State.PACKED: _("Packed"),
    State.DISPATCHED: _("On its way"),
    State.PARTIALLY_RECEIVED: _("Received in part"),
    State.RECEIVED: _("Received"),
    State.RETURNING: _("On its way back"),
    State.CANCELLED: _("Cancelled"),
}
STATE_TONES: dict[str, str] = {
    State.PACKING: "wait",
    State.PACKED: "wait",
    State.DISPATCHED: "busy",
    State.PARTIALLY_RECEIVED: "warn",
    State.RECEIVED: "good",
    State.RETURNING: "busy",
    State.CANCELLED: "off",
}
ACTION_WORDS: dict[str, LazyText] = {
    Action.PICK: _("change what is in it"),
    Action.PACK: _("be packed"),
    Action.UNPACK: _("be opened again"),
    Action.DISPATCH: _("be dispatched"),
    Action.TAKE_BACK: _("be taken back"),
    Action.RECEIVE_PART: _("be received in part"),
    Action.RECEIVE_REST: _("be received"),
    Action.CANCEL: _("be cancelled"),
    Action.RETURN: _("come back"),
}
DAMAGE_WORDS: dict[str, LazyText] = {
    DamageReason.TRANSPORT: _("damaged on the way"),
    DamageReason.OPENED: _("the parcel was open"),
    DamageReason.DEFECTIVE: _("it does not work"),
    DamageReason.INCOMPLETE: _("a part of it is missing"),
    DamageReason.OTHER: _("other reason"),
}
MISSING_WORDS: dict[str, LazyText] = {
    MissingReason.NOT_IN_PARCEL: _("it was not in the parcel"),
    MissingReason.PARCEL_LOST: _("a parcel never arrived"),
    MissingReason.OPENED: _("the parcel was open"),
    MissingReason.WRONG_ITEM: _("something else was in its place"),
    MissingReason.OTHER: _("other reason"),
}
KIND_WORDS: dict[str, LazyText] = {
    "missing": _("Missing"),
    "damaged": _("Damaged"),
    "surplus": _("Surplus"),
    "wrong": _("Another thing"),
}
OUTCOME_WORDS: dict[str, LazyText] = {
    "re-sent": _("Sent again"),
    "credited": _("Credited by the supplier"),
    "found": _("Found"),
    "repaired": _("Repaired"),
    "written-off": _("Written off"),
    "taken-back": _("Fetched back"),
    "kept": _("Stays with the school"),
}
# What may come of each kind of discrepancy.
OUTCOMES: dict[str, tuple[str, ...]] = {
    "missing": ("re-sent", "found", "credited", "written-off"),
    "damaged": ("re-sent", "repaired", "credited", "written-off"),
    "surplus": ("taken-back", "kept"),
    # what should have come in its place is missing, which is a case of its own
    "wrong": ("taken-back", "kept"),
}
