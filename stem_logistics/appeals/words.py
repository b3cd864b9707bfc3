"""The words of appeals in the reader's language."""

from collections.abc import Mapping

from stem_logistics.web.i18n import LazyText, _

POINTS: Mapping[str, LazyText] = {
    "criterion": _("points of a criterion"),
    "exclusion": _("exclusion"),
    "admission": _("condition of admission"),
    "category": _("priority category"),
    "preference": _("preference for a kit"),
}
STATES: Mapping[str, tuple[LazyText, str]] = {
    "filed": (_("to be decided"), "warn"),
    "withdrawn": (_("withdrawn"), "off"),
    "decided": (_("decided"), "good"),
}
DECISIONS: Mapping[str, LazyText] = {
    "accepted": _("accepted"),
    "partly": _("partly accepted"),
    "rejected": _("rejected"),
    "out-of-time": _("out of time"),
}
DECISION_TONES: Mapping[str, str] = {"accepted": "good", "partly": "good", "rejected": "bad", "out-of-time": "off"}
EFFECTS: Mapping[str, LazyText] = {
    "none": _("nothing changes"),
    "supernumerary": _("a kit of those held back"),
    "rerun": _("the rule was run again"),
}
WHY: Mapping[str, LazyText] = {
    "clears-nothing": _("The corrected application clears no published cut-off of a kit it would rather have."),
    "clears-cutoff": _(
        "The corrected application clears a published cut-off, and a kit held back for appeals is left."
    ),
    "none-held-back": _("The corrected application clears a published cut-off, and no kit held back is left."),
    "recipient-lowered": _("The correction lowers a school that receives a kit."),
    "category-changed": _("The correction changes a category of the school."),
    "level-changed": _("The correction changes the level of the school."),
    "region-changed": _("The correction changes the region of the school."),
    "department": _("Departments have no cut-offs: the rule is run again to see."),
}
COMMITTEES: Mapping[str, LazyText] = {
    "evaluation": _("Evaluation committee"),
    "appeals": _("Appeals committee"),
}
