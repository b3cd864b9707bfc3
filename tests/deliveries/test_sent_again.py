"""What is sent again: a consignment of its own for a case, until the school confirms it."""

from collections import Counter

import pytest
from litestar import Litestar

from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries import discrepancies, packing, protocols, receipts, resending, returning
from stem_logistics.deliveries import service as deliveries
from stem_logistics.deliveries.reasons import OUTCOMES
from stem_logistics.deliveries.rules import LineAnswer
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import definitions, purchasing
from stem_logistics.settings import Settings
from tests.deliveries.parcels import Parcel, assert_ledger_holds, dispatched_parcel, last_mail, parcel_of
from tests.inventory.stock import holdings, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults

STORE = "central-store"


async def _case(item: str, missing: int = 1, *, spares: int = 1) -> tuple[Parcel, str, list[str]]:
    """A parcel that arrived without something, its case, and the kits of the store."""
    parcel = await dispatched_parcel()
    kits = await receive(await definitions.get_definition("microbit-set"), spares)
    line = await parcel.line(item)
    short = LineAnswer(received=line.outstanding - missing, missing=missing, missing_reason="not-in-parcel")
    await parcel.confirm({line.key: short})
    return parcel, str(await fetch_value("SELECT code FROM discrepancy WHERE state = 'open'")), kits


async def _serials(kit: str) -> list[str]:
    rows = await fetch(
        "SELECT serial_number FROM device d JOIN kit k ON k.id = d.kit_id WHERE k.code = $1 ORDER BY d.id", kit
    )
    return [row["serial_number"] for row in rows]


async def _leave(code: str, box: Parcel) -> Parcel:
    """Packed and dispatched; the parcel as the school knows it from its mail."""
    await deliveries.pack(code)
    await deliveries.dispatch(code, courier="Ταχυμεταφορές")
    return await parcel_of(code, box.institution_id, box.kit, "mail@0501659.example")


async def _state(case: str) -> tuple[str, str | None]:
    row = await discrepancies.get_discrepancy(case)
    return row["state"], row["outcome"]


async def test_a_case_ends_when_the_school_has_confirmed(service: Settings) -> None:
    """Two cables are sent again: in a consignment with exactly them, which the school confirms by its link."""
    box, case, (spare,) = await _case("usb-cable", 2)
    before = sum((await holdings()).values())
    with pytest.raises(Invalid, match="reason-missing"):
        await resending.start(case, STORE, why=" ")
    code = await resending.start(case, STORE, why="ήταν λάθος του Νίκου")
    # the school is told at once that it will come, and not why
    told = (await last_mail("mail@0501659.example"))["body"]
    assert "Σας στέλνουμε άλλο" in told and "Νίκου" not in told
    inside = await _inside(code)
    assert [(line["item"], line["quantity"], line["from_kit"]) for line in inside] == [("usb-cable", 2, spare)]
    assert {line["kit_code"] for line in inside} == {box.kit}, "told under the kit that lacks it"
    assert await _state(case) == ("open", None)
    again = await _leave(code, box)
    body = (await last_mail("mail@0501659.example"))["body"]
    assert "2 × Καλώδιο USB" in body and "ξανά" in body
    receipt = await again.confirm(key="again")
    assert await _state(case) == ("closed", "re-sent")
    reported = (await receipts.awaited_of(box.id))["reported"]
    assert (reported["missing"], [row["outcome"] for row in reported["closed"]]) == (0, ["re-sent"])
    at_school = await fetch_value(
        """SELECT sum(h.quantity)::int FROM holding h JOIN place p ON p.id = h.place_id
           JOIN item i ON i.id = h.item_id WHERE p.institution_id = $1 AND i.slug = 'usb-cable'""",
        box.institution_id,
    )
    assert at_school == 3
    assert sum((await holdings()).values()) == before, "nothing is made, nothing is lost"
    protocol = await protocols.protocol_of(receipt)
    assert [(kit.code.replace("-", ""), line.received) for kit in protocol.kits for line in kit.lines] == [(box.kit, 2)]
    await assert_ledger_holds()


async def _lie() -> Counter[tuple[int, int]]:
    """What lies where, whatever kit it is of: what came out of one is loose from then on."""
    found = Counter[tuple[int, int]]()
    for (place, item, _kit, _device), quantity in (await holdings()).items():
        found[place, item] += quantity
    return found


async def _inside(code: str) -> list[dict[str, object]]:
    row = await deliveries.get_consignment(code)
    return list((await deliveries.contents(row["id"]))["lines"])


