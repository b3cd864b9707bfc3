"""What a refusal of custody says to a person."""

from stem_logistics.web.i18n import N_

SENTENCES: dict[str, str] = {
    "holder-name-missing": N_("Give the name of the person who takes the kit into their charge."),
    "holder-post-missing": N_("Give that person's post, for example: teacher of informatics."),
    "kit-not-at-school": N_("Kit %(code)s is at no school by the ledger, so nobody there can have it in their charge."),
    "kit-has-holder": N_("Somebody else entered who has this kit a moment ago. Look at it again."),
    "custody-school-not-found": N_("There is no school with the code “%(code)s”."),
    "custody-school-closed": N_("The school %(code)s is closed. Choose one that is open."),
    "school-has-no-mailbox": N_(
        "The registry has no e-mail address for the school %(code)s, so it cannot be written to."
    ),
    "paper-not-found": N_("There is no such paper."),
    "fault-missing": N_("Say in a few words what does not work."),
    "part-not-in-kit": N_("Kit %(code)s has no part “%(part)s”. Look at the label on the device itself."),
    "serial-ambiguous": N_(
        "“%(typed)s” can be read as %(matches)s: letters and digits look alike. Type it exactly as on the label."
    ),
    "part-not-at-hand": N_("%(part)s is not at a school or in the store but here: %(place)s."),
    "device-in-repair-already": N_("This device is being repaired already."),
    "fault-photos-too-many": N_("At most %(most)s photographs go with a report. Choose the clearest."),
    "repair-not-found": N_("There is no repair with the code “%(code)s”."),
    "repair-step-not-possible": N_(
        "The repair %(code)s has moved on meanwhile: this step is not possible any more. Look at it again."
    ),
    "repair-not-on-its-way": N_("The device of repair %(code)s has not left for the school yet."),
    "repairer-missing": N_("Say who repairs it."),
    "repair-without-school": N_("The device of repair %(code)s came from the store: there is no school to give it to."),
    "no-spare-device": N_("The store has no %(item)s to give in its place."),
    "spare-not-found": N_("“%(typed)s” is not a device that lies free in the store. Such are: %(known)s."),
    "disposal-method-missing": N_("Say how it is disposed of and who collects it."),
    "nothing-to-dispose": N_("Nothing of kit %(code)s is left to be disposed of."),
    "loan-day-unusable": N_("Give the day of return: after today, and within %(days)s days."),
    "loan-to-itself": N_("The school %(code)s has this kit itself."),
    "kit-on-loan-already": N_("This kit is on loan already."),
    "loan-not-found": N_("There is no loan with the code “%(code)s”."),
    "loan-not-begun": N_(
        "The loan %(code)s has not begun: the borrower has not confirmed the receipt. Cancel its consignment if it does "
        "not take place."
    ),
    "loan-kind-unknown": N_("Choose what kind of kit you need."),
    "loan-request-needs-why": N_("Say in a few words what you need it for."),
    "loan-request-not-found": N_("There is no such request."),
    "loan-request-decided": N_("This request was answered already."),
    "return-not-found": N_("There is no return with the code “%(code)s”."),
    "return-ended": N_("Nothing of the return %(code)s is on its way any more."),
    "return-count-unusable": N_("%(item)s: %(sent)s were sent. Give how many of them came."),
    "return-count-unreadable": N_("“%(typed)s” is not a number of pieces."),
    "return-needs-note": N_("Something is missing: say what became of it."),
    "loan-ended": N_("The loan %(code)s has ended already."),
    "no-kits-chosen": N_("Choose at least one kit."),
    "kit-offered-already": N_("This kit is marked or offered already."),
    "answer-day-unusable": N_("Give a day after today by which schools are to answer."),
    "offer-not-found": N_("This offer is not open any more."),
    "offer-answered": N_("This offer was answered already."),
    "offer-lapsed": N_("The day for an answer was %(day)s; the kit goes to the next school. Call us if you want one."),
    "offer-out-of-order": N_(
        "The next in order is %(school)s (%(code)s). Offer it there, or say why another school comes first."
    ),
    "offer-not-accepted": N_("Kit %(code)s has not been accepted by a school yet."),
    "version-unreadable": N_("“%(version)s” is not a version. Write it as devices do, for example 2.0.9.3."),
    "recall-criterion-missing": N_("Choose what is recalled: a model, a purchase, or firmware below a version."),
    "recall-words-missing": N_("Give the recall a title, and say what schools are to do."),
    "recall-matches-nothing": N_("Nothing that we know of matches. Nobody was written to."),
    "recall-not-found": N_("There is no recall with the code “%(code)s”."),
    "recall-answer-unknown": N_("Choose one of the answers."),
    "recall-question-not-found": N_("This is not asked of your school."),
    "recall-closed": N_("The recall %(code)s is closed; answers are not taken any more."),
    "recall-outcome-missing": N_("Say what came of the recall."),
}
