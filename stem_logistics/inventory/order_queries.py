"""Statements of what becomes of orders, and of contracts with the sources that pay them."""

from datetime import date
from typing import Any

from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value


async def lock_order(order_id: int) -> None:
    """Let two who change an order, or take kits in for it, wait for each other."""
    await execute("SELECT 1 FROM purchase_order WHERE id = $1 FOR UPDATE", order_id)


async def change_order(order_id: int, kits: int, unit_cents: int, title: str, due_on: date | None) -> None:
    """Set what may be corrected of an order."""
    await execute(
        "UPDATE purchase_order SET kits = $2, unit_cents = $3, title = $4, due_on = $5 WHERE id = $1",
        order_id,
        kits,
        unit_cents,
        title,
        due_on,
    )


async def set_ended(order_id: int, ended: str | None) -> None:
    """End an order, or open it again."""
    await execute("UPDATE purchase_order SET ended = $2 WHERE id = $1", order_id, ended)


async def note_change(order_id: int, account_id: int | None, what: str, was: str, becomes: str, why: str) -> None:
    """Keep what was changed of an order."""
    await execute(
        """INSERT INTO purchase_order_change (purchase_order_id, account_id, what, was, becomes, why)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        order_id,
        account_id,
        what,
        was,
        becomes,
        why,
    )


async def changes(order_id: int) -> list[dict[str, Any]]:
    """An order's history, the newest first."""
    return await fetch(
        """SELECT c.at, c.what, c.was, c.becomes, c.why, a.name AS who FROM purchase_order_change c
           LEFT JOIN account a ON a.id = c.account_id WHERE c.purchase_order_id = $1 ORDER BY c.id DESC""",
        order_id,
    )


async def contract(contract_id: int) -> dict[str, Any] | None:
    """One contract."""
    return await fetch_one("SELECT id, number, supplier, created_at FROM contract WHERE id = $1", contract_id)


async def contracts() -> list[dict[str, Any]]:
    """Every contract, the newest first."""
    return await fetch("SELECT id, number, supplier, created_at FROM contract ORDER BY id DESC")


async def shares(contract_id: int | None = None, funding_id: int | None = None) -> list[dict[str, Any]]:
    """Which source pays how much of which contract."""
    return await fetch(
        """SELECT s.contract_id, c.number AS contract, c.supplier, s.funding_source_id AS funding_id, f.kind AS funding,
             f.reference AS funding_reference, s.cents
           FROM contract_funding s JOIN contract c ON c.id = s.contract_id
           JOIN funding_source f ON f.id = s.funding_source_id
           WHERE ($1::bigint IS NULL OR s.contract_id = $1) AND ($2::bigint IS NULL OR s.funding_source_id = $2)
           ORDER BY f.kind, f.reference, c.id""",
        contract_id,
        funding_id,
    )


async def funding_source(kind: str, reference: str) -> int:
    """The id of a source, made where it is new."""
    return int(
        await fetch_value(
            """INSERT INTO funding_source (kind, reference) VALUES ($1, $2)
               ON CONFLICT (kind, reference) DO UPDATE SET kind = excluded.kind RETURNING id""",
            kind,
            reference,
        )
    )


async def set_share(contract_id: int, funding_id: int, cents: int | None) -> None:
    """Keep how much a source pays of a contract; None: it is not said."""
    await execute(
        """INSERT INTO contract_funding (contract_id, funding_source_id, cents) VALUES ($1, $2, $3)
           ON CONFLICT (contract_id, funding_source_id) DO UPDATE SET cents = excluded.cents""",
        contract_id,
        funding_id,
        cents,
    )


async def drop_share(contract_id: int, funding_id: int) -> bool:
    """Take a source from a contract; False where an order is paid from it."""
    return bool(
        await fetch_value(
            """DELETE FROM contract_funding s WHERE s.contract_id = $1 AND s.funding_source_id = $2
               AND NOT EXISTS (SELECT FROM purchase_order o
                 WHERE o.contract_id = s.contract_id AND o.funding_source_id = s.funding_source_id)
               RETURNING s.contract_id""",
            contract_id,
            funding_id,
        )
    )
