"""Packing by scan: what belongs into the parcels is noted, what does not is refused with why."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from litestar import Litestar

from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.deliveries import from_wave, packing, protocols, queries, service
from stem_logistics.deliveries import service as deliveries
from stem_logistics.deliveries.packing_pages import grams_of
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.inventory import service as stock
from stem_logistics.settings import Settings
from tests.deliveries.parcels import assert_ledger_holds, dispatched_parcel
from tests.deliveries.test_consignments import published_wave
from tests.deliveries.test_documents import text_of
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def serials(kit: str) -> list[str]:
    rows = await fetch(
        "SELECT serial_number FROM device d JOIN kit k ON k.id = d.kit_id WHERE k.code = $1 ORDER BY d.id", kit
    )
    return [row["serial_number"] for row in rows]


async def test_each_scan_is_answered(service: Settings) -> None:
    """A label, an address, a serial number of the consignment: in, once. A stranger: refused, saying whose it is."""
    elsewhere = await dispatched_parcel("0501660")
    definition = await make_definition("other-set")
    first, second = await receive(definition, 2)
    await make_institution()
    code = await _consignment("0501659")
    said = await packing.scan(code, first)
    assert (said.sound, said.kit) == ("good", first), "a kit of the store goes into a consignment of no wave"
    assert (await packing.scan(code, f"https://stem.example.gr/k/{first}?x=1")).sound == "again"
    mine = await serials(first)
    assert [(await packing.scan(code, each)).sound for each in (mine[0].lower(), mine[0], f" {mine[1]}\r\n")] == [
        "good",
        "again",
        "good",
    ]
    assert (await packing.progress(await _id(code)))[0]["seen"]
    for raw, slug in (
        (elsewhere.kit, "scan-of-another-consignment"),
        ((await serials(elsewhere.kit))[0], "scan-of-another-consignment"),
        ("SN-unknown", "scan-unknown"),
        ("K2345678", "scan-unknown"),
        ("", "scan-empty"),
        ("\x00\x07", "scan-empty"),
        ("9" * 4000, "scan-empty"),
    ):
        refused = await packing.scan(code, raw)
        assert refused.sound == "bad" and refused.refusal is not None and refused.refusal.slug == slug, raw[:20]
    await elsewhere.confirm()
    refused = await packing.scan(code, elsewhere.kit)
    assert refused.refusal is not None and refused.refusal.slug == "scan-not-in-store"
    await packing.close(code, parcels=2, weight_grams=2400, courier="ΕΛΤΑ", tracking_number="R1", document="ΔΑ-9")
    row = await queries.consignment(code)
    assert row and (row["state"], row["parcels"], row["weight_grams"], row["supplier_document"]) == (
        "packed",
        2,
        2400,
        "ΔΑ-9",
    )
    with pytest.raises(Conflict, match="consignment-not-packing"):
        await packing.scan(code, second)
    await assert_ledger_holds()


async def _consignment(school: str) -> str:
    return await service.create_consignment(school)


async def _id(code: str) -> int:
    return int(await fetch_value("SELECT id FROM consignment WHERE code = $1", code))


async def test_another_kit_of_the_kind_may_take_the_place(service: Settings) -> None:
    """A wave's consignment takes no kit more than was awarded; one of the same kind may take an awaited one's place."""
    await make_institution()
    definition = await make_definition()
    await receive(definition, 2)
    await published_wave({"0501659": 2}, definition.slug)
    await from_wave.make_consignments("stem-6")
    codes = await fetch("SELECT c.id, c.code FROM consignment c JOIN consignment_kit k ON k.consignment_id = c.id")
    code, number = codes[0]["code"], codes[0]["id"]
    old = (await packing.progress(number))[0]
    (free,) = await receive(definition)
    said = await packing.scan(code, free)
    assert said.sound == "bad" and said.instead_of == old["code"]
    award = await fetch_value("SELECT award_id FROM consignment_kit WHERE kit_id = $1", old["kit_id"])
    await packing.swap(code, free, old["code"])
    kits = await packing.progress(number)
    assert [(kit["code"], kit["seen"], kit["award_id"]) for kit in kits if kit["code"] in (free, old["code"])] == [
        (free, True, award)
    ]
    await assert_ledger_holds()


@pytest.mark.parametrize(("typed", "grams"), [("", None), ("2,4", 2400), (" 0.35 kg", 350), ("12", 12_000)])
def test_weights_are_read_as_people_write_them(typed: str, grams: int | None) -> None:
    """Kilograms with comma or point."""
    assert grams_of(typed) == grams


@pytest.mark.parametrize("typed", ["δύο", "-1", "0", "nan", "inf", "99999", "1e9999"])
def test_no_weight_is_refused(typed: str) -> None:
    """What is no weight of parcels is refused, never a fault of ours."""
    with pytest.raises(Invalid, match="weight-"):
        grams_of(typed)


async def test_the_packers_page_works_without_javascript(app: Litestar) -> None:
    """Scan, be told, close: each a form, each page usable by everyone."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            await make_institution()
            (kit,) = await receive(await make_definition())
            code = await service.create_consignment("0501659")
        home = f"/consignments/{code}/packing"
        assert faults((await client.get(home)).text) == []
        answer = await post_form(client, f"{home}/scan", {"scan": kit})
        assert answer.status_code == 200 and faults(answer.text) == [] and 'data-sound="good"' in answer.text
        answer = await post_form(client, f"{home}/scan", {"scan": "nothing"})
        assert faults(answer.text) == [] and 'data-sound="bad"' in answer.text and "άγνωστο" in answer.text
        wrong = await post_form(client, f"{home}/close", {"parcels": "1", "weight": "πολύ"})
        assert wrong.status_code == 422 and faults(wrong.text) == [] and "πολύ" in wrong.text
        done = await post_form(client, f"{home}/close", {"parcels": "1", "weight": "2,4", "document": "ΔΑ-9"})
        assert done.status_code == 303
        page = await client.get(done.headers["location"])
        assert "2,4 kg" in page.text and "ΔΑ-9" in page.text
        assert faults((await client.get(home)).text) == []


