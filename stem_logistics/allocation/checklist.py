"""What stands in the way of an allocation, and what only deserves a look, with the page that settles each."""

from dataclasses import dataclass

from stem_logistics.allocation import queries
from stem_logistics.errors import Conflict
from stem_logistics.registry import merging
from stem_logistics.waves import scores
from stem_logistics.waves.service import Wave, rules_of
from stem_logistics.web.i18n import Text, _, ngettext
from stem_logistics.web.sentences import sentence_of


@dataclass(frozen=True)
class Check:
    """One line of the list. `tone`: good, warn (a look is due) or bad (in the way)."""

    tone: str
    text: Text
    href: str


async def checks(wave: Wave) -> list[Check]:
    """The list for a wave whose call has opened, in the order in which staff settle it."""
    base = f"/waves/{wave.slug}"
    found = [_deadline(wave, base), _draw(wave, base), await _scores(wave, base)]
    unchecked = await queries.unchecked_evidence(wave.id)
    if unchecked:
        text: Text = ngettext(
            "%(num)s piece of evidence that a school entered is unchecked: it does not count.",
            "%(num)s pieces of evidence that schools entered are unchecked: they do not count.",
            unchecked,
        )
        found.append(Check("warn", text, f"{base}/applications"))
    else:
        found.append(Check("good", _("Every piece of evidence is checked."), f"{base}/applications"))
    found += [await _doubles(wave), await _kits(wave, base)]
    return found


async def _doubles(wave: Wave) -> Check:
    """A school registered twice may apply twice, or lack what its other registration has to show."""
    applicants = await queries.applicants_of(wave.id)
    pairs = await merging.suspicions_among(applicants)
    both = sum(applicants.issuperset(pair) for pair in pairs)
    page = "/schools/duplicates"
    if both:
        text: Text = ngettext(
            "%(num)s pair of applications may be of one school, registered twice.",
            "%(num)s pairs of applications may each be of one school, registered twice.",
            both,
        )
        return Check("warn", text, page)
    if pairs:
        text = ngettext(
            "%(num)s school that applied may be registered twice: evidence may stand under the other code.",
            "%(num)s schools that applied may be registered twice: evidence may stand under the other code.",
            len({school for pair in pairs for school in pair if school in applicants}),
        )
        return Check("warn", text, page)
    return Check("good", _("No school that applied seems to be registered twice."), page)


def _deadline(wave: Wave, base: str) -> Check:
    if wave.phase in ("upcoming", "open"):
        return Check("bad", _("Applications are still taken."), base)
    return Check("good", _("Applications have closed."), base)


def _draw(wave: Wave, base: str) -> Check:
    if wave.seed is None:
        return Check("bad", _("The draw's numbers are not entered: they decide ties."), base)
    return Check("good", _("The draw is entered and follows from the promise."), base)


async def _scores(wave: Wave, base: str) -> Check:
    try:
        await scores.require_current_run(wave)
    except Conflict as error:
        return Check("bad", sentence_of(error), f"{base}/applications")
    return Check("good", _("The scores know every application and all evidence."), f"{base}/applications")


async def _kits(wave: Wave, base: str) -> Check:
    stored = await rules_of(wave.id)
    for kit in stored.rules.kits if stored else ():
        size = stored.rules.block_size if stored else 0
        needed = sum(line.places for line in kit.reserves) + kit.university_blocks * size
        if needed > kit.stock:
            return Check(
                "bad", _("Guaranteed places and blocks are more than the stock: see the rules."), f"{base}/rules"
            )
    if stored and not any(kit.held_back for kit in stored.rules.kits):
        text = _("No kit is held back for appeals: every appeal that succeeds will run the allocation again.")
        return Check("warn", text, f"{base}/rules")
    return Check("good", _("Guaranteed places fit the stock, and kits are held back for appeals."), f"{base}/rules")
