"""The independent verifier: it accepts the true outcome, and refuses every change of a single fact, with the reason."""

import copy
import hashlib
import io
import json
import operator
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stem_logistics.allocation import verify
from tests.allocation.cases import random_document
from tests.allocation.reference import Reference, canonical
from tests.allocation.support import CROSSED, EXAMPLES, Doc, document, encoded, kit, outcome_of, school

EVERYTHING = document(
    [
        kit("κιτ", 9, ("special", ["special"], 1), ("remote", ["remote", "special"], 2), ("none", ["x"], 0),
            open_region_cap={"attica": 1, "crete": 0}, university_blocks=1),
        kit("robot", 2, ("remote", ["remote"], 2)),
        kit("late", 0),
        kit("capped", 3, open_region_cap={"attica": 1}),
    ],
    [
        school("A", "90", "κιτ", "robot"),
        school("B", "80.50", "κιτ", "robot", region="epirus"),
        school("C", "80.5", "κιτ", "robot"),
        school("D", "70", "robot", "κιτ", categories=("remote", "special")),
        school("E", "60", "late", "robot", "κιτ", categories=("remote",)),
        school("F", "55", "robot", "κιτ", categories=("remote",)),
        school("G", "54", "κιτ", "robot", categories=("remote",), region="crete"),
        school("H", "53", "κιτ", categories=("special",)),
        school("I", "52", "κιτ", "robot", level="nursery"),
        school("J", "1"),
        school("J", "99", "κιτ", submission=0),
        school("K", "0.000001", "κιτ", region="epirus"),
        school("L", "0", "κιτ", region="crete"),
        school("M", "7", "capped"),
        school("N", "6", "capped"),
        school("U1", "9", "robot", "κιτ", level="university"),
        school("U2", "8", "κιτ", level="university"),
    ],
    block_size=4,
)  # fmt: skip
TIGHT = document(
    [kit("k", 2, ("a", ["a"], 1)), kit("m", 1)],
    [school(n, "5.5", "k", "m", categories=("a",) if n in "BD" else ()) for n in "ABCDE"],
)
CASES = {"everything": EVERYTHING, "tight": TIGHT, "crossed": CROSSED, **{n: e["input"] for n, e in EXAMPLES.items()}}


def refusal(doc: Doc | verify.Wave, outcome: object) -> str:
    """Why the verifier refuses an outcome; empty if it accepts it."""
    raw = outcome if isinstance(outcome, bytes) else canonical(outcome)
    try:
        verify.verify(doc if isinstance(doc, verify.Wave) else verify.Wave(encoded(doc)), io.BytesIO(raw))
    except verify.Wrong as wrong:
        return str(wrong)
    return ""


