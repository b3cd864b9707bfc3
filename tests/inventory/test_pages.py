"""The stock's pages, as a browser without JavaScript sees them."""

import re

import pytest
from litestar import Litestar

from stem_logistics.accounts.policy import Grant
from stem_logistics.db.engine import fetch_value
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def test_kits_come_in_by_the_form(app: Litestar) -> None:
    """A definition is made, a list pasted with a fault (nothing typed is lost), corrected, and the kits are there."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        assert faults((await client.get("/stock")).text) == []
        for slug, name, serialised in (("microbit", "Micro:bit", True), ("usb-cable", "Καλώδιο", False)):
            item: dict[str, object] = {"slug": slug, "name_el": name, "name_en": name}
            answer = await post_form(client, "/stock/items", item | ({"serialised": "yes"} if serialised else {}))
            assert answer.status_code == 303
        definition: dict[str, object] = {"slug": "Σετ", "title_el": "Σετ", "title_en": "", "item-1": "microbit"}
        refused = await post_form(client, "/stock/definitions", definition)
        assert refused.status_code == 422 and faults(refused.text) == []
        assert refused.text.count("field-bad") >= 3
        definition |= {"slug": "set", "title_en": "Set", "quantity-1": "2", "item-3": "usb-cable", "quantity-3": "1"}
        assert (await post_form(client, "/stock/definitions", definition)).status_code == 303
        form = (await client.get("/stock/receive")).text
        key = re.search(r'name="key" value="([^"]+)"', form)
        assert key and faults(form) == []
        typed: dict[str, object] = {
            "definition": "set",
            "count": "2",
            "batch": "2026-Α",
            "document": "ΔΑ-7",
            "serials": "A1\nA2\nA3\nA1",
            "key": key[1],
        }
        refused = await post_form(client, "/stock/receive", typed)
        assert refused.status_code == 422 and faults(refused.text) == []
        assert "Γραμμή 4: ο σειριακός αριθμός «A1»" in refused.text
        assert "A1\nA2\nA3\nA1</textarea>" in refused.text and 'value="ΔΑ-7"' in refused.text
        typed["serials"] = "A1\nA2\nA3\nA4"
        for _ in range(2):
            assert (await post_form(client, "/stock/receive", typed)).status_code == 303
        assert await fetch_value("SELECT count(*) FROM kit") == 2
        again = await post_form(client, "/stock/receive", {**typed, "key": "another"})
        assert again.status_code == 422 and "Ο σειριακός αριθμός «A1»" in again.text
        listed = (await client.get("/stock/kits?q=A3")).text
        assert faults(listed) == []
        assert len(re.findall(r'href="/stock/kits/K', listed)) == 1


async def test_an_item_names_a_kind_that_can_be_checked(app: Litestar) -> None:
    """The form offers every kind in the reader's language, checklists that are data too; another one is refused."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        form = (await client.get("/stock/definitions")).text
        assert '<option value="set-r1">Σετ ρομποτικής R1 (νηπιαγωγείο)</option>' in form
        assert '<option value="microbit">' in form and "microbit-ble" not in form
        item: dict[str, object] = {"slug": "r1", "name_el": "Σετ R1", "name_en": "Set R1", "device_kind": "set-r1"}
        assert (await post_form(client, "/stock/items", item)).status_code == 303
        assert await fetch_value("SELECT device_kind FROM item WHERE slug = 'r1'") == "set-r1"
        refused = await post_form(client, "/stock/items", item | {"slug": "r9", "device_kind": "set-r9"})
        assert refused.status_code == 422 and "«set-r9»" in refused.text and faults(refused.text) == []
        assert await fetch_value("SELECT count(*) FROM item WHERE slug = 'r9'") == 0


