"""Version strings of every dialect stand in one order."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_checks.errors import VersionUnreadable
from firmware_checks.versions import MAX_TEXT, find, parse

IN_ORDER = [
    "1.0.1",
    "v1.9.2-34-gd64154c73",
    "2.0-alpha",
    "2.0-beta.2",
    "2.0-rc1",
    "2.0",
    "2.0-1-gabcdef0",
    "2.0.0.1",
    "2.0.9",
    "v2.0.9.3",
    "bugfix-2.0.x",
    "2.1.3-b2",
    "2.1.3",
    "bugfix-2.1.x",
    "2.2",
    "4.4",
    "0249",
    "0253",
]


@pytest.mark.parametrize(("lower", "higher"), list(itertools.pairwise(IN_ORDER)))
def test_each_is_below_the_next(lower: str, higher: str) -> None:
    """The order that the module's docstring states holds between neighbours."""
    assert parse(lower) < parse(higher)
    assert not parse(higher) < parse(lower)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Marlin 2.0.9.3 (Sep 12 2021 10:11:12)", "2.0.9.3"),
        ("Marlin bugfix-2.1.x (Github)", "2.1.x"),
        (
            "MicroPython v1.9.2-34-gd64154c73 on 2017-09-01; micro:bit v1.0.1 with nRF51822",
            "v1.9.2-34-gd64154c73",
        ),
        ("Prusa-Firmware 3.9.3 based on Marlin", "3.9.3"),
        ("mk3 2.0", "2.0"),
        ("0253", "0253"),
    ],
)
def test_the_version_is_found_in_what_a_device_says(text: str, found: str) -> None:
    """A product's name before the version and a date after it do no harm."""
    assert parse(text).text == found


def test_trailing_zeros_say_nothing() -> None:
    """4.4, 4.4.0 and v4.4 are one version."""
    assert parse("4.4") == parse("4.4.0") == parse("v4.4")


def test_a_rolling_branch_says_so() -> None:
    """`bugfix-2.1.x` is no release."""
    assert parse("bugfix-2.1.x").rolling and not parse("2.1.2").rolling


@pytest.mark.parametrize(
    "text", ["", "Marlin", "version?", "mk3", "1" * 10, "1.2.3.4.5.6.7", "٣.٤", "x" * (MAX_TEXT + 1)]
)
def test_what_has_no_version_is_refused(text: str) -> None:
    """No version is invented: not from a product's name, other digits than 0 to 9, numbers beyond reason."""
    with pytest.raises(VersionUnreadable):
        parse(text)
    assert find(text) is None


@given(st.text(max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Whatever the text, there is a version or a clear refusal, and the version reads back as itself."""
    version = find(text)
    if version is not None:
        assert parse(version.text) == version


@given(
    st.lists(st.integers(0, 999), min_size=1, max_size=5),
    st.lists(st.integers(0, 999), min_size=1, max_size=5),
)
def test_numbers_order_as_numbers(left: list[int], right: list[int]) -> None:
    """Plain dotted versions order as lists of numbers do, with missing parts as zeros."""
    size = max(len(left), len(right))
    padded_left, padded_right = ((*v, *[0] * (size - len(v))) for v in (left, right))
    a, b = parse(".".join(map(str, left))), parse(".".join(map(str, right)))
    assert (a < b) == (padded_left < padded_right)
    assert (a == b) == (padded_left == padded_right)
