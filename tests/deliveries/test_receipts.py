"""Receipts on a real database: ledger, discrepancies, protocol, mail; once, in parts, and two people at once."""

import asyncio
import dataclasses
import hashlib
import io
import json
from typing import Any

import pytest
from pypdf import PdfReader

from stem_logistics import files
from stem_logistics.db.engine import execute, fetch, fetch_value, unit_of_work
from stem_logistics.deliveries import discrepancies, protocols, receipt_queries
from stem_logistics.deliveries.kept_photos import keep_photo, kept_photo
from stem_logistics.deliveries.receipts import ReceiptRefused
from stem_logistics.deliveries.rules import LineAnswer
from stem_logistics.errors import Conflict, Forbidden, Invalid
from tests.deliveries.parcels import assert_ledger_holds, dispatched_parcel, last_mail
from tests.deliveries.test_photos import picture

pytestmark = pytest.mark.usefixtures("service")


async def test_everything_in_order() -> None:
    """One tap: every piece moves to the school, the protocol is made, kept by digest and mailed to the school."""
    parcel = await dispatched_parcel()
    receipt = await parcel.confirm()
    assert await parcel.balances() == {"institution": 9}
    assert receipt["is_final"] and receipt["part"] == 1
    assert await fetch_value("SELECT state FROM consignment") == "received"
    stored = await files.load(receipt["protocol_digest"])
    said = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(stored.content)).pages)
    for fact in ("Μαρία Ανδρέου", "Διευθύντρια", "0501659", receipt["protocol_number"], "Micro:bit V2"):
        assert fact in said
    message = await last_mail("mail@0501659.example")
    assert json.loads(message["attachments"])[0]["digest"] == receipt["protocol_digest"].hex()
    assert await fetch_value("SELECT count(*) FROM discrepancy") == 0
    await assert_ledger_holds()


async def test_damaged_and_missing() -> None:
    """Damaged pieces go to the school, missing ones to the losses; each opens its discrepancy, with its reason."""
    parcel = await dispatched_parcel()
    board, cables = await parcel.line("microbit"), await parcel.line("usb-cable")
    photo = kept_photo(await keep_photo(picture(), parcel.id), parcel.id)
    assert photo is not None
    receipt = await parcel.confirm(
        {
            board.key: LineAnswer(damaged=1, damage_reason="transport", note="σπασμένη οθόνη"),
            cables.key: LineAnswer(received=1, missing=2, missing_reason="not-in-parcel"),
        },
        photos={board.key: [photo]},
    )
    assert await parcel.balances() == {"institution": 7, "lost": 2}
    reasons = {row["reason"] for row in await fetch("SELECT reason FROM movement")}
    assert {"receive", "receive-damaged", "missing"} <= reasons
    rows, total = await discrepancies.list_discrepancies({"state": "open"})
    assert total == 2
    assert {(row["kind"], row["quantity"], row["serial_number"]) for row in rows} == {
        ("damaged", 1, board.serial),
        ("missing", 2, None),
    }
    protocol = await protocols.protocol_of(receipt)
    remarks = [remark for kit in protocol.kits for line in kit.lines for remark in line.remarks]
    assert remarks == ["Με φθορά 1: έπαθε φθορά στη μεταφορά", "«σπασμένη οθόνη»", "Λείπουν 2: δεν ήταν στο δέμα"]
    assert protocol.photos == (photo.hex(),)
    await assert_ledger_holds()


@pytest.mark.parametrize(
    ("answer", "slug"),
    [
        (LineAnswer(received=4), "receipt-sum-is-wrong"),
        (LineAnswer(received=2), "receipt-sum-is-wrong"),
        (LineAnswer(received=2, missing=1), "receipt-missing-needs-reason"),
        (LineAnswer(received=2, damaged=1), "receipt-damage-needs-reason"),
        (LineAnswer(received=-1, missing=4, missing_reason="opened"), "receipt-number-negative"),
        (LineAnswer(received=2, missing=1, missing_reason="<script>"), "receipt-reason-unknown"),
    ],
)
async def test_what_does_not_add_up_changes_nothing(answer: LineAnswer, slug: str) -> None:
    """A receipt that does not add up is refused, its line named, and nothing at all is written."""
    parcel = await dispatched_parcel()
    cables = await parcel.line("usb-cable")
    with pytest.raises(ReceiptRefused) as refused:
        await parcel.confirm({cables.key: answer})
    assert [problem.slug for problem in refused.value.problems] == [slug]
    assert refused.value.problems[0].line == cables.key
    assert await parcel.balances() == {"consignment": 9}
    for table in ("receipt", "receipt_line", "discrepancy", "protocol_series"):
        assert await fetch_value(f"SELECT count(*) FROM {table}") == 0


