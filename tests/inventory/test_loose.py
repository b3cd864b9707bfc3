"""Stock outside of kits: it comes, is sent for a kit that a school has, joins it at the receipt, or is written off."""

import asyncpg
import pytest
from litestar import Litestar

from stem_logistics.custody import supplies
from stem_logistics.db.engine import execute, fetch, fetch_value, unit_of_work
from stem_logistics.deliveries import service as deliveries
from stem_logistics.errors import Conflict, DomainError, FieldErrors, Invalid
from stem_logistics.inventory import definitions, ledger, loose
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move
from stem_logistics.inventory.regrouping import Piece, regroup
from stem_logistics.settings import Settings
from tests.custody.scene import SCHOOL, arrived, kit_at_school, place_of, serials
from tests.inventory.stock import kit_id, positions, receive
from tests.support import OPERATOR, acting_as, browser, client_of, make_person, post_form, sign_in, today
from tests.web.accessibility import faults


async def _held() -> dict[str, int]:
    return {row["slug"]: row["quantity"] for row in await loose.in_store()}


async def test_what_a_kit_is_sent_joins_it_when_the_school_confirms(service: Settings) -> None:
    """A device and cables, out of the store: the kit stays where it is meanwhile, and has them at the end."""
    kit = await kit_at_school()
    await loose.receive(loose.Incoming("microbit", serials=("MB-77", "MB-78"), document="ΔΑ-1"), key="a")
    await loose.receive(loose.Incoming("usb-cable", 40, document="ΔΑ-1"), key="b")
    await loose.receive(loose.Incoming("usb-cable", 40, document="ΔΑ-1"), key="b")
    assert await _held() == {"microbit": 2, "usb-cable": 40}, "the same form twice counts once"
    at_school = await positions()
    device = await supplies.send(kit, "microbit", 0, "MB-77", why="δεύτερη τάξη")
    cables = await supplies.send(kit, "usb-cable", 3, "", why="δεύτερη τάξη")
    assert await _held() == {"microbit": 1, "usb-cable": 37}
    assert await positions() == at_school, "the kit is where it was"
    with pytest.raises(Conflict, match="consignment-of-pieces"):
        await deliveries.pick(device, kit)
    for code in (device, cables):
        await deliveries.pack(code)
        await deliveries.dispatch(code, courier="Ταχυμεταφορές")
        await arrived(SCHOOL)
    assert await place_of("MB-77") == f"institution-{SCHOOL}" and "MB-77" in await serials(kit)
    place, lost, scrapped, pieces = (await positions())[await kit_id(kit)]
    assert (place, lost, scrapped) == at_school[await kit_id(kit)][:3] and pieces == at_school[await kit_id(kit)][3] + 4
    assert (await ledger.verify()).faults == ()


async def test_a_cancelled_one_is_loose_again(service: Settings) -> None:
    """What was not sent after all lies in the store, of no kit."""
    kit = await kit_at_school()
    await loose.receive(loose.Incoming("microbit", serials=("MB-77",), document="ΔΑ-1"), key="a")
    code = await supplies.send(kit, "microbit", 0, "MB-77", why="δεύτερη τάξη")
    await deliveries.cancel(code, why="όχι τελικά")
    assert await _held() == {"microbit": 1} and "MB-77" not in await serials(kit)
    await supplies.send(kit, "microbit", 0, "MB-77", why="τελικά ναι")
    assert (await ledger.verify()).faults == ()


