"""What is cancelled under way: who is told, where its pieces are, and how they come back."""

from typing import Any

import pytest
from litestar import Litestar

from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries import bulk, last_mile, returning
from stem_logistics.deliveries import service as deliveries
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.settings import Settings
from tests.deliveries.parcels import assert_ledger_holds, dispatched_parcel, last_mail
from tests.inventory.stock import make_definition, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults

SCHOOL = "mail@0501659.example"


async def _delivered() -> None:
    """What waits in the outbox leaves it."""
    await execute("UPDATE mail_message SET run_after = now()")
    await execute("UPDATE mail_message SET state = 'sent', sent_at = now() WHERE state = 'queued'")


async def test_cancelled_under_way_it_stays_there_until_it_is_counted(service: Settings) -> None:
    """The pieces are in the consignment's place, its kit in no other one; counted, they are in the store and free."""
    box = await dispatched_parcel()
    await deliveries.cancel(box.code, why="λάθος σχολείο")
    row = await deliveries.get_consignment(box.code)
    assert row["state"] == "returning" and row["return_due_on"] > deliveries.today()
    assert await box.balances() == {"consignment": 9}
    with pytest.raises(Conflict):
        await deliveries.pick(await deliveries.create_consignment("0501659"), box.kit)
    assert await returning.confirm(box.code, None)
    assert await box.balances() == {"store": 9}
    row = await deliveries.get_consignment(box.code)
    assert row["state"] == "cancelled" and row["returned_at"] and row["cancel_reason"] == "λάθος σχολείο"
    await deliveries.pick(await deliveries.create_consignment("0501659"), box.kit)
    with pytest.raises(Conflict, match="consignment-step-not-possible"):
        await returning.confirm(box.code, None)
    await assert_ledger_holds()


async def test_it_comes_back_in_parts_and_short(service: Settings) -> None:
    """A part counts once; what is lost needs a reason and is with the losses; only then is it over."""
    box = await dispatched_parcel()
    await deliveries.cancel(box.code, why="λάθος σχολείο")
    _row, pieces, part = await returning.awaited(box.code)
    device = next(piece for piece in pieces if piece["serial"])
    loose = next(piece for piece in pieces if piece["quantity"] == 4)
    came = {device["key"]: 1, loose["key"]: 3}
    assert not await returning.confirm(box.code, came, seen_part=part)
    assert await box.balances() == {"store": 4, "consignment": 5}
    with pytest.raises(Conflict, match="returned-meanwhile"):
        await returning.confirm(box.code, came, seen_part=part)
    for wrong, slug in (({loose["key"]: 2}, "return-more-than-awaited"), ({}, "return-of-nothing")):
        with pytest.raises(Invalid, match=slug):
            await returning.confirm(box.code, wrong)
    with pytest.raises(Invalid, match="return-short-without-reason"):
        await returning.confirm(box.code, {}, rest_is_lost=True)
    assert await returning.confirm(box.code, {}, rest_is_lost=True, why="Το έχασε ο μεταφορέας")
    assert await box.balances() == {"store": 4, "lost": 5}
    notes = await fetch("SELECT DISTINCT note FROM movement WHERE reason = 'missing'")
    assert [row["note"] for row in notes] == ["Το έχασε ο μεταφορέας"]
    assert (await deliveries.get_consignment(box.code))["return_note"] == "Το έχασε ο μεταφορέας"
    await assert_ledger_holds()


async def test_what_is_scanned_has_to_belong_to_it(service: Settings) -> None:
    """A kit's label stands for all of it, a serial number for the device; a stranger is refused."""
    box = await dispatched_parcel()
    await deliveries.cancel(box.code, why="λάθος σχολείο")
    _row, pieces, _part = await returning.awaited(box.code)
    serial = next(piece["serial"] for piece in pieces if piece["serial"])
    assert sum(returning.scanned(pieces, f" {box.kit[:4]}-{box.kit[4:]}\n{serial.lower()}").values()) == 9
    assert sum(returning.scanned(pieces, serial).values()) == 1
    (other,) = await receive(await make_definition())
    for stranger in (other, "ΑΓΝΩΣΤΟ-1"):
        with pytest.raises(Invalid, match="scan-not-in-return"):
            returning.scanned(pieces, f"{serial} {stranger}")


async def test_whoever_was_told_is_told(service: Settings) -> None:
    """School and stop that were written to read that it was cancelled, and why; whom no mail reached reads nothing."""
    box = await dispatched_parcel()
    await deliveries.cancel(box.code, why="Άλλαξε η διεύθυνση")
    assert await fetch_value("SELECT count(*) FROM mail_message") == 0, "nobody had been told"
    again = await _packed()
    stop = await last_mile.add_stop("regional-store", "B", title="Depot", email="depot@stops.example")
    await last_mile.plan_way(again, [stop])
    await deliveries.dispatch(again, courier="Ταχυμεταφορές")
    await _delivered()
    await deliveries.cancel(again, why="Άλλαξε η διεύθυνση")
    assert await fetch_value("SELECT count(*) FROM mail_message WHERE to_address = $1", SCHOOL) == 0
    told = await last_mail("depot@stops.example")
    assert "ακυρώθηκε" in told["subject"] and "Άλλαξε η διεύθυνση" in told["body"]
    third = await _packed()
    await deliveries.dispatch(third, courier="Ταχυμεταφορές")
    await _delivered()
    await deliveries.cancel(third, why="Άλλαξε η διεύθυνση")
    told = await last_mail(SCHOOL)
    assert "ακυρώθηκε" in told["subject"] and "Άλλαξε η διεύθυνση" in told["body"] and "μην το ανοίξετε" in told["body"]


