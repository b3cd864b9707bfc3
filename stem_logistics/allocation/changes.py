"""What may change after the first publication, by the published rule: appeals, kits given back, withdrawals. Pure.

A `Standing` is a run of the rule with the changes made since, in their order. `effect_of` says what correcting one
application would do, before anybody decides it; `with_...` give the standing after a change. Nobody who holds a kit
moves, unless the rule asks for a full re-run.

Where ALLOCATION says less than a program needs, this is how it is read (docs/allocation.md says it to readers):

- A kit from those held back goes to the kit that the corrected application wants most among those whose published
  cut-off it clears. If none of that kit is left the rule is run again, even where another kit would be left.
- Kits from those held back do not count against a region's limit, neither for the school nor for whoever follows it.
- A re-run leaves out the schools that left, and those that hold a kit from those held back: they keep it.
- A school that gave a kit back, or withdrew, is not next in order for another.
- A department's block goes whole to the next department that listed the kit, else back to the store.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from stem_logistics.allocation.model import (
    CLOSED,
    OPEN,
    UNIVERSITY,
    AllocationInput,
    Applicant,
    Cutoff,
    Kit,
    Outcome,
    Pair,
    ticket,
)
from stem_logistics.allocation.parsing import canonical_input, parse_input
from stem_logistics.allocation.rules import solve


@dataclass(frozen=True, slots=True)
class Holding:
    """What an applicant holds; `extra` where the kit came from those held back for appeals."""

    kit: str
    line: str
    units: int
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Supernumerary:
    """A kit from those held back, to a school whose corrected application clears a published cut-off."""

    applicant: Applicant
    kit: str
    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A kit that came back, and who is next in order for it: on the vacated line, or on an open place."""

    id: str
    kit: str
    line: str
    to: str | None
    to_line: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A school without a kit that does not wait for one any more."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rerun:
    """The rule run again on corrected applications: whose rows were corrected, and whose award moved by it."""

    corrected: tuple[str, ...]
    moved: tuple[str, ...]
    reason: str


Change = Supernumerary | GivenBack | Withdrawn | Rerun


@dataclass(frozen=True, slots=True)
class Standing:
    """The run in force, and what has changed since the first publication, in order (changes before a re-run too)."""

    data: AllocationInput
    outcome: Outcome
    held_back: Mapping[str, int]
    changes: tuple[Change, ...] = ()

    def kit(self, name: str) -> Kit:
        """The rules of a kit."""
        return next(kit for kit in self.data.wave.kits if kit.id == name)

    def pair(self, applicant: Applicant) -> Pair:
        """Where an applicant stands in the strict order: with the ticket it had from the start."""
        return Pair(applicant.score, ticket(self.data.wave.seed, applicant.id))

    @property
    def applicants(self) -> dict[str, Applicant]:
        """The application that counts of each, corrected where a kit was given for the correction."""
        found = dict(self.data.counting)
        for change in self.changes:
            if isinstance(change, Supernumerary):
                found[change.applicant.id] = change.applicant
        return found

    @property
    def left(self) -> set[str]:
        """Who gave a kit back or withdrew: they wait for none."""
        return left_by(self.changes)

    def remaining(self, kit: str) -> int:
        """How many kits held back for appeals are left."""
        taken = sum(isinstance(change, Supernumerary) and change.kit == kit for change in self.changes)
        return self.held_back.get(kit, 0) - taken

    def holdings(self) -> dict[str, Holding]:
        """Who holds what, the changes made."""
        last = max((n for n, change in enumerate(self.changes) if isinstance(change, Rerun)), default=-1)
        held = {name: Holding(*award) for name, award in self.outcome.allocation.items()}
        for number, change in enumerate(self.changes):
            # what the re-run allocated anew is in its outcome; kits from those held back stay with their holders
            if isinstance(change, Supernumerary):
                held[change.applicant.id] = Holding(change.kit, change.line, 1, True)
            elif isinstance(change, GivenBack) and (number > last or held.get(change.id, _NOTHING).extra):
                given = held.pop(change.id)
                if change.to is not None and change.to_line is not None:
                    held[change.to] = Holding(change.kit, change.to_line, given.units, given.extra)
        return held


