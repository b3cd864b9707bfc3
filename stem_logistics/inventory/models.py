"""A device model in one place: what is known of it, how many are where, what it is repaired with, its papers.

Its firmware and its USB identities as the checker knows them stay where they are (the kind and its baseline): a model
names them, and shows them from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from stem_logistics import audit, device_kinds, files, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.checks import firmware
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.inventory import model_queries as queries
from stem_logistics.inventory.model_rules import LONGEST_TITLE, is_address, read_usb_ids, warranty_end

LARGEST_DOCUMENT = 20_000_000
MOST_USB_IDS = 40


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a model, as staff type it.

    Args:
        usb_ids: `VID:PID`, one a line.
        baseline: the slug of a board or model in the baseline of the item's device kind; empty for none.
        warranty_months: from the day on which it was bought; empty where there is none.
        spares: slugs of the items that it is repaired with.
    """

    name_el: str
    name_en: str
    manufacturer: str = ""
    model_number: str = ""
    usb_ids: str = ""
    baseline: str = ""
    warranty_months: str = ""
    battery: str = ""
    spares: tuple[str, ...] = ()


def _require(permission: Permission) -> None:
    if not runtime.actor().principal.may(permission):
        raise Forbidden("not-allowed", permission=permission.value)


async def get_model(slug: str) -> dict[str, Any]:
    """One item with its `spares`, `spare_for`, `documents`, `definitions` and, within the scope, `places`.

    Raises:
        NotFound: no such item.
    """
    scope = runtime.actor().principal.scope(Permission.STOCK_READ)
    if not scope:
        raise Forbidden("not-allowed", permission=Permission.STOCK_READ.value)
    item = await queries.item(slug)
    if item is None:
        raise NotFound("model-not-found", name=slug[:60])
    return {
        **item,
        "spares": await queries.spares(item["id"]),
        "spare_for": await queries.spare_for(item["id"]),
        "documents": await queries.documents(item["id"]),
        "definitions": await queries.definitions_with(item["id"]),
        "places": await queries.places(item["id"], scope),
    }


async def change_model(slug: str, known: Known) -> None:
    """Say what is known of a model. Its short name, kind and whether it has serial numbers stay as they are.

    Raises:
        NotFound: no such item.
        Invalid: a name is missing, an identity or a number cannot be read, the checker would not know it.
    """
    _require(Permission.STOCK_WRITE)
    if not known.name_el.strip() or not known.name_en.strip():
        raise Invalid("name-missing")
    try:
        usb_ids = read_usb_ids(known.usb_ids)
    except ValueError as error:
        raise Invalid("usb-id-unreadable", given=str(error)) from error
    months = known.warranty_months.strip()
    if months and not (months.isascii() and months.isdigit() and int(months[:9]) <= 240):
        raise Invalid("warranty-unusable", most=240)
    async with unit_of_work():
        item = await queries.item(slug)
        if item is None:
            raise NotFound("model-not-found", name=slug[:60])
        await _judge(item, usb_ids, known.baseline)
        spares = await queries.ids_of([each for each in known.spares if each and each != slug])
        await queries.set_known(
            item["id"],
            known.name_el.strip()[:160],
            known.name_en.strip()[:160],
            known.manufacturer.strip()[:120],
            known.model_number.strip()[:120],
            usb_ids[:MOST_USB_IDS],
            known.baseline,
            int(months) if months else None,
            known.battery.strip()[:160],
        )
        await queries.set_spares(item["id"], spares)
        await audit.record("item-changed", "item", slug)


async def _judge(item: dict[str, Any], usb_ids: Sequence[str], baseline: str) -> None:
    kind = item["device_kind"]
    if kind is None:
        if baseline:
            raise Invalid("baseline-without-kind")
        return
    strange = [each for each in usb_ids if not device_kinds.recognises(kind, each)]
    if strange and device_kinds.usb_rules(kind):
        raise Invalid("usb-id-unknown-to-kind", given=strange[0], kind=kind)
    if baseline and baseline not in dict(await firmware.boards_of(kind)):
        raise Invalid("baseline-unknown", name=baseline[:60], kind=kind)


async def add_document(slug: str, title: str, *, url: str = "", content: bytes = b"") -> None:
    """Put a document to a model: an address, or a PDF of ours.

    Raises:
        NotFound: no such item. Invalid: no title, no usable address and no PDF. TooLarge: beyond the limit.
    """
    _require(Permission.STOCK_WRITE)
    if not title.strip() or len(title) > LONGEST_TITLE:
        raise Invalid("document-without-title", most=LONGEST_TITLE)
    if bool(content) == bool(url.strip()):
        raise Invalid("document-file-or-address")
    if url.strip() and not is_address(url.strip()):
        raise Invalid("document-address-unusable")
    if content and not (content.startswith(b"%PDF-") and len(content) <= LARGEST_DOCUMENT):
        raise Invalid("document-not-pdf", most=LARGEST_DOCUMENT // 1_000_000)
    async with unit_of_work():
        item = await queries.item(slug)
        if item is None:
            raise NotFound("model-not-found", name=slug[:60])
        digest = await files.store(content, "application/pdf") if content else None
        await queries.add_document(item["id"], title.strip(), digest, url.strip())
        await audit.record("item-document-added", "item", slug)


async def remove_document(slug: str, document_id: int) -> None:
    """Show a document no longer; it stays on record. Raises Conflict where there is none."""
    _require(Permission.STOCK_WRITE)
    async with unit_of_work():
        if not await queries.remove_document(slug, document_id):
            raise Conflict("document-not-there")
        await audit.record("item-document-removed", "item", slug)


async def read_document(slug: str, document_id: int) -> tuple[str, bytes]:
    """A PDF of a model: its title and its bytes. Raises NotFound."""
    _require(Permission.STOCK_READ)
    found = await queries.document(slug, document_id)
    if found is None or found["digest"] is None:
        raise NotFound("file-not-found", digest="")
    return found["title"], (await files.load(found["digest"])).content


async def warranty_of(item_id: int, kit_id: int, device_id: int | None) -> date | None:
    """The last day of a part's warranty: from its model and the day on which it was bought; None where not known."""
    row = await queries.bought(item_id, kit_id, device_id)
    if row is None or row["warranty_months"] is None or row["bought_on"] is None:
        return None
    return warranty_end(row["bought_on"], row["warranty_months"])


async def in_warranty(item_id: int, kit_id: int, device_id: int | None) -> bool | None:
    """Whether a part's warranty still runs today; None where its end is not known."""
    ends = await warranty_of(item_id, kit_id, device_id)
    return None if ends is None else datetime.now(ZoneInfo(runtime.settings().timezone)).date() <= ends


async def warranties_of_kit(kit_id: int) -> dict[int, date]:
    """The last day of the warranty of each item of a kit that has one, counted from when the kit was bought."""
    return {
        row["item_id"]: warranty_end(row["bought_on"], row["warranty_months"])
        for row in await queries.bought_of_kit(kit_id)
    }