async def test_a_device_is_what_the_packer_scans(service: Settings) -> None:
    """Which device is sent is said by scan: nothing but what the case says goes in, and less is not packed."""
    box, case, kits = await _case("microbit", spares=2)
    code = await resending.start(case, STORE, why="δεν ήταν μέσα")
    one, other = await _serials(kits[0])
    with pytest.raises(Conflict, match="case-is-not-in"):
        await deliveries.pack(code)
    with pytest.raises(Conflict, match="consignment-of-a-case"):
        await deliveries.pick(code, kits[1])
    at_school = (await _serials(box.kit))[0]
    for wrong in (at_school, kits[1], "SN-unknown"):
        assert (await packing.scan(code, wrong)).sound == "bad"
    assert (await packing.scan(code, f" {one}\r\n")).sound == "good"
    assert (await packing.scan(code, one)).sound == "again"
    refused = await packing.scan(code, other)
    assert refused.refusal is not None and refused.refusal.slug == "case-is-in"
    await resending.take_out(code, one)
    with pytest.raises(NotFound, match="device-not-in-consignment"):
        await resending.take_out(code, one)
    assert (await packing.scan(code, other)).sound == "good"
    # the rest of the kit that gave it can go on its own way meanwhile
    elsewhere = await deliveries.create_consignment("0501659")
    await deliveries.pick(elsewhere, kits[0])
    again = await _leave(code, box)
    assert other in (await last_mail("mail@0501659.example"))["body"]
    assert [line.serial for line in await again.lines()] == [other]
    await again.confirm(key="again")
    assert (await discrepancies.get_discrepancy(case))["replacement"] == other
    await assert_ledger_holds()


async def test_short_again_is_a_case_that_leads_to_the_first(service: Settings) -> None:
    """What does not arrive the second time either opens a case of its own, which can be sent again in its turn."""
    box, first, (spare,) = await _case("usb-cable", 2)
    again = await _leave(await resending.start(first, STORE, why="λείπουν"), box)
    (line,) = await again.lines()
    await again.confirm({line.key: LineAnswer(received=1, not_yet=1)}, key="part")
    assert await _state(first) == ("open", None), "a part is not all of it"
    await again.confirm({line.key: LineAnswer(missing=1, missing_reason="parcel-lost")}, key="rest")
    assert await _state(first) == ("closed", "re-sent")
    second = str(await fetch_value("SELECT code FROM discrepancy WHERE state = 'open'"))
    row = await discrepancies.get_discrepancy(second)
    assert (row["follows"], row["kit_code"], row["quantity"]) == (first, box.kit, 1)
    after = await resending.cases_after(await discrepancies.get_discrepancy(first))
    assert [each["code"] for each in after] == [second]
    # what came belongs to the kit that lacked it, and so does what is found of it
    await discrepancies.close(second, "found", why="βρέθηκε")
    moved = await fetch_value(
        "SELECT k.code FROM movement m JOIN kit k ON k.id = m.kit_id WHERE m.document = $1", second
    )
    assert moved == box.kit != spare
    await assert_ledger_holds()


async def test_a_case_is_sent_again_once_at_a_time(service: Settings) -> None:
    """While it is under way nothing else comes of it; cancelled, its pieces are back and the case is as it was."""
    box, case, _kits = await _case("usb-cable")
    lay = await _lie()
    code = await resending.start(case, STORE, why="λείπει")
    for refused in (
        resending.start(case, STORE, why="ξανά"),
        discrepancies.close(case, "found", why="βρέθηκε"),
    ):
        with pytest.raises(Conflict, match="case-is-sent-again"):
            await refused
    again = await _leave(code, box)
    await deliveries.cancel(code, why="λάθος διεύθυνση")
    assert await _state(case) == ("open", None)
    with pytest.raises(Conflict, match="consignment-was-cancelled"):
        await again.confirm(key="late")
    await returning.confirm(code, None)
    assert await _lie() == lay
    await resending.start(case, STORE, why="δεύτερη φορά")
    await assert_ledger_holds()


async def test_a_case_is_sent_from_the_store_that_is_chosen(service: Settings) -> None:
    """Each store gives what is its own, and gets it back; from nowhere and of nothing, nothing is made."""
    box, case, _kits = await _case("usb-cable", 2)
    await execute("INSERT INTO place (kind, code, title) VALUES ('store', 'north-store', 'Αποθήκη Βορρά')")
    with pytest.raises(NotFound, match="place-not-found"):
        await resending.start(case, "lost", why="λείπουν")
    with pytest.raises(Conflict, match="replacement-not-in-store"):
        await resending.start(case, "north-store", why="λείπουν")
    assert await fetch_value("SELECT count(*) FROM consignment") == 1, "a refusal leaves nothing behind"
    assert [code for code, _ in await resending.stores()] == [STORE, "north-store"]
    await _carry_to("north-store")
    with pytest.raises(Conflict, match="replacement-not-in-store"):
        await resending.start(case, STORE, why="λείπουν")
    lay = await _lie()
    code = await resending.start(case, "north-store", why="λείπουν")
    await deliveries.cancel(code, why="όχι τώρα")
    assert await _lie() == lay
    assert "re-sent" not in OUTCOMES["wrong"] and box.code != code


