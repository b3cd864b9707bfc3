"""The sentence for each refusal of a fixed list: what is wrong, and what to do."""

from stem_logistics.grants import list_file, rules
from stem_logistics.web.i18n import N_

SENTENCES: dict[str, str] = {
    "grant-list-not-found": N_("There is no published list %(list)s."),
    "grant-list-published": N_("The list is published: correct a row of it, with the reason, from its page."),
    "grant-list-draft": N_("The list is a draft: change it as it is, there is nothing to correct yet."),
    "grant-correction-none": N_("Nothing would change: write what is to stand instead."),
    "grant-list-empty": N_("The list has no recipients yet. Send a file, or enter them one by one."),
    "grant-list-full": N_("The list has %(limit)s recipients, the most it takes. Make another."),
    "grant-list-invalid": N_("The list cannot be published yet. See what is wrong in each row."),
    "grant-file-invalid": N_("The file was not taken; the list is as it was. See what is wrong in each row."),
    "grant-school-unsure": N_("“%(name)s” may be any of: %(candidates)s. Write the code of the one that is meant."),
    "grant-reason-missing": N_("Say whether it is a contest's prizes or a direct grant."),
    "grant-ground-missing": N_("Say which contest it is, or why the kits are granted directly: everybody reads it."),
    "grant-text-long": N_("This text has %(length)s characters; at most %(limit)s are kept."),
    "grant-stock-wrong": N_("Write a whole number from 0 to 10000, of a kit that has a definition."),
    "grant-kit-missing": N_("Choose the kit."),
    "grant-pieces-wrong": N_("Write a whole number from 1 to 10000."),
    "grant-code-missing": N_("Write the code of the school or department."),
    "grant-entry-not-found": N_("This row is not in the list any more."),
}
SENTENCES |= {
    text: text
    for text in (
        *(list_file.NO_HEADINGS, list_file.TOO_MANY_ROWS, list_file.TOO_LONG),
        *(rules.CLOSED, rules.SUSPENDED, rules.MERGED, rules.TWICE, rules.OVER_STOCK, rules.NO_STOCK),
    )
}
