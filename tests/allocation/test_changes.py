"""What changes after the first publication: appeals, kits given back, withdrawals, and the file that proves them."""

import copy
import io
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stem_logistics.allocation import verify
from stem_logistics.allocation import verify_final as verify_final_module
from stem_logistics.allocation.changes import (
    Standing,
    Supernumerary,
    effect_of,
    with_given_back,
    with_withdrawal,
)
from stem_logistics.allocation.final_file import applicant_json, change_json, change_of, final_bytes
from stem_logistics.allocation.model import Applicant
from stem_logistics.allocation.parsing import canonical_input, parse_input
from stem_logistics.allocation.reasons import outcome_bytes
from stem_logistics.allocation.rules import solve
from stem_logistics.allocation.verify_final import verify_final
from tests.allocation.cases import CATEGORIES, random_document
from tests.allocation.reference import canonical
from tests.allocation.support import document, encoded, kit, school

Files = list[tuple[bytes, bytes]]


def standing_of(doc: dict[str, Any], **held_back: int) -> Standing:
    data = parse_input(encoded(doc))
    return Standing(data, solve(data), held_back)


def files_of(standing: Standing) -> tuple[bytes, bytes]:
    data = parse_input(canonical_input(standing.data.wave, standing.data.applicants))
    return canonical_input(data.wave, data.applicants), outcome_bytes(data, solve(data))


def one(doc: dict[str, Any], name: str, **values: Any) -> Applicant:
    data = parse_input(encoded(doc))
    return replace(data.counting[name], **values)


THREE = document(
    [kit("k", 1), kit("m", 1)],
    [school("A", "90", "k"), school("B", "80", "k", "m"), school("C", "70", "m", "k"), school("D", "60", "k")],
)


def test_a_correction_that_clears_nothing_moves_nobody() -> None:
    """More points, but still below every published cut-off."""
    effect = effect_of(standing_of(THREE, k=1, m=1), one(THREE, "D", score=89_000_000))
    assert (effect.kind, effect.moved) == ("none", ())


def test_a_held_back_kit_goes_to_whoever_clears_and_nobody_else_moves() -> None:
    """D should have had 95 points: it clears the cut-off of k, one is held back."""
    before = standing_of(THREE, k=1)
    effect = effect_of(before, one(THREE, "D", score=95_000_000), "Ε-1")
    assert (effect.kind, effect.kit, effect.line) == ("supernumerary", "k", "open")
    assert [(m.id, m.before) for m in effect.moved] == [("D", None)]
    assert effect.after is not None and effect.after.remaining("k") == 0
    assert {**effect.after.holdings(), "D": None} == {**before.holdings(), "D": None}


def test_with_none_left_the_rule_is_run_again_with_the_same_tickets() -> None:
    """The same correction without a kit held back: the full re-run, and its changed rows."""
    effect = effect_of(standing_of(THREE), one(THREE, "D", score=95_000_000), "Ε-1")
    assert (effect.kind, effect.why) == ("rerun", "none-held-back")
    corrected = copy.deepcopy(THREE)
    corrected["applicants"][3]["score"] = "95"
    assert effect.after is not None and effect.after.outcome.allocation == standing_of(corrected).outcome.allocation
    assert [m.id for m in effect.moved] == ["A", "D"]


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("A", {"score": 1}, "recipient-lowered"),
        ("D", {"categories": ("special",)}, "category-changed"),
        ("D", {"level": "nursery"}, "level-changed"),
        ("D", {"region": "crete"}, "region-changed"),
    ],
)
def test_what_always_asks_for_a_rerun(name: str, values: dict[str, Any], why: str) -> None:
    """A lowered recipient, another category, level or region: a re-run even while kits are held back."""
    effect = effect_of(standing_of(THREE, k=5), one(THREE, name, **values))
    assert (effect.kind, effect.why) == ("rerun", why)


def test_a_school_that_was_not_admitted_is_weighed_like_any_other() -> None:
    """An exclusion that falls: the school has no row in the run, and receives what it clears."""
    new = Applicant("Z", 1, "school", "attica", (), 99_000_000, ("k",))
    assert effect_of(standing_of(THREE, k=1), new).kind == "supernumerary"
    assert effect_of(standing_of(THREE), new).kind == "rerun"
    assert effect_of(standing_of(THREE, k=1), replace(new, score=0)).kind == "none"


