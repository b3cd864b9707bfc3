"""A device model in one place, kit versions that do not change, and parts that another may stand in for."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from stem_logistics.checks.service import expected_list
from stem_logistics.custody import repairs
from stem_logistics.db.engine import execute, unit_of_work
from stem_logistics.deliveries import service as deliveries
from stem_logistics.deliveries.expected import expected_lines
from stem_logistics.errors import Conflict, FieldErrors, Invalid
from stem_logistics.inventory import definitions, models
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.definitions import BomEntry
from stem_logistics.inventory.model_rules import read_lessons, read_usb_ids, warranty_end
from stem_logistics.inventory.models import Known
from stem_logistics.inventory.rules import read_serials
from stem_logistics.settings import Settings
from stem_logistics.web.i18n import use_locale
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.web.accessibility import faults

MICROBIT = Known("Micro:bit V2", "Micro:bit V2", "Micro:bit Foundation", "V2.2", "0d28:0204", "microbit-v2", "24")


@given(st.dates(date(2000, 1, 1), date(2080, 12, 31)), st.integers(0, 240))
def test_a_warranty_ends_so_many_months_later(bought: date, months: int) -> None:
    """The month is exactly so many later; the day is the same, or the month's last; never earlier than the purchase."""
    ends = warranty_end(bought, months)
    assert (ends.year - bought.year) * 12 + ends.month - bought.month == months
    assert ends.day == bought.day or (ends.day < bought.day and ends.day >= 28)
    assert ends >= bought


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF)), max_size=5))
def test_usb_identities_are_read_however_they_are_copied(pairs: list[tuple[int, int]]) -> None:
    """Small or capital figures, 0x or not, colon, slash or blank: the same identities, each once."""
    forms = ("{:04x}:{:04x}", "0x{:04X} / 0x{:04X}", "{:04X} {:04x}")
    typed = "\n".join(forms[at % 3].format(*pair) for at, pair in enumerate(pairs))
    assert read_usb_ids(typed) == list(dict.fromkeys(f"{vid:04X}:{pid:04X}" for vid, pid in pairs))


def test_lessons_are_read_a_line_each() -> None:
    """The address is the last word; what stands before it is the title."""
    assert read_lessons("Πρώτα βήματα – https://a.example/1\n\nhttp://b.example") == [
        ("Πρώτα βήματα", "https://a.example/1"),
        ("", "http://b.example"),
    ]


async def test_a_model_is_judged_by_the_checker(service: Settings) -> None:
    """What the checker would not recognise is refused with what to do; what it knows is kept, with spare parts."""
    await make_definition()
    for wrong, slug in (
        (Known("α", "a", usb_ids="0d28-0204"), "usb-id-unreadable"),
        (Known("α", "a", usb_ids="1234:5678"), "usb-id-unknown-to-kind"),
        (Known("α", "a", baseline="microbit-v9"), "baseline-unknown"),
        (Known("α", "a", warranty_months="δύο"), "warranty-unusable"),
        (Known("α", "a", warranty_months="241"), "warranty-unusable"),
        (Known("", "a"), "name-missing"),
    ):
        with pytest.raises(Invalid, match=slug):
            await models.change_model("microbit", wrong)
    with pytest.raises(Invalid, match="baseline-without-kind"):
        await models.change_model("usb-cable", Known("α", "a", baseline="microbit-v2"))
    await models.change_model("microbit", replace(MICROBIT, spares=("usb-cable", "microbit", "no")))
    found = await models.get_model("microbit")
    assert (found["usb_ids"], found["baseline"], found["warranty_months"]) == (["0D28:0204"], "microbit-v2", 24)
    assert [each["slug"] for each in found["spares"]] == ["usb-cable"]
    assert [each["slug"] for each in (await models.get_model("usb-cable"))["spare_for"]] == ["microbit"]


async def test_the_model_decides_whether_a_repair_is_under_warranty(service: Settings) -> None:
    """With its months and the day of purchase the warranty's end is computed; without them the person says."""
    (kit,) = await receive(await make_definition(), 1)
    serials = [p["serial_number"] for p in (await stock.get_kit(kit))["contents"] if p["serial_number"]]
    said = await repairs.report(kit, serials[0], fault="Δεν ανάβει", under_warranty=True)
    assert (await repairs.get_repair(said))["under_warranty"] is True
    await models.change_model("microbit", MICROBIT)
    known = await repairs.report(kit, serials[1], fault="Δεν ανάβει", under_warranty=False)
    found = await repairs.get_repair(known)
    assert found["under_warranty"] is True
    assert found["warranty_until"] is not None
    await models.change_model("microbit", replace(MICROBIT, warranty_months="0"))
    part = next(p for p in (await stock.get_kit(kit))["contents"] if p["serial_number"] == serials[0])
    assert await models.warranty_of(part["item_id"], part["kit_id"], part["device_id"]) is not None