async def _carry_to(store: str) -> None:
    """All of the central store's stock to another store."""
    from stem_logistics.inventory import ledger

    here, there = await ledger.place(STORE), await ledger.place(store)
    rows = await fetch("SELECT * FROM holding WHERE place_id = $1 AND quantity > 0", here)
    moves = [ledger.Move(r["item_id"], r["quantity"], here, there, r["kit_id"], r["device_id"]) for r in rows]
    await ledger.post(moves, reason="transfer", key="carry")


@pytest.mark.parametrize("item", ["usb-cable", "microbit"])
async def test_kits_of_a_batch_that_awaits_its_sample_give_nothing(service: Settings, item: str) -> None:
    """What is not accepted yet is sent to nobody, piece by piece no more than whole."""
    _box, case, (spare,) = await _case(item)
    order = await purchasing.place_order(
        contract="24ΣΥΜΒ1",
        supplier="Προμηθευτής ΑΕ",
        funding="erasmus-plus",
        funding_reference="2024-1-EL01",
        definition="microbit-set",
        kits=1,
        unit_cents=100,
        title="use",
    )
    batch = await purchasing.open_batch(order, name="Π-9", to_check=1)
    await execute("UPDATE kit SET batch = 'Π-9' WHERE code = $1", spare)
    with pytest.raises(Conflict, match="replacement-not-in-store"):
        await resending.start(case, STORE, why="λείπει")
    await execute("UPDATE purchase_batch SET decision = 'accepted', decided_at = now() WHERE code = $1", batch)
    await resending.start(case, STORE, why="λείπει")


async def test_a_case_is_sent_again_in_the_browser(app: Litestar) -> None:
    """Staff choose outcome and store, the packer scans, the papers are made, the school's page says what it is."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            box, case, (spare,) = await _case("microbit")
        home = f"/discrepancies/{case}"
        page = await client.get(home)
        assert faults(page.text) == [] and "Κεντρική αποθήκη" in page.text
        refused = await post_form(client, f"{home}/close", {"outcome": "re-sent", "store": STORE, "why": ""})
        assert refused.status_code == 422 and faults(refused.text) == []
        given = {"outcome": "re-sent", "store": STORE, "why": "δεν ήταν μέσα"}
        assert (await post_form(client, f"{home}/close", given)).status_code == 303
        code = str(await fetch_value("SELECT code FROM consignment ORDER BY id DESC LIMIT 1"))
        page = await client.get(home)
        assert faults(page.text) == [] and code in page.text and "Στέλνεται ξανά" in page.text
        assert "Στέλνεται ξανά" in (await client.get("/discrepancies")).text
        parcel = f"/consignments/{code}"
        page = await client.get(parcel)
        assert faults(page.text) == [] and case in page.text and f'action="{parcel}/pick"' not in page.text
        one, _other = await _serials(spare)
        for serial in (one, one):
            page = await post_form(client, f"{parcel}/packing/scan", {"scan": serial})
            assert page.status_code == 200 and faults(page.text) == [] and one in page.text
        assert (await post_form(client, f"{parcel}/packing/take-out", {"serial": one})).status_code == 303
        gone = await post_form(client, f"{parcel}/packing/take-out", {"serial": one})
        assert gone.status_code == 422 and faults(gone.text) == []
        assert (await post_form(client, f"{parcel}/packing/scan", {"scan": one})).status_code == 200
        for paper in ("pick-list.pdf", "packing-list.pdf", "label.pdf"):
            assert (await client.get(f"{parcel}/{paper}")).content.startswith(b"%PDF"), paper
        closed = await post_form(
            client, f"{parcel}/packing/close", {"parcels": "1", "courier": "ΕΛΤΑ", "why_unscanned": "μετρημένα"}
        )
        assert closed.status_code == 303
        assert (await post_form(client, f"{parcel}/dispatch", {"courier": "ΕΛΤΑ"})).status_code == 303
        with acting_as(OPERATOR):
            again = await parcel_of(code, box.institution_id, box.kit, "mail@0501659.example")
        mine = await client.get(f"/r/{again.token}")
        assert faults(mine.text) == [] and "Σας στείλαμε ξανά" in mine.text and one in mine.text
        assert one in (await client.get(f"/r/{again.token}/lines")).text
        with acting_as(OPERATOR):
            await again.confirm(key="again")
        page = await client.get(home)
        assert faults(page.text) == [] and "Στάλθηκε ξανά" in page.text and one in page.text
        # both kits tell it: the one that lacked it, and the one that gave it
        for kit, words in ((box.kit, "Στέλνεται ξανά ό,τι δηλώθηκε"), (spare, "Έφυγε από το σετ")):
            page = await client.get(f"/stock/kits/{kit}")
            assert faults(page.text) == [] and words in page.text and code in page.text, kit