def test_a_better_kit_frees_the_one_held() -> None:
    """B holds m and should have had k: it gives m back, which goes to the next in order; then it receives k."""
    effect = effect_of(standing_of(THREE, k=1), one(THREE, "B", score=96_000_000), "Ε-2")
    assert effect.kind == "supernumerary" and effect.after is not None
    held = effect.after.holdings()
    assert held["B"].kit == "k" and held["B"].extra and held["C"].kit == "m"


def test_a_kit_given_back_goes_to_the_next_on_its_line_else_open_within_the_caps() -> None:
    """The vacated reserve place first; who does not fit it takes it as an open place, unless its region is full."""
    doc = document(
        [kit("k", 2, ("s", ["s"], 1), open_region_cap={"attica": 1})],
        [
            school("A", "90", "k"),
            school("B", "50", "k", categories=("s",)),
            school("C", "80", "k"),
            school("D", "70", "k", region="crete"),
            school("E", "10", "k", categories=("s",)),
        ],
    )
    before = standing_of(doc)
    assert set(before.holdings()) == {"A", "B"}
    after = with_given_back(before, "B", "αποποίηση").holdings()
    assert {name: held.line for name, held in after.items()} == {"A": "open", "D": "open"}
    after = with_given_back(before, "A", "αποποίηση").holdings()
    assert {name: held.line for name, held in after.items()} == {"B": "s", "C": "open"}


def corrections(rng: random.Random, standing: Standing) -> Applicant:
    """A random correction of a random application: points, a category, a region, wishes; or one not admitted."""
    known = list(standing.applicants.values())
    kits = [each.id for each in standing.data.wave.kits]
    if not known or rng.random() < 0.15:
        score = rng.randrange(120) * 500_000
        return Applicant(f"new{rng.randrange(50)}", 1, "primary", "attica", (), score, tuple(rng.sample(kits, 1)))
    a = rng.choice(known)
    what = rng.random()
    if what < 0.6:
        return replace(a, score=rng.randrange(120) * 500_000)
    if what < 0.7:
        return replace(a, categories=tuple(rng.sample(CATEGORIES, 1)))
    if what < 0.8:
        return replace(a, region=rng.choice(["attica", "crete"]))
    return replace(a, score=a.score + 10_000_000, preferences=tuple(rng.sample(kits, rng.randint(1, len(kits)))))


def story(seed: int) -> tuple[Standing, Files, dict[str, int]]:
    """A random wave and some random things that happen to it; the standing, and the files of its runs."""
    rng = random.Random(seed)
    doc = random_document(rng)
    standing = standing_of(doc, **{each["id"]: rng.choice([0, 1, 2]) for each in doc["wave"]["kits"]})
    files, seen = [files_of(standing)], dict[str, int]()
    for _ in range(rng.randint(1, 6)):
        held = sorted(standing.holdings())
        if held and rng.random() < 0.35:
            before = standing.holdings()
            standing = with_given_back(standing, rng.choice(held), "αποποίηση")
            moved = {n for n in before if standing.holdings().get(n) != before[n]}
            assert len(moved) == 1, "nobody who holds a kit moves but the giver"
            what = "given back"
        elif rng.random() < 0.2 and standing.applicants:
            standing = with_withdrawal(standing, rng.choice(sorted(standing.applicants)), "απόσυρση")
            what = "withdrawn"
        else:
            corrected = corrections(rng, standing)
            if corrected.id in standing.left or (
                standing.holdings().get(corrected.id, None) is not None and (standing.holdings()[corrected.id].extra)
            ):
                continue
            effect = effect_of(standing, corrected, "ένσταση")
            what = f"{effect.kind} {effect.why}"
            if effect.kind == "none":
                assert effect.after is None
            else:
                assert effect.after is not None
                check_effect(standing, effect.after, corrected, effect.kind)
                standing = effect.after
                if effect.kind == "rerun":
                    files.append(files_of(standing))
        seen[what] = seen.get(what, 0) + 1
    return standing, files, seen


def check_effect(before: Standing, after: Standing, corrected: Applicant, kind: str) -> None:
    """What the effect promises, by brute force: who moves, and that a re-run is the rule on the corrected rows."""
    was, now = before.holdings(), after.holdings()
    if kind == "supernumerary":
        assert now[corrected.id].extra
        others = {n for n in was if n != corrected.id and was[n] != now.get(n)}
        assert not others, "a kit from those held back moves nobody who holds one"
        return
    out = before.left | {n for n, h in was.items() if h.extra}
    rows = [a for a in before.data.applicants if a.id not in out | {corrected.id}] + [corrected]
    expected = solve(parse_input(canonical_input(before.data.wave, rows)))
    assert after.outcome.allocation == expected.allocation and after.outcome.cutoffs == expected.cutoffs
    assert {n: h for n, h in now.items() if not h.extra}.keys() == expected.allocation.keys()