_NOTHING = Holding("", "", 0)


def left_by(changes: Iterable[Change]) -> set[str]:
    """Who gave a kit back or withdrew, by changes in their order."""
    gone: set[str] = set()
    for change in changes:
        if isinstance(change, GivenBack | Withdrawn):
            gone.add(change.id)
        elif isinstance(change, Supernumerary):
            gone.discard(change.applicant.id)
    return gone


@dataclass(frozen=True, slots=True)
class Moved:
    """An applicant whose award would be another."""

    id: str
    before: Holding | None
    after: Holding | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a correction does: nothing, a kit from those held back, or a full re-run with its changed rows.

    `why` is a slug: `clears-nothing`, `clears-cutoff`, `none-held-back`, `recipient-lowered`, `category-changed`,
    `level-changed`, `region-changed`, `department`.
    """

    kind: Literal["none", "supernumerary", "rerun"]
    why: str
    kit: str | None = None
    line: str | None = None
    moved: tuple[Moved, ...] = ()
    after: Standing | None = None


def effect_of(standing: Standing, corrected: Applicant, reason: str = "") -> Effect:
    """What correcting one application would do, by the rule; nothing is changed by asking.

    Args:
        standing: the run in force with its changes.
        corrected: the application as it should have been; one that was not admitted has no row in the run.
        reason: what the published change will give as its reason.
    """
    old = standing.data.counting.get(corrected.id)
    held = standing.holdings().get(corrected.id)
    if why := _needs_rerun(standing, old, corrected, held):
        after, moved = _rerun(standing, corrected, reason)
        if why == "department" and not moved:
            return Effect("none", "clears-nothing")
        return Effect("rerun", why, moved=moved, after=after)
    wanted = _wanted(standing, corrected, held)
    if wanted is None:
        return Effect("none", "clears-nothing")
    kit, line = wanted
    if not standing.remaining(kit):
        after, moved = _rerun(standing, corrected, reason)
        return Effect("rerun", "none-held-back", kit, line, moved, after)
    after = standing
    if held is not None:
        after = with_given_back(after, corrected.id, reason)
    after = replace(after, changes=(*after.changes, Supernumerary(corrected, kit, line, reason)))
    return Effect("supernumerary", "clears-cutoff", kit, line, _moved(standing, after), after)


def _needs_rerun(standing: Standing, old: Applicant | None, new: Applicant, held: Holding | None) -> str:
    if new.level == UNIVERSITY or (old is not None and old.level == UNIVERSITY):
        return "department"
    if old is None:
        return ""
    for what in ("level", "region"):
        if getattr(old, what) != getattr(new, what):
            return f"{what}-changed"
    if set(old.categories) != set(new.categories):
        return "category-changed"
    known = standing.applicants[new.id]
    return "recipient-lowered" if held is not None and new.score < known.score else ""


def _wanted(standing: Standing, new: Applicant, held: Holding | None) -> tuple[str, str] | None:
    """The kit wanted most that the correction clears, and the easiest line it clears there."""
    for wish in new.preferences:
        if held is not None and wish == held.kit:
            return None
        kit = standing.kit(wish)
        if new.level in kit.levels and (line := cleared_line(standing, kit, new)) is not None:
            return wish, line
    return None


def cleared_line(standing: Standing, kit: Kit, applicant: Applicant) -> str | None:
    """The line of a kit whose published cut-off an application clears: the easiest, reserves before open places."""
    own, cuts = standing.pair(applicant), standing.outcome.cutoffs[kit.id]
    found: list[tuple[Cutoff, str]] = [
        (cuts[line.id], line.id)
        for line in kit.reserves
        if line.places and not line.any_of.isdisjoint(applicant.categories) and _clears(own, cuts[line.id])
    ]
    region = f"{OPEN}@{applicant.region}"
    if not found and _clears(own, cuts[OPEN]) and _clears(own, cuts.get(region)):
        return OPEN
    return max(found, key=lambda pair: _ease(pair[0]))[1] if found else None


def _clears(own: Pair, cut: Cutoff) -> bool:
    return cut is None or (isinstance(cut, Pair) and own.clears(cut))


def _ease(cut: Cutoff) -> tuple[int, int, str]:
    return (0, -cut.score, cut.ticket) if isinstance(cut, Pair) else (1 if cut != CLOSED else -1, 0, "")


def _rerun(standing: Standing, corrected: Applicant, reason: str) -> tuple[Standing, tuple[Moved, ...]]:
    """The rule on all applications with one corrected, the same tickets, those who left or hold an extra kit out."""
    held, left = standing.holdings(), standing.left
    out = left | {name for name, holding in held.items() if holding.extra} - {corrected.id}
    rows = [a for a in standing.data.applicants if a.id not in out and a.id != corrected.id]
    if corrected.id not in left:
        rows.append(corrected)
    data = parse_input(canonical_input(standing.data.wave, sorted(rows, key=lambda a: (a.id, a.submission))))
    outcome = solve(data)
    changed = {a.id for a in set(standing.data.applicants) ^ set(data.applicants)}
    before = standing.outcome.allocation
    moved = sorted(n for n in before.keys() | outcome.allocation.keys() if before.get(n) != outcome.allocation.get(n))
    step = Rerun(tuple(sorted(changed)), tuple(moved), reason)
    after = Standing(data, outcome, standing.held_back, (*standing.changes, step))
    return after, _moved(standing, after)


def _moved(before: Standing, after: Standing) -> tuple[Moved, ...]:
    was, now = before.holdings(), after.holdings()
    names = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    return tuple(Moved(name, was.get(name), now.get(name)) for name in names)


def with_given_back(standing: Standing, name: str, reason: str) -> Standing:
    """The standing after a kit is given back: it goes to the next in order, nobody who holds a kit moves.

    Raises:
        ValueError: this one holds nothing.
    """
    holding = standing.holdings().get(name)
    if holding is None:
        raise ValueError(f"{name} holds no kit")
    to = _next(standing, name, holding)
    receiver, line = to or (None, None)
    step = GivenBack(name, holding.kit, holding.line, receiver, line, reason)
    return replace(standing, changes=(*standing.changes, step))


def with_withdrawal(standing: Standing, name: str, reason: str) -> Standing:
    """The standing after somebody withdraws: what it holds goes to the next in order."""
    if name in standing.holdings():
        return with_given_back(standing, name, reason)
    return replace(standing, changes=(*standing.changes, Withdrawn(name, reason)))


def _next(standing: Standing, giver: str, holding: Holding) -> tuple[str, str] | None:
    """The strongest applicant without a kit that listed this one, and the line on which it takes it."""
    held, waits_not, kit = standing.holdings(), standing.left | {giver}, standing.kit(holding.kit)
    applicants = standing.applicants
    waiting = [
        a
        for a in applicants.values()
        if a.id not in held and a.id not in waits_not and kit.id in a.preferences
        and (a.level == UNIVERSITY) == (holding.line == UNIVERSITY)
        and (a.level == UNIVERSITY or a.level in kit.levels)
    ]  # fmt: skip
    waiting.sort(key=lambda a: (-a.score, ticket(standing.data.wave.seed, a.id)))
    open_in = Counter(
        applicants[name].region
        for name, each in held.items()
        if name != giver and each.kit == kit.id and each.line == OPEN and not each.extra
    )
    vacated = {line.id: line.any_of for line in kit.reserves}.get(holding.line)
    caps = kit.open_region_cap or {}
    for a in waiting:
        if holding.line == UNIVERSITY or (vacated is not None and not vacated.isdisjoint(a.categories)):
            return a.id, holding.line
        if a.region not in caps or open_in[a.region] < caps[a.region]:
            return a.id, OPEN
    return None
