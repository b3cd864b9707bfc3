"""Every query of the registry but the import's own (`import_queries.py`)."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from stem_logistics.accounts.policy import Scope
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.registry.folding import ts_query
from stem_logistics.registry.model import MERGED, SORTS, Asked, Institution, Office

_COLUMNS = """i.id, i.code, i.kind, i.name, i.level, i.unit_type, i.special_type, i.orientation_type, i.operation_shift,
  i.legal_character, i.state, i.categories, i.remote, r.id AS region_id, r.code AS region, r.name_el AS region_el,
  r.name_en AS region_en, coalesce(d.code, '') AS directorate, coalesce(d.name, '') AS directorate_name,
  i.municipality, i.address, i.postcode, i.phone, i.email, i.latitude, i.longitude, i.pupils, i.source,
  i.source_updated_on, i.updated_at, i.root_id, coalesce(m.code, '') AS merged_into"""
_FROM = """FROM institution i JOIN regional_directorate r ON r.id = i.regional_directorate_id
  LEFT JOIN directorate d ON d.id = i.directorate_id
  LEFT JOIN institution m ON m.id = i.root_id AND i.merged_into IS NOT NULL"""


def _bare(column: str) -> str:
    """A column without accents, for an order that a reader expects: no collation does it on every server."""
    return f"translate({column}, 'ΆΈΉΊΌΎΏΪΫάέήίόύώϊϋΐΰς', 'ΑΕΗΙΟΥΩΙΥαεηιουωιυιυσ')"


# 2ο comes before 10ο: by what follows the number, then by the number itself.
_ORDERS = {
    "name": (
        _bare("regexp_replace(i.name, '^[0-9]+[^ ]* *', '')"),
        "length(substring(i.name from '^[0-9]*'))",
        "i.name",
    ),
    "code": ("i.code",),
    "municipality": (_bare("i.municipality"), _bare("i.name")),
    "pupils": ("coalesce(i.pupils, -1)",),
}
assert set(_ORDERS) == set(SORTS)


def _institution(row: dict[str, Any]) -> Institution:
    return Institution(**{**row, "categories": tuple(row["categories"])})


class _Where:
    """Conditions with their parameters, numbered as they come."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.values: list[Any] = []

    def add(self, condition: str, *values: Any) -> None:
        for value in values:
            self.values.append(value)
            condition = condition.replace("?", f"${len(self.values)}", 1)
        self.parts.append(condition)

    def sql(self) -> str:
        return "WHERE " + " AND ".join(self.parts) if self.parts else ""


def _in_scope(scope: Scope) -> _Where:
    where = _Where()
    if not scope.country:
        where.add(
            "(i.regional_directorate_id = ANY(?::bigint[]) OR i.id = ANY(?::bigint[]))",
            sorted(scope.regions),
            sorted(scope.institutions),
        )
    return where


def _where(scope: Scope, asked: Asked) -> _Where:
    where = _in_scope(scope)
    if asked.q.strip():
        query = ts_query(asked.q)
        # Nothing that can be looked for (only signs) finds nothing, not everything. A merged code finds what it
        # stands for.
        if query:
            where.add(
                """(i.search_vector @@ to_tsquery('simple', ?) OR i.id IN (SELECT o.root_id FROM institution o
                  WHERE o.merged_into IS NOT NULL AND o.search_vector @@ to_tsquery('simple', ?)))""",
                query,
                query,
            )
        else:
            where.add("false")
    for value, condition in (
        (asked.region, "r.code = ?"),
        (asked.directorate, "d.code = ?"),
        (asked.level, "i.level = ?"),
        (asked.state if asked.state != MERGED else "", "i.state = ?"),
        (asked.kind, "i.kind = ?"),
    ):
        if value:
            where.add(condition, value)
    if asked.category == "remote":
        where.add("i.remote")
    elif asked.category:
        where.add("i.categories @> ARRAY[?]::text[]", asked.category)
    where.add("i.merged_into IS NOT NULL" if asked.state == MERGED else "i.merged_into IS NULL")
    return where


def _order(asked: Asked) -> str:
    direction = " DESC" if asked.descending else ""
    return ", ".join(f"{part}{direction}" for part in (*_ORDERS[asked.sort], "i.code"))


async def institutions(scope: Scope, asked: Asked, *, limit: int, offset: int) -> list[Institution]:
    """One page of the institutions in scope."""
    where = _where(scope, asked)
    rows = await fetch(
        f"SELECT {_COLUMNS} {_FROM} {where.sql()} ORDER BY {_order(asked)} LIMIT {int(limit)} OFFSET {int(offset)}",
        *where.values,
    )
    return [_institution(row) for row in rows]


