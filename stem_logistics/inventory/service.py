"""The stock's use cases: kit definitions, kits coming in, and what lists and pages show."""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from stem_logistics import audit, device_kinds, files, runtime
from stem_logistics.accounts.policy import Permission, Scope
from stem_logistics.codes import new_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Forbidden, Invalid, NotFound
from stem_logistics.inventory import kit_queries, labels, ledger, ledger_queries, life_queries, queries
from stem_logistics.inventory.ledger import SUPPLIER, Move
from stem_logistics.inventory.model_rules import lesson_faults, line_faults
from stem_logistics.inventory.rules import MOST_KITS, Part, Serials
from stem_logistics.registry.rules import Level

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
LEVELS = tuple(level.value for level in Level if level is not Level.SUPPORT)


@dataclass(frozen=True, slots=True)
class BomEntry:
    """A line of a bill of materials as it is saved."""

    item: str
    quantity: int
    optional: bool = False
    substitute: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """A version of a kit definition with its bill of materials."""

    id: int
    slug: str
    version: int
    title_el: str
    title_en: str
    levels: tuple[str, ...]
    active: bool
    lines: tuple[dict[str, Any], ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The lines as the rules know them."""
        return tuple(
            Part(line["slug"], line["quantity"], line["serialised"], line["optional"], line["substitute"] or "")
            for line in self.lines
        )


def _require(permission: Permission) -> Scope:
    scope = runtime.actor().principal.scope(permission)
    if not scope:
        raise Forbidden("not-allowed", permission=permission.value)
    return scope


async def list_items() -> list[dict[str, Any]]:
    """Every item that kits are made of."""
    return await queries.items()


async def save_item(
    slug: str,
    name_el: str,
    name_en: str,
    *,
    device_kind: str | None = None,
    serialised: bool = False,
    consumable: bool = False,
) -> int:
    """Add an item; an item that is there stays as it is. Returns its id.

    Raises:
        Invalid: an unusable slug, an empty name, a kind of device that nobody can check.
    """
    _require(Permission.STOCK_WRITE)
    if not SLUG.fullmatch(slug) or len(slug) > 60:
        raise Invalid("slug-unusable", name=slug[:60])
    if not name_el.strip() or not name_en.strip():
        raise Invalid("name-missing")
    if device_kind is not None and not device_kinds.is_known(device_kind):
        raise Invalid("device-kind-unknown", kind=device_kind[:60])
    async with unit_of_work():
        item_id = await queries.add_item(slug, name_el.strip(), name_en.strip(), device_kind, serialised, consumable)
        if item_id is not None:
            await audit.record("item-added", "item", slug)
            return item_id
    found = await queries.item_by_slug(slug)
    assert found is not None, "the slug is taken, so there is an item"
    return int(found["id"])


async def save_definition(
    slug: str,
    title_el: str,
    title_en: str,
    levels: Sequence[str],
    lines: Sequence[BomEntry],
    *,
    purpose_el: str = "",
    purpose_en: str = "",
    photo: bytes | None = None,
    lessons: Sequence[tuple[str, str]] = (),
) -> Definition:
    """Save a kit definition as its next version; kits that exist keep the version they were made by.

    The purpose is what schools read when they choose a kit; it may be empty. `photo` is the digest of a kept file,
    `lessons` are titles with their addresses.

    Raises:
        FieldErrors: slug, titles, levels or lines are unusable; each fault names its place.
    """
    _require(Permission.STOCK_WRITE)
    items = {item["slug"]: item for item in await queries.items()}
    known = {name: item["id"] for name, item in items.items()}
    errors = _definition_faults(slug, title_el, title_en, levels, lines, known)
    errors += line_faults(lines, items) + lesson_faults(lessons)
    for place, purpose in (("purpose_el", purpose_el), ("purpose_en", purpose_en)):
        if len(purpose) > 600:
            errors.append({"place": place, "slug": "purpose-too-long", "params": {"most": 600}})
    if errors:
        raise FieldErrors("kit-definition-unusable", errors=errors)
    async with unit_of_work():
        row = await queries.add_definition(
            slug, title_el.strip(), title_en.strip(), levels, purpose_el.strip(), purpose_en.strip()
        )
        await queries.add_bom_lines(
            row["id"], [(known[x.item], x.quantity, x.optional, known.get(x.substitute)) for x in lines]
        )
        await queries.add_looks(row["id"], photo, lessons)
        await audit.record("kit-definition-saved", "kit-definition", slug, version=row["version"])
    return await get_definition(slug)


def _definition_faults(
    slug: str,
    title_el: str,
    title_en: str,
    levels: Sequence[str],
    lines: Sequence[BomEntry],
    known: Mapping[str, int],
) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = []

    def fault(place: str, problem: str, **params: Any) -> None:
        errors.append({"place": place, "slug": problem, "params": params})

    if not SLUG.fullmatch(slug) or len(slug) > 60:
        fault("slug", "slug-unusable", name=slug[:60])
    for place, title in (("title_el", title_el), ("title_en", title_en)):
        if not title.strip():
            fault(place, "name-missing")
    for level in levels:
        if level not in LEVELS:
            fault("levels", "kit-level-unknown", level=level[:40], known=", ".join(LEVELS))
    if not lines:
        fault("lines", "kit-without-parts")
    seen: set[str] = set()
    for at, line in enumerate(lines, 1):
        if line.item not in known:
            fault(f"line-{at}", "item-unknown", item=line.item[:60], line=at)
        elif line.item in seen:
            fault(f"line-{at}", "item-repeated", item=line.item, line=at)
        if not 1 <= line.quantity <= 10_000:
            fault(f"line-{at}", "quantity-out-of-range", quantity=line.quantity, line=at, least=1, most=10_000)
        seen.add(line.item)
    return errors


async def list_definitions() -> list[dict[str, Any]]:
    """Every version of every kit definition, newest first, with its bill of materials under `lines`."""
    rows = await queries.definitions()
    lines = await queries.bill_of_materials([row["id"] for row in rows])
    return [
        {
            **row,
            "lessons": json.loads(row["lessons"]),
            "lines": [x for x in lines if x["kit_definition_id"] == row["id"]],
        }
        for row in rows
    ]


async def kit_looks(slugs: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What kits are shown by where they are chosen: purpose, parts in words, the kind of device for the picture."""
    return {row["slug"]: row for row in await queries.kit_looks(slugs)}


async def kit_photo(digest: bytes) -> bytes | None:
    """The photograph of a kit by its digest; None for every other file."""
    return (await files.load(digest)).content if await queries.is_kit_photo(digest) else None


async def get_definition(slug: str, version: int | None = None) -> Definition:
    """A version of a kit definition, the newest without a number. Raises NotFound."""
    row = await queries.definition(slug, version)
    if row is None:
        raise NotFound("kit-definition-not-found", name=slug[:60])
    return Definition(
        row["id"],
        row["slug"],
        row["version"],
        row["title_el"],
        row["title_en"],
        tuple(row["levels"]),
        row["active"],
        tuple(await queries.bill_of_materials([row["id"]])),
    )


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

    Raises:
        Invalid: no kits, or too many at once.
        FieldErrors: a serial number is known already; each is named with its kit.
    """
    _require(Permission.STOCK_WRITE)
    if not 1 <= len(serials) <= MOST_KITS:
        raise Invalid("kit-count-out-of-range", count=len(serials), most=MOST_KITS)
    posting_key = f"{reason}:{key}"
    async with unit_of_work():
        await ledger_queries.lock_key(posting_key)
        if before := await kit_queries.kits_of_posting(posting_key):
            return before
        await _refuse_taken(definition, serials)
        store = to_place_id if to_place_id is not None else await ledger.place(ledger.STORE)
        codes = await queries.free_codes(len(serials), lambda: new_code("K"))
        kit_ids = await queries.add_kits(definition.id, codes, batch.strip())
        by_slug = _by_slug(definition)
        devices = await queries.add_devices(
            [
                (by_slug[item], kit_id, serial)
                for kit_id, mine in zip(kit_ids, serials, strict=True)
                for item, numbers in mine.items()
                for serial in numbers
            ]
        )
        moves = _incoming(definition, serials, kit_ids, devices, await ledger.place(SUPPLIER), store, instead)
        await ledger.post(moves, reason=reason, key=posting_key, document=document, occurred_at=occurred_at)
        await audit.record(
            "stock-received",
            "kit-definition",
            definition.slug,
            kits=len(codes),
            devices=len(devices),
            document=document,
        )
    return codes


async def _refuse_taken(definition: Definition, serials: Serials) -> None:
    by_slug = _by_slug(definition)
    asked = [(by_slug[item], serial) for kit in serials for item, numbers in kit.items() for serial in numbers]
    taken = await queries.taken_serials([item for item, _ in asked], [serial for _, serial in asked])
    if taken:
        errors = [{"place": "serials", "slug": "serial-number-taken", "params": row} for row in taken]
        raise FieldErrors("serial-numbers-taken", errors=errors, count=len(taken))


def _by_slug(definition: Definition) -> dict[str, int]:
    ids = {line["substitute"]: line["substitute_id"] for line in definition.lines if line["substitute"]}
    return ids | {line["slug"]: line["item_id"] for line in definition.lines}


def _incoming(
    definition: Definition,
    serials: Serials,
    kit_ids: Sequence[int],
    devices: Mapping[tuple[int, str], int],
    supplier: int,
    to_place: int,
    instead: frozenset[str] = frozenset(),
) -> list[Move]:
    moves = []
    for kit_id, mine in zip(kit_ids, serials, strict=True):
        for line in definition.lines:
            numbered = [(line["item_id"], serial) for serial in mine.get(line["slug"], [])]
            if line["substitute"]:
                numbered += [(line["substitute_id"], serial) for serial in mine.get(line["substitute"], [])]
            moves += [Move(each[0], 1, supplier, to_place, kit_id, devices[each]) for each in numbered]
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


async def definition_titles() -> list[dict[str, Any]]:
    """Slug and titles of every kit definition by its newest version: for a choice."""
    return await queries.definition_titles()


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


async def movement_mark(kit_id: int) -> int:
    """The number of a kit's newest movement: tells one occasion from the next in an idempotency key."""
    return await ledger_queries.newest_movement_of_kit(kit_id)


async def take_free_kits(definition_slug: str, count: int) -> list[dict[str, Any]]:
    """Whole kits of the central store that no consignment has, locked for the caller's unit of work."""
    return await queries.take_free_kits(definition_slug, count, await ledger.place(ledger.STORE))


async def free_counts() -> dict[str, int]:
    """How many kits of each definition are free in the central store."""
    return await queries.free_counts(await ledger.place(ledger.STORE))


async def reverse_posting(code: str, key: str, *, why: str) -> int:
    """Reverse what one posting did to one kit; returns how many movements. Raises as `ledger.reverse`."""
    _require(Permission.STOCK_WRITE)
    kit = await get_kit(code)
    posting = await ledger.reverse_posting_of_kit(key, kit["id"], why=why)
    return len(posting.movement_ids)


def refuse_travelling(code: str, parts: Sequence[Mapping[str, Any]]) -> None:
    """Raises Conflict where one of a kit's parts is in a consignment: what is in a parcel comes out of it by its
    receipt or its cancelling only."""
    for part in parts:
        if part["place_kind"] == "consignment":
            raise Conflict("kit-travels", code=code, consignment=part["place_title"])


async def move_kit(code: str, to: Literal["lost", "scrapped", "central-store"], *, key: str, note: str) -> None:
    """Write off, retire or take back what a kit holds elsewhere: each part from where it is to one place.

    Raises:
        Invalid: no reason given.
        Conflict: the kit travels, or is there already.
    """
    _require(Permission.STOCK_WRITE)
    if not note.strip():
        raise Invalid("reason-missing")
    kit = await get_kit(code)
    refuse_travelling(kit["code"], kit["contents"])
    async with unit_of_work():
        target = await ledger.place(to)
        moves = [
            Move(part["item_id"], part["quantity"], part["place_id"], target, kit["id"], part["device_id"])
            for part in kit["contents"]
            if part["place_id"] != target and part["place_kind"] != "scrapped"
        ]
        if not moves:
            raise Conflict("kit-is-there", code=kit["code"])
        reason: ledger.Reason = "scrap" if to == "scrapped" else "missing" if to == "lost" else "return"
        posting_key = f"move-kit:{kit['id']}:{key or await movement_mark(kit['id'])}"
        await ledger.post(moves, reason=reason, key=posting_key, note=note.strip())
        await audit.record("kit-moved", "kit", kit["code"], why=note.strip(), to=to)
