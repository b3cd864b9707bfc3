"""Kits that come in: what came once may come again, whatever is refused is named, nothing typed is lost."""

import uuid

import pytest
from litestar import Litestar

from stem_logistics.db.engine import fetch_value
from stem_logistics.errors import Conflict, FieldErrors
from stem_logistics.inventory import acceptance, ledger, purchasing
from stem_logistics.inventory import service as stock
from stem_logistics.settings import Settings
from tests.inventory.stock import kit_id, make_definition
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def _order() -> str:
    return await purchasing.place_order(
        contract="24ΣΥΜΒ1",
        supplier="Προμηθευτής ΑΕ",
        funding="wave",
        funding_reference="stem-6",
        definition="microbit-set",
        kits=2,
        unit_cents=100,
        title="use",
    )


async def _take_in(*serials: str, batch: str = "") -> str:
    definition = await make_definition()
    (code,) = await stock.receive_kits(definition, [{"microbit": list(serials)}], key=uuid.uuid4().hex, batch=batch)
    return code


async def _purchase_of(code: str) -> str:
    return str(
        await fetch_value(
            "SELECT idempotency_key FROM movement WHERE kit_id = $1 ORDER BY id LIMIT 1", await kit_id(code)
        )
    )


async def test_a_mistaken_entry_is_reversed_and_entered_again(service: Settings) -> None:
    """The same devices come in with another kit: their history stays whole, the book holds, the order counts once."""
    await make_definition()
    order = await _order()
    await purchasing.open_batch(order, name="Π-1")
    wrong = await _take_in("SM-5", "SM-6", batch="Π-1")
    key = await _purchase_of(wrong)
    await stock.reverse_posting(wrong, key, why="λάθος προμήθεια")
    found = await purchasing.get_order(order)
    assert (found["received"], found["outstanding"], found["batches"][0]["kits"]) == (0, 2, 0)
    right = await _take_in("SM-5", "SM-6", batch="Π-1")
    assert right != wrong
    found = await purchasing.get_order(order)
    assert (found["received"], found["outstanding"], found["batches"][0]["kits"]) == (1, 1, 1)
    assert [x["serial_number"] for x in (await stock.get_kit(right))["contents"]][:2] == ["SM-5", "SM-6"]
    assert (await stock.get_kit(wrong))["contents"] == []
    assert await fetch_value("SELECT count(*) FROM device") == 2, "a device is one, however often it comes"
    assert await fetch_value("SELECT count(DISTINCT kit_id) FROM movement WHERE device_id IS NOT NULL") == 2
    assert (await ledger.verify()).faults == ()
    # here again, so it cannot come a third time; and what it left behind is not taken back under it
    with pytest.raises(FieldErrors) as taken:
        await _take_in("SM-5", "SM-7")
    assert [each["params"]["kit"] for each in taken.value.errors] == [right]
    await stock.reverse_posting(right, await _purchase_of(right), why="ξανά")
    assert await _take_in("SM-6", "SM-5")
    assert (await ledger.verify()).faults == ()


async def test_what_the_supplier_repaired_comes_back(service: Settings) -> None:
    """A rejected kit's devices are scanned again; the rejection can then not be taken back under them."""
    await make_definition()
    batch = await purchasing.open_batch(await _order(), name="Π-1")
    for serial in ("MB-0001", "MB-0002"):
        await purchasing.scan(batch, serial)
    (first,) = await purchasing.receive_scanned(batch)
    await acceptance.reject(batch, first, why="καμένα")
    (rejection,) = [row["key"] for row in (await stock.get_kit(first))["history"] if row["reason"] == "reject"]
    for serial in ("MB-0001", "MB-0002"):
        await purchasing.scan(batch, serial)
    (second,) = await purchasing.receive_scanned(batch)
    assert second != first
    with pytest.raises(Conflict, match="device-in-another-kit") as gone:
        await stock.reverse_posting(first, rejection, why="λάθος")
    assert gone.value.params["kit"] == second
    (row,) = await purchasing.list_orders()
    assert (row["received"], row["rejected"], row["outstanding"]) == (2, 1, 1)
    assert (await ledger.verify()).faults == ()


async def test_a_kit_that_went_back_says_so(app: Litestar) -> None:
    """Its page, the list and its filter say that it is at the supplier, and the page since when."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            gone, here = await _take_in("SM-1", "SM-2"), await _take_in("SM-3", "SM-4")
            await stock.reverse_posting(gone, await _purchase_of(gone), why="λάθος")
        page = (await client.get(f"/stock/kits/{gone}")).text
        assert "Βρίσκεται στον προμηθευτή από" in page and "Στον προμηθευτή" in page and faults(page) == []
        assert "Κανένα μέρος" not in page and "Σε περισσότερες θέσεις" not in page
        listed = (await client.get("/stock/kits?place=supplier")).text
        assert gone in listed and here not in listed and faults(listed) == []
        assert gone not in (await client.get("/stock/kits?place=several")).text
        stock_page = (await client.get("/stock")).text
        assert "place=supplier" in stock_page and faults(stock_page) == []


async def test_each_taken_serial_number_is_named_with_its_kit(app: Litestar) -> None:
    """Also where it is the only one; with a door to the kit that has it."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            has = await _take_in("SM-1", "SM-2")
        form = {"definition": "microbit-set", "count": "1", "serials": "SM-2\nSM-3"}
        refused = await post_form(client, "/stock/receive", form)
        assert refused.status_code == 422 and faults(refused.text) == []
        assert "«SM-2»" in refused.text and f'href="/stock/kits/{has}"' in refused.text