def test_the_command_says_which_file_is_at_fault(tmp_path: Path) -> None:
    """As `verify.py` does: 0 verified, 1 what came out is refused or unreadable, 2 an input is unusable."""
    standing, files, _ = story(1)
    given = {"final": final_bytes(standing, files)}
    for number, (data, outcome) in enumerate(files):
        given |= {f"input{number}": data, f"outcome{number}": outcome}
    paths = {name: tmp_path / name for name in given}
    for name, content in given.items():
        paths[name].write_bytes(content)
    program, arguments = str(Path(verify_final_module.__file__)), [str(path) for path in paths.values()]

    def status(*asked: str) -> int:
        return subprocess.run([sys.executable, "-I", program, *asked], capture_output=True, check=False).returncode

    assert status(*arguments) == 0
    assert status() == status(*arguments[:2]) == 2
    for name, due in (("final", 1), ("outcome0", 1), ("input0", 2)):
        for wrong in (b"{}", b"["):
            paths[name].write_bytes(wrong)
            assert status(*arguments) == due, (name, wrong)
        paths[name].unlink()
        assert status(*arguments) == due, name
        paths[name].write_bytes(given[name])


def test_random_stories_and_their_final_files() -> None:
    """Whatever happens, the final file is verified by the independent program, and every step has been seen."""
    seen: dict[str, int] = {}
    for seed in range(250):
        standing, files, counted = story(seed)
        verify_final(final_bytes(standing, files), files)
        for what, count in counted.items():
            seen[what] = seen.get(what, 0) + count
        assert tuple(change_of(change_json(change)) for change in standing.changes) == standing.changes
    assert {"given back", "withdrawn", "none clears-nothing", "supernumerary clears-cutoff"} <= seen.keys()
    assert {"rerun none-held-back", "rerun recipient-lowered", "rerun category-changed"} <= seen.keys()


def altered(rng: random.Random, raw: bytes) -> bytes:
    """The final file with one fact altered: an award, a change, a digest, what was held back."""
    final = json.loads(raw)
    places = ["runs"] + ["allocation"] * bool(final["allocation"]) + ["changes"] * 3 * bool(final["changes"])
    where = rng.choice(places)
    if where == "runs":
        final["runs"][0][rng.choice(["input_sha256", "outcome_sha256"])] = "0" * 64
    elif where == "allocation":
        name = rng.choice(sorted(final["allocation"]))
        if rng.random() < 0.5:
            del final["allocation"][name]
        else:
            final["allocation"][name]["units"] = 77
    else:
        number = rng.randrange(len(final["changes"]))
        change = final["changes"][number]
        key = rng.choice([k for k in change if k != "reason"])
        if key == "applicant":
            change[key]["id"] = "nobody-at-all"
        elif isinstance(change[key], list):
            change[key] = [*change[key], "nobody"]
        else:
            change[key] = "another"
    return canonical(final) + b"\n"


def test_altered_final_files_are_refused() -> None:
    """One fact changed in a final file, thousands of times: refused, with a reason."""
    count = 0
    for seed in range(120):
        standing, files, _ = story(seed)
        raw = final_bytes(standing, files)
        rng = random.Random(seed)
        for _ in range(10):
            false = altered(rng, raw)
            with pytest.raises(verify.Wrong):
                verify_final(false, files)
            count += 1
    assert count > 1000


def test_a_supernumerary_beyond_what_is_held_back_is_refused() -> None:
    """A second kit where one was held back, or a kit to somebody who does not clear the cut-off."""
    before = standing_of(THREE, k=1)
    new = one(THREE, "D", score=95_000_000)
    effect = effect_of(before, new, "Ε-1")
    assert effect.after is not None
    files = [files_of(before)]
    verify_final(final_bytes(effect.after, files), files)
    weak = Supernumerary(replace(new, score=70_500_000), "k", "open", "Ε-1")
    with pytest.raises(verify.Wrong, match="first kit it wants"):
        verify_final(final_bytes(replace(before, changes=(weak,)), files), files)
    with pytest.raises(verify.Wrong, match="held back"):
        verify_final(final_bytes(replace(effect.after, held_back={}), files), files)


def test_the_first_outcome_stands_as_it_was() -> None:
    """Changes are beside the first outcome: its own two files verify as before."""
    standing, files, _ = story(7)
    for given, outcome in files:
        verify.verify(verify.Wave(given), io.BytesIO(outcome))
    assert applicant_json(next(iter(standing.applicants.values())))["score"]