async def test_a_kit_is_taken_apart_and_loose_stock_ends(service: Settings) -> None:
    """Its pieces are spares; they are written off with a reason and a paper; what went back may come again."""
    kit = await kit_at_school(spares=1)
    spare = str(await fetch_value("SELECT code FROM kit WHERE code <> $1", kit))
    (first, second) = await serials(spare)
    await loose.take_out_of_kit(spare, "microbit", 1, first, why="για ανταλλακτικό")
    await loose.take_out_of_kit(spare, "usb-cable", 2, "", why="για ανταλλακτικό")
    assert await _held() == {"microbit": 1, "usb-cable": 2} and await serials(spare) == [second]
    refusals = (
        loose.take_out_of_kit(spare, "microbit", 1, first, why="ξανά"),
        loose.take_out_of_kit(spare, "usb-cable", 2, "", why="δεν έχει τόσα"),
        loose.take_out_of_kit(kit, "usb-cable", 1, "", why="είναι σε σχολείο"),
        loose.take_out_of_kit(spare, "usb-cable", 1, "", why=" "),
        loose.end("usb-cable", 3, "", "scrapped", document="Π-1", why="σκίστηκαν"),
        loose.end("usb-cable", 1, "", "scrapped", document=" ", why="σκίστηκαν"),
        loose.end("usb-cable", 1, "", "supplier", document="Π-1", why="σκίστηκαν"),
    )
    lay = await _held()
    for refused in refusals:
        with pytest.raises(DomainError):
            await refused
    assert await _held() == lay
    await loose.end("usb-cable", 1, "", "scrapped", document="Π-1", why="σκίστηκε")
    await loose.end("usb-cable", 1, "", "lost", document="Π-1", why="δεν βρέθηκε")
    await loose.end("microbit", 0, first, "scrapped", document="Π-1", why="κάηκε")
    assert await _held() == {}
    assert (await ledger.verify()).faults == ()


async def test_bad_input_is_refused_with_why(service: Settings) -> None:
    """No delivery note, nothing to count, serial numbers that cannot be, that are known, or stand twice; the morrow."""
    kit = await kit_at_school()
    known = (await serials(kit))[0]
    incoming = loose.Incoming
    for given, slug in (
        (incoming("microbit", serials=("MB-1",)), "delivery-note-missing"),
        (incoming("microbit", 3, document="1"), "loose-serials-missing"),
        (incoming("usb-cable", 0, document="1"), "loose-count-out-of-range"),
        (incoming("usb-cable", 10**6, document="1"), "loose-count-out-of-range"),
        (incoming("microbit", serials=("A;B",), document="1"), "serial-unusable"),
        (incoming("microbit", serials=("ΜΒ-1",), document="1"), "serial-look-alike"),
        (incoming("microbit", serials=("A-1", "A-1"), document="1"), "serial-given-twice"),
        (incoming("microbit", serials=("A-1", known), document="1"), "serial-numbers-taken"),
        (incoming("usb-cable", 1, document="1", day=today().replace(year=today().year + 1)), "movement-in-future"),
    ):
        with pytest.raises(DomainError, match=slug):
            await loose.receive(given, key=slug)
    assert await _held() == {} and await fetch_value("SELECT count(*) FROM device WHERE kit_id IS NULL") == 0


async def test_the_database_refuses_half_a_regrouping(service: Settings) -> None:
    """What leaves a kit enters another in the same transaction; a device that lies somewhere keeps its kit."""
    await kit_at_school(spares=2)
    one, other = [row["id"] for row in await fetch("SELECT id FROM kit ORDER BY id LIMIT 2 OFFSET 1")]
    store, between = await ledger.place(ledger.STORE), await ledger.place(ledger.REGROUPING)
    cable = await fetch_value("SELECT id FROM item WHERE slug = 'usb-cable'")
    with pytest.raises(DomainError, match="movement-regroups-alone"):
        await ledger.post([Move(cable, 1, store, between, one)], reason="regroup", key="half")
    with pytest.raises(DomainError, match="movement-regroups-alone"):
        await ledger.post([Move(cable, 1, store, between, one)], reason="transfer", key="by another name")
    with pytest.raises((DomainError, asyncpg.PostgresError)):
        await execute("UPDATE device SET kit_id = $1 WHERE kit_id = $2", other, one)
    async with unit_of_work():
        await regroup([Piece(cable, 1, one)], other, store, document="Δ-1")
    with pytest.raises(Conflict, match="stock-overdrawn"):
        async with unit_of_work():
            await regroup([Piece(cable, 9, one)], other, store, document="Δ-2")
    assert (await ledger.verify()).faults == ()


