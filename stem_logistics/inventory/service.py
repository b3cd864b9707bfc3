"""The stock's use cases: kits coming in, and what lists and pages show."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission, Scope
from stem_logistics.codes import new_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Forbidden, Invalid, NotFound
from stem_logistics.inventory import (
    arrival,
    kit_queries,
    labels,
    ledger,
    ledger_queries,
    life_queries,
    place_queries,
    queries,
)
from stem_logistics.inventory.definitions import Definition
from stem_logistics.inventory.ledger import SUPPLIER, Move
from stem_logistics.inventory.rules import MOST_KITS, Serials
from stem_logistics.inventory.serial_rules import serial_key

# Of many faults so many are named.
MOST_NAMED = 20
AT_A_TIME = 1_000
Report = Callable[[int, int], Awaitable[None]]


def _require(permission: Permission) -> Scope:
    scope = runtime.actor().principal.scope(permission)
    if not scope:
        raise Forbidden("not-allowed", permission=permission.value)
    return scope


async def receive_kits(
    definition: Definition,
    serials: Serials,
    *,
    key: str,
    batch: str = "",
    document: str = "",
    to_place_id: int | None = None,
    reason: Literal["purchase", "historic"] = "purchase",
    occurred_at: datetime | None = None,
    instead: frozenset[str] = frozenset(),
    surplus: bool = False,
    report: Report | None = None,
) -> list[str]:
    """Take kits from a supplier into a place; returns their codes. The same key again returns the same kits.

    Args:
        definition: what kits they are.
        serials: an entry for each kit: item → serial numbers. Historic kits may lack them.
        key: the idempotency key.
        batch: what the organisation calls this purchase.
        document: the supplier's delivery note (it may be a tax document, so its number is kept).
        to_place_id: where to; the central store if not told.
        reason: `purchase`, or `historic` for what happened before this system.
        occurred_at: when, if not now.
        instead: items without serial numbers in whose place their substitute came.
        surplus: whether more than the batch's order says is taken in.
        report: is told how many kits of how many are in.

    Raises:
        Invalid: no kits, or too many at once.
        Conflict: the batch does not take them, as `arrival.refuse_unexpected`.
        FieldErrors: the devices of some serial numbers are here already; the first of them are named with their kits.
            A device that lies nowhere (sent back to its supplier, or its entry reversed) comes in again.
    """
    _require(Permission.STOCK_WRITE)
    if not 1 <= len(serials) <= MOST_KITS:
        raise Invalid("kit-count-out-of-range", count=len(serials), most=MOST_KITS)
    posting_key = f"{reason}:{key}"
    # one posting for so many kits, so that a long list tells how far it is
    keys = [posting_key, *(f"{posting_key}#{at}" for at in range(AT_A_TIME, len(serials), AT_A_TIME))]
    async with unit_of_work():
        await ledger_queries.lock_key(posting_key)
        if before := await kit_queries.kits_of_postings(keys):
            return before
        await arrival.refuse_unexpected(batch.strip(), definition.slug, len(serials), surplus=surplus)
        known = await refuse_taken(definition, serials, occurred_at)
        supplier = await ledger.place(SUPPLIER)
        store = to_place_id if to_place_id is not None else await ledger.place(ledger.STORE)
        codes, devices = list[str](), 0
        for at, posting in zip(range(0, len(serials), AT_A_TIME), keys, strict=True):
            some = serials[at : at + AT_A_TIME]
            new, moves = await _take_in(definition, some, known, batch.strip(), (supplier, store), instead)
            await ledger.post(moves, reason=reason, key=posting, document=document, occurred_at=occurred_at)
            codes += new
            devices += sum(move.device_id is not None for move in moves)
            if report is not None:
                await report(len(codes), len(serials))
        await audit.record(
            "stock-received",
            "kit-definition",
            definition.slug,
            kits=len(codes),
            devices=devices,
            again=len(known),
            document=document,
        )
    return codes


async def _take_in(
    definition: Definition,
    serials: Serials,
    known: Mapping[tuple[int, str], int],
    batch: str,
    way: tuple[int, int],
    instead: frozenset[str],
) -> tuple[list[str], list[Move]]:
    """Make kits and their devices; returns the kits' codes, and what is to be posted."""
    codes = await queries.free_codes(len(serials), lambda: new_code("K"))
    kit_ids = await queries.add_kits(definition.id, codes, batch)
    by_slug = definition.item_ids
    numbered = [
        (by_slug[item], kit_id, serial)
        for kit_id, mine in zip(kit_ids, serials, strict=True)
        for item, numbers in mine.items()
        for serial in numbers
    ]
    again = [each for each in numbered if (each[0], serial_key(each[2])) in known]
    await queries.take_in_again([(known[item, serial_key(serial)], kit, serial) for item, kit, serial in again])
    new = [each for each in numbered if (each[0], serial_key(each[2])) not in known]
    devices = {**known, **await queries.add_devices(new)}
    return codes, incoming(definition, serials, kit_ids, devices, *way, instead)


