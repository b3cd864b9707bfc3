"""What the deliveries' API gives."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel


class ConsignmentOut(BaseModel):
    """A consignment. `late` means: not confirmed by the day on which it should have been there."""

    code: str
    state: str
    wave: str | None
    institution: str
    kits: int
    parcels: int
    courier: str
    tracking_number: str
    held_by: str | None
    """The regional store or ambassador that has signed for it last, until the school confirms."""
    expected_on: date | None
    late: bool
    created_at: datetime
    dispatched_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None


class ConsignmentLineOut(BaseModel):
    """Pieces of an item of a kit, with the serial numbers of those that have one."""

    kit: str
    item: str
    quantity: int
    serial_numbers: list[str]


class ConsignmentDetail(ConsignmentOut):
    """A consignment with its lines."""

    lines: list[ConsignmentLineOut]


class ConsignmentPage(BaseModel):
    """A page of consignments; `next` is what `after` takes for the following one."""

    items: list[ConsignmentOut]
    next: int | None


class ReceiptLineOut(BaseModel):
    """What a receipt says of a line; a device with a serial number has its own."""

    kit: str
    item: str
    serial_number: str | None
    received: int
    damaged: int
    missing: int
    not_yet: int
    damage_reason: str
    missing_reason: str


class ReceiptOut(BaseModel):
    """A receipt, without the person who received: the protocol names them."""

    code: str
    consignment: str
    institution: str
    part: int
    is_final: bool
    protocol_number: str
    protocol_sha256: str | None
    confirmed_at: datetime
    lines: list[ReceiptLineOut]


class ReceiptPage(BaseModel):
    """A page of receipts; `next` is what `after` takes for the following one."""

    items: list[ReceiptOut]
    next: int | None


def consignment_fields(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the consignments as the API names its fields."""
    same = ("code", "state", "kits", "parcels", "courier", "tracking_number", "expected_on", "created_at")
    moments = ("dispatched_at", "completed_at", "cancelled_at")
    return {
        **{name: row[name] for name in (*same, *moments)},
        "wave": row["wave_slug"],
        "institution": row["institution_code"],
        "late": bool(row["late"]),
        "held_by": row["held_by"] if row["state"] in ("dispatched", "partially-received") else None,
    }


def receipt_out(row: dict[str, Any]) -> ReceiptOut:
    """A receipt with its lines."""
    digest = row["protocol_digest"]
    names = ReceiptLineOut.model_fields
    return ReceiptOut(
        code=row["code"],
        consignment=row["consignment_code"],
        institution=row["institution_code"],
        part=row["part"],
        is_final=row["is_final"],
        protocol_number=row["protocol_number"],
        protocol_sha256=digest.hex() if digest else None,
        confirmed_at=row["confirmed_at"],
        lines=[ReceiptLineOut(**{name: line[name] for name in names}) for line in row["lines"]],
    )
