"""Which evidence counts, for which school, once. For a whole wave, before any criterion sees it.

Prizes, labels and projects are a teacher's project at a school. In a wave each counts once: entered for two
teachers of one project, or in two files, it is still one. Which school it counts for is the wave's own rule:

- ``project_school``: the school where the project was done. Where one teacher's one project is entered at
  several schools, it counts at the one whose entry came first (the smallest id); staff correct the others.
- ``service_school``: the school where the teacher serves at the deadline; without one, nowhere. Where the
  teachers of one project at one school now serve at several, it counts where the project was done if one of
  them still serves there, else at the school with the smallest code.

A course counts once for each teacher, wherever it was entered, by the same rule. A School Label is its
school's.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

from stem_logistics.waves.criterion import PROJECT_KINDS, Evidence, Teacher
from stem_logistics.waves.wording import N_, Message

LABELS_A_YEAR = 4  # a teacher may submit at most four projects a year for a Quality Label
LABEL_KINDS = ("national-quality-label", "european-quality-label")
SCHOOL_KINDS = ("school-label", "ite-label")
INACTIVE_AFTER_YEARS = 3
Pick = Callable[[list[Evidence]], Evidence]
_by_id = attrgetter("id")

SAME_AS = N_("The same thing is already counted (entry %(id)s): it counts once.")
OTHER_SCHOOL = N_("By the rules of this wave it counts for the school %(school)s.")
NO_SCHOOL = N_("Its teacher serves at no school, so by the rules of this wave it counts for none.")
TOO_MANY_LABELS = N_("A teacher may submit at most %(most)s projects a year for a Quality Label.")
NOT_CONFIRMED = N_("The NSO has not confirmed it yet.")
REJECTED = N_("The NSO did not accept it: %(why)s")
NOTES = (NOT_CONFIRMED, REJECTED, SAME_AS, OTHER_SCHOOL, NO_SCHOOL, TOO_MANY_LABELS)


@dataclass(frozen=True)
class Counted:
    """The evidence of a wave after counting: what counts for which school, and notes on the rest by id.

    A piece that counts for another school than the one it stands under has a note too, and counts.
    """

    by_school: Mapping[str, tuple[Evidence, ...]]
    notes: Mapping[int, Message]


def count_evidence(evidence: Iterable[Evidence], counts_for: str) -> Counted:
    """Decide what counts for whom. The order of the evidence changes nothing.

    Args:
        evidence: all that is known, of whatever school.
        counts_for: the wave's rule, ``project_school`` or ``service_school``.

    Returns:
        what counts for each school, and why each other piece does not.
    """
    notes: dict[int, Message] = {}
    every = sorted(evidence, key=_by_id)
    for piece in every:
        if piece.rejected_why:
            notes[piece.id] = Message(REJECTED, {"why": piece.rejected_why})
        elif not piece.confirmed:
            notes[piece.id] = Message(NOT_CONFIRMED)
    pieces = _within_the_label_limit([piece for piece in every if piece.confirmed and not piece.rejected_why], notes)
    categories = _known_categories(pieces)

    def thing(piece: Evidence) -> tuple[object, ...]:
        # another year's prize is another prize; a label or project is the same whatever year stands by it
        if not piece.kind.endswith("-prize"):
            return (piece.kind, piece.reference, piece.year if piece.kind in SCHOOL_KINDS else None)
        category = piece.category or categories.get((piece.kind, piece.reference, piece.year), "")
        return (piece.kind, piece.reference, piece.year, category)

    def once(same: Callable[[Evidence], object], pick: Callable[[list[Evidence]], Evidence]) -> list[Evidence]:
        groups: dict[object, list[Evidence]] = defaultdict(list)
        for piece in pieces:
            groups[same(piece)].append(piece)
        chosen: list[Evidence] = []
        for group in groups.values():
            kept = group[0]  # almost everything is entered once, and stands for itself
            if len(group) > 1:
                kept = pick(group)
                notes.update({p.id: Message(SAME_AS, {"id": kept.id}) for p in group if p.id != kept.id})
            chosen.append(kept)
        return sorted(chosen, key=_by_id)

    # a teacher's one project stands at one school; a course belongs to a teacher alone
    pieces = once(lambda e: (thing(e), e.teacher or e.id), lambda group: _weakest(group, group[0].school))
    # colleagues in one project at one school: one prize, one label, one project
    shared = PROJECT_KINDS + SCHOOL_KINDS
    pieces = once(
        lambda e: (thing(e), e.school) if e.kind in shared else e.id,
        lambda group: _weakest(group, _home(group, counts_for), counts_for),
    )
    goes_to = {e.id: e.service_school if counts_for == "service_school" and e.teacher else e.school for e in pieces}
    # teachers who met at a school after one common project: still one for that school
    pieces = once(
        lambda e: (thing(e), goes_to[e.id]) if e.kind in shared and goes_to[e.id] else e.id,
        lambda group: _weakest(group, None),
    )
    by_school: dict[str, list[Evidence]] = defaultdict(list)
    for piece in pieces:
        school = goes_to[piece.id]
        if not school:
            notes[piece.id] = Message(NO_SCHOOL)
            continue
        by_school[school].append(piece)
        if school != piece.school:
            # it counts, but not where it was entered: that school's page says so
            notes[piece.id] = Message(OTHER_SCHOOL, {"school": school})
    return Counted({school: tuple(found) for school, found in by_school.items()}, notes)


def active_teachers(teachers: Iterable[Teacher], deadline: date) -> Mapping[str, int]:
    """How many active teachers serve at each school on the day of the deadline; a teacher counts once.

    Args:
        teachers: everyone known; the same code twice is the same teacher, of whom the latest sign-in holds.
        deadline: the day that counts, in Athens.
    """
    latest: dict[str, Teacher] = {}
    for teacher in sorted(teachers, key=lambda t: (t.last_sign_in or date.min, t.service_school)):
        latest[teacher.code] = teacher
    since = _years_before(deadline, INACTIVE_AFTER_YEARS)
    counts: dict[str, int] = defaultdict(int)
    for teacher in latest.values():
        if teacher.service_school and teacher.last_sign_in is not None and teacher.last_sign_in >= since:
            counts[teacher.service_school] += 1
    return dict(counts)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


def _within_the_label_limit(evidence: list[Evidence], notes: dict[int, Message]) -> list[Evidence]:
    """Drop what is above a teacher's limit of labels in a year: the earliest awards stay."""
    projects: dict[tuple[str, str, int], dict[str, date]] = defaultdict(dict)
    for piece in evidence:
        if piece.kind in LABEL_KINDS and piece.teacher:
            known = projects[piece.kind, piece.teacher, piece.year]
            awarded = piece.awarded_on or date.max
            known[piece.reference] = min(awarded, known.get(piece.reference, awarded))
    allowed = {
        key: set(sorted(found, key=lambda reference: (found[reference], reference))[:LABELS_A_YEAR])
        for key, found in projects.items()
    }
    kept: list[Evidence] = []
    for piece in evidence:
        key = (piece.kind, piece.teacher, piece.year)
        if key in allowed and piece.reference not in allowed[key]:
            notes[piece.id] = Message(TOO_MANY_LABELS, {"most": LABELS_A_YEAR})
        else:
            kept.append(piece)
    return kept


