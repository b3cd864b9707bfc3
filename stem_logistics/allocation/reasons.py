"""Why each applicant did or did not get each kit it listed, and the outcome's file. Pure, and streamed.

with open(path, "wb") as file:
    file.writelines(outcome_chunks(data, outcome))
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from json import JSONEncoder

from stem_logistics.allocation.canonical import canonical_text
from stem_logistics.allocation.model import (
    CLOSED,
    OPEN,
    UNIVERSITY,
    AllocationInput,
    Applicant,
    Code,
    Cutoff,
    Kit,
    Outcome,
    Pair,
    Reason,
    score_text,
    ticket,
)
from stem_logistics.allocation.rules import fitting_lines

_ROWS_A_CHUNK = 2000
_quote = JSONEncoder(ensure_ascii=False).encode


def reasons(data: AllocationInput, outcome: Outcome) -> Iterator[Reason]:
    """The rows of the reasons: by id, each in the order of its preferences, ending at the kit received."""
    for applicant, own, verdicts in _judged(data, outcome):
        for v in verdicts:
            yield Reason(applicant.id, v.kit, v.code, *own, v.cutoff, v.needed)


def outcome_chunks(data: AllocationInput, outcome: Outcome) -> Iterator[bytes]:
    """The outcome's file in pieces: canonical JSON and a newline."""
    allocation = {name: award._asdict() for name, award in outcome.allocation.items()}
    cutoffs = {
        kit: {line: _json_value(cutoff) for line, cutoff in lines.items()} for kit, lines in outcome.cutoffs.items()
    }
    yield (
        f'{{"allocation":{canonical_text(allocation)},"cutoffs":{canonical_text(cutoffs)},'
        f'"input_sha256":{canonical_text(outcome.input_sha256)},"reasons":['
    ).encode()
    pending: list[str] = []
    comma = ""
    for text in _row_texts(data, outcome):
        pending.append(text)
        if len(pending) == _ROWS_A_CHUNK:
            yield (comma + ",".join(pending)).encode()
            pending.clear()
            comma = ","
    yield ((comma if pending else "") + ",".join(pending) + "]}\n").encode()


def outcome_bytes(data: AllocationInput, outcome: Outcome) -> bytes:
    """The outcome's file at once."""
    return b"".join(outcome_chunks(data, outcome))


def _json_value(cutoff: Cutoff) -> object:
    return {"score": score_text(cutoff.score), "ticket": cutoff.ticket} if isinstance(cutoff, Pair) else cutoff


@lru_cache(maxsize=65536)
def _cutoff_text(cutoff: Cutoff) -> str:
    return canonical_text(_json_value(cutoff))


def _row_texts(data: AllocationInput, outcome: Outcome) -> Iterator[str]:
    """Each row as canonical JSON. There may be millions: what many rows share is put into JSON once."""
    for applicant, own, verdicts in _judged(data, outcome):
        name, score = _quote(applicant.id), score_text(own.score)
        for v in verdicts:
            yield f'{v.before}{name}{v.between}"{score}","ticket":"{own.ticket}"}}'


def _judged(data: AllocationInput, outcome: Outcome) -> Iterator[tuple[Applicant, Pair, list["_Verdict"]]]:
    """Every submission in the order of the rows, its place in the strict order, and its rows' verdicts."""
    verdicts = _Verdicts(data, outcome)
    for applicant, counts in _in_order(data):
        own = Pair(applicant.score, ticket(data.wave.seed, applicant.id))
        yield applicant, own, verdicts.of(applicant, own) if counts else [verdicts.plain(None, Code.SUPERSEDED)]


def _in_order(data: AllocationInput) -> Iterator[tuple[Applicant, bool]]:
    """Every submission and whether it counts: by id, first the one that counts, the others ascending."""
    latest = data.counting
    superseded: defaultdict[str, list[Applicant]] = defaultdict(list)
    if len(latest) != len(data.applicants):
        for applicant in data.applicants:
            if applicant is not latest[applicant.id]:
                superseded[applicant.id].append(applicant)
    for name in sorted(latest):
        yield latest[name], True
        for applicant in sorted(superseded.get(name, ()), key=lambda a: a.submission):
            yield applicant, False


class _Verdict:
    """What many rows have in common, with the JSON around their ids, scores and tickets."""

    __slots__ = ("before", "between", "code", "cutoff", "kit", "needed")

    def __init__(self, kit: str | None, code: Code, cutoff: Cutoff, needed: Pair | None) -> None:
        self.kit, self.code, self.cutoff, self.needed = kit, code, cutoff, needed
        self.before = f'{{"code":"{code}","cutoff":{_cutoff_text(cutoff)},"id":'
        self.between = f',"kit":{canonical_text(kit)},"needed":{_cutoff_text(needed)},"score":'


