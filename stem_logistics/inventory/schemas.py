"""What the stock's API gives."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel


class PartOut(BaseModel):
    """A part of a kit and where it is; a device with a serial number is one piece."""

    item: str
    quantity: int
    serial_number: str | None
    place: str


class KitOut(BaseModel):
    """A kit. `place` is store, consignment, institution, lost, scrapped, supplier (it went back), several, or none."""

    code: str
    definition: str
    version: int
    batch: str
    place: str
    consignment: str | None
    institution: str | None
    pieces: int
    pieces_missing: int
    created_at: datetime


class KitDetail(KitOut):
    """A kit with its parts."""

    parts: list[PartOut]


class KitPage(BaseModel):
    """A page of kits; `next` is what `after` takes for the following one."""

    items: list[KitOut]
    next: int | None


class MovementOut(BaseModel):
    """One line of the ledger. It is never changed; a correction is a movement that names what it reverses."""

    id: int
    occurred_at: datetime
    recorded_at: datetime
    reason: str
    item: str
    kit: str | None
    serial_number: str | None
    quantity: int
    from_place: str
    to_place: str
    document: str
    note: str
    reverses_id: int | None


class MovementPage(BaseModel):
    """A page of the ledger, in the order of recording; `next` is what `after` takes for the following one."""

    items: list[MovementOut]
    next: int | None


class OrderOut(BaseModel):
    """An order and what has come of it. Money is whole cents; `title` is ownership or use, for the books."""

    code: str
    contract: str
    supplier: str
    funding: str
    funding_reference: str
    definition: str
    version: int
    ordered: int
    received: int
    accepted: int
    rejected: int
    outstanding: int
    surplus: int
    ended: str | None
    unit_cents: int
    value_cents: int
    title: str
    due_on: date | None
    ordered_at: datetime


def kit_fields(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the kits as the API names its fields."""
    return {
        "code": row["code"],
        "definition": row["definition"],
        "version": row["version"],
        "batch": row["batch"],
        "place": row["place_kind"] or "several",
        "consignment": row["consignment_code"],
        "institution": row["institution_code"],
        "pieces": row["pieces"],
        "pieces_missing": row["lost"] + row["scrapped"],
        "created_at": row["created_at"],
    }


def part_out(row: dict[str, Any]) -> PartOut:
    """A row of a kit's contents."""
    return PartOut(
        item=row["slug"],
        quantity=row["quantity"],
        serial_number=row["serial_number"],
        place=row["place_kind"],
    )