def values_like(value: Any, pool: list[Any]) -> list[Any]:
    """What might stand in a value's place: everything else of the file, near misses, and rubbish."""
    near: list[Any] = [None, True, False, 0, 1, -1, 2, 1.0, 1e999, 10**400, "", "CLOSED", "open", "1", [], {}, [value]]
    if isinstance(value, str):
        near += [value + "0", value + " ", value.upper() if value.upper() != value else value.lower(), "0" + value]
    if isinstance(value, dict):
        near += [{**value, "extra": 1}, dict(list(value.items())[1:])]
    return near + pool


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place in a document, with what stands there."""
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, step), inner
        if isinstance(inner, (dict, list)):
            yield from places(inner, (*path, step))


def edited(raw: bytes, path: tuple[Any, ...], edit: Callable[[Any, Any], object]) -> Doc:
    """A copy of a document after an edit at a place, given what holds it and its key there."""
    document_: Doc = json.loads(raw)
    at: Any = document_
    for step in path[:-1]:
        at = at[step]
    edit(at, path[-1])
    return document_


def put(value: object) -> Callable[[Any, Any], object]:
    return lambda at, key: operator.setitem(at, key, value)


def twice(at: Any, key: Any) -> None:
    at.insert(key, copy.deepcopy(at[key]))


def exchange(at: Any, key: Any) -> None:
    at[key - 1], at[key] = at[key], at[key - 1]


def changes(raw: bytes) -> Iterator[tuple[str, Callable[[], Doc]]]:
    """Every outcome that differs from this one in a single fact: what it is, and how to make it."""
    outcome = json.loads(raw)
    own = [{key: r[key] for key in ("score", "ticket")} for r in outcome["reasons"]]
    pairs = list({canonical(pair): pair for pair in own}.values())
    words = sorted({str(r[key]) for r in outcome["reasons"] for key in ("id", "kit", "code", "score")})
    words += sorted({pair["ticket"] for pair in own})[:3]
    for path, value in places(outcome):
        pool = pairs if path[-1] in ("cutoff", "needed") or path[0] == "cutoffs" else words
        for other in values_like(value, pool):
            if canonical(other) != canonical(value):
                yield f"{path} = {other!r:.60}", partial(edited, raw, path, put(other))
        yield f"without {path}", partial(edited, raw, path, operator.delitem)
        if path[0] == "reasons" and len(path) == 2:
            yield f"{path} twice", partial(edited, raw, path, twice)
            # two earlier submissions with one score give the same row twice: exchanging them changes nothing
            if path[1] and outcome["reasons"][path[1] - 1] != value:
                yield f"{path} before its time", partial(edited, raw, path, exchange)
    for home in [(), ("allocation",), ("cutoffs",), *(("cutoffs", k) for k in outcome["cutoffs"])]:
        known = outcome if not home else outcome[home[0]] if len(home) == 1 else outcome["cutoffs"][home[1]]
        for key in {"extra", "open@attica", "open@nowhere", "open", "Z", *words} - known.keys():
            for extra in ({"kit": "k", "line": "open", "units": 1}, None, "CLOSED", *pairs[:3]):
                yield f"{home} also {key} = {extra!r:.40}", partial(edited, raw, (*home, key), put(extra))


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_change_of_a_single_fact_is_refused(name: str) -> None:
    """Allocation, line, units, cut-off, ticket, score, code, kit, needed, digest, rows, order: all refused."""
    doc = CASES[name]
    raw = outcome_of(doc)
    assert raw == Reference(doc).outcome()
    assert refusal(doc, raw) == ""
    count, wave = 0, verify.Wave(encoded(doc))
    for what, changed in changes(raw):
        assert refusal(wave, changed()), f"accepted: {what}"
        count += 1
    assert count > 300


def test_the_cases_hold_every_code() -> None:
    """The cases that are tampered with contain every code that a row can have."""
    from stem_logistics.allocation.model import Code

    seen = {row["code"] for doc in CASES.values() for row in json.loads(outcome_of(doc))["reasons"]}
    assert seen == set(Code)


def test_random_outcomes_and_their_changes() -> None:
    """On random inputs: the true outcome is accepted, a random change of it is refused."""
    for number in range(100):
        rng = random.Random(number)
        doc = random_document(rng)
        raw = outcome_of(doc)
        assert refusal(doc, raw) == "", number
        every, wave = list(changes(raw)), verify.Wave(encoded(doc))
        for what, changed in rng.sample(every, min(25, len(every))):
            assert refusal(wave, changed()), f"case {number}: accepted {what}"


def crossed_outcome() -> Doc:
    """X with kit 2 and Y with kit 1, each on the line reserved for it, and every row to match."""

    def pair(name: str, score: str) -> Doc:
        return {"score": score, "ticket": hashlib.sha256(f"s:{name}".encode()).hexdigest()}

    x, y = pair("X", "50"), pair("Y", "40")
    row = {"cutoff": "CLOSED", "needed": None, "code": "NOT_ELIGIBLE_FOR_RESERVE"}
    return {
        "input_sha256": hashlib.sha256(canonical(CROSSED)).hexdigest(),
        "allocation": {
            "X": {"kit": "kit2", "line": "for-x", "units": 1},
            "Y": {"kit": "kit1", "line": "for-y", "units": 1},
        },
        "cutoffs": {"kit1": {"for-y": y, "open": "CLOSED"}, "kit2": {"for-x": x, "open": "CLOSED"}},
        "reasons": [
            {**row, "id": "X", "kit": "kit1", **x},
            {"id": "X", "kit": "kit2", "code": "ALLOCATED_RESERVE", "cutoff": x, "needed": None, **x},
            {**row, "id": "Y", "kit": "kit2", **y},
            {"id": "Y", "kit": "kit1", "code": "ALLOCATED_RESERVE", "cutoff": y, "needed": None, **y},
        ],
    }


def test_the_crossed_outcome_passes_its_cutoffs_and_is_refused() -> None:
    """Both crossed awards clear every cut-off test, so only the recomputation can refuse them; it does."""
    crossed = crossed_outcome()
    verify.Wave(encoded(CROSSED)).certificate(crossed)
    assert "allocation" in refusal(CROSSED, crossed)


@pytest.mark.parametrize(
    ("award", "part", "says"),
    [
        ("Z", {"kit": "κιτ", "line": "open", "units": 1}, "not an applicant"),
        ("K", {"kit": "robot", "line": "open", "units": 1}, "did not ask"),
        ("I", {"kit": "κιτ", "line": "open", "units": 1}, "does not suit"),
        ("A", {"kit": "κιτ", "line": "special", "units": 1}, "does not fit line"),
        ("A", {"kit": "κιτ", "line": "open", "units": 2}, "units"),
        ("U2", {"kit": "κιτ", "line": "university", "units": 4}, "room for 1"),
        ("L", {"kit": "κιτ", "line": "open", "units": 1}, "open@crete"),
        ("C", {"kit": "κιτ", "line": "open", "units": 1}, "open@attica"),
    ],
)
def test_the_certificate_names_the_wrong_fact(award: str, part: Doc, says: str) -> None:
    """A wrong award is refused by what is wrong with it, not merely as a difference."""
    outcome = json.loads(outcome_of(EVERYTHING))
    outcome["allocation"][award] = part
    assert says in refusal(EVERYTHING, outcome)


def test_a_change_in_the_input_is_refused() -> None:
    """Each fact of the input, changed, dropped or doubled: the outcome no longer belongs to it, or it is unusable."""
    raw = outcome_of(EVERYTHING)

    for path, _ in list(places(EVERYTHING)):
        for action in ("change", "drop", "double"):
            doc = copy.deepcopy(EVERYTHING)
            at: Any = doc
            for step in path[:-1]:
                at = at[step]
            value = at[path[-1]]
            if action == "drop":
                del at[path[-1]]
            elif action == "double" and isinstance(at, list):
                at.insert(path[-1], copy.deepcopy(value))
            else:
                at[path[-1]] = value + 1 if isinstance(value, int) else f"{value}0" if isinstance(value, str) else []
            if canonical(doc) == canonical(EVERYTHING):
                continue
            assert refusal(doc, raw), f"{action} {path}"
            # Even with the new digest written over the old one it passes only if it is the true outcome.
            try:
                stamped = {**json.loads(raw), "input_sha256": verify.Wave(encoded(doc)).sha256}
            except verify.Wrong:
                continue
            assert (refusal(doc, stamped) == "") == (canonical(stamped) + b"\n" == Reference(doc).outcome())


def test_another_layout_of_the_same_facts_is_accepted() -> None:
    """Spaces, order of keys and escapes are not facts: both files may be laid out anew."""
    loose = json.dumps(json.loads(outcome_of(EVERYTHING)), indent=2, ensure_ascii=True)
    doc = {key: EVERYTHING[key] for key in reversed(EVERYTHING)}
    assert refusal(doc, loose.encode()) == ""
    backwards = json.loads(loose, object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert refusal(doc, json.dumps(backwards).encode()) == ""


TRUE = outcome_of(TIGHT)
HOSTILE = {
    "empty": b"",
    "not JSON": b"VERIFIED",
    "not UTF-8": b'"\xff"',
    "UTF-16": TRUE.decode().encode("utf-16"),
    "byte-order mark": b"\xef\xbb\xbf" + TRUE,
    "cut short": TRUE[: len(TRUE) // 2],
    "twice": TRUE + TRUE,
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "NaN": TRUE.replace(b'"units":1', b'"units":NaN', 1),
    "Infinity": TRUE.replace(b'"units":1', b'"units":-Infinity', 1),
    "a fraction": TRUE.replace(b'"units":1', b'"units":1.0', 1),
    "an exponent": TRUE.replace(b'"units":1', b'"units":1e0', 1),
    "true for 1": TRUE.replace(b'"units":1', b'"units":true', 1),
    "huge number": TRUE.replace(b'"units":1', b'"units":1' + b"0" * 3000, 1),
    "too huge number": TRUE.replace(b'"units":1', b'"units":1' + b"0" * 100_000, 1),
    "lone surrogate": TRUE.replace(b'"kit":"k"', b'"kit":"\\ud800"', 1),
    "lone surrogate as key": TRUE.replace(b'"k":', b'"\\udfff":', 1),
    "deep nesting": b"[" * 200_000,
    "deep nesting inside": TRUE.replace(b'"cutoff":', b'"cutoff":' + b"[" * 900 + b"]" * 900 + b',"x":', 1),
    "deep objects": b'{"a":' * 100_000,
    "repeated key": TRUE.replace(b'"units":1', b'"units":1,"units":1', 1),
    "an empty row too many": TRUE[:-3] + b",{}]}\n",
    "a row without its id too many": TRUE[:-3] + b',{"kit":null}]}\n',
    "repeated top key": b'{"reasons":[],' + TRUE[1:],
    "escape characters": TRUE.replace(b'"kit":"k"', b'"kit":"\\u001b[2J"', 1),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_outcomes_are_refused_cleanly(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Garbage of any kind in the outcome: status 1, one printable line on standard error, no traceback."""
    assert HOSTILE[name] != TRUE
    (tmp_path / "in.json").write_bytes(encoded(TIGHT))
    (tmp_path / "out.json").write_bytes(HOSTILE[name])
    assert verify.main([str(tmp_path / "in.json"), str(tmp_path / "out.json")]) == 1
    printed = capfd.readouterr()
    assert printed.out == "" and printed.err.startswith("THE OUTCOME IS REFUSED: ")
    assert printed.err.count("\n") == 1 and printed.err.strip().isprintable() and len(printed.err) < 1500


