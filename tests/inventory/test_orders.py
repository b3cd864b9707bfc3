"""Orders after they were placed, and what contracts and their sources come to."""

import re
from datetime import date, timedelta

import pytest
from litestar import Litestar

from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import acceptance, contracts, order_changes, purchasing, scanning
from stem_logistics.settings import Settings
from stem_logistics.web.formats import today
from tests.inventory.stock import make_definition
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def _order(
    kits: int = 3,
    *,
    contract: str = "24ΣΥΜΒ1",
    funding: str = "erasmus-plus",
    reference: str = "2024-1-EL01",
    cents: int = 10_000,
    due_on: date | None = None,
) -> str:
    return await purchasing.place_order(
        contract=contract,
        supplier="Προμηθευτής ΑΕ",
        funding=funding,
        funding_reference=reference,
        definition="microbit-set",
        kits=kits,
        unit_cents=cents,
        title="use",
        due_on=due_on,
    )


async def _arrive(order: str, name: str, *serials: str) -> tuple[str, list[str]]:
    batch = await purchasing.open_batch(order, name=name)
    for serial in serials:
        await scanning.scan(batch, serial, sure=True)
    return batch, await scanning.receive_scanned(batch, surplus=True)


async def _wave(slug: str = "stem-6") -> None:
    await execute(
        """INSERT INTO wave (slug, title_el, title_en, year_from, year_to)
           VALUES ($1, 'Δράση ' || $1, $1, 2026, 2026)""",
        slug,
    )


async def test_what_no_order_could_have_is_refused(service: Settings) -> None:
    """A price of nothing, a day that is past, a wave that does not exist."""
    await make_definition(devices=1)
    for wrong, slug in (
        (_order(cents=0), "order-without-price"),
        (_order(due_on=date(2020, 1, 1)), "order-day-unusable"),
        (_order(due_on=today() + timedelta(days=9999)), "order-day-unusable"),
        (_order(funding="wave", reference="stem-6"), "order-wave-unknown"),
    ):
        with pytest.raises(Invalid, match=slug):
            await wrong
    await _wave()
    await _order(funding="wave", reference="stem-6", due_on=today())
    assert await fetch_value("SELECT count(*) FROM purchase_order") == 1


async def test_an_order_is_corrected_with_its_history(service: Settings) -> None:
    """What stood stays; not below what has come, not without a reason, not without a difference."""
    await make_definition(devices=1)
    order = await _order(3)
    await _arrive(order, "Π-1", "S1", "S2")

    async def correct(why: str = "λάθος", kits: int = 3, cents: int = 10_000, title: str = "use") -> None:
        await order_changes.correct_order(order, kits=kits, unit_cents=cents, title=title, due_on=None, why=why)

    with pytest.raises(Invalid, match="reason-missing"):
        await correct(" ", kits=4)
    with pytest.raises(Invalid, match="order-unchanged"):
        await correct()
    with pytest.raises(Invalid, match="order-without-price"):
        await correct(cents=0)
    with pytest.raises(Conflict, match="order-below-received"):
        await correct(kits=1)
    await correct(kits=2, title="ownership")
    found = await purchasing.get_order(order)
    assert (found["ordered"], found["outstanding"], found["title"]) == (2, 0, "ownership")
    told = {(row["what"], row["was"], row["becomes"], row["why"]) for row in await order_changes.history(found["id"])}
    assert told == {("kits", "3", "2", "λάθος"), ("title", "use", "ownership", "λάθος")}


async def test_an_order_ends_and_is_opened_again(service: Settings) -> None:
    """Cancelled where nothing is here, closed where something is; then nothing comes in, until it is opened again."""
    await make_definition(devices=1)
    empty, part = await _order(3), await _order(3)
    await _arrive(part, "Π-1", "S1")
    batch = await purchasing.open_batch(part, name="Π-2")
    await scanning.scan(batch, "S2")
    assert await order_changes.end_order(empty, why="ανακλήθηκε") == "cancelled"
    assert await order_changes.end_order(part, why="ο προμηθευτής δεν έχει άλλα") == "closed"
    assert (await purchasing.get_order(part))["outstanding"] == 0
    for refused in (
        purchasing.open_batch(empty, name="Π-3"),
        scanning.scan(batch, "S3"),
        scanning.receive_scanned(batch),
        order_changes.end_order(part, why="πάλι"),
        order_changes.correct_order(part, kits=9, unit_cents=1, title="use", due_on=None, why="x"),
    ):
        with pytest.raises(Conflict, match="order-ended"):
            await refused
    await order_changes.reopen_order(part, why="βρέθηκαν")
    with pytest.raises(Conflict, match="order-open"):
        await order_changes.reopen_order(part, why="πάλι")
    await scanning.receive_scanned(batch)
    found = await purchasing.get_order(part)
    assert (found["ended"], found["received"], found["outstanding"]) == (None, 2, 1)
    states = [(row["was"], row["becomes"]) for row in await order_changes.history(found["id"])]
    assert states == [("closed", "open"), ("open", "closed")]


