"""Check final results: `python3 verify_final.py FINAL.json INPUT.json OUTCOME.json [INPUT2.json OUTCOME2.json …]`.

Lay `verify.py` beside this file: it checks each run's two files. This one checks what changed after the first
publication, in order, by the published rule: a kit from those held back goes to whoever's correction clears a published
cut-off; a kit given back goes to the strongest without a kit that listed it, on the vacated line, else open within the
caps; a re-run names whose applications were corrected and whose award moved. Standard library only; nothing shared
with the programs that made the files. Exit status as `verify.py`.
"""

import hashlib
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

try:
    from stem_logistics.allocation import verify
except ImportError:  # alone, beside verify.py: `python -I` does not look there by itself
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import verify  # type: ignore[import-not-found,no-redef]

Json = dict[str, Any]
hold, show = verify.hold, verify.show
HOLDING: Json = {"kit": str, "line": str, "units": int, "?extra": bool}
FINAL: Json = {"runs": [{"input_sha256": str, "outcome_sha256": str}], "held_back": {"*": int}, "changes": [dict]}
FINAL |= {"allocation": {"*": HOLDING}, "appeals": [dict]}
CHANGES: Json = {
    "supernumerary": {
        "change": str,
        "applicant": verify.INPUT["applicants"][0],
        "kit": str,
        "line": str,
        "reason": str,
    },
    "given_back": {"change": str, "id": str, "kit": str, "line": str, "to": object, "to_line": object, "reason": str},
    "withdrawn": {"change": str, "id": str, "reason": str},
    "rerun": {"change": str, "corrected": [str], "moved": [str], "reason": str},
}


class Run:
    """A verified run: its wave, its outcome's parts, and the rows of its input by applicant."""

    def __init__(self, data: bytes, outcome: bytes, named: Json, number: int, *, known: bool) -> None:
        self.wave = verify.Wave(data)
        digest = hashlib.sha256(outcome).hexdigest() if known else verify.verify(self.wave, io.BytesIO(outcome))
        raw = verify.read(outcome, verify.OUTCOME, f"outcome {number}")[0]
        for what, found in (("input_sha256", self.wave.sha256), ("outcome_sha256", digest)):
            hold(named[what] == found, f"runs: {what} of run {number} is not that of the file given, {found}")
        self.awards: Json = raw["allocation"]
        self.raw = verify.read(data, verify.INPUT, f"input {number}")[0]
        self.cuts = {kit: {line: _cut(cut) for line, cut in cuts.items()} for kit, cuts in raw["cutoffs"].items()}
        self.rows: dict[str, set[bytes]] = {}
        for row in self.raw["applicants"]:
            text = {**row, "submission": row.get("submission", 1), "score": verify.millionths(row["score"], "score")}
            self.rows.setdefault(row["id"], set()).add(verify.canonical(text).encode())


def _cut(cut: Any) -> Any:
    if cut is None or cut == "CLOSED":
        return verify.EVERYONE if cut is None else verify.NOBODY
    return -verify.millionths(cut["score"], "a cut-off"), cut["ticket"]


