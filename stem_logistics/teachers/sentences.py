"""The sentence for each refusal about teachers: what is wrong, and what to do."""

from stem_logistics.web.i18n import N_

SENTENCES: dict[str, str] = {
    "teacher-not-found": N_("This teacher is not in the registry."),
    "teacher-consent-missing": N_(
        "No consent stands, so neither name nor address may be kept. Note the teacher's consent first."
    ),
    "teacher-name-missing": N_("Write the name; it has at most 200 characters."),
    "teacher-already-merged": N_("The code %(code)s stands for another teacher already. Separate it there first."),
    "teacher-post-not-found": N_("This school is not among the teacher's any more."),
    "consent-purpose-missing": N_("Choose what the teacher agreed to."),
    "consent-day-wrong": N_("Write the day of the consent; it cannot lie in the future."),
    "consent-how-missing": N_("Write how it was said: a signed form, a mail, by telephone."),
    "consent-stands": N_("This consent stands already."),
    "consent-not-found": N_("This consent does not stand any more."),
}