async def institutions_after(scope: Scope, asked: Asked, after: str, *, limit: int) -> list[Institution]:
    """The institutions in scope whose codes follow `after`, by code: a keyset page."""
    where = _where(scope, asked)
    if after:
        where.add("i.code > ?", after)
    rows = await fetch(
        f"SELECT {_COLUMNS} {_FROM} {where.sql()} ORDER BY i.code LIMIT {int(limit)}",
        *where.values,
    )
    return [_institution(row) for row in rows]


async def every_institution(scope: Scope, asked: Asked) -> AsyncIterator[Institution]:
    """All institutions in scope, by code, a thousand at a time."""
    after = ""
    while page := await institutions_after(scope, asked, after, limit=1_000):
        for each in page:
            yield each
        after = page[-1].code


async def count_institutions(scope: Scope, asked: Asked) -> int:
    """How many institutions in scope there are."""
    where = _where(scope, asked)
    return int(await fetch_value(f"SELECT count(*) {_FROM} {where.sql()}", *where.values))


async def institution_by_code(scope: Scope, code: str) -> Institution | None:
    """One institution in scope."""
    where = _in_scope(scope)
    where.add("i.code = ?", code)
    row = await fetch_one(f"SELECT {_COLUMNS} {_FROM} {where.sql()}", *where.values)
    return None if row is None else _institution(row)


async def institutions_by(column: str, values: Sequence[Any]) -> list[Institution]:
    """Institutions by their ids or codes, wherever they are."""
    assert column in ("id", "code")
    kind = "bigint" if column == "id" else "text"
    rows = await fetch(f"SELECT {_COLUMNS} {_FROM} WHERE i.{column} = ANY($1::{kind}[])", list(values))
    return [_institution(row) for row in rows]


async def regions(scope: Scope) -> list[Office]:
    """The regional directorates in which the scope has something, with the number of active institutions there."""
    where = _where(scope, Asked(state="active"))
    condition = " AND ".join(where.parts)
    rows = await fetch(
        f"""SELECT r.id, r.code, r.name_el, r.name_en, count(i.id) AS institutions FROM regional_directorate r
            LEFT JOIN institution i ON i.regional_directorate_id = r.id AND {condition}
            GROUP BY r.id ORDER BY translate(r.name_el, 'ΆΈΉΊΌΎΏ', 'ΑΕΗΙΟΥΩ')""",  # noqa: S608 - as above
        *where.values,
    )
    return [Office(**row) for row in rows if scope.country or row["institutions"]]


async def directorates(scope: Scope, region: str) -> list[Office]:
    """The directorates of one region (or of all, for an empty code), with the number of active institutions."""
    where = _where(scope, Asked(state="active"))
    condition = " AND ".join(where.parts)
    rows = await fetch(
        f"""SELECT d.id, d.code, d.name AS name_el, d.name AS name_en, count(i.id) AS institutions, r.code AS region
            FROM directorate d JOIN regional_directorate r ON r.id = d.regional_directorate_id
            LEFT JOIN institution i ON i.directorate_id = d.id AND {condition}
            WHERE $2 IN ('', r.code) GROUP BY d.id, r.code ORDER BY d.name""".replace(  # noqa: S608 - as above
            "$2", f"${len(where.values) + 1}"
        ),
        *where.values,
        region,
    )
    return [Office(**row) for row in rows if scope.country or row["institutions"]]


async def set_remote(institution_id: int, remote: bool) -> bool:
    """Set the flag; returns whether that changed it."""
    return bool(
        await execute(
            "UPDATE institution SET remote = $2, updated_at = now() WHERE id = $1 AND remote <> $2",
            institution_id,
            remote,
        )
    )


async def search_facts(ids: Sequence[int] | None) -> list[dict[str, Any]]:
    """What search keys are made of: of some institutions, or of all."""
    return await fetch(
        """SELECT i.id, i.code, i.name, i.municipality, coalesce(d.name, '') AS office, i.search_key
           FROM institution i LEFT JOIN directorate d ON d.id = i.directorate_id
           WHERE $1::bigint[] IS NULL OR i.id = ANY($1::bigint[])""",
        None if ids is None else list(ids),
    )


async def set_search_keys(keys: Sequence[tuple[int, str]]) -> None:
    """Write search keys."""
    await execute(
        """UPDATE institution i SET search_key = k.key
           FROM unnest($1::bigint[], $2::text[]) AS k(id, key) WHERE i.id = k.id""",
        [key[0] for key in keys],
        [key[1] for key in keys],
    )
