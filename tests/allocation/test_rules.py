"""The rule: worked examples, corners by hand, the definition itself on random cases, equal to the byte."""

import json
import random

import pytest

from stem_logistics.allocation.model import CLOSED, Pair, ticket
from tests.allocation.cases import random_document
from tests.allocation.reference import Reference
from tests.allocation.support import CROSSED, EXAMPLES, Doc, document, kit, outcome_of, school, solved


def rows(doc: Doc) -> list[tuple[str, str | None, str]]:
    return [(r["id"], r["kit"], r["code"]) for r in json.loads(outcome_of(doc))["reasons"]]


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_worked_examples(name: str) -> None:
    """The published examples come out as published: who, which line, how many, cut-offs, tickets."""
    example = EXAMPLES[name]
    outcome = json.loads(outcome_of(example["input"]))
    assert outcome["allocation"] == example["allocation"]
    for kit_id, lines in example["cutoff_scores"].items():
        assert {line: cut["score"] for line, cut in outcome["cutoffs"][kit_id].items()} == lines
    tickets = {row["id"]: row["ticket"] for row in outcome["reasons"]}
    assert example["tickets"].items() <= tickets.items()


def test_blocks_that_nobody_takes_return_to_the_schools() -> None:
    """Without departments the example's whole stock is the schools', and what is left over stays."""
    example = json.loads(json.dumps(EXAMPLES["blocks"]["input"]))
    example["applicants"] = [a for a in example["applicants"] if a["level"] != "university"]
    _, outcome = solved(example)
    assert {a.kit for a in outcome.allocation.values()} == {"printer"} and len(outcome.allocation) == 3
    assert outcome.school_stock["printer"] == 12 and outcome.cutoffs["printer"]["open"] is None


@pytest.mark.parametrize("block", range(40))
def test_equal_to_the_definition_to_the_byte(block: int) -> None:
    """On random small cases the solver writes the very bytes that the rule's definition gives."""
    for number in range(25):
        rng = random.Random(block * 1000 + number)
        doc = random_document(rng, most=rng.choice([5, 12, 25]))
        assert outcome_of(doc) == Reference(doc, seed=number).outcome(), f"case {block * 1000 + number}"


def test_long_lists_of_lines_equal_the_definition() -> None:
    """With many narrow lines, where room is found only by moving several schools, the bytes agree."""
    for number in range(30):
        rng = random.Random(number)
        lines = [(f"l{n}", rng.sample("abcdefgh", 2), 1) for n in range(7)]
        kits = [kit("k", 7 + rng.randrange(3), *lines), kit("m", 4, *lines[:4])]
        schools = [
            school(
                f"{n}",
                str(rng.randrange(9)),
                *rng.sample(["k", "m"], 2),
                categories=tuple(rng.sample("abcdefgh", 2)),
            )
            for n in range(22)
        ]
        doc = document(kits, schools)
        assert outcome_of(doc) == Reference(doc, seed=number).outcome(), f"case {number}"


def test_reserves_that_fill_the_stock_close_the_open_places() -> None:
    """Reserves equal to the stock, all filled: open is CLOSED, a stronger school outside gets nothing."""
    doc = document(
        [kit("k", 2, ("r", ["c"], 2))],
        [
            school("A", "90", "k"),
            *(school(name, score, "k", categories=("c",)) for name, score in (("B", "10"), ("C", "9"), ("D", "8"))),
        ],
    )
    _, outcome = solved(doc)
    assert set(outcome.allocation) == {"B", "C"}
    assert outcome.cutoffs["k"] == {"r": Pair(9_000_000, ticket("s", "C")), "open": CLOSED}
    assert rows(doc)[0] == ("A", "k", "NOT_ELIGIBLE_FOR_RESERVE")
    assert rows(doc)[-1] == ("D", "k", "BELOW_RESERVE_CUTOFF")


def test_reserve_places_that_nobody_fills_are_open_places() -> None:
    """A reserve without takers does not idle: its places go by score, the line takes all who fit."""
    _, outcome = solved(document([kit("k", 2, ("r", ["c"], 2))], [school(n, s, "k") for n, s in ("A1", "B2", "C3")]))
    assert set(outcome.allocation) == {"B", "C"} and outcome.cutoffs["k"]["r"] is None


