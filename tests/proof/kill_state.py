"""What must be true after each death, read from the database and by the product's own commands."""

import asyncio
from typing import Any

import asyncpg

from tests.proof.host import Host
from tests.proof.kill_clients import Crowd
from tests.proof.section import Section


def check_state(host: Host, crowd: Crowd, section: Section, when: str, *, final: bool = False) -> None:
    """Note in the section what does not hold. The first command also starts PostgreSQL where it was killed."""
    for command in (("ledger", "verify"), ("audit", "verify")):
        done = host.stem(*command)
        said = f"{done.stdout}{done.stderr}".strip()[-300:]
        section.expect(done.returncode == 0, f"{when}: `stem {' '.join(command)}` says {said}")
        section.figures[f"`stem {' '.join(command)}` at the end"] = done.stdout.strip().replace("\n", ", ")
    asyncio.run(_look(host, crowd, section, when, final))
    section.expect(crowd.statuses[500] == crowd.told_500, f"{when}: the service answered 500")
    crowd.told_500 = crowd.statuses[500]
    log = host.log.read_text(encoding="utf-8", errors="replace") if host.log.exists() else ""
    section.expect("deadlock" not in log.casefold(), f"{when}: two transactions waited for each other")


def ended_imports(host: Host, crowd: Crowd) -> bool:
    """Whether every confirmed import has come to its end."""
    return asyncio.run(_ended(host, [u.number for u in crowd.uploads if u.confirmed]))


async def _ended(host: Host, numbers: list[int | None]) -> bool:
    connection = await asyncpg.connect(host.database())
    try:
        waiting: int = await connection.fetchval(
            """SELECT count(*) FROM registry_import i JOIN job j ON j.id = i.job_id
               WHERE i.id = ANY($1) AND i.state = 'importing' AND j.state <> 'failed'""",
            numbers,
        )
        return waiting == 0
    finally:
        await connection.close()


async def _look(host: Host, crowd: Crowd, section: Section, when: str, final: bool) -> None:
    connection = await asyncpg.connect(host.database())
    try:
        await _receipts(connection, crowd, section, when)
        await _imports(connection, crowd, section, when, final)
    finally:
        await connection.close()


async def _receipts(connection: Any, crowd: Crowd, section: Section, when: str) -> None:
    rows = await connection.fetch("SELECT idempotency_key, code FROM receipt")
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["idempotency_key"], []).append(row["code"])
    for form in crowd.forms:
        codes = found.get(form.key, [])
        section.expect(len(codes) <= 1, f"{when}: form {form.key} made {len(codes)} receipts")
        section.expect(not (form.refused and codes), f"{when}: form {form.key} was refused, and there is {codes}")
        if form.answered:
            section.expect(
                [form.answered.rsplit("/", 1)[-1]] == codes, f"{when}: {form.key} was answered, and there is {codes}"
            )
    known = {form.key for form in crowd.forms}
    section.expect(found.keys() <= known, f"{when}: receipts that nobody sent: {sorted(found.keys() - known)[:3]}")
    wrong = await connection.fetchval(
        """SELECT count(*) FROM receipt r WHERE protocol_digest IS NULL
             OR NOT EXISTS (SELECT 1 FROM stored_file f WHERE f.digest = r.protocol_digest)
             OR 1 <> (SELECT count(*) FROM audit_entry e
                      WHERE e.action = 'receipt-confirmed' AND e.details->>'receipt' = r.code)"""
    )
    section.expect(wrong == 0, f"{when}: {wrong} receipts without protocol or without an audit entry")
    # what the receipts say has moved is what the ledger moved: every piece once
    moved = await connection.fetchval(
        """SELECT (SELECT coalesce(sum(received + damaged + missing), 0) FROM receipt_line)
             - (SELECT coalesce(sum(m.quantity), 0) FROM movement m JOIN place p ON p.id = m.from_place_id
                WHERE p.kind = 'consignment')"""
    )
    section.expect(moved == 0, f"{when}: receipts and movements differ by {moved} pieces")


async def _imports(connection: Any, crowd: Crowd, section: Section, when: str, final: bool) -> None:
    versions = await connection.fetch(
        "SELECT pupils, count(*) AS n FROM institution WHERE code = ANY($1) GROUP BY pupils", crowd.codes
    )
    whole = versions == [] or (len(versions) == 1 and versions[0]["n"] == crowd.schools)
    section.expect(whole, f"{when}: the registry is a mixture: {[dict(row) for row in versions][:5]}")
    states = {
        row["id"]: row
        for row in await connection.fetch(
            """SELECT i.id, i.state, j.state AS job, (SELECT count(*) FROM audit_entry e
                 WHERE e.action = 'registry-imported' AND e.subject_id = i.id::text) AS entries
               FROM registry_import i LEFT JOIN job j ON j.id = i.job_id"""
        )
    }
    for upload in crowd.uploads:
        if upload.number is None:
            continue
        row = states.get(upload.number)
        if row is None:
            section.expect(False, f"{when}: import {upload.number} was acknowledged and is not there")
            continue
        once = row["entries"] == (1 if row["state"] == "imported" else 0)
        section.expect(once, f"{when}: import {upload.number} is {row['state']} with {row['entries']} entries")
        if final and upload.confirmed:
            ended = row["state"] == "imported" or (row["state"] == "importing" and row["job"] == "failed")
            section.expect(ended, f"{when}: confirmed import {upload.number} is {row['state']}")
    if final:
        section.figures["imports that ended as"] = {
            state: sum(1 for row in states.values() if row["state"] == state)
            for state in sorted({row["state"] for row in states.values()})
        }