async def test_a_kits_page_tells_its_life(app: Litestar) -> None:
    """Where it is, its parts with serial numbers, its movements; one can be taken back, once, with a reason."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            (code,) = await receive(await make_definition())
            await make_institution()
        page = (await client.get(f"/stock/kits/{code}")).text
        assert faults(page) == []
        serial = await fetch_value("SELECT serial_number FROM device LIMIT 1")
        assert serial in page and "Ήρθε από τον προμηθευτή" in page and "ΔΑ 41" in page
        forms = f"/stock/kits/{code}/custody"
        assert f'href="{forms}?step=disposal"' in page
        opened = (await client.get(f"{forms}?step=lost")).text
        assert faults(opened) == [] and 'id="lost_why"' in opened and 'id="store_why"' not in opened
        empty = await post_form(client, f"{forms}/disposal", {"method": "ΑΗΗΕ", "disposal_why": " "})
        assert empty.status_code == 422 and "Γράψτε γιατί" in empty.text
        moved = await post_form(client, f"{forms}/disposal", {"method": "ΑΗΗΕ", "disposal_why": "κάηκε"})
        assert moved.status_code == 303
        page = (await client.get(f"/stock/kits/{code}")).text
        assert "Έχει αποσυρθεί." in page and "κάηκε" in page and ">ΚΤ-" in page, "withdrawn without its protocol"
        posting = re.findall(r'name="posting" value="([^"]+)"', page)
        answer = await post_form(client, f"/stock/kits/{code}/reverse", {"posting": posting[0], "why": "λάθος σετ"})
        assert answer.status_code == 303
        page = (await client.get(f"/stock/kits/{code}")).text
        assert "Βρίσκεται στην αποθήκη." in page and "αντιλογίστηκε αργότερα" in page and faults(page) == []
        again = await post_form(client, f"/stock/kits/{code}/reverse", {"posting": posting[0], "why": "πάλι"})
        assert again.status_code == 422 and "έχει ήδη αντιλογιστεί" in again.text
        with acting_as(OPERATOR):
            assert (await ledger.verify()).faults == ()


async def test_lists_and_exports_agree(app: Litestar) -> None:
    """The list pages, sorts and filters; the export has every row of the filter, not of the page."""
    async with browser(app) as client:
        await sign_in(client, await make_person("auditor"))
        with acting_as(OPERATOR):
            codes = await receive(await make_definition(), 55)
        for address in ("/stock/kits", "/stock/kits?page=2&sort=code", "/stock/kits?sort=nonsense&place=xx&page=-1"):
            page = await client.get(address)
            assert page.status_code == 200 and faults(page.text) == []
        csv = (await client.get("/stock/kits/export?format=csv&place=store")).text
        assert csv.startswith("\ufeff") and len(csv.strip().splitlines()) == 56
        rows = (await client.get("/stock/kits/export?format=json")).json()
        assert {row["code"] for row in rows} == set(codes)
        assert (await client.get("/stock/kits/export?format=xlsx")).content[:2] == b"PK"
        assert len((await client.get("/stock/kits/export?format=json&place=lost")).json()) == 0
        assert (await post_form(client, f"/stock/kits/{codes[0]}/custody/lost", {"lost_why": "x"})).status_code == 403


@pytest.mark.parametrize("address", ["/stock", "/stock/kits", "/stock/kits/K2345678", "/stock/receive"])
async def test_nobody_sees_the_stock_unasked(app: Litestar, address: str) -> None:
    """Without signing in every page leads to the sign-in."""
    async with browser(app) as client:
        answer = await client.get(address, follow_redirects=False)
        assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")


async def test_a_region_sees_its_own_kits(app: Litestar) -> None:
    """Who works for one region sees its schools' kits, and not the store or another region's."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            school = await make_institution()
            mine, other = await receive(await make_definition(), 2)
            place = await ledger.institution_place(school)
            kit = await stock.get_kit(mine)
            await ledger.post(
                [
                    ledger.Move(p["item_id"], p["quantity"], p["place_id"], place, kit["id"], p["device_id"])
                    for p in kit["contents"]
                ],
                reason="transfer",
                key="t",
            )
            region = await fetch_value("SELECT id FROM regional_directorate")
        await sign_in(client, await make_person("technician", scope=Grant("technician", "region", region)))
        listed = (await client.get("/stock/kits/export?format=json")).json()
        assert [row["code"] for row in listed] == [mine]
        assert (await client.get(f"/stock/kits/{mine}")).status_code == 200
        assert (await client.get(f"/stock/kits/{other}")).status_code == 404