class _Verdicts:
    def __init__(self, data: AllocationInput, outcome: Outcome) -> None:
        self._kits = {kit.id: kit for kit in data.wave.kits}
        self._outcome = outcome
        self._plain: dict[tuple[str | None, Code, str | None], _Verdict] = {}
        self._refusals: dict[tuple[str, tuple[str, ...], str | None], _Refusal] = {}

    def of(self, applicant: Applicant, own: Pair) -> list[_Verdict]:
        """The verdicts on an application that counts, one for each row."""
        if not applicant.preferences:
            return [self.plain(None, Code.NO_PREFERENCE)]
        award = self._outcome.allocation.get(applicant.id)
        found = []
        for kit in applicant.preferences:
            received = award is not None and award.kit == kit
            if applicant.level == UNIVERSITY:
                found.append(self.plain(kit, Code.ALLOCATED_BLOCK if received else Code.NO_WHOLE_BLOCK))
            elif award is not None and received:
                code = Code.ALLOCATED_OPEN if award.line == OPEN else Code.ALLOCATED_RESERVE
                found.append(self.plain(kit, code, award.line))
            elif applicant.level not in self._kits[kit].levels:
                found.append(self.plain(kit, Code.NOT_SUITABLE_LEVEL))
            elif not self._outcome.school_stock[kit]:
                found.append(self.plain(kit, Code.NO_STOCK))
            else:
                found.append(self._refusal(kit, applicant.categories, applicant.region).verdict(own))
            if received:
                break
        return found

    def plain(self, kit: str | None, code: Code, line: str | None = None) -> _Verdict:
        """A verdict that says no more than its code, and the cut-off of the line on which a kit was received."""
        key = (kit, code, line)
        if key not in self._plain:
            cutoff = None if kit is None or line is None else self._outcome.cutoffs[kit][line]
            self._plain[key] = _Verdict(kit, code, cutoff, None)
        return self._plain[key]

    def _refusal(self, kit: str, categories: tuple[str, ...], region: str) -> "_Refusal":
        cutoffs = self._outcome.cutoffs[kit]
        at_cap = cutoffs.get(f"{OPEN}@{region}")
        key = (kit, categories, None if at_cap is None else region)  # regions below their cap hear the same
        if key not in self._refusals:
            self._refusals[key] = _Refusal(self._kits[kit], cutoffs, categories, at_cap)
        return self._refusals[key]


class _Refusal:
    """What a kit says to the schools of one region and one set of categories that did not get it."""

    __slots__ = ("_by_region", "_open", "_plain", "_tie")

    def __init__(self, kit: Kit, cutoffs: Mapping[str, Cutoff], categories: tuple[str, ...], at_cap: Cutoff) -> None:
        mask = fitting_lines(kit, categories)
        lines = [cutoffs[line.id] for number, line in enumerate(kit.reserves) if mask >> number & 1]
        # A line that still takes everyone eligible refuses nobody, so these are pairs.
        line = _easiest([cutoff for cutoff in lines if isinstance(cutoff, Pair)])
        open_ = cutoffs[OPEN]
        # The region's pair is never easier than the open one: its recipients are open recipients too. A
        # region that may hold none, or a kit with no open place, leaves nothing to reach.
        place = at_cap if at_cap is not None and open_ != CLOSED else open_
        needed = _easiest([pair for pair in (line, place) if isinstance(pair, Pair)])
        self._open = open_
        self._by_region: _Verdict | None = None
        self._tie: _Verdict | None = None
        if at_cap is not None and open_ != CLOSED:
            self._by_region = _Verdict(kit.id, Code.REGION_CAP, at_cap, needed)
        if isinstance(open_, Pair):
            self._tie = _Verdict(kit.id, Code.TIE_LOST_LOTTERY, open_, needed)
            self._plain = _Verdict(kit.id, Code.BELOW_OPEN_CUTOFF, open_, needed)
        elif line is not None:
            self._plain = _Verdict(kit.id, Code.BELOW_RESERVE_CUTOFF, line, needed)
        else:
            self._plain = _Verdict(kit.id, Code.NOT_ELIGIBLE_FOR_RESERVE, CLOSED, needed)

    def verdict(self, own: Pair) -> _Verdict:
        """Which of the kit's answers holds for a school at this place in the strict order."""
        pair = self._open
        if not isinstance(pair, Pair):
            return self._by_region or self._plain
        if self._by_region is not None and own.clears(pair):
            return self._by_region
        # It does not clear open here, so with the same score its ticket is the later one.
        return self._tie if own.score == pair.score and self._tie is not None else self._plain


def _easiest(pairs: list[Pair]) -> Pair | None:
    """The one that is latest in strict order."""
    return max(pairs, key=lambda pair: (-pair.score, pair.ticket), default=None)
