"""Kits that leave a school for good: its school closed or merged, or it is decided so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission
from stem_logistics.custody import loan_queries, papers, queries, returns, service
from stem_logistics.custody.rules import free_text
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import carrying
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.inventory import ledger

STORE = "store"


@dataclass(frozen=True, slots=True)
class Homeless:
    """A kit whose school is no more, and where the registry says it belongs: a school, or the store."""

    kit: dict[str, Any]
    target: str
    target_name: str


async def homeless() -> list[Homeless]:
    """Kits at schools that are closed or merged, within the reader's scope."""
    found = []
    for row in await queries.homeless(service.require(Permission.STOCK_READ)):
        merged = row["root_id"] != row["institution_id"] and row["root_state"] != "closed"
        found.append(Homeless(row, row["root_code"] if merged else STORE, row["root_name"] if merged else ""))
    return found


async def transfer(kit_codes: Sequence[str], target: str, *, why: str) -> list[tuple[int, str]]:
    """Move kits from the schools where they are to another, or back to the store; one paper for each school that gives.

    They are on their way until whoever gets them says so: another school by its link, as a receipt; the store on the
    return's page.

    Args:
        target: a school's code, or `store`.

    Returns:
        The papers' ids and numbers.

    Raises:
        Invalid: no kits, no reason.
        NotFound, Conflict: a kit or the school is not there, the kit is there already or in a consignment, or the
            school has no mailbox. Nothing was moved then.
    """
    if not kit_codes:
        raise Invalid("no-kits-chosen")
    if not why.strip():
        raise Invalid("reason-missing")
    made = []
    async with unit_of_work():
        school = None if target == STORE else await service.require_school(target)
        kits = [await service.require_kit(code) for code in dict.fromkeys(kit_codes)]
        await queries.lock_kits([kit["id"] for kit in kits])
        groups: dict[int, list[dict[str, Any]]] = {}
        for kit in kits:
            await service.school_place(kit)
            if school is not None and kit["institution_id"] == school["id"]:
                raise Conflict("kit-is-there", code=kit["code"])
            groups.setdefault(kit["institution_id"], []).append(kit)
        for origin, group in groups.items():
            made.append(await _transfer_group(origin, group, school, why.strip()))
    return made


async def _transfer_group(
    origin: int, kits: list[dict[str, Any]], school: dict[str, Any] | None, why: str
) -> tuple[int, str]:
    giver = await queries.institution_by_id(origin)
    there = await ledger.institution_place(origin)
    parts = [part for kit in kits for part in service.parts_at(kit, there)]
    taker = f"{school['name']} ({school['code']})" if school else "Κεντρική αποθήκη του Οργανισμού"
    paper = await papers.make(
        "transfer",
        institution_id=school["id"] if school else origin,
        kit_ids=[kit["id"] for kit in kits],
        facts=[("Από", f"{giver['name']} ({giver['code']})"), ("Προς", taker), ("Αιτιολογία", free_text(why))],
        sentences=["Ο εξοπλισμός που ακολουθεί μεταφέρεται οριστικά."],
        rows=papers.parts_rows(parts, {kit["id"]: kit["code"] for kit in kits}),
        signers=["Παραδίδει", "Παραλαμβάνει"],
    )
    if school:
        giving = f"{giver['name']} ({giver['code']})"
        await carrying.carry(parts, there, school["id"], giver=giving, document=paper[1], why=why)
    else:
        await returns.send_back(parts, kits, giver, paper, why)
    for kit in kits:
        await leave(kit["id"], why)
        await audit.record("kit-transferred", "kit", kit["code"], why=why, paper=paper[1])
    return paper


async def leave(kit_id: int, why: str) -> None:
    """A kit is at its former school no more: nobody there is in charge of it, and it is lent to nobody. Inside the unit
    of work that moves it.
    """
    loan = await loan_queries.loan_of_kit(kit_id)
    if loan is not None:
        await loan_queries.close_loan(loan["id"], why)
    await queries.end_custody([kit_id], "moved-away")


async def transfer_groups(groups: dict[str, list[str]], *, why: str) -> list[tuple[int, str]]:
    """Several transfers, all or none: target (a school's code, or `store`) → kits. Raises as `transfer`."""
    async with unit_of_work():
        return [paper for target, codes in groups.items() for paper in await transfer(codes, target, why=why)]