def test_it_runs_alone(tmp_path: Path) -> None:
    """The one file, copied elsewhere and run with Python alone, tells true from false by its exit status."""
    alone = tmp_path / "verify.py"
    alone.write_bytes(Path(verify.__file__).read_bytes())
    (tmp_path / "in.json").write_bytes(encoded(EVERYTHING))
    (tmp_path / "out.json").write_bytes(outcome_of(EVERYTHING))
    (tmp_path / "false.json").write_bytes(outcome_of(EVERYTHING).replace(b"80.5", b"80.6", 1))

    def run(*paths: str) -> int:
        command = [sys.executable, "-I", "-S", str(alone), *paths]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False).returncode

    assert run("in.json", "out.json") == 0
    assert run("in.json", "false.json") == 1
    assert run("in.json", "absent.json") == 1
    assert run("out.json", "out.json") == 2
    assert run("absent.json", "out.json") == 2
    assert run("in.json") == 2


def test_it_shares_no_code_with_the_solver() -> None:
    """Short enough to be read, and standard library only: no import of this product or of anything installed."""
    import ast

    assert len(Path(verify.__file__).read_text().splitlines()) < 400
    for node in ast.walk(ast.parse(Path(verify.__file__).read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module and node.module.split(".")[0] in sys.stdlib_module_names
        elif isinstance(node, ast.Import):
            assert all(alias.name.split(".")[0] in sys.stdlib_module_names for alias in node.names)
