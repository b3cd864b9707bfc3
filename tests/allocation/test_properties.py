"""What the rule promises, on inputs that Hypothesis searches: nothing idle, no claim, no gain by tricks."""

import copy
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stem_logistics.allocation.model import (
    OPEN,
    UNIVERSITY,
    AllocationInput,
    Applicant,
    Outcome,
    Pair,
    ticket,
)
from stem_logistics.allocation.reasons import reasons
from tests.allocation.cases import CATEGORIES, random_document
from tests.allocation.support import Doc, solved

inputs = st.randoms(use_true_random=False)
many = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def a_document(rng: random.Random) -> Doc:
    """An input with at least one school, each with one submission."""
    while True:
        doc = random_document(rng)
        single: dict[str, Any] = {a["id"]: a for a in doc["applicants"]}
        doc["applicants"] = list(single.values())
        if any(a["level"] != UNIVERSITY for a in doc["applicants"]):
            return doc


def own(data: AllocationInput, a: Applicant) -> Pair:
    return Pair(a.score, ticket(data.wave.seed, a.id))


def standing(outcome: Outcome, name: str, wishes: list[str]) -> int:
    """How far down its list a school got (lower is better); one past the end for nothing."""
    award = outcome.allocation.get(name)
    if award is None or award.kit not in wishes:  # a kit it does not want is worth nothing to it
        return len(wishes)
    return wishes.index(award.kit)


def preferred(outcome: Outcome, a: Applicant) -> list[str]:
    """The kits that an applicant would rather have than what it got."""
    return list(a.preferences[: standing(outcome, a.id, list(a.preferences))])


@given(inputs)
@many
def test_the_order_of_the_rows_changes_nothing(rng: random.Random) -> None:
    """Shuffled applicants, the same allocation, cut-offs and reasons."""
    doc = a_document(rng)
    shuffled = copy.deepcopy(doc)
    rng.shuffle(shuffled["applicants"])
    (data, outcome), (other_data, other) = solved(doc), solved(shuffled)
    assert outcome.allocation == other.allocation and outcome.cutoffs == other.cutoffs
    assert list(reasons(data, outcome)) == list(reasons(other_data, other))


@given(inputs)
@many
def test_nothing_is_left_over_that_somebody_wants(rng: random.Random) -> None:
    """A kit with stock left has nobody waiting, but schools whose region holds all the places it may."""
    data, outcome = solved(a_document(rng))
    schools = [a for a in data.counting.values() if a.level != UNIVERSITY]
    for kit in data.wave.kits:
        given_ = [n for n, w in outcome.allocation.items() if w.kit == kit.id and w.line != UNIVERSITY]
        if len(given_) < outcome.school_stock[kit.id]:
            for a in schools:
                if kit.id in preferred(outcome, a) and a.level in kit.levels:
                    opened = [n for n in given_ if outcome.allocation[n].line == OPEN]
                    held = sum(data.counting[n].region == a.region for n in opened)
                    assert held == (kit.open_region_cap or {})[a.region]


@given(inputs)
@many
def test_no_justified_claim(rng: random.Random) -> None:
    """Nobody misses a kit that a weaker school got on a line open to both."""
    data, outcome = solved(a_document(rng))
    applicants = data.counting
    for a in applicants.values():
        if a.level == UNIVERSITY:
            continue
        for kit in data.wave.kits:
            if kit.id not in preferred(outcome, a) or a.level not in kit.levels:
                continue
            fits = {line.id for line in kit.reserves if line.any_of & set(a.categories)}
            at_cap = f"{OPEN}@{a.region}" in outcome.cutoffs[kit.id]
            for name, award in outcome.allocation.items():
                other = applicants[name]
                open_to_both = award.line == OPEN and (other.region == a.region or not at_cap)
                if award.kit == kit.id and (award.line in fits or open_to_both):
                    assert own(data, other).clears(own(data, a)), f"{a.id} has a claim against {name}"


@given(inputs)
@many
def test_a_better_score_never_harms(rng: random.Random) -> None:
    """More points, the same kit or a better one."""
    doc = a_document(rng)
    before = solved(doc)[1]
    row = rng.choice([a for a in doc["applicants"] if a["level"] != UNIVERSITY])
    row["score"] = str(int(float(row["score"])) + rng.choice([1, 5, 100]))
    assert standing(solved(doc)[1], row["id"], row["preferences"]) <= standing(before, row["id"], row["preferences"])


@given(inputs)
@many
def test_one_more_kit_harms_nobody(rng: random.Random) -> None:
    """With one more kit in stock every school gets what it had or better."""
    doc = a_document(rng)
    before = solved(doc)[1]
    rng.choice(doc["wave"]["kits"])["stock"] += 1
    after = solved(doc)[1]
    for a in doc["applicants"]:
        assert standing(after, a["id"], a["preferences"]) <= standing(before, a["id"], a["preferences"])


@given(inputs)
@many
def test_hiding_or_misordering_wishes_gains_nothing(rng: random.Random) -> None:
    """Against the truth, no other list gets a school a kit that it wants more."""
    doc = a_document(rng)
    truthful = solved(doc)[1]
    row = rng.choice([a for a in doc["applicants"] if a["level"] != UNIVERSITY])
    truth = list(row["preferences"])
    names = [k["id"] for k in doc["wave"]["kits"]]
    row["preferences"] = rng.sample(names, rng.randint(0, len(names)))
    assert standing(truthful, row["id"], truth) <= standing(solved(doc)[1], row["id"], truth)


@given(inputs)
@many
def test_not_declaring_a_category_gains_nothing(rng: random.Random) -> None:
    """A school with all its categories does at least as well as with some of them."""
    doc = a_document(rng)
    row = rng.choice([a for a in doc["applicants"] if a["level"] != UNIVERSITY])
    row["categories"] = rng.sample(CATEGORIES, rng.randint(1, 4))
    declared = solved(doc)[1]
    row["categories"] = rng.sample(row["categories"], rng.randint(0, len(row["categories"]) - 1))
    wishes = row["preferences"]
    assert standing(declared, row["id"], wishes) <= standing(solved(doc)[1], row["id"], wishes)


@given(inputs)
@many
def test_counts_stay_within_stock_places_and_caps(rng: random.Random) -> None:
    """No kit is given twice, no line holds more than its places, no region more open places than its cap."""
    data, outcome = solved(a_document(rng))
    applicants = data.counting
    for kit in data.wave.kits:
        awards = {n: w for n, w in outcome.allocation.items() if w.kit == kit.id}
        assert sum(w.units for w in awards.values()) <= kit.stock
        assert sum(w.line == UNIVERSITY for w in awards.values()) <= kit.university_blocks
        for line in kit.reserves:
            assert sum(w.line == line.id for w in awards.values()) <= line.places
        for region, cap in (kit.open_region_cap or {}).items():
            assert sum(w.line == OPEN and applicants[n].region == region for n, w in awards.items()) <= cap