async def test_in_several_parts() -> None:
    """Two parcels, two days: each part settles what it names, the last one completes; each has its protocol."""
    parcel = await dispatched_parcel()
    board, cables = await parcel.line("microbit"), await parcel.line("usb-cable")
    first = await parcel.confirm({board.key: None, cables.key: LineAnswer(received=1, not_yet=2)}, key="a")
    assert not first["is_final"]
    assert await fetch_value("SELECT state FROM consignment") == "partially-received"
    assert await parcel.balances() == {"consignment": 3, "institution": 6}
    left = {line.key: line.outstanding for line in await parcel.lines() if line.outstanding}
    assert left == {board.key: 1, cables.key: 2}
    second = await parcel.confirm(key="b")
    assert second["is_final"] and second["part"] == 2
    assert await _figures(first, board.serial) == {
        "Micro:bit V2": [(1, 0, 0, 0, 1), (1, 0, 1, 0, 0)],
        "Καλώδιο USB": [(3, 0, 1, 0, 2)],
        "Μπαταρίες ΑΑΑ": [(4, 0, 4, 0, 0)],
    }
    assert await _figures(second, board.serial) == {
        "Micro:bit V2": [(1, 0, 1, 0, 0), (1, 1, 0, 0, 0)],
        "Καλώδιο USB": [(3, 1, 2, 0, 0)],
        "Μπαταρίες ΑΑΑ": [(4, 4, 0, 0, 0)],
    }
    assert await parcel.balances() == {"institution": 9}
    numbers = [first["protocol_number"], second["protocol_number"]]
    assert [number.split("/")[0] for number in numbers] == ["1", "2"]
    with pytest.raises(Conflict, match="receipt-already-complete"):
        await parcel.confirm(key="c")
    await assert_ledger_holds()


async def _figures(receipt: dict[str, Any], first: str) -> dict[str, list[tuple[int, ...]]]:
    """What a protocol says of each item: sent, before, now, missing, awaited; the device `first` first."""
    protocol = await protocols.protocol_of(receipt)
    said: dict[str, list[tuple[int, ...]]] = {}
    for line in sorted((line for kit in protocol.kits for line in kit.lines), key=lambda line: line.serial != first):
        numbers = (line.sent, line.before, line.arrived, line.missing, line.awaited)
        assert numbers[0] == sum(numbers[1:])
        said.setdefault(line.item, []).append(numbers)
    stored = await files.load(receipt["protocol_digest"])
    assert first in " ".join(page.extract_text() for page in PdfReader(io.BytesIO(stored.content)).pages)
    return said


async def test_a_double_tap_counts_once() -> None:
    """The same form sent twice, also at the same moment, is one receipt, one protocol, one mail."""
    parcel = await dispatched_parcel()
    answers = await asyncio.gather(*(parcel.confirm(key="tap", seen=0) for _ in range(4)))
    assert len({receipt["code"] for receipt in answers}) == 1
    assert await fetch_value("SELECT count(*) FROM receipt") == 1
    assert await fetch_value("SELECT count(*) FROM mail_message") == 2
    await assert_ledger_holds()


async def test_two_people_at_once() -> None:
    """Two people confirm at the same moment with different answers: one wins, the other is told, nothing is doubled."""
    parcel = await dispatched_parcel()
    cables = await parcel.line("usb-cable")
    results = await asyncio.gather(
        parcel.confirm(key="head", seen=0),
        parcel.confirm({cables.key: LineAnswer(received=3)}, key="teacher", seen=0),
        parcel.confirm({cables.key: None}, key="secretary", seen=0),
        return_exceptions=True,
    )
    won = [result for result in results if isinstance(result, dict)]
    told = {result.slug for result in results if isinstance(result, Conflict)}
    assert len(won) == 1
    assert told <= {"receipt-already-complete", "received-meanwhile"} and told
    assert sum((await parcel.balances()).values()) == 9
    await assert_ledger_holds()


async def test_somebody_confirmed_a_part_meanwhile() -> None:
    """Who opened the form before another part was confirmed is told so, instead of settling what they did not see."""
    parcel = await dispatched_parcel()
    cables = await parcel.line("usb-cable")
    await parcel.confirm({cables.key: None}, key="a", seen=0)
    with pytest.raises(Conflict, match="received-meanwhile"):
        await parcel.confirm(key="b", seen=0)


async def test_a_link_confirms_its_own_consignment() -> None:
    """The link of one consignment cannot confirm another one."""
    mine = await dispatched_parcel()
    other = await dispatched_parcel("7777777")
    with pytest.raises(Forbidden):
        await dataclasses.replace(other, token=mine.token).confirm()
    assert await other.balances() == {"consignment": 9}