class Replay:
    """Who holds what after each change."""

    def __init__(self, runs: Sequence[Run], held_back: Json) -> None:
        self.runs, self.held_back, self.now = list(runs), dict(held_back), runs[0]
        self.held: Json = {name: dict(award) for name, award in self.now.awards.items()}
        self.corrected: dict[str, Any] = {}  # the applications that were given a kit for their correction
        self.gone: set[str] = set()  # who gave a kit back or withdrew

    def take(self, change: Json, number: int) -> None:
        """Check one change and make it."""
        kind = change.get("change")
        hold(isinstance(kind, str) and kind in CHANGES, f"changes[{number}]: {show(kind)} is no change")
        verify.check(change, CHANGES[str(kind)], f"changes[{number}]")
        hold(change["reason"], f"changes[{number}] has no reason")
        getattr(self, str(kind))(change, f"changes[{number}], {kind}")

    def known(self, name: str) -> Any:
        return self.corrected.get(name) or self.now.wave.latest.get(name)

    def supernumerary(self, change: Json, what: str) -> None:
        """The correction clears a published cut-off of the kit wanted most, one is left, nothing else was corrected."""
        school, kit = self.now.wave.school(change["applicant"]), change["kit"]
        before, cuts = self.now.wave.latest.get(school.id), self.now.cuts
        hold(school.level != "university", f"{what}: departments receive blocks only")
        for part in ("level", "region") if before else ():
            hold(getattr(before, part) == getattr(school, part), f"{what}: another {part} asks for a re-run")
        if before:
            mine = [set(row["categories"]) for row in self.now.raw["applicants"] if row["id"] == school.id
                    and row.get("submission", 1) == before.number]  # fmt: skip
            hold(mine == [set(change["applicant"]["categories"])], f"{what}: other categories ask for a re-run")
        held, own = self.held.get(school.id), self.now.wave.place(school)
        hold(not held or school.score >= self.known(school.id).score, f"{what}: the correction lowers a recipient")
        better = (
            list(school.asks)[: list(school.asks).index(held["kit"])]
            if held and held["kit"] in school.asks
            else list(school.asks)
        )
        clears = {wish: self.now.wave.cleared(school, own, wish, cuts[wish]) for wish in better}
        first = next((wish for wish in better if clears[wish]), None)
        hold(
            first == kit,
            f"{what}: {show(kit)} is not the first kit it wants of which it clears a cut-off: {show(first)}",
        )
        lines = [line for line in clears[kit] if line != "open"]
        easiest = max((cuts[kit][line] for line in lines), default=None)
        right = [line for line in lines if cuts[kit][line] == easiest][:1] or ["open"]
        hold([change["line"]] == right, f"{what}: it stands on {show(change['line'])}, and not on {show(right[0])}")
        hold(not held, f"{what}: it gives its other kit back first")
        self.held_back[kit] = self.held_back.get(kit, 0) - 1
        hold(self.held_back[kit] >= 0, f"{what}: no {show(kit)} was left of those held back")
        self.held[school.id] = {"kit": kit, "line": change["line"], "units": 1, "extra": True}
        self.corrected[school.id] = school
        self.gone.discard(school.id)

    def given_back(self, change: Json, what: str) -> None:
        """What came back went to the strongest without a kit that listed it, and nobody else moved."""
        name, kit, line = change["id"], change["kit"], change["line"]
        held = self.held.pop(name, None)
        found = held and (held["kit"], held["line"])
        hold(found == (kit, line), f"{what}: {show(name)} holds {show(held)}")
        assert held is not None
        self.gone.add(name)
        due = self.next(kit, line)
        hold((change["to"], change["to_line"]) == due, f"{what}: next in order is {show(due)}")
        if due[0] is not None:
            self.held[due[0]] = {**held, "line": due[1]}

    def next(self, kit: str, line: str) -> tuple[str | None, str | None]:
        """Who is next in order for a kit that came back from this line, and on which line."""
        wave, rules = self.now.wave, self.now.wave.kits[kit]
        any_of = dict(rules["lines"]).get(line)
        regions = [self.known(n).region for n, h in self.held.items()
                   if h["kit"] == kit and h["line"] == "open" and not h.get("extra")]  # fmt: skip
        everyone = {**wave.latest, **self.corrected}
        for school in sorted(everyone.values(), key=wave.place):
            if school.id in self.held or school.id in self.gone or kit not in school.asks:
                continue
            if (school.level == "university") != (line == "university"):
                continue
            if line == "university" or (any_of is not None and line in school.asks[kit]):
                return school.id, line
            cap = rules["caps"].get(school.region)
            if cap is None or regions.count(school.region) < cap:
                return school.id, "open"
        return None, None

    def withdrawn(self, change: Json, what: str) -> None:
        hold(change["id"] not in self.held, f"{what}: {show(change['id'])} holds a kit: it gives it back")
        hold(self.known(change["id"]), f"{what}: {show(change['id'])} is not an applicant")
        self.gone.add(change["id"])

    def rerun(self, change: Json, what: str) -> None:
        """The next run: the same wave, the rows that are named corrected and no other, the awards that moved named."""
        place = self.runs.index(self.now) + 1
        hold(place < len(self.runs), f"{what}: the files of this run are missing")
        before, after = self.now, self.runs[place]
        hold(before.raw["wave"] == after.raw["wave"], f"{what}: the wave itself is another")
        rows = [n for n in sorted(before.rows.keys() | after.rows.keys()) if before.rows.get(n) != after.rows.get(n)]
        hold(rows == change["corrected"], f"{what}: the corrected applications are {show(rows)}")
        names = sorted(before.awards.keys() | after.awards.keys())
        moved = [n for n in names if before.awards.get(n) != after.awards.get(n)]
        hold(moved == change["moved"], f"{what}: the awards that moved are {show(moved)}")
        extra = {n: h for n, h in self.held.items() if h.get("extra") and n not in after.rows}
        lost = [n for n, h in self.held.items() if h.get("extra") and n in after.rows and n not in rows]
        hold(not lost, f"{what}: {show(lost)} hold a kit from those held back, so they are not run again")
        back = sorted(self.gone & after.rows.keys())
        hold(not back, f"{what}: {show(back)} left, so they are not run again")
        self.now, self.held = after, {**{n: dict(a) for n, a in after.awards.items()}, **extra}


def verify_final(final: bytes, runs: Sequence[tuple[bytes, bytes]], *, known: bool = False) -> None:
    """Check a final file with the files of the runs it names. Raises Wrong, with the reason.

    `known`: the runs' own files have been verified already, and are in canonical form; the changes alone are checked.
    """
    document = verify.read(final, FINAL, "the final file")[0]
    hold(len(document["runs"]) == len(runs), f"it stands on {len(document['runs'])} runs, {len(runs)} were given")
    hold(runs, "it stands on no run")
    pairs = zip(runs, document["runs"], strict=True)
    checked = [Run(*files, named, number, known=known) for number, (files, named) in enumerate(pairs, 1)]
    replay = Replay(checked, document["held_back"])
    for number, change in enumerate(document["changes"], 1):
        replay.take(change, number)
    hold(replay.now is checked[-1], "a run is named that no change leads to")
    verify.compare("allocation", replay.held, document["allocation"])


def main(paths: list[str]) -> int:
    """Verify the files named; says the result and gives the exit status."""
    reading, status = "AN INPUT IS UNUSABLE", 2
    try:
        hold(len(paths) >= 3 and len(paths) % 2, "say which files: python3 verify_final.py FINAL INPUT OUTCOME …")
        inputs = [Path(path).read_bytes() for path in paths[1::2]]
        for data in inputs:
            verify.Wave(data)
        reading, status = "THE FINAL FILE IS REFUSED", 1
        outcomes = [Path(path).read_bytes() for path in paths[2::2]]
        verify_final(Path(paths[0]).read_bytes(), list(zip(inputs, outcomes, strict=True)))
    except (verify.Wrong, OSError, ValueError) as error:
        print(f"{reading}: {error}", file=sys.stderr)
        return status
    print("VERIFIED: the runs, every change, and who holds what in the end.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
