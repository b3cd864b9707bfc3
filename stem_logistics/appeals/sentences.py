"""The sentence for each of the appeals' refusals: what is wrong, and what to do."""

from stem_logistics.web.i18n import N_

SENTENCES: dict[str, str] = {
    "appeals-not-open": N_("Appeals are taken only after provisional results. None are out for this wave."),
    "appeals-closed": N_("Appeals were taken until %(until)s; this one comes later and cannot be filed."),
    "appeal-point-missing": N_("Choose what the appeal is about."),
    "appeal-body-missing": N_("Write what is wrong and what would be right."),
    "appeal-body-too-long": N_("The text is too long: at most 5,000 characters. Attach the rest as a document."),
    "appeal-not-found": N_("There is no such appeal in this wave."),
    "appeal-decided": N_("This appeal is decided or withdrawn already."),
    "appeal-late": N_("This appeal came after the window closed: it can only be found out of time."),
    "appeal-of-nobody": N_("The school did not apply to this wave, so it cannot appeal. Check the code."),
    "appeal-decision-missing": N_("Choose the decision."),
    "appeal-reason-missing": N_("Write the reason: it is published with the final results."),
    "appeal-correction-missing": N_("An appeal that is accepted says what is corrected. Fill in the correction."),
    "appeal-correction-unusable": N_("The correction cannot be used: points must be a number from 0 to 100,000."),
    "appeal-effect-changed": N_(
        "The effect is another than the one that was shown: something was decided meanwhile. Look at it again."
    ),
    "appeals-undecided": N_("%(count)s appeals are not decided yet. Decide them, then publish the final results."),
    "appeals-window-open": N_("Appeals are taken until %(until)s. Publish the final results after that."),
    "appeals-committee-missing": N_("Enter the appeals committee first: it decides, and other people sit in it."),
    "committee-unknown": N_("There are two committees: for the evaluation and for appeals."),
    "committee-missing": N_("Enter this committee and its members first."),
    "committee-too-small": N_("A committee has three members at least, each on a line: name, comma, post."),
    "committee-member-incomplete": N_("Write each member on a line of its own: name, comma, post."),
    "committee-member-too-long": N_("A name or post is too long."),
    "committee-member-twice": N_("One member stands there twice."),
    "committee-member-in-both": N_(
        "Appeals are decided by other people than the evaluation. In both committees: %(names)s."
    ),
    "committee-act-missing": N_("Give the number of the act that appoints the committee."),
    "window-shorter-than-call": N_("The call promises %(promised)s working days for appeals: give as many, or more."),
    "window-days": N_("Appeals are taken for 1 to 60 working days."),
    "award-under-way": N_(
        "A consignment is made for this kit already. It comes back as a return through the deliveries, not here."
    ),
    "giving-back-unsure": N_("Tick that the head of the school has decided so."),
    "giving-back-needs-reason": N_("Write the reason: it is published."),
    "applicant-unknown": N_("%(code)s is not among those who take part, or has left already. Check the code."),
    "session-day-missing": N_("Give the day of the session."),
    "upload-too-large": N_("A file is larger than %(limit)s MB. Check it on your own computer with verify.py."),
    "upload-missing": N_("Choose both files: the input and the outcome."),
}