async def _packed() -> str:
    (kit,) = await receive(await make_definition())
    code = await deliveries.create_consignment("0501659")
    await deliveries.pick(code, kit)
    await deliveries.pack(code)
    return code


async def _together(*schools: str) -> list[str]:
    """Consignments packed for schools."""
    codes = []
    for school in schools:
        (kit,) = await receive(await make_definition())
        code = await deliveries.create_consignment(school)
        await deliveries.pick(code, kit)
        await deliveries.pack(code)
        codes.append(code)
    return codes


async def _mails(to: str = SCHOOL) -> list[dict[str, Any]]:
    return await fetch("SELECT * FROM mail_message WHERE to_address = $1 ORDER BY id", to)


async def test_a_school_of_several_gets_one_mail(service: Settings) -> None:
    """Sent at once, its consignments stand in one mail, each with its link and code, which all work."""
    await dispatched_parcel()
    await execute("DELETE FROM mail_message")
    codes = await _together("0501659", "0501659", "0501659")
    batch = await bulk.start("dispatch", codes, courier="Ταχυμεταφορές")
    assert await bulk.run(batch) == {"done": 3, "refused": 0}
    (told,) = await _mails()
    assert all(f"{code[:4]}-{code[4:]}" in told["body"] for code in codes) and told["body"].count("/r/") == 3
    assert await bulk.run(batch) == {"done": 3, "refused": 0}
    assert len(await _mails()) == 1, "done again, nobody is written to twice"


async def test_one_of_a_mail_is_taken_back(service: Settings) -> None:
    """While the mail waits one of it can be taken back; the others are told anew, as long as any is left."""
    await dispatched_parcel()
    await execute("DELETE FROM mail_message")
    codes = await _together("0501659", "0501659", "0501659")
    batch = await bulk.start("dispatch", codes, courier="Ταχυμεταφορές")
    await bulk.run(batch)
    await deliveries.take_back(codes[0])
    (told,) = await _mails()
    assert told["body"].count("/r/") == 2 and f"{codes[0][:4]}-{codes[0][4:]}" not in told["body"]
    await deliveries.cancel(codes[1], why="λάθος")
    (told,) = await _mails()
    assert told["body"].count("/r/") == 1 and f"{codes[2][:4]}-{codes[2][4:]}" in told["body"]
    assert await bulk.undo(batch) == (1, 2)
    assert await _mails() == []


async def test_what_was_told_together_cannot_be_taken_back(service: Settings) -> None:
    """Once the mail has left, none of them can; cancelled, one is told of and the others are as they were."""
    await dispatched_parcel()
    await execute("DELETE FROM mail_message")
    codes = await _together("0501659", "0501659")
    await bulk.run(await bulk.start("dispatch", codes, courier="Ταχυμεταφορές"))
    await _delivered()
    for code in codes:
        with pytest.raises(Conflict, match="school-was-written-to"):
            await deliveries.take_back(code)
    await deliveries.cancel(codes[1], why="λάθος")
    first, second = await _mails()
    assert first["state"] == "sent" and f"{codes[1][:4]}-{codes[1][4:]}" in second["subject"]


async def test_the_page_of_what_comes_back(app: Litestar) -> None:
    """Staff see it on the board, late ones marked, and count it: refused with what was typed, then done."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            box = await dispatched_parcel()
        await sign_in(client, await make_person("staff"))
        cancelled = await post_form(client, f"/consignments/{box.code}/cancel", {"why": "λάθος σχολείο"})
        assert "done=called-back" in cancelled.headers["location"]
        await execute("UPDATE consignment SET return_due_on = CURRENT_DATE - 1")
        for path in ("", "?state=back-late", "/late", f"/{box.code}"):
            page = await client.get(f"/consignments{path}")
            assert f"{box.code[:4]}-{box.code[4:]}" in page.text, path
            assert faults(page.text) == [], path
        assert "Καθυστερεί" in (await client.get("/consignments/late")).text
        page = await client.get(f"/consignments/{box.code}/return")
        assert page.status_code == 200 and faults(page.text) == []
        refused = await post_form(
            client, f"/consignments/{box.code}/return", {"came": "part", "scans": "ΞΕΝΟ-9", "why": "στο δέμα 2"}
        )
        assert refused.status_code == 422 and "ΞΕΝΟ-9" in refused.text and "στο δέμα 2" in refused.text
        done = await post_form(client, f"/consignments/{box.code}/return", {"came": "part", "scans": box.kit})
        assert done.status_code == 303 and await box.balances() == {"store": 9}
        again = await post_form(client, f"/consignments/{box.code}/return", {"came": "all"})
        assert again.status_code == 422


async def test_a_stop_of_several_gets_one_mail(service: Settings) -> None:
    """Sent at once through a stop, they stand in one mail to it; one taken back, it is told of the others only."""
    await dispatched_parcel()
    await execute("DELETE FROM mail_message")
    codes = await _together("0501659", "0501659", "0501659")
    stop = await last_mile.add_stop("regional-store", "B", title="Depot", email="depot@stops.example")
    for code in codes:
        await last_mile.plan_way(code, [stop])
    batch = await bulk.start("dispatch", codes, courier="Ταχυμεταφορές")
    await bulk.run(batch)
    await bulk.run(batch)
    assert await _mails() == []
    (told,) = await _mails("depot@stops.example")
    assert all(f"{code[:4]}-{code[4:]}" in told["body"] for code in codes) and told["body"].count("/h/") == 1
    await deliveries.take_back(codes[0])
    (told,) = await _mails("depot@stops.example")
    assert [f"{code[:4]}-{code[4:]}" in told["body"] for code in codes] == [False, True, True]
    assert await bulk.undo(batch) == (2, 1)
    assert await _mails("depot@stops.example") == []