async def test_in_the_browser(app: Litestar) -> None:
    """Received, sent for a kit, written off; what is refused keeps what was typed; a reader sees and does not act."""
    async with browser(app) as client, client_of(app) as reader:
        await sign_in(client, await make_person("staff"))
        await sign_in(reader, await make_person("auditor"))
        with acting_as(OPERATOR):
            kit = await kit_at_school()
        page = await client.get("/stock/loose")
        assert faults(page.text) == [] and "Δεν υπάρχει τίποτε εκτός σετ" in page.text
        form = {"item": "microbit", "serials": "MB-77\nMB-78\n", "document": "", "key": "k1", "quantity": ""}
        refused = await post_form(client, "/stock/loose/receive", form)
        assert refused.status_code == 422 and faults(refused.text) == [] and "MB-78" in refused.text
        assert (await post_form(client, "/stock/loose/receive", {**form, "document": "ΔΑ-9"})).status_code == 303
        seen = await reader.get("/stock/loose")
        assert seen.status_code == 200 and "MB-77" in seen.text and 'action="/stock/loose/' not in seen.text
        custody = f"/stock/kits/{kit}/custody"
        page = await client.get(custody)
        assert faults(page.text) == [] and "Αποστολή ειδών για αυτό το σετ" in page.text
        given = {"supply_item": "microbit", "supply_serial": "MB-79", "supply_why": "δεύτερη τάξη"}
        refused = await post_form(client, f"{custody}/supply", given)
        assert refused.status_code == 422 and faults(refused.text) == [] and "MB-79" in refused.text
        sent = await post_form(client, f"{custody}/supply", {**given, "supply_serial": "MB-77"})
        assert sent.status_code == 303
        code = await fetch_value("SELECT code FROM consignment ORDER BY id DESC LIMIT 1")
        for address in (f"/consignments/{code}", f"/consignments/{code}/packing", "/consignments"):
            page = await client.get(address)
            assert page.status_code == 200 and faults(page.text) == [], address
        page = await client.get(f"/stock/kits/{kit}")
        assert "Στέλνεται κάτι που θα μπει στο σετ" in page.text and code in page.text
        with acting_as(OPERATOR):
            await deliveries.pack(code)
            await deliveries.dispatch(code, courier="Ταχυμεταφορές")
            await arrived(SCHOOL)
        told = (await client.get(f"/stock/kits/{kit}")).text
        assert "Το παρέλαβε το σχολείο: 1 τεμάχιο" in told and "Μπήκε σε σετ ή έφυγε" not in told
        end = {"end_item": "microbit", "end_serial": "MB-78", "end_where": "scrapped", "end_document": "Π-3"}
        refused = await post_form(client, "/stock/loose/end", {**end, "end_why": ""})
        assert refused.status_code == 422 and faults(refused.text) == [] and "Π-3" in refused.text
        end["end_why"] = "κάηκε"
        assert (await post_form(client, "/stock/loose/end", end)).status_code == 303
        assert (await client.get("/stock/loose")).status_code == 200
        assert (await post_form(reader, "/stock/loose/end", end)).status_code == 403


async def test_serials_that_are_known_are_named(service: Settings) -> None:
    """Each with its kit."""
    kit = await kit_at_school()
    known = (await serials(kit))[0]
    with pytest.raises(FieldErrors) as refused:
        await loose.receive(loose.Incoming("microbit", serials=(known,), document="1"), key="k")
    assert [(each["params"]["serial"], each["params"]["kit"]) for each in refused.value.errors] == [(known, kit)]
    with pytest.raises(Invalid, match="reason-missing"):
        await supplies.send(kit, "usb-cable", 1, "", why=" ")
    (store,) = await receive(await definitions.get_definition("microbit-set"), 1)
    with pytest.raises(Conflict, match="kit-not-at-school"):
        await supplies.send(store, "usb-cable", 1, "", why="x")
    assert await stock.find_kit(store) is not None