async def test_a_kept_photo_is_signed() -> None:
    """What the form carries along names only photographs that were sent for the same consignment."""
    parcel = await dispatched_parcel()
    carried = await keep_photo(picture(), parcel.id)
    assert kept_photo(carried, parcel.id) is not None
    assert kept_photo(carried, parcel.id + 1) is None
    for forged in ("", "zz.aa", carried[:-1], "00" * 32 + "." + carried.partition(".")[2]):
        assert kept_photo(forged, parcel.id) is None


async def test_a_protocol_verifies_itself() -> None:
    """The code on the paper holds against the register; another code, or a changed register, does not."""
    parcel = await dispatched_parcel()
    receipt = await parcel.confirm()
    code = (await protocols.protocol_of(receipt)).verification()
    assert (await protocols.verified(receipt["code"], code))["holds"]
    assert (await protocols.verified(receipt["code"], code.lower().replace("-", "")))["holds"]
    assert not (await protocols.verified(receipt["code"], "0" * 16))["holds"]
    await execute("UPDATE receipt SET receiver_name = NULL, note = ''")
    assert (await protocols.verified(receipt["code"], code))["holds"], "an erased name must not break the paper"
    await execute("UPDATE receipt SET committee_act = '9/2026'")
    assert not (await protocols.verified(receipt["code"], code))["holds"]
    await execute("UPDATE receipt SET committee_act = '', protocol_number = '99/2026'")
    assert not (await protocols.verified(receipt["code"], code))["holds"]


async def test_a_paper_of_before_verifies_as_it_did() -> None:
    """An edition that was printed before editions had codes of their own keeps the code that is printed on it."""
    parcel = await dispatched_parcel()
    cables = await parcel.line("usb-cable")
    receipt = await parcel.confirm({cables.key: LineAnswer(received=1, not_yet=2)})
    async with unit_of_work():
        await execute("SET LOCAL session_replication_role = replica")
        await execute("UPDATE protocol_issue SET verification = '', facts = NULL")
    row = await fetch("SELECT confirmed_at FROM receipt")
    boards = sorted(line.serial for line in await parcel.lines() if line.serial)
    shown = f"{parcel.kit[:4]}-{parcel.kit[4:]}"
    facts = {
        "number": receipt["protocol_number"],
        "moment": row[0]["confirmed_at"].timestamp(),
        "consignment": f"{parcel.code[:4]}-{parcel.code[4:]}",
        "school": "0501659",
        "part": 1,
        "final": False,
        "lines": [
            *([shown, "microbit", serial, 1, 1, 0, 0, 0] for serial in boards),
            [shown, "usb-cable", "", 3, 1, 0, 0, 2],
            [shown, "battery", "", 4, 4, 0, 0, 0],
        ],
        "photos": [],
    }
    canonical = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    printed = hashlib.sha256(canonical.encode()).hexdigest()[:16]
    found = await protocols.verified(receipt["code"], printed)
    assert (found["holds"], found["edition"]) == (True, 1)


async def test_a_discrepancy_is_closed_once_with_a_reason() -> None:
    """What was found moves from the losses to the school; an outcome of another kind, or a second one, is refused."""
    parcel = await dispatched_parcel()
    cables = await parcel.line("usb-cable")
    await parcel.confirm({cables.key: LineAnswer(received=1, missing=2, missing_reason="opened")})
    (row,), _total = await discrepancies.list_discrepancies({})
    with pytest.raises(Invalid, match="reason-missing"):
        await discrepancies.close(row["code"], "found", why=" ")
    with pytest.raises(Invalid, match="outcome-unknown"):
        await discrepancies.close(row["code"], "repaired", why="x")
    await discrepancies.close(row["code"], "found", why="ήταν σε άλλο κουτί")
    assert await parcel.balances() == {"institution": 9}
    with pytest.raises(Conflict, match="discrepancy-closed"):
        await discrepancies.close(row["code"], "found", why="πάλι")
    await assert_ledger_holds()


async def test_history_cannot_be_altered() -> None:
    """What a receipt says of a line is history: the database refuses to change it."""
    parcel = await dispatched_parcel()
    receipt = await parcel.confirm()
    before = await receipt_queries.receipt_lines(receipt["id"])
    for sql in ("UPDATE receipt_line SET received = 0", "DELETE FROM receipt_line"):
        with pytest.raises(Exception, match="append-only"):
            await execute(sql)
    assert await receipt_queries.receipt_lines(receipt["id"]) == before
