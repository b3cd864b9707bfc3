"""Consignments for the tests, made through the services, as people would."""

import re
from dataclasses import dataclass
from typing import Any

from stem_logistics.accounts.links import principal_of_link
from stem_logistics.db.engine import fetch_one, fetch_value
from stem_logistics.deliveries import queries, service
from stem_logistics.deliveries.expected import ExpectedLine, expected_lines
from stem_logistics.deliveries.receipts import Confirmation, confirm
from stem_logistics.deliveries.rules import LineAnswer, all_in_order
from stem_logistics.inventory import ledger
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import acting_as


@dataclass
class Parcel:
    """A consignment on its way, and what the mail about it told the school."""

    code: str
    id: int
    institution_id: int
    kit: str
    token: str
    typed_code: str

    async def lines(self) -> list[ExpectedLine]:
        return await expected_lines(self.id)

    async def line(self, slug: str) -> ExpectedLine:
        """The first line of an item."""
        item = await fetch_value("SELECT name_el FROM item WHERE slug = $1", slug)
        return next(line for line in await self.lines() if line.item == item)

    async def balances(self) -> dict[str, int]:
        """Pieces of the kit by kind of place."""
        from stem_logistics.db.engine import fetch

        rows = await fetch(
            """SELECT p.kind, sum(h.quantity)::int AS n FROM holding h JOIN place p ON p.id = h.place_id
               JOIN kit k ON k.id = h.kit_id WHERE k.code = $1 AND h.quantity > 0 GROUP BY p.kind""",
            self.kit,
        )
        return {row["kind"]: row["n"] for row in rows}

    async def confirm(
        self,
        changes: dict[str, LineAnswer | None] | None = None,
        *,
        key: str = "form-1",
        seen: int | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Confirm as the school: everything in order, but for `changes` (None: has not arrived)."""
        answers = all_in_order([line.rule_line for line in await self.lines()])
        for line, answer in (changes or {}).items():
            if answer is None:
                answers.pop(line, None)
            else:
                answers[line] = answer
        if seen is None:
            seen = await fetch_value("SELECT count(*) FROM receipt WHERE consignment_id = $1", self.id)
        with acting_as(await principal_of_link(self.token)):
            given = {"receiver_name": "Μαρία Ανδρέου", "receiver_role": "Διευθύντρια", **more}
            return await confirm(self.id, Confirmation(answers, key=key, seen_parts=seen, **given))


async def last_mail(to: str) -> dict[str, Any]:
    """The newest message to an address."""
    row = await fetch_one("SELECT * FROM mail_message WHERE to_address = $1 ORDER BY id DESC LIMIT 1", to)
    assert row is not None, f"no mail to {to}"
    return row


async def dispatched_parcel(school: str = "0501659", *, devices: int = 2) -> Parcel:
    """A kit of two devices, three cables and four batteries on its way to a school."""
    institution_id = await make_institution(school)
    (kit,) = await receive(await make_definition(devices=devices))
    code = await service.create_consignment(school)
    await service.pick(code, kit)
    await service.pack(code, parcels=2)
    await service.dispatch(code, courier="Ταχυμεταφορές", tracking_number="RR1")
    return await parcel_of(code, institution_id, kit, f"mail@{school}.example")


async def parcel_of(code: str, institution_id: int, kit: str, mailbox: str) -> Parcel:
    """The parcel as the school knows it from its mail."""
    body = await fetch_value(
        "SELECT body FROM mail_message WHERE to_address = $1 AND body LIKE '%/r/%' ORDER BY id DESC LIMIT 1", mailbox
    )
    assert body is not None, f"no mail with a link to a receipt to {mailbox}"
    token = re.search(r"/r/(\S+)", body)
    typed = re.search(r"R[0-9A-Z]{3}-[0-9A-Z]{4}", body)
    assert token and typed, body
    row = await queries.consignment(code)
    assert row is not None
    return Parcel(code, row["id"], institution_id, kit, token[1], typed[0])


async def assert_ledger_holds() -> None:
    """The balances are the sum of the movements."""
    assert (await ledger.verify()).faults == ()
