"""Loads the demo, once: what it made that cannot be read back (passwords, links) is kept in an owner-only file."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

from stem_logistics import audit, jobs, mail
from stem_logistics.accounts.service import token_digest
from stem_logistics.db.engine import execute, fetch_one, fetch_value, unit_of_work
from stem_logistics.demo import catalogue, checks, deliveries, facts, people, prizes, waves
from stem_logistics.nouns import load
from stem_logistics.registry import departments, generator
from stem_logistics.registry import import_service as registry

Say = Callable[[str], None]


def state_file(data_dir: Path) -> Path:
    """Where the demo's sign-ins and links are kept."""
    return data_dir / "demo.json"


def read_state(data_dir: Path) -> dict[str, list[list[str]]] | None:
    """What an earlier load made; None when there was none."""
    path = state_file(data_dir)
    if not path.exists():
        return None
    found: dict[str, list[list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write_state(data_dir: Path, state: dict[str, list[list[str]]]) -> None:
    path = state_file(data_dir)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(state, file, ensure_ascii=False, indent=1)


async def load_demo(data_dir: Path, say: Say) -> dict[str, list[list[str]]]:
    """Make the whole demo in an empty database; returns its sign-ins and links.

    An interrupted load leaves no state file: the next one is told so and starts over with `--reset`.
    """
    load("jobs")
    say("registry: 14,000 schools, 23 university departments")
    await _registry()
    say("kit definitions and stock")
    await catalogue.make_definitions()
    say("STEM 1 to STEM 4: awards and kits of record")
    received = await waves.record_history()
    say("STEM 5: applications, points, allocation, publication")
    await waves.run_stem_5()
    await _all_jobs()
    say("STEM 5: purchases, deliveries and receipts")
    laptop = await checks.enrol()
    await deliveries.set_contacts()
    await deliveries.fill_store(laptop)
    receipt = await deliveries.ship_stem_5()
    say("device checks of what the schools received")
    await checks.file_reports(laptop)
    say("prizes of the 17th to the 20th contest")
    await prizes.record_contests()
    say("STEM 6: applications")
    await waves.open_stem_6(received)
    await _all_jobs()
    while await mail.deliver_next():
        continue
    signs = await people.make_people()
    rejected = await _rejected()
    await audit.seal()
    state = {
        "sign-in": [list(each) for each in signs],
        "link": [
            ["receipt", receipt],
            ["rejected-school", rejected],
            ["public-result", "/results/stem-5"],
        ],
    }
    _write_state(data_dir, state)
    return state


async def _registry() -> None:
    schools, university = io.StringIO(), io.StringIO()
    generator.write_registry(schools, facts.SCHOOLS, facts.REGISTRY_SEED)
    departments.write_departments(university)
    for name, content in (("schools.csv", schools), ("departments.csv", university)):
        outcome = await registry.import_file(name, content.getvalue().encode("utf-8-sig"), dry_run=False)
        assert not outcome.faults, outcome.faults[:3]
    # the NSO's own flag: islands and mountains, a believable share of the country
    async with unit_of_work():
        await execute(
            """UPDATE institution SET remote = true WHERE kind = 'school' AND municipality IN
                 (SELECT municipality FROM institution WHERE kind = 'school'
                  GROUP BY municipality ORDER BY sum(pupils), municipality LIMIT 60)"""
        )
        await audit.record("remote-flags-set", "institution", "demo")


async def _all_jobs() -> None:
    while await jobs.run_next():
        continue


async def _rejected() -> str:
    """The personal page of a school that STEM 5 rejected narrowly: the link that its mail carries."""
    row = await fetch_one(
        """SELECT m.body FROM mail_message m JOIN allocation_row r ON r.institution_id = m.institution_id
           JOIN wave w ON w.slug = 'stem-5' AND m.about_kind = 'wave' AND m.about_id = w.id
           WHERE r.code = 'BELOW_OPEN_CUTOFF'
             AND NOT EXISTS (SELECT 1 FROM award a WHERE a.institution_id = r.institution_id AND a.wave_id = w.id)
           ORDER BY r.score DESC LIMIT 1"""
    )
    assert row is not None, "STEM 5 rejected nobody"
    path: str = "/" + row["body"].split("://", 1)[1].split("/", 1)[1].split()[0]
    token = path.rsplit("/", 1)[-1]
    assert await fetch_value("SELECT 1 FROM school_link WHERE token_digest = $1", token_digest(token))
    return path
