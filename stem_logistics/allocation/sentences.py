"""The sentence for each of the allocation's refusals: what is wrong, and what to do."""

from stem_logistics.web.i18n import N_

SENTENCES: dict[str, str] = {
    "allocation-before-deadline": N_(
        "Kits are allocated after the deadline, when applications cannot change any more."
    ),
    "allocation-without-seed": N_("The numbers of the public draw are not entered yet: ties are decided by them."),
    "allocation-input-unusable": N_("The rules and applications do not give a usable input: %(fault)s"),
    "allocation-not-verified": N_(
        "The independent check refuses this outcome, so it cannot be published: %(fault)s. Tell the developers."
    ),
    "allocation-run-not-found": N_("There is no such run of the allocation."),
    "allocation-run-superseded": N_("There is a newer run, or newer scores. Look at the newest before publishing."),
    "results-not-published": N_("The results of this wave are not out yet."),
    "result-not-found": N_("This school did not apply to this wave. Check the code."),
    "wave-not-historic": N_("Only a historic wave takes awards without an allocation."),
}