async def refuse_taken(
    definition: Definition, serials: Serials, occurred_at: datetime | None = None
) -> dict[tuple[int, str], int]:
    """The devices that are known already and come again, by item and serial number's key: their supplier had them
    back, or their first entry was a mistake.

    Raises:
        FieldErrors: one is still here, or it left later than it is said to have come; the first of them are named.
    """
    by_slug = definition.item_ids
    asked = [(by_slug[item], serial) for kit in serials for item, mine in kit.items() for serial in mine]
    return await devices_come_again(asked, occurred_at)


async def devices_come_again(
    asked: Sequence[tuple[int, str]], occurred_at: datetime | None = None
) -> dict[tuple[int, str], int]:
    """The same of devices by item and serial number. Raises as `refuse_taken`."""
    known = await queries.known_devices([item for item, _ in asked], [serial_key(serial) for _, serial in asked])
    if taken := [row for row in known if not row["outside"]]:
        raise _named("serial-numbers-taken", taken, "serial-number-taken", "serial-number-in-stock")
    if occurred_at and (late := [row for row in known if row["moved_at"] > occurred_at]):
        raise _named("serial-numbers-left-later", late, "serial-number-left-later", "serial-number-left-later")
    return {(row["item_id"], row["serial_key"]): row["id"] for row in known}


def _named(slug: str, rows: Sequence[Mapping[str, Any]], in_kit: str, without_kit: str) -> FieldErrors:
    errors = [
        {
            "place": "serials",
            "slug": in_kit if row["kit"] else without_kit,
            "params": {name: row[name] for name in ("item", "serial", "kit")},
        }
        for row in rows[:MOST_NAMED]
    ]
    return FieldErrors(slug, errors=errors, count=len(rows))


def incoming(
    definition: Definition,
    serials: Serials,
    kit_ids: Sequence[int],
    devices: Mapping[tuple[int, str], int],
    supplier: int,
    to_place: int,
    instead: frozenset[str] = frozenset(),
) -> list[Move]:
    """What comes in with kits, part by part: devices one by one, of the rest so many."""
    moves = []
    for kit_id, mine in zip(kit_ids, serials, strict=True):
        for line in definition.lines:
            numbered = [(line["item_id"], serial) for serial in mine.get(line["slug"], [])]
            if line["substitute"]:
                numbered += [(line["substitute_id"], serial) for serial in mine.get(line["substitute"], [])]
            moves += [
                Move(each[0], 1, supplier, to_place, kit_id, devices[each[0], serial_key(each[1])]) for each in numbered
            ]
            # an optional part without serial numbers in the list did not come with this kit
            left = line["quantity"] - len(numbered)
            if left > 0 and not (line["optional"] and line["serialised"]):
                replaced = line["slug"] in instead and line["substitute"]
                item_id = line["substitute_id"] if replaced else line["item_id"]
                moves.append(Move(item_id, left, supplier, to_place, kit_id))
    return moves


async def overview() -> list[dict[str, Any]]:
    """How many kits of each definition are where, within the reader's scope."""
    return await kit_queries.overview(_require(Permission.STOCK_READ))


