"""Every query about appeals, their documents, committees and minutes."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, execute_many, fetch, fetch_one, fetch_value

_APPEAL = """a.id, a.wave_id, a.institution_id, a.number, a.point, a.detail, a.body, a.channel, a.filed_at, a.state,
  a.decision, a.reason, a.correction::text AS correction, a.effect, a.decided_at, a.committee_id, a.run_id,
  i.code, i.name, i.email, i.level, i.kind, i.regional_directorate_id, g.name_el AS region_el, g.name_en AS region_en,
  (SELECT count(*) FROM appeal_document d WHERE d.appeal_id = a.id) AS documents"""
_FROM = """appeal a JOIN institution i ON i.id = a.institution_id
  JOIN regional_directorate g ON g.id = i.regional_directorate_id"""


async def add_appeal(
    wave_id: int, institution_id: int, point: str, detail: str, body: str, channel: str, account_id: int | None
) -> dict[str, Any]:
    """A new appeal with the wave's next number; its id, number and moment. The wave's row is held by the caller."""
    row = await fetch_one(
        """INSERT INTO appeal (wave_id, institution_id, number, point, detail, body, channel, filed_by)
           SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7 FROM appeal WHERE wave_id = $1
           RETURNING id, number, filed_at""",
        wave_id,
        institution_id,
        point,
        detail,
        body,
        channel,
        account_id,
    )
    assert row is not None
    return row


async def same_appeal(wave_id: int, institution_id: int, point: str, detail: str) -> dict[str, Any] | None:
    """The appeal of this school on this point that stands already."""
    return await fetch_one(
        """SELECT id, number, filed_at FROM appeal
           WHERE wave_id = $1 AND institution_id = $2 AND point = $3 AND detail = $4 AND state <> 'withdrawn'""",
        wave_id,
        institution_id,
        point,
        detail,
    )


async def add_document(appeal_id: int, name: str, digest: bytes) -> None:
    """A document of an appeal; the same one once."""
    await execute(
        "INSERT INTO appeal_document (appeal_id, name, file_digest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        appeal_id,
        name,
        digest,
    )


async def documents(appeal_id: int) -> list[dict[str, Any]]:
    """The documents of an appeal."""
    return await fetch("SELECT id, name, file_digest FROM appeal_document WHERE appeal_id = $1 ORDER BY id", appeal_id)


async def appeals(wave_id: int, scope: Scope) -> list[dict[str, Any]]:
    """A wave's appeals within a scope, those to be decided first."""
    rows = await fetch(
        f"""SELECT {_APPEAL} FROM {_FROM} WHERE a.wave_id = $1
              AND ($2 OR i.regional_directorate_id = ANY($3) OR i.id = ANY($4))
            ORDER BY a.state <> 'filed', a.number""",  # noqa: S608 - constants
        wave_id,
        scope.country,
        list(scope.regions),
        list(scope.institutions),
    )
    return [_loaded(row) for row in rows]


async def appeals_of_institution(wave_id: int, institution_id: int) -> list[dict[str, Any]]:
    """A school's appeals in a wave."""
    rows = await fetch(
        f"SELECT {_APPEAL} FROM {_FROM} WHERE a.wave_id = $1 AND a.institution_id = $2 ORDER BY a.number",  # noqa: S608
        wave_id,
        institution_id,
    )
    return [_loaded(row) for row in rows]


async def appeal(wave_id: int, number: int, *, lock: bool = False) -> dict[str, Any] | None:
    """One appeal of a wave."""
    row = await fetch_one(
        f"SELECT {_APPEAL} FROM {_FROM} WHERE a.wave_id = $1 AND a.number = $2"  # noqa: S608 - constants
        + (" FOR NO KEY UPDATE OF a" if lock else ""),
        wave_id,
        number,
    )
    return None if row is None else _loaded(row)


def _loaded(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "correction": json.loads(row["correction"] or "null")}


async def decide(appeal_id: int, **values: Any) -> None:
    """Write a decision: decision, reason, correction, effect, committee_id, run_id, decided_by."""
    await execute(
        """UPDATE appeal SET state = 'decided', decision = $2, reason = $3, correction = $4::jsonb, effect = $5,
             committee_id = $6, run_id = $7, decided_by = $8, decided_at = now() WHERE id = $1""",
        appeal_id,
        values["decision"],
        values["reason"],
        json.dumps(values["correction"], ensure_ascii=False) if values["correction"] else None,
        values["effect"],
        values["committee_id"],
        values["run_id"],
        values["decided_by"],
    )


async def withdraw(appeal_id: int) -> None:
    """The school takes its appeal back."""
    await execute("UPDATE appeal SET state = 'withdrawn' WHERE id = $1", appeal_id)


async def waiting(wave_id: int) -> int:
    """How many appeals of a wave are not decided."""
    return int(await fetch_value("SELECT count(*) FROM appeal WHERE wave_id = $1 AND state = 'filed'", wave_id))


async def names(codes: Sequence[str]) -> dict[str, str]:
    """The names of institutions by code."""
    rows = await fetch("SELECT code, name FROM institution WHERE code = ANY($1)", list(codes))
    return {row["code"]: row["name"] for row in rows}


async def committees(wave_id: int) -> list[dict[str, Any]]:
    """A wave's committees with their members."""
    rows = await fetch("SELECT id, kind, act_number FROM committee WHERE wave_id = $1 ORDER BY kind DESC", wave_id)
    members = await fetch(
        "SELECT committee_id, name, post, name_key FROM committee_member WHERE wave_id = $1 ORDER BY position", wave_id
    )
    return [{**row, "members": [m for m in members if m["committee_id"] == row["id"]]} for row in rows]


async def put_committee(wave_id: int, kind: str, act_number: str, members: Sequence[tuple[str, str, str]]) -> int:
    """Write a committee with its members (name, post, folded name); returns its id."""
    committee_id = int(
        await fetch_value(
            """INSERT INTO committee (wave_id, kind, act_number) VALUES ($1, $2, $3)
               ON CONFLICT (wave_id, kind) DO UPDATE SET act_number = excluded.act_number RETURNING id""",
            wave_id,
            kind,
            act_number,
        )
    )
    await execute("DELETE FROM committee_member WHERE committee_id = $1", committee_id)
    await execute_many(
        """INSERT INTO committee_member (committee_id, wave_id, position, name, post, name_key)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        [(committee_id, wave_id, number, *member) for number, member in enumerate(members)],
    )
    return committee_id


async def add_minutes(
    committee_id: int, session_on: date, remarks: str, digest: bytes, number: int, account_id: int | None
) -> int:
    """A session's minutes; returns their id."""
    return int(
        await fetch_value(
            """INSERT INTO committee_minutes (committee_id, number, session_on, remarks, file_digest, created_by)
               VALUES ($1, $2, $3, $4, $5, $6) RETURNING id""",
            committee_id,
            number,
            session_on,
            remarks,
            digest,
            account_id,
        )
    )


async def minutes(wave_id: int) -> list[dict[str, Any]]:
    """All minutes of a wave's committees, the newest first."""
    return await fetch(
        """SELECT m.id, m.number, m.session_on, m.created_at, m.file_digest, c.kind, c.id AS committee_id
           FROM committee_minutes m JOIN committee c ON c.id = m.committee_id WHERE c.wave_id = $1
           ORDER BY m.created_at DESC""",
        wave_id,
    )
