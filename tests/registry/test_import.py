"""Imports into real PostgreSQL: created, updated, unchanged; all or nothing; recorded; within a person's region."""

import asyncio
import csv
import io
import time

import pytest

from stem_logistics import audit, jobs, worker
from stem_logistics.accounts.policy import Grant, Principal
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.errors import Conflict, DomainError, FieldErrors, Forbidden, NotFound
from stem_logistics.registry import import_service
from stem_logistics.registry import service as registry
from stem_logistics.registry.departments import write_departments
from stem_logistics.registry.generator import write_registry
from stem_logistics.registry.import_service import Outcome, import_file
from stem_logistics.registry.model import Asked
from stem_logistics.settings import Settings
from tests.support import OPERATOR, acting_as

WRITTEN = ("institution", "directorate", "regional_directorate", "registry_import", "stored_file", "audit_entry")


def generated(count: int, seed: int = 1, column_set: str = "school-network") -> bytes:
    out = io.StringIO()
    write_registry(out, count, seed, column_set=column_set)
    return out.getvalue().encode()


def edited(data: bytes, **changes: tuple[int, str]) -> bytes:
    """The CSV with cells changed: column=(data row from 0, new value)."""
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    for column, (index, value) in changes.items():
        rows[index][column] = value
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def numbers(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.created, outcome.updated, outcome.unchanged, len(outcome.faults)


async def search(text: str) -> list[str]:
    rows, total = await registry.list_institutions(OPERATOR, Asked(q=text), limit=50)
    assert total >= len(rows)
    return [row.name for row in rows]


async def test_the_whole_country_in_one_go(service: Settings) -> None:
    """14,000 schools are imported within seconds, with progress, and are found; a second import changes nothing."""
    seen: list[tuple[int, int]] = []

    async def report(done: int, total: int) -> None:
        seen.append((done, total))

    data = generated(14_000)
    started = time.monotonic()
    assert numbers(await import_file("r.csv", data, dry_run=False, report=report)) == (14_000, 0, 0, 0)
    assert time.monotonic() - started < 30
    shares = [done / total for done, total in seen]
    assert len(shares) > 5 and shares == sorted(shares) and shares[-1] <= 1
    assert numbers(await import_file("r.csv", data, dry_run=False)) == (0, 0, 14_000, 0)
    assert await fetch_value("SELECT count(*) FROM directorate") == 116
    assert await fetch_value("SELECT count(*) FROM regional_directorate") == 13
    queries = ("7ο νηπ κατερ", "7o nipiagogeio katerinis", "7ο ΝΗΠΙΑΓΩΓΕΙΟ ΚΑΤΕΡΙΝΗΣ", "7° Νηπ/γείο Κατερίνης")
    for query in queries:
        assert "7ο Νηπιαγωγείο Κατερίνης" in await search(query), query
    code = str(await fetch_value("SELECT code FROM institution WHERE name = '7ο Νηπιαγωγείο Κατερίνης'"))
    assert await search(code) == ["7ο Νηπιαγωγείο Κατερίνης"]
    assert await search("!!!") == []


async def test_searching_the_country_uses_the_index(service: Settings) -> None:
    """A search among 14,000 schools reads the index, not every row."""
    await import_file("r.csv", generated(14_000), dry_run=False)
    plan = await fetch(
        "EXPLAIN SELECT 1 FROM institution WHERE search_vector @@ to_tsquery('simple', '''7'' & ''kater'':*')"
    )
    assert any("institution_search" in row["QUERY PLAN"] for row in plan), plan


async def test_changes_are_counted_written_and_recorded(service: Settings) -> None:
    """A changed cell is one update; the audit names the field, not the value; the search key follows the name."""
    data = generated(60)
    await import_file("r.csv", data, dry_run=False)
    changed = edited(data, name=(3, "Νηπιαγωγείο Ατλαντίδας"), students_count=(4, "77"))
    dry = await import_file("r.csv", changed, dry_run=True)
    assert numbers(dry) == (0, 2, 58, 0)
    assert await search("ατλαντιδα") == []
    assert numbers(await import_file("r.csv", changed, dry_run=False)) == (0, 2, 58, 0)
    assert await search("ατλαντιδα") == ["Νηπιαγωγείο Ατλαντίδας"]
    entry = await fetch_one(
        """SELECT e.details::text AS details, i.name FROM audit_entry e JOIN institution i ON i.id::text = e.subject_id
           WHERE e.action = 'institution-updated' AND e.details->'fields' ? 'name'"""
    )
    assert entry is not None and entry["name"] == "Νηπιαγωγείο Ατλαντίδας"
    assert "Ατλαντίδας" not in entry["details"]
    assert await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'institution-created'") == 60
    await audit.seal()
    assert (await audit.verify())[1] is None


async def test_a_refused_file_leaves_nothing_behind(service: Settings) -> None:
    """One bad row among good ones: nothing is written, no institution, office, file, import or audit entry."""
    bad = edited(generated(60), registry_no=(30, "12"))
    outcome = await import_file("r.csv", bad, dry_run=False)
    assert numbers(outcome) == (0, 0, 0, 1)
    assert (outcome.faults[0].slug, outcome.faults[0].row) == ("code-zeros-lost", 32)
    for table in (
        "institution",
        "directorate",
        "regional_directorate",
        "registry_import",
        "stored_file",
        "audit_entry",
    ):
        assert await fetch_value(f"SELECT count(*) FROM {table}") == 0, table


async def test_a_dry_run_writes_nothing(service: Settings) -> None:
    """The preview of a good file leaves the database as it was."""
    assert numbers(await import_file("r.csv", generated(60), dry_run=True)) == (60, 0, 0, 0)
    for table in (
        "institution",
        "directorate",
        "regional_directorate",
        "registry_import",
        "stored_file",
        "audit_entry",
    ):
        assert await fetch_value(f"SELECT count(*) FROM {table}") == 0, table


async def test_the_other_source_keeps_what_it_does_not_know(service: Settings) -> None:
    """The open data has no pupils and no shift: importing it after the School Network's leaves them alone."""
    await import_file("r.csv", generated(80), dry_run=False)
    before = await fetch("SELECT code, pupils, operation_shift, state, legal_character FROM institution ORDER BY code")
    assert numbers(await import_file("o.csv", generated(80, column_set="open-data"), dry_run=False)) == (0, 0, 80, 0)
    after = await fetch("SELECT code, pupils, operation_shift, state, legal_character FROM institution ORDER BY code")
    assert after == before


async def test_departments_beside_schools(service: Settings) -> None:
    """The 23 departments are institutions of their own kind."""
    out = io.StringIO()
    write_departments(out)
    await import_file("d.csv", out.getvalue().encode(), dry_run=False)
    await import_file("r.csv", generated(40), dry_run=False)
    rows, total = await registry.list_institutions(OPERATOR, Asked(kind="department"), limit=50)
    assert total == 23 and {row.level for row in rows} == {"university"}


async def region_id(code: str) -> int:
    return int(await fetch_value("SELECT id FROM regional_directorate WHERE code = $1", code))


async def test_a_person_sees_and_writes_their_region_only(service: Settings) -> None:
    """A grant for one region filters every list, hides every other school, and bounds imports and the flag."""
    data = generated(600)
    await import_file("r.csv", data, dry_run=False)
    crete = Principal("account", 1, grants=(Grant("staff", "region", await region_id("crete")),))
    rows, total = await registry.list_institutions(crete, Asked(), limit=600)
    assert 0 < total < 600 and {row.region for row in rows} == {"crete"}
    other = (await registry.list_institutions(OPERATOR, Asked(region="attica"), limit=1))[0][0]
    with pytest.raises(NotFound):
        await registry.get_institution(crete, other.code)
    exported = [each.code async for each in registry.every_institution(crete, Asked())]
    assert exported == sorted(row.code for row in rows)
    with acting_as(crete):
        changed = edited(data, name=(0, "Αλλαγμένο όνομα"))
        refused = await import_file("r.csv", changed, dry_run=False)
        assert {fault.slug for fault in refused.faults} == {"outside-region"}
        assert await fetch_value("SELECT count(*) FROM registry_import") == 1
        assert await search("αλλαγμενο") == []
        assert (await registry.set_remote(crete, rows[0].code, True)).remote
    auditor = Principal("account", 2, grants=(Grant("auditor", "country"),))
    with pytest.raises(Forbidden):
        await registry.set_remote(auditor, rows[0].code, True)


async def test_remote_is_the_nsos_own_flag(service: Settings) -> None:
    """Set by a person, recorded with the reason, and left alone by every import."""
    data = generated(30)
    await import_file("r.csv", data, dry_run=False)
    code = (await registry.list_institutions(OPERATOR, Asked(), limit=1))[0][0].code
    assert (await registry.set_remote(OPERATOR, code, True, why="Δύο ώρες με το πλοίο")).all_categories[-1] == "remote"
    await registry.set_remote(OPERATOR, code, True)
    await import_file("r.csv", edited(data, students_count=(0, "9")), dry_run=False)
    rows, total = await registry.list_institutions(OPERATOR, Asked(category="remote"), limit=5)
    assert (total, rows[0].code) == (1, code)
    kept = await fetch("SELECT why FROM audit_entry WHERE action = 'institution-marked-remote'")
    assert [row["why"] for row in kept] == ["Δύο ώρες με το πλοίο"]


async def test_upload_preview_confirm(service: Settings) -> None:
    """A file waits for its person between preview and import; confirming twice imports once."""
    worker.load_handlers()
    data = generated(50)
    number = await import_service.upload(OPERATOR, "C:\\files\\μητρώο.csv", data)
    with pytest.raises(Conflict):
        await import_service.confirm(OPERATOR, number)
    assert await jobs.run_next()
    shown = await import_service.get_import(OPERATOR, number)
    assert (shown.state, shown.file_name, numbers(shown.outcome)) == ("previewed", "μητρώο.csv", (50, 0, 0, 0))
    assert len(shown.outcome.changes) == 50 and await fetch_value("SELECT count(*) FROM institution") == 0
    first, second = await asyncio.gather(*(import_service.confirm(OPERATOR, number) for _ in range(2)))
    assert first == second
    while await jobs.run_next():
        pass
    assert (await import_service.get_import(OPERATOR, number)).state == "imported"
    assert (await jobs.get(first)).result == {"state": "imported", "created": 50, "updated": 0, "unchanged": 0}
    assert await fetch_value("SELECT count(*) FROM institution") == 50
    with pytest.raises(Conflict):
        await import_service.confirm(OPERATOR, number)


async def test_a_worker_that_dies_in_mid_import_leaves_nothing_half(service: Settings) -> None:
    """The job is taken again by another worker and imports the whole file once."""
    worker.load_handlers()
    number = await import_service.upload(OPERATOR, "r.csv", generated(50))
    await jobs.run_next()
    job = await import_service.confirm(OPERATOR, number)

    async def die(done: int, total: int) -> None:
        if await fetch_value("SELECT count(*) FROM institution"):
            raise ConnectionResetError

    with pytest.raises(DomainError):
        await import_service.run_import(number, die)
    assert await fetch_value("SELECT count(*) FROM institution") == 0
    await execute(
        "UPDATE job SET state = 'running', attempts = 1, locked_until = now() - interval '1s' WHERE id = $1", job
    )
    assert await jobs.run_next()
    assert (await jobs.get(job)).state == "done"
    assert await fetch_value("SELECT count(*) FROM institution") == 50
    assert await import_service.run_import(number, die) == {"state": "imported"}


async def test_a_preview_shows_faults_and_what_changes(service: Settings) -> None:
    """Old and new value of each changed field are shown; a file with faults is refused at the preview."""
    worker.load_handlers()
    data = generated(20)
    await import_file("r.csv", data, dry_run=False)
    changed = await import_service.upload(OPERATOR, "r.csv", edited(data, municipality=(7, "Δήμος Ατλαντίδας")))
    bad = await import_service.upload(OPERATOR, "r.csv", edited(data, state=(5, "ΙΣΩΣ")))
    while await jobs.run_next():
        pass
    outcome = (await import_service.get_import(OPERATOR, changed)).outcome
    assert outcome.fields == {"municipality": 1}
    assert outcome.changes[0]["row"] == 9
    assert outcome.changes[0]["fields"]["municipality"][1] == "Δήμος Ατλαντίδας"
    refused = await import_service.get_import(OPERATOR, bad)
    assert refused.state == "refused"
    assert [(fault.slug, fault.row, fault.column) for fault in refused.outcome.faults] == [
        ("state-unknown", 7, "state")
    ]
    with pytest.raises(Conflict):
        await import_service.confirm(OPERATOR, bad)


async def test_what_no_source_has_is_not_even_stored(service: Settings) -> None:
    """A worker's name and tax number are in no table after an upload."""
    data = generated(3).decode().replace("email\n", "email,ΑΦΜ\n", 1).replace(".example\n", ".example,123456783\n")
    number = await import_service.upload(OPERATOR, "r.csv", data.encode())
    content = await fetch_value("SELECT content FROM stored_file")
    assert b"sch.example" in content and b"123456783" not in content
    with pytest.raises(FieldErrors) as refused:
        await import_service.upload(OPERATOR, "r.csv", b"a;b;c\n1;2;3\n")
    assert refused.value.errors[0]["slug"] == "registry-columns-unknown"
    assert await fetch_value("SELECT count(*) FROM registry_import") == 1
    assert number


async def test_search_keys_are_made_anew(service: Settings) -> None:
    """After the folding changed, one command brings every key up to date; a second finds nothing to do."""
    await import_file("r.csv", generated(40), dry_run=False)
    assert await registry.renew_search_keys() == 0
    await execute("UPDATE institution SET search_key = 'old' WHERE id IN (SELECT id FROM institution LIMIT 7)")
    assert await registry.renew_search_keys() == 7
    assert await registry.renew_search_keys() == 0
