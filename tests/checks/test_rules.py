"""A chain of reports: what is whole, what is missing, what contradicts."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_checks.verdicts import Verdict
from stem_logistics.checks.rules import DeviceHealth, KitHealth, Link, chain_state


def chain(length: int, salt: str = "") -> list[Link]:
    links: list[Link] = []
    for sequence in range(1, length + 1):
        previous = links[-1].digest if links else None
        links.append(Link(sequence, sha256(f"{salt}{sequence}{previous!r}".encode()).digest(), previous))
    return links


def arrive(arrivals: list[Link]) -> list[str]:
    known: list[Link] = []
    states: list[str] = []
    for link in arrivals:
        states.append(chain_state(link, known))
        known.append(link)
    return states


@given(st.integers(1, 20))
def test_in_order_everything_is_whole(length: int) -> None:
    """A chain that comes in its order is whole all along."""
    assert set(arrive(chain(length))) == {"whole"}


@given(st.permutations(chain(8)))
def test_any_order_of_one_chain_contradicts_nothing(arrivals: list[Link]) -> None:
    """However one laptop's reports come, none is a fork, and one whose predecessor has not come is a gap."""
    states = arrive(arrivals)
    for place, (link, state) in enumerate(zip(arrivals, states, strict=True)):
        before_is_there = link.sequence == 1 or any(k.sequence == link.sequence - 1 for k in arrivals[:place])
        assert state == ("whole" if before_is_there else "gap")


@given(st.integers(2, 8), st.data())
def test_two_laptops_with_one_key_are_found_out(length: int, data: st.DataObject) -> None:
    """Two chains under one name contradict each other at the first number that both have used."""
    mine, copied = chain(length), chain(length, "copy")
    shared = data.draw(st.integers(0, length - 1))
    copied = [*mine[:shared], *_continued(mine[:shared], length, "copy")]
    states = arrive([*mine, *copied[shared:]])
    assert states[length] == "fork"


def _continued(begun: list[Link], length: int, salt: str) -> list[Link]:
    links = list(begun)
    while len(links) < length:
        previous = links[-1].digest if links else None
        links.append(Link(len(links) + 1, sha256(f"{salt}{len(links)}{previous!r}".encode()).digest(), previous))
    return links[len(begun) :]


@pytest.mark.parametrize(
    ("link", "state"),
    [
        (Link(1, b"a", b"x"), "fork"),
        (Link(2, b"b", None), "fork"),
        (Link(3, b"c", b"b"), "gap"),
    ],
)
def test_a_first_report_names_none_and_others_name_one(link: Link, state: str) -> None:
    """A first report with a predecessor, or a later one without, is no honest chain."""
    assert chain_state(link, []) == state


def test_a_kits_health_is_that_of_its_own_devices() -> None:
    """Foreign devices' faults are shown, but the kit's verdict and counts are of its own."""
    good = DeviceHealth(1, "microbit", "a", "a", "1", Verdict.PASS)
    unchecked = DeviceHealth(2, "microbit", "a", "a", "2")
    foreign = DeviceHealth(None, "microbit", "a", "a", "3", Verdict.FAIL)
    health = KitHealth([good, unchecked], [foreign])
    assert (health.verdict, health.checked, health.faulty) == (Verdict.PASS, 1, 0)
    assert KitHealth([unchecked], []).verdict is None
