"""A recording for every kind and every fault of its line, and what the check says of it."""

import pytest

from device_agents.kinds import all_kinds, kind_by_slug
from device_agents.recordings import load_recording
from tests.faults.cell import has_port
from tests.faults.record import again, faults_of, recordings_of

WITH_PORT = [kind.slug for kind in all_kinds() if has_port(kind)]


@pytest.mark.parametrize("slug", WITH_PORT)
def test_every_fault_of_every_kind_is_recorded(slug: str) -> None:
    """None is missing and none is left over: `python -m tests.faults.record` makes them anew."""
    kind = kind_by_slug(slug)
    assert set(recordings_of(kind)) == set(faults_of(kind))


@pytest.mark.parametrize("slug", WITH_PORT)
def test_a_recorded_fault_gives_its_verdict_again(slug: str) -> None:
    """What is recorded of a fault is judged as it was: split answers PASS, nothing else is proven by the others."""
    kind = kind_by_slug(slug)
    for fault, path in recordings_of(kind).items():
        verdict = path.name.partition(".")[0].upper()
        report = again(kind, fault, load_recording(path))
        assert report.verdict.value == verdict, f"{path.name}: {report.verdict.value}"
        assert verdict == "PASS" if fault == "split" else report.verdict.exit_code == 2 or fault in MAY, path.name


MAY = ("resends", "another-protocol")
"""Twice the same answer may pass with the same identity; another device may be known as one."""