async def test_a_version_that_has_kits_never_changes(service: Settings) -> None:
    """A new version leaves the old kits and their lines as they are; the database refuses to change them."""
    definition = await make_definition()
    (old,) = await receive(definition, 1)
    newer = await definitions.save_definition(
        "microbit-set", "Σετ", "Set", ["primary"], [BomEntry("microbit", 1)], lessons=[("Α", "https://a.example/1")]
    )
    (kit,) = await receive(newer, 1)
    assert (newer.version, (await stock.get_kit(old))["version"], (await stock.get_kit(kit))["version"]) == (2, 1, 2)
    assert len((await definitions.get_definition("microbit-set", 1)).lines) == 3
    for change in ("UPDATE bom_line SET quantity = 9", "DELETE FROM bom_line"):
        with pytest.raises((Invalid, Conflict), match="version-in-use"):
            await execute(f"{change} WHERE kit_definition_id = {definition.id}")
    assert (await definitions.list_definitions())[0]["lessons"] == [["Α", "https://a.example/1"]]


async def _with_substitutes() -> definitions.Definition:
    await make_definition()
    await definitions.save_item("microbit-v1", "Micro:bit V1", "Micro:bit V1", device_kind="microbit", serialised=True)
    await definitions.save_item("usb-c", "Καλώδιο USB-C", "USB-C cable")
    return await definitions.save_definition(
        "microbit-set",
        "Σετ",
        "Set",
        ["primary"],
        [
            BomEntry("microbit", 2, substitute="microbit-v1"),
            BomEntry("usb-cable", 3, substitute="usb-c"),
            BomEntry("battery", 4, optional=True),
        ],
    )


async def test_a_kit_is_whole_with_what_stands_in(service: Settings) -> None:
    """A list may name what stands in for a part; such a kit is free to be sent, and its list for the laptop says it."""
    definition = await _with_substitutes()
    table = "kit;item;serial\n1;microbit;A1\n1;microbit-v1;B1\n2;microbit-v1;B2\n2;microbit-v1;B3"
    serials, wrong = read_serials(table, definition.parts, 2)
    assert wrong == []
    codes = await stock.receive_kits(definition, serials, key="k", instead=frozenset({"usb-cable"}))
    held = {p["slug"]: p for p in (await stock.get_kit(codes[0]))["contents"]}
    assert set(held) == {"microbit", "microbit-v1", "usb-c", "battery"}
    assert (held["microbit-v1"]["instead_of_en"], held["microbit"]["instead_of_en"]) == ("Micro:bit V2", None)
    assert held["battery"]["optional"] and not held["usb-c"]["optional"]
    async with unit_of_work():
        assert [row["code"] for row in await stock.take_free_kits("microbit-set", 5)] == codes
    lines = {line["item"]: line for line in (await expected_list(codes[0]))["lines"]}
    assert (lines["microbit-v1"]["serials"], lines["microbit"]["optional"]) == (["B1"], False)
    await make_institution()
    consignment = await deliveries.create_consignment("0501659")
    await deliveries.pick(consignment, codes[0])
    found = await deliveries.get_consignment(consignment)
    with use_locale("en"):
        labels = [line.label for line in await expected_lines(found["id"])]
    assert labels == [
        "Micro:bit V2 (A1)",
        "Micro:bit V1 (B1) – instead of: Micro:bit V2",
        "USB-C cable – instead of: USB cable",
        "AAA batteries – the kit is whole without it",
    ]


async def test_substitutes_that_cannot_be_are_refused(service: Settings) -> None:
    """A part of the kit, an item of the other sort and one that is not known stand in for nothing."""
    await _with_substitutes()
    for other, slug in (("battery", "substitute-in-kit"), ("usb-c", "substitute-of-other-sort"), ("x", "item-unknown")):
        lines = [BomEntry("microbit", 1, substitute=other), BomEntry("battery", 1)]
        with pytest.raises(FieldErrors) as refused:
            await definitions.save_definition("other", "α", "a", [], lines, lessons=[("", "javascript:alert(1)")])
        assert [each["slug"] for each in refused.value.errors] == [slug, "lesson-unusable"]


async def test_the_page_of_a_model(app: Litestar) -> None:
    """One page says what it is, how many are where and how it is checked; what is refused is lost by nobody."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await receive(await make_definition(), 2)
        await sign_in(client, await make_person("staff"))
        page = (await client.get("/stock/items/microbit")).text
        assert faults(page) == []
        assert "0D28:0204" in page and 'href="/stock/kits?item=microbit&amp;place=store">4<' in page
        assert (await client.get("/stock/items/nothing")).status_code == 404
        listed = (await client.get("/stock/kits?item=microbit&place=store&format=json")).status_code
        assert listed == 200