def test_a_lines_cutoff_is_not_its_own_weakest_school() -> None:
    """A school that fits a full line gets in when someone on it can move: the cut-off follows the arrows."""
    doc = document(
        [kit("k", 2, ("x", ["x"], 1), ("y", ["y"], 1))],
        [school("A", "90", "k", categories=("x", "y")), school("B", "50", "k", categories=("x",)),
         school("C", "40", "k", categories=("x",))],
    )  # fmt: skip
    _, outcome = solved(doc)
    assert {name: award.line for name, award in outcome.allocation.items()} == {"A": "y", "B": "x"}
    # B's line leads nowhere; A's line leads to B's, where the weakest is B.
    assert outcome.cutoffs["k"]["x"] == Pair(50_000_000, ticket("s", "B"))
    assert outcome.cutoffs["k"]["y"] == Pair(50_000_000, ticket("s", "B"))


def test_regions_count_open_places_only() -> None:
    """A region's cap does not count its reserve places; with a cap of 0 it is CLOSED."""
    doc = document(
        [kit("k", 4, ("r", ["c"], 1), open_region_cap={"attica": 1, "crete": 0})],
        [school("A", "9", "k", categories=("c",)), school("B", "8", "k"), school("C", "7", "k"),
         school("D", "6", "k", region="crete")],
    )  # fmt: skip
    _, outcome = solved(doc)
    assert set(outcome.allocation) == {"A", "B"}
    assert outcome.cutoffs["k"]["open"] is None
    assert outcome.cutoffs["k"]["open@attica"] == Pair(8_000_000, ticket("s", "B"))
    assert outcome.cutoffs["k"]["open@crete"] == CLOSED
    reasons = {r["id"]: r for r in json.loads(outcome_of(doc))["reasons"]}
    assert reasons["C"]["code"] == "REGION_CAP" and reasons["C"]["needed"] == reasons["C"]["cutoff"]
    assert reasons["C"]["needed"]["score"] == "8"
    assert reasons["D"]["code"] == "REGION_CAP" and (reasons["D"]["cutoff"], reasons["D"]["needed"]) == (
        CLOSED,
        None,
    )


def test_crossed_wishes_are_both_met() -> None:
    """X and Y each get the kit they want on an open place: nobody of the reserved category asks for it."""
    _, outcome = solved(CROSSED)
    assert {n: (a.kit, a.line) for n, a in outcome.allocation.items()} == {
        "X": ("kit1", "open"),
        "Y": ("kit2", "open"),
    }


def test_superseded_and_empty_applications() -> None:
    """Only the highest submission counts, the others follow ascending; who lists nothing has one row."""
    doc = document(
        [kit("k", 1)],
        [school("A", "1", "k", submission=2), school("A", "99", "k"), school("A", "5", submission=10),
         school("B", "1", "k")],
    )  # fmt: skip
    assert rows(doc) == [
        ("A", None, "NO_PREFERENCE"),
        ("A", None, "SUPERSEDED"),
        ("A", None, "SUPERSEDED"),
        ("B", "k", "ALLOCATED_OPEN"),
    ]
    assert [r["score"] for r in json.loads(outcome_of(doc))["reasons"]] == ["5", "99", "1", "1"]


def test_ids_sort_by_code_points_and_text_is_not_escaped() -> None:
    """Rows go by code point, not by locale; Greek and astral characters stand as themselves."""
    names = ["β", "Ά", "a", "Z", '"', "\U0001f600", "\uffff", "\n"]
    raw = outcome_of(document([kit("κιτ", 1)], [school(n, "1", "κιτ") for n in names]))
    assert [r["id"] for r in json.loads(raw)["reasons"]] == sorted(names, key=lambda n: [ord(c) for c in n])
    assert raw.decode() == json.dumps(json.loads(raw), sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    assert "κιτ" in raw.decode() and "\\u" not in raw.decode()


def test_nothing_to_allocate() -> None:
    """No applicants, or no kits: an empty outcome, not an error."""
    assert json.loads(outcome_of(document([], [school("A", "1")])))["reasons"][0]["code"] == "NO_PREFERENCE"
    empty = json.loads(outcome_of(document([kit("k", 0)], [])))
    assert empty["reasons"] == [] and empty["cutoffs"] == {"k": {"open": "CLOSED"}}