async def test_a_contract_is_paid_from_several_sources(service: Settings) -> None:
    """Each with its amount; totals by contract and by source count what came, was accepted and went back."""
    await make_definition(devices=1)
    one, two = await _order(2), await _order(3, funding="budget-line", reference="2026-9471")
    other = await _order(5, contract="25ΣΥΜΒ2", funding="budget-line", reference="2026-9471")
    batch, codes = await _arrive(one, "Π-1", "S1", "S2")
    await acceptance.decide(batch, accept=True)
    await acceptance.reject(batch, codes[0], why="σπασμένο")
    await order_changes.end_order(other, why="ανακλήθηκε")
    contract_id = (await purchasing.get_order(two))["contract_id"]
    await contracts.set_share(contract_id, "budget-line", "2026-9471", 25_000)
    found = await contracts.get_contract(contract_id)
    assert {name: found[name] for name in contracts.TOTALS} == {
        "ordered": 5, "received": 2, "accepted": 1, "rejected": 1, "value_cents": 50_000,
    }  # fmt: skip
    assert [(row["funding"], row["cents"], row["value_cents"], row["over"]) for row in found["shares"]] == [
        ("budget-line", 25_000, 30_000, True),
        ("erasmus-plus", None, 20_000, False),
    ]
    source = await contracts.get_source(found["shares"][0]["funding_id"])
    assert (source["ordered"], source["value_cents"]) == (3, 30_000), "what was cancelled is not counted"
    with pytest.raises(Conflict, match="share-in-use"):
        await contracts.set_share(contract_id, "budget-line", "2026-9471", None)
    with pytest.raises(Invalid, match="order-wave-unknown"):
        await contracts.set_share(contract_id, "wave", "stem-99", 1)
    with pytest.raises(NotFound, match="contract-not-found"):
        await contracts.get_contract(contract_id + 99)


async def test_orders_in_the_browser(app: Litestar) -> None:
    """The same form twice is one order; corrections, ends and totals; each number is a door to its rows."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            await make_definition(devices=1)
            await _wave()
        page = (await client.get("/stock/orders")).text
        assert faults(page) == [] and 'value="wave:stem-6"' in page
        form: dict[str, object] = {
            "key": re.findall(r'name="key" value="([^"]+)"', page)[0],
            "contract": "24ΣΥΜΒ1",
            "supplier": "Προμηθευτής ΑΕ",
            "funding": "wave:stem-6",
            "definition": "microbit-set",
            "kits": "2",
            "price": "0",
            "title": "ownership",
        }
        free = await post_form(client, "/stock/orders", form)
        assert free.status_code == 422 and 'href="#price"' in free.text and faults(free.text) == []
        past = await post_form(client, "/stock/orders", form | {"price": "12,50", "due_on": "2020-01-01"})
        assert past.status_code == 422 and 'href="#due_on"' in past.text
        first = await post_form(client, "/stock/orders", form | {"price": "12,50"})
        again = await post_form(client, "/stock/orders", form | {"price": "12,50"})
        assert first.headers["location"] == again.headers["location"]
        other = await post_form(client, "/stock/orders", form | {"price": "13"})
        assert other.status_code == 422 and "έχει ήδη σταλεί" in other.text
        assert await fetch_value("SELECT count(*) FROM purchase_order") == 1
        order = first.headers["location"]
        code = order.rsplit("/", 1)[1]
        with acting_as(OPERATOR):
            batch, kits = await _arrive(code, "Π-1", "S1", "S2", "S3")
            await acceptance.decide(batch, accept=True)
            await acceptance.reject(batch, kits[0], why="σπασμένο")
        kit = (await client.get(f"/stock/kits/{kits[1]}")).text
        assert faults(kit) == [] and "12,50" in kit and "Κυριότητα" in kit and f'href="/stock/orders/{code}"' in kit
        wrong = {"action": "correct", "kits": "x", "price": "12,50", "title": "use", "why": "λάθος"}
        refused = await post_form(client, order, wrong)
        assert refused.status_code == 422 and 'href="#kits"' in refused.text and faults(refused.text) == []
        assert (await post_form(client, order, wrong | {"kits": "4"})).status_code == 303
        assert (await post_form(client, order, {"action": "end", "end_why": ""})).status_code == 422
        assert (await post_form(client, order, {"action": "end", "end_why": "τέλος"})).status_code == 303
        shown = (await client.get(order)).text
        assert faults(shown) == [] and "Έκλεισε" in shown and "τέλος" in shown and "12,50" in shown
        assert (await post_form(client, order, {"action": "reopen", "end_why": "λάθος"})).status_code == 303
        contract = await fetch_value("SELECT id FROM contract")
        source = await fetch_value("SELECT id FROM funding_source")
        home = f"/stock/contracts/{contract}"
        bad = await post_form(client, home, {"funding": "budget-line", "funding_reference": "7", "cents": "-1"})
        assert bad.status_code == 422 and 'href="#cents"' in bad.text and faults(bad.text) == []
        share = {"funding": "budget-line", "funding_reference": "2026-9471", "cents": "1.000"}
        assert (await post_form(client, home, share)).status_code == 422, "1.000 could be one euro"
        assert (await post_form(client, home, share | {"cents": "1.000,00"})).status_code == 303
        for address in ("/stock/contracts", home, f"/stock/funding/{source}", f"/stock/orders?contract={contract}"):
            shown = (await client.get(address)).text
            assert faults(shown) == [] and "24ΣΥΜΒ1" in shown
        assert "1.000,00" in (await client.get(home)).text
        for narrowed, count in (("", 3), ("&purchase=accepted", 2), ("&purchase=rejected", 1)):
            for which in (f"order={code}", f"contract={contract}", f"funding={source}"):
                rows = (await client.get(f"/stock/kits/export?format=json&{which}{narrowed}")).json()
                assert len(rows) == count, (which, narrowed)
        assert (await client.get(f"/stock/kits?order={code}&purchase=rejected")).text.count(kits[0]) > 0
        assert "24ΣΥΜΒ1" not in (await client.get("/stock/orders?contract=99999")).text.split('id="new"')[0]