def _known_categories(evidence: list[Evidence]) -> Mapping[tuple[str, str, int], str]:
    """The category of a project's prize of a year: an entry that leaves it out means the same prize."""
    known: dict[tuple[str, str, int], str] = {}
    for piece in evidence:
        if piece.category:
            key = (piece.kind, piece.reference, piece.year)
            known[key] = min(piece.category, known.get(key, piece.category))
    return known


def _home(group: list[Evidence], counts_for: str) -> str | None:
    """Under service_school: which of the schools where the colleagues of one project now serve."""
    if counts_for != "service_school":
        return None
    schools = sorted(e.service_school for e in group if e.service_school)
    return group[0].school if group[0].school in schools else next(iter(schools), None)


def _weakest(group: list[Evidence], school: str | None, counts_for: str = "project_school") -> Evidence:
    """The entry that stands for the others: where ranks differ the lower one holds until staff correct it.

    Args:
        group: entries of one thing, by id.
        school: only entries of this school (by the wave's rule) may stand for it; None for any.
        counts_for: which school is meant.
    """

    def of(piece: Evidence) -> str:
        return piece.service_school if counts_for == "service_school" else piece.school

    candidates = [e for e in group if school is None or of(e) == school]
    return min(candidates, key=lambda e: (-(e.rank if e.rank is not None else 1_000_000), e.stem, -e.year, e.id))