async def test_nothing_is_packed_for_a_cancelled_consignment(service: Settings) -> None:
    """A scan, a kit by its code and a closing are refused with its state, and the kits stay on the shelf."""
    await make_institution()
    (kit,) = await receive(await make_definition())
    code = await deliveries.create_consignment("0501659")
    await deliveries.cancel(code, why="λάθος σχολείο")
    for refused, slug in (
        (packing.scan(code, kit), "consignment-not-packing"),
        (deliveries.pick(code, kit), "consignment-step-not-possible"),
        (deliveries.pack(code), "consignment-step-not-possible"),
    ):
        with pytest.raises(Conflict, match=slug):
            await refused
    assert (await stock.get_kit(kit))["place_kind"] == "store"


async def test_kits_of_tomorrow_are_not_received(service: Settings) -> None:
    """A delivery dated in the future is refused as a whole: no kit, no device, no movement."""
    definition = await make_definition()
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(Conflict, match="movement-in-future"):
        await stock.receive_kits(
            definition, [{"microbit": ["A1", "A2"]}], key="k", occurred_at=tomorrow, reason="historic"
        )
    assert await fetch_value("SELECT (SELECT count(*) FROM kit) + (SELECT count(*) FROM device)") == 0


async def test_what_was_not_scanned_is_asked_about(app: Litestar) -> None:
    """Closed without a scan, it wants a reason and keeps what was typed; loose parts are ticked, or a label scanned."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            (kit,) = await receive(await make_definition())
            await make_institution()
            code = await _consignment("0501659")
            await service.pick(code, kit)
        await sign_in(client, await make_person("staff"))
        where = f"/consignments/{code}/packing"
        page = await client.get(where)
        assert faults(page.text) == [] and page.text.count('name="tick"') == 2
        typed = {"parcels": "2", "weight": "2,45", "courier": "ΕΛΤΑ"}
        refused = await post_form(client, f"{where}/close", typed)
        assert refused.status_code == 422 and "σετ: 1, χύμα είδη: 2" in refused.text and "2,45" in refused.text
        assert f"{code[:4]}-{code[4:]}" in refused.text and faults(refused.text) == []
        ticks = re.findall(r'name="tick" value="(\d+)"', page.text)
        refused = await post_form(client, f"{where}/close", {**typed, "tick": ticks[0]})
        assert "χύμα είδη: 1" in refused.text and "checked" in refused.text
        for serial in await serials(kit):
            await post_form(client, f"{where}/scan", {"scan": serial})
        closed = await post_form(client, f"{where}/close", {**typed, "tick": ticks})
        assert closed.status_code == 303
        shown = await client.get(f"/consignments/{code}")
        assert "2,45" in shown.text and "Έκλεισε χωρίς" not in shown.text
        with acting_as(OPERATOR):
            row = await service.get_consignment(code)
            assert "2,45" in text_of(await protocols.packing_list(row))
            await service.unpack(code)
        closed = await post_form(client, f"{where}/close", {**typed, "why_unscanned": "χάλασε ο σαρωτής"})
        assert closed.status_code == 303
        assert "χάλασε ο σαρωτής" in (await client.get(f"/consignments/{code}")).text


async def test_a_scanned_label_stands_for_all_that_is_in_the_kit(service: Settings) -> None:
    """Nothing of it is left to tick, and the parcels close without a question."""
    (kit,) = await receive(await make_definition())
    await make_institution()
    code = await _consignment("0501659")
    await packing.scan(code, kit)
    assert packing.missing_of(await packing.progress(await _id(code))) == (0, 0)
    await packing.close(code, parcels=1, weight_grams=None, courier="", tracking_number="", document="")
