"""The sentence for each of the waves' refusals: what is wrong, and what to do."""

from stem_logistics.waves import (
    application_cells,
    application_file,
    evidence_file,
    grant_cells,
    historic,
    historic_file,
    matching,
    rules_checks,
    rules_faults,
)
from stem_logistics.waves.wording import N_

SENTENCES: dict[str, str] = {
    "wave-not-found": N_("There is no wave %(wave)s."),
    "wave-slug-taken": N_("There is a wave with this short name already. Choose another."),
    "wave-slug-malformed": N_("The short name has small Latin letters, figures and hyphens, as stem-6."),
    "wave-years-wrong": N_("The years run from 2005 to 2100, the first not after the last."),
    "wave-title-missing": N_("Give the wave a title in Greek."),
    "wave-has-no-rules": N_("The wave has no rules yet. Write them before the call opens."),
    "wave-rules-invalid": N_("The rules cannot be used. See what is wrong at each place."),
    "wave-rules-frozen": N_("The rules are frozen since the call opened on %(since)s: whoever applied relies on them."),
    "wave-not-draft": N_("The call has opened already."),
    "wave-not-open": N_("This wave takes no applications: its call has not opened, or its results are out."),
    "wave-opens-later": N_("Applications are taken from %(opens)s on."),
    "wave-closed": N_(
        "Applications closed on %(deadline)s; the server's clock now says %(now)s. Nothing was taken or changed."
        " If you tried to apply before then, write to the NSO."
    ),
    "wave-still-open": N_("Applications are still taken, until %(deadline)s. Wait for the deadline."),
    "wave-already-published": N_("The results of this wave are published: they do not change any more."),
    "deadline-not-in-future": N_("The deadline must lie in the future."),
    "deadline-before-opening": N_("The deadline must come after the opening."),
    "deadline-needs-reason": N_("Say why the deadline changes: it is recorded."),
    "draw-before-deadline": N_("The draw must come after the deadline: nobody may know its numbers while applying."),
    "draw-not-yet": N_("The draw is on %(draw_on)s. Its numbers can be entered from then on."),
    "draw-description-missing": N_("Say which public draw decides and which of its numbers count."),
    "ada-malformed": N_("“%(ada)s” is no ΑΔΑ: it has Greek capitals and figures and a hyphen, as ΨΔΜ046ΝΚΠΔ-7ΤΘ."),
    "call-not-open": N_("The call has not opened: it gets its numbers when it is published."),
    "rules-version-not-found": N_("There is no version %(version)s of these rules."),
    "trial-without-wave": N_("There is no earlier wave with applications and a draw: a trial needs its applicants."),
    "trial-without-change": N_("Change at least one figure: the trial compares before and after."),
    "historic-file-invalid": N_("The file was not taken, nothing was written. See what is wrong in each row."),
    "draw-numbers-missing": N_("Enter the numbers of the draw."),
    "seed-already-revealed": N_("The draw's numbers are entered already; a draw happens once."),
    "seed-not-from-commitment": N_(
        "This seed does not follow from what the call promised (%(promised)s). It is refused; nothing was changed."
    ),
    "application-not-found": N_("There is no such application."),
    "application-invalid": N_("The application cannot be taken as it is. See what is wrong at each place."),
    "applications-file-invalid": N_("The file was not taken, nothing was written. See what is wrong in each row."),
    "school-code-unknown": N_("There is no school or department with the code %(code)s in the registry."),
    "school-without-email": N_("The school %(code)s has no e-mail in the registry, so it cannot be sent a link."),
    "school-codes-missing": N_("Enter at least one school code."),
    "evidence-not-found": N_("There is no such evidence."),
    "evidence-already-recorded": N_("This evidence is on record already."),
    "evidence-details-missing": N_(
        "Evidence needs its kind, its year, its number and, unless it is a label of the school, the teacher's code."
    ),
    "evidence-rejected-before": N_("The NSO has looked at this and did not accept it: %(why)s"),
    "teacher-of-another-school": N_(
        "By our records the teacher %(teacher)s serves at the school %(school)s and was never at this one. Look at the"
        " code; if the teacher has moved, write to the NSO."
    ),
    "evidence-outcome-unknown": N_("Accept or reject it."),
    "rejection-needs-reason": N_("Say why it is not accepted: the school reads it."),
    "evidence-not-chosen": N_("Choose at least one piece of evidence, at most %(most)s at once."),
    "row-teacher-of-another-school": N_(
        "The teacher %(teacher)s serves at the school %(school)s and was never at this one. Correct the code, or say in"
        " the column “%(column)s” where the teacher serves now."
    ),
    "evidence-file-empty": N_("The file has no evidence: it needs a line under the headings."),
    "evidence-file-invalid": N_("The file was not taken, nothing was written. See what is wrong in each row."),
    "evidence-import-not-found": N_("There is no such file of evidence."),
    "evidence-import-started": N_("This file was taken already. To take it again, give it again."),
    "evidence-column-missing": N_("No column is matched to “%(column)s”."),
    "evidence-column-twice": N_("Two columns are matched to “%(column)s”: keep one."),
    "evidence-mode-missing": N_("Choose what happens if some rows are wrong."),
    "document-kind": N_("A document is a PDF, JPEG or PNG file."),
    "document-too-large": N_("The document has %(size)s MB; at most %(limit)s MB are taken. Scan it smaller."),
    "document-broken": N_("The document did not arrive whole. Choose it again, or save it anew as PDF."),
    "document-locked": N_("The document is locked with a password. Save it without one."),
    "document-acts": N_("The document carries programs or other files. Print it to PDF anew and send that."),
    "answered-elsewhere": N_(
        "This was answered on another screen meanwhile. Nothing was written here: see both answers and choose."
    ),
    "correction-closed": N_(
        "The time for your correction ended on %(until)s; the server's clock now says %(now)s. Nothing was taken or"
        " changed: what you sent before counts."
    ),
    "correction-too-late": N_("The draw is known: applications are not corrected any more."),
    "correction-window": N_("By the rules of this wave a correction is possible until %(until)s."),
    "application-not-latest": N_(
        "This is not the application that counts: a later one or a withdrawal took its place."
    ),
    "application-withdrawn-already": N_("There is no application to withdraw."),
    "reason-too-long": N_("This is too long: at most %(most)s characters."),
    "comment-missing": N_("Write the note."),
    "application-step-unknown": N_("The application has no such step."),
    "application-unsigned": N_(
        "Your application is signed, its change is not: the head has to sign it again before it is sent."
    ),
    "choice-missing": N_("Choose a kit, or that you want no other."),
    "answer-missing": N_("Answer yes or no."),
    "title-too-long": N_("This is too long: at most 300 characters."),
    "date-unusable": N_("This is not a date."),
    "signature-name-missing": N_("Write the full name of whoever signs."),
    "signature-post-missing": N_("Choose the post of whoever signs."),
    "signature-not-agreed": N_("Tick that you sign for the school."),
    "preferences-missing": N_("Choose at least one kit, the most wanted first."),
    "preference-unknown": N_("The wave has no kit %(kit)s."),
    "preference-twice": N_("The same kit is chosen twice."),
    "scores-missing": N_("The applications have not been scored yet. Score them first."),
    "scores-before-deadline": N_("The scores are older than the deadline. Score the applications again."),
    "scores-out-of-date": N_("Applications or evidence changed after the scores were made. Score them again."),
}

# Faults of rules and files are their own keys: a form or a list of errors shows them as they stand.
for _module in (
    rules_faults,
    rules_checks,
    historic,
    historic_file,
    grant_cells,
    matching,
    application_file,
    application_cells,
    evidence_file,
):
    SENTENCES |= {
        text: text for name, text in vars(_module).items() if name.isupper() and isinstance(text, str) and " " in text
    }
SENTENCES |= {text: text for text in (*rules_faults.SHAPES.values(), rules_faults.OTHER)}