async def list_kits(
    q: str, filters: dict[str, str], *, sort: str, descending: bool, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of kits and how many there are, within the reader's scope."""
    scope = _require(Permission.STOCK_READ)
    return await kit_queries.kits(scope, q, filters, sort=sort, descending=descending, limit=limit, offset=offset)


async def every_kit(q: str, filters: dict[str, str], *, sort: str, descending: bool) -> AsyncIterator[dict[str, Any]]:
    """Every kit of a list, within the reader's scope: for a file."""
    async for row in kit_queries.every_kit(
        _require(Permission.STOCK_READ), q, filters, sort=sort, descending=descending
    ):
        yield row


async def list_kits_after(filters: dict[str, str], after: int, limit: int) -> list[dict[str, Any]]:
    """Kits in the order of their ids beyond one, within the reader's scope."""
    return await kit_queries.kits_after(_require(Permission.STOCK_READ), filters, after, limit)


async def list_movements_after(filters: dict[str, str], after: int, limit: int) -> list[dict[str, Any]]:
    """Movements in the order in which they were recorded, within the reader's scope."""
    return await kit_queries.movements_after(_require(Permission.STOCK_READ), filters, after, limit)


async def get_kit(typed: str) -> dict[str, Any]:
    """One kit with its `contents` and `history`.

    Raises:
        NotFound: not a code, no such kit, or outside the reader's scope (which says the same).
    """
    scope = _require(Permission.STOCK_READ)
    code = await labels.kit_code_of(typed)
    kit = await kit_queries.kit(code) if code else None
    if kit is None or not scope.covers(region_id=kit["regional_directorate_id"], institution_id=kit["institution_id"]):
        raise NotFound("kit-not-found", code=typed[:20])
    return {
        **kit,
        "contents": await kit_queries.kit_contents([kit["id"]]),
        "history": await kit_queries.kit_movements(kit["id"]),
    }


async def events_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """What happened to a kit beside its movements. The caller has made sure that its reader may see the kit."""
    return await life_queries.life(kit_id)


async def kits_at_institution(institution_id: int) -> list[dict[str, Any]]:
    """The kits at an institution with their contents: what a school sees of its own equipment."""
    rows = await kit_queries.kits_at(institution_id)
    contents = await kit_queries.kit_contents([row["id"] for row in rows])
    return [{**row, "contents": [x for x in contents if x["kit_id"] == row["id"]]} for row in rows]


async def contents_of(kit_ids: Sequence[int]) -> list[dict[str, Any]]:
    """What kits hold, piece by piece, and where each piece is. For the deliveries."""
    return await kit_queries.kit_contents(kit_ids)


async def kit_for_consignment(typed: str) -> dict[str, Any]:
    """The kit that somebody scanned or typed while picking. Raises NotFound."""
    code = await labels.kit_code_of(typed)
    kit = await kit_queries.kit(code) if code else None
    if kit is None:
        raise NotFound("kit-not-found", code=typed[:20])
    return kit


async def find_kit(code: str) -> dict[str, Any] | None:
    """A kit by its code, with where it is; None without. The caller decides who may see it."""
    return await kit_queries.kit(code)


async def place_title(code: str) -> str:
    """What a place is called, by its code; the code itself where there is none."""
    _require(Permission.STOCK_READ)
    return await place_queries.title(code) or code


async def movement_mark(kit_id: int) -> int:
    """The number of a kit's newest movement: tells one occasion from the next in an idempotency key."""
    return await ledger_queries.newest_movement_of_kit(kit_id)


async def part_of_device(device_id: int) -> dict[str, Any] | None:
    """Where a device is, and in which kit (none: loose); None where it is nowhere."""
    return await kit_queries.part_of_device(device_id)


async def device_mark(device_id: int) -> int:
    """The same of a device."""
    return await ledger_queries.newest_movement_of_device(device_id)


async def take_free_kits(definition_slug: str, count: int) -> list[dict[str, Any]]:
    """Whole kits of the central store that no consignment has, locked for the caller's unit of work."""
    return await queries.take_free_kits(definition_slug, count, await ledger.place(ledger.STORE))


async def free_counts() -> dict[str, int]:
    """How many kits of each definition are free in the central store."""
    return await queries.free_counts(await ledger.place(ledger.STORE))


async def reverse_posting(code: str, key: str, *, why: str) -> int:
    """Reverse what one posting did to one kit; returns how many movements.

    Raises:
        Conflict: one of its devices belongs to another kit by now; and as `ledger.reverse`.
    """
    _require(Permission.STOCK_WRITE)
    kit = await get_kit(code)
    if gone := await queries.device_gone_on(key, kit["id"]):
        raise Conflict("device-in-another-kit", serial=gone["serial"], kit=gone["kit"])
    posting = await ledger.reverse_posting_of_kit(key, kit["id"], why=why)
    return len(posting.movement_ids)


def refuse_travelling(code: str, parts: Sequence[Mapping[str, Any]]) -> None:
    """Raises Conflict where one of a kit's parts is in a consignment or on its way back: what is in a parcel comes
    out of it by its receipt or its cancelling only."""
    for part in parts:
        if part["place_kind"] in ("consignment", "returning"):
            raise Conflict("kit-travels", code=code, consignment=part["place_title"])
