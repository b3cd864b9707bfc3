"""What an observation is worth against a baseline."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_checks.baseline import Baseline
from firmware_checks.regions import RegionDigest
from firmware_checks.verdicts import Observation, Verdict, compare, findings, worst

PAGE = 64
GOOD = bytes(range(256)) + bytes([7]) * 128 + bytes([0xFF]) * 128
OLD = bytes(reversed(range(256))) + bytes([0xFF]) * 256


def digest(data: bytes) -> RegionDigest:
    return RegionDigest.of(data, PAGE)


BASELINE = Baseline.model_validate(
    {
        "schema": "stem-baseline/1",
        "kind": "test-board",
        "sources": {"test": {"title": "made for this test"}},
        "boards": [
            {
                "slug": "uno",
                "name": "Uno",
                "source": "test",
                "facts": {"signature": ["1e950f", "1e9514"]},
                "regions": [{"name": "bootloader", "start": 0x7E00, "size": 512, "page_size": PAGE}],
            },
            {"slug": "bit", "name": "Bit", "source": "test", "version_required": True},
            {"slug": "bare", "name": "Bare", "source": "test"},
        ],
        "images": [
            {
                "slug": slug,
                "name": slug,
                "boards": ["uno"],
                "region": "bootloader",
                "version": "4.4",
                "sha256": digest(data).sha256,
                "pages": digest(data).pages,
                "status": status,
                "source": "test",
            }
            for slug, data, status in (("good", GOOD, "current"), ("old", OLD, "outdated"))
        ],
        "versions": [
            {"boards": ["bit"], "version": "0.9", "status": "current", "source": "test"},
            {"boards": ["bit"], "below": "1.0.1", "status": "outdated", "source": "test"},
            {"boards": ["bit"], "product": "other", "below": "100", "status": "unknown", "source": "test"},
        ],
    }
)


def uno(data: bytes | None = None, **facts: str) -> Observation:
    return Observation("test-board", "uno", None, {} if data is None else {"bootloader": digest(data)}, facts)


@pytest.mark.parametrize(
    ("observation", "verdict", "reason"),
    [
        (uno(GOOD, signature="1e950f"), Verdict.PASS, "region-current"),
        (uno(GOOD), Verdict.PASS, "region-current"),
        (uno(OLD), Verdict.OUTDATED, "region-outdated"),
        (uno(bytes([0xFF]) * 512), Verdict.DAMAGED, "region-erased"),
        (uno(bytes(100) + GOOD[100:]), Verdict.DAMAGED, "region-damaged"),
        (uno(bytes(512)), Verdict.MISMATCH, "region-differs"),
        (uno(GOOD[:-1]), Verdict.INCONCLUSIVE, "region-incomplete"),
        (uno(GOOD, signature="1e9801"), Verdict.MISMATCH, "fact-differs"),
        (uno(), Verdict.INCONCLUSIVE, "region-not-read"),
        (uno(signature="1e950f"), Verdict.INCONCLUSIVE, "region-not-read"),
        (Observation("test-board", "mega"), Verdict.UNKNOWN, "board-unknown"),
        (Observation("test-board"), Verdict.UNKNOWN, "board-unknown"),
        (Observation("test-board", "bare", "3.0"), Verdict.UNKNOWN, "nothing-compared"),
        (Observation("test-board", "bit"), Verdict.UNKNOWN, "version-missing"),
        (Observation("test-board", "bit", "garbage"), Verdict.UNKNOWN, "version-unreadable"),
        (Observation("test-board", "bit", "1.0.1"), Verdict.PASS, "version-current"),
        (Observation("test-board", "bit", "0.8"), Verdict.OUTDATED, "version-outdated"),
        (Observation("test-board", "bit", "0.9"), Verdict.PASS, "version-current"),
        (Observation("test-board", "bit", "Other 2.0"), Verdict.UNKNOWN, "version-unknown"),
    ],
)
def test_each_case_has_its_verdict(observation: Observation, verdict: Verdict, reason: str) -> None:
    """One line of this table is one promise; none but the expected content and version passes."""
    finding = compare(observation, BASELINE)
    assert (finding.verdict, finding.reason) == (verdict, reason)


def test_a_damaged_region_names_its_pages() -> None:
    """The spoilt pages are told by address, so that a technician can look at them."""
    finding = compare(uno(bytes(100) + GOOD[100:]), BASELINE)
    assert finding.params["pages"] == ("0x07e00", "0x07e40") and finding.params["image"] == "good"


@given(st.integers(0, 511), st.integers(1, 255))
def test_one_changed_byte_never_passes(place: int, change: int) -> None:
    """Wherever one byte of a known region differs, the region is not called good."""
    data = bytearray(GOOD)
    data[place] ^= change
    assert compare(uno(bytes(data)), BASELINE).verdict is Verdict.DAMAGED


def test_another_kind_is_a_programmers_fault() -> None:
    """A baseline of one kind says nothing of another."""
    with pytest.raises(ValueError, match="against a baseline"):
        findings(Observation("bee-bot"), BASELINE)


def test_the_worst_wins_in_any_order() -> None:
    """The verdict of a whole does not hang on the order of its parts, and only PASS alone gives PASS."""
    for pair in itertools.product(Verdict, repeat=2):
        assert worst(pair) is worst(reversed(pair))
        assert (worst(pair) is Verdict.PASS) == (set(pair) == {Verdict.PASS})
    assert worst([]) is Verdict.INCONCLUSIVE


def test_exit_codes() -> None:
    """0 good, 1 at fault, 2 not known, as the commands promise."""
    codes = {verdict: verdict.exit_code for verdict in Verdict}
    assert codes == {
        Verdict.PASS: 0,
        Verdict.FAIL: 1,
        Verdict.OUTDATED: 1,
        Verdict.MISMATCH: 1,
        Verdict.DAMAGED: 1,
        Verdict.INCONCLUSIVE: 2,
        Verdict.UNKNOWN: 2,
    }
