"""The demo, loaded as `make demo` loads it: the published figures to the unit, sign-ins that work, nothing twice."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stem_logistics.db import embedded
from stem_logistics.db.engine import fetch, fetch_value, pool
from stem_logistics.demo import facts
from tests.test_operating import stem


@pytest.fixture(scope="module")
def loaded() -> Iterator[tuple[Path, str]]:
    """A folder with the demo loaded, and what the command printed."""
    folder = Path(tempfile.mkdtemp(prefix="stem-demo-"))
    folder.chmod(0o755)
    said = stem(folder, "demo", "--load-only")
    assert said.returncode == 0, said.stderr
    yield folder, said.stdout
    shutil.rmtree(folder, ignore_errors=True)


def test_it_prints_an_address_each_role_and_the_links(loaded: tuple[Path, str]) -> None:
    """One line a thing, in the form that scripts read; a second run keeps the data and says the same."""
    folder, said = loaded
    lines = said.splitlines()
    assert lines[0] == "address: http://127.0.0.1:8000/"
    roles = [line.split()[1] for line in lines if line.startswith("sign-in: ")]
    assert {"staff", "technician", "auditor"} <= set(roles)
    assert all(len(line.split()) == 4 for line in lines if line.startswith("sign-in: "))
    links = {line.split()[1] for line in lines if line.startswith("link: ")}
    assert links == {"receipt", "rejected-school", "public-result"}
    assert (folder / "demo.json").stat().st_mode & 0o077 == 0
    assert (folder / "secret.key").stat().st_mode & 0o077 == 0
    again = stem(folder, "demo", "--load-only")
    assert again.stdout == said


async def test_the_totals_are_the_published_ones(loaded: tuple[Path, str]) -> None:
    """1,034 school grants and 5 departments, wave by wave; every kit of the past in its school."""
    async with pool(embedded.start(loaded[0])):
        rows = await fetch(
            """SELECT w.slug, i.kind, a.kit_slug, count(*) AS grants, sum(a.units) AS units
               FROM award a JOIN wave w ON w.id = a.wave_id AND w.kind = 'wave'
               JOIN institution i ON i.id = a.institution_id
               GROUP BY 1, 2, 3"""
        )
        schools: dict[str, int] = {}
        for row in rows:
            if row["kind"] == "school":
                schools[row["slug"]] = schools.get(row["slug"], 0) + row["grants"]
        assert schools == {"stem-1": 110, "stem-2": 280, "stem-3": 240, "stem-4": 304, "stem-5": 100}
        assert sum(schools.values()) == facts.GRANTS == 1_034
        by_kit = {(row["slug"], row["kind"], row["kit_slug"]): (row["grants"], row["units"]) for row in rows}
        assert by_kit["stem-3", "school", "printer-3d"] == (91, 91)
        assert by_kit["stem-3", "school", "robotics-kit"] == (149, 149)
        assert by_kit["stem-5", "school", "printer-3d"] == (50, 50)
        assert by_kit["stem-5", "school", "microbit-kit"] == (50, 50)
        assert by_kit["stem-5", "department", "robotics-kit"] == (5, 50)
        assert await fetch_value("SELECT count(*) FROM institution WHERE kind = 'school'") == 14_000
        special = await fetch_value(
            """SELECT count(*) FROM award a JOIN wave w ON w.id = a.wave_id AND w.slug = 'stem-5'
               JOIN institution i ON i.id = a.institution_id
               WHERE i.kind = 'school' AND NOT (i.remote OR i.categories <> '{}')"""
        )
        assert special == 0, "STEM 5 was for special, minority, second-chance and remote schools only"
        historic = await fetch_value(
            """SELECT count(DISTINCT h.kit_id) FROM holding h JOIN place p ON p.id = h.place_id
               JOIN movement m ON m.kit_id = h.kit_id AND m.reason = 'historic'
               WHERE p.kind = 'institution' AND h.quantity > 0"""
        )
        assert historic == 934
        waiting = await fetch_value(
            """SELECT count(*) FROM application a JOIN wave w ON w.id = a.wave_id
               WHERE w.slug = 'stem-6' AND w.state = 'open' AND w.deadline_at < now()"""
        )
        assert 300 <= waiting <= 500
        contests = await fetch(
            """SELECT w.slug, count(*) FILTER (WHERE i.kind = 'school') AS schools,
                 count(*) FILTER (WHERE i.kind = 'department') AS departments,
                 sum(a.units) FILTER (WHERE a.kit_slug = 'tablet') AS tablets
               FROM award a JOIN wave w ON w.id = a.wave_id AND w.kind = 'list' AND a.source = 'direct'
               JOIN institution i ON i.id = a.institution_id GROUP BY 1 ORDER BY 1"""
        )
        told = [(row["slug"], row["schools"], row["departments"]) for row in contests]
        assert told == [("prizes-2022", 32, 0), ("prizes-2023", 20, 0), ("prizes-2024", 17, 2), ("prizes-2025", 19, 1)]
        assert contests[-1]["tablets"] == 150
        bought = await fetch(
            """SELECT b.decision, b.sampled_at IS NOT NULL AS drawn, count(DISTINCT s.id) AS sample,
                 count(DISTINCT r.device_id) AS good
               FROM purchase_batch b LEFT JOIN batch_sample s ON s.purchase_batch_id = b.id
               LEFT JOIN check_report r ON r.device_id = s.device_id AND r.verdict = 'PASS' GROUP BY b.id"""
        )
        (printers,) = bought
        assert (printers["decision"], printers["drawn"]) == ("accepted", True)
        assert printers["good"] >= printers["sample"] == 5
        on_the_way = await fetch_value("SELECT count(*) FROM consignment WHERE state = 'dispatched'")
        assert on_the_way > 0


def test_ledger_and_record_hold_after_loading(loaded: tuple[Path, str]) -> None:
    """What the demo did adds up: every balance follows from the movements, and the record's chain is whole."""
    for command in (("ledger", "verify"), ("audit", "verify")):
        said = stem(loaded[0], *command)
        assert said.returncode == 0, said.stderr


def test_its_device_checks_are_signed_and_hold(loaded: tuple[Path, str]) -> None:
    """The demo's reports came in through the door: every signature and the laptop's chain hold."""
    said = stem(loaded[0], "checks", "verify")
    assert said.returncode == 0, said.stderr


def test_a_running_demo_is_not_reset(loaded: tuple[Path, str]) -> None:
    """`--reset` while the database is held by another process is refused, and nothing is dropped."""
    folder, _said = loaded
    embedded.start(folder)  # this test is the other process
    refused = stem(folder, "demo", "--reset", "--load-only")
    assert refused.returncode == 1
    assert str(os.getpid()) in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (folder / "demo.json").exists()
