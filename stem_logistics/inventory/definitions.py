"""What may be in stock: items, and kit definitions with their bills of materials, in versions."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stem_logistics import audit, device_kinds, files, runtime
from stem_logistics.accounts.policy import Permission, Scope
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import FieldErrors, Forbidden, Invalid, NotFound
from stem_logistics.inventory import queries
from stem_logistics.inventory.model_rules import lesson_faults, line_faults
from stem_logistics.inventory.rules import Part
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

    @property
    def item_ids(self) -> dict[str, int]:
        """The ids of its items by their short names, and of those that may stand in their place."""
        ids = {line["substitute"]: line["substitute_id"] for line in self.lines if line["substitute"]}
        return ids | {line["slug"]: line["item_id"] for line in self.lines}


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


async def definition_titles() -> list[dict[str, Any]]:
    """Slug and titles of every kit definition by its newest version: for a choice."""
    return await queries.definition_titles()
