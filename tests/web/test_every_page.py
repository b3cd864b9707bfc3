"""Every page of the service, as people reach it: it opens, it leads somewhere, and everyone can use it."""

import pytest
from litestar import Litestar

from stem_logistics.grants import service as grants
from stem_logistics.grants.list_file import Line
from stem_logistics.inventory import definitions
from stem_logistics.web.navigation import FOOTER, MENU
from tests.deliveries.parcels import dispatched_parcel
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.waves.scene import PRIORITY, application, apply, decide, kit, make_school, open_wave, prize
from tests.web.crawling import starting_pages, walk


async def prizes_out_and_in_the_making() -> None:
    """A list of prizes that is published, and one that has a row which may not be."""
    await definitions.save_item("tablet", name_el="Τάμπλετ", name_en="Tablet")
    await definitions.save_definition("tablet", "Τάμπλετ", "Tablet", ("primary",), [definitions.BomEntry("tablet", 1)])
    for year in (2024, 2025):
        found = await grants.create_list("Βραβεία διαγωνισμού", "", year, reason="contest", ground="19ος Διαγωνισμός")
        await grants.add_entry(found.wave.slug, Line(0, "0100002", "", "tablet", 2, "Γυμνάσια", "1ο βραβείο"))
    await grants.set_stock("prizes-2024", {"tablet": 2})
    await grants.publish("prizes-2024")


async def a_little_of_everything() -> list[str]:
    """A wave that is out, one that is open, parcels with and without receipt; returns the addresses of links."""
    with acting_as(OPERATOR):
        for number in range(1, 7):
            categories = ["special"] if number == 2 else []
            await make_school(f"010000{number}", categories=categories, region="crete" if number > 3 else "attica")
        wave = await open_wave(kit(stock=2, reserves=[PRIORITY]), slug="stem-6")
        first = application("0100001", evidence=(prize("0100001", "P1"),))
        await apply(wave, first, *(application(f"010000{number}") for number in range(2, 7)))
        await decide(wave)
        wave = await open_wave(kit(stock=1), slug="stem-7")
        await apply(wave, application("0100003"))
        await prizes_out_and_in_the_making()
        received, waiting = [await dispatched_parcel(code) for code in ("0501659", "0501660")]
        await received.confirm()
    return [f"/r/{received.token}", f"/r/{waiting.token}", f"/c/{waiting.code}"]


@pytest.mark.parametrize("language", ["el", "en"])
async def test_every_page_opens_for_staff(app: Litestar, language: str) -> None:
    """On an empty database no page that staff can reach fails, leads nowhere or shuts anybody out."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        client.headers["accept-language"] = language
        assert await walk(client, starting_pages(app)) == {}


@pytest.mark.parametrize("language", ["el", "en"])
async def test_every_page_opens_with_data_in_it(app: Litestar, language: str) -> None:
    """The same where there are waves, kits, parcels and receipts; and what schools find behind their links."""
    async with browser(app) as client:
        links = await a_little_of_everything()
        client.headers["accept-language"] = language
        assert await walk(client, [*links, "/results", "/results/map", "/sign-in"]) == {}
        await sign_in(client, await make_person("staff"))
        assert await walk(client, starting_pages(app)) == {}


async def test_every_page_opens_for_whoever_it_is_for(app: Litestar) -> None:
    """What a technician, an auditor and a visitor find by links, they may open."""
    async with browser(app) as client:
        await a_little_of_everything()
        assert await walk(client, ["/sign-in"]) == {}
        for role in ("technician", "auditor"):
            await sign_in(client, await make_person(role))
            assert await walk(client, ["/"]) == {}, role
            client.cookies.clear()


def test_every_entry_of_the_menu_is_a_page(app: Litestar) -> None:
    """Neither the menu nor the foot of the page leads to a page that is not there."""
    assert {entry.href for entry in (*MENU, *FOOTER)} <= set(starting_pages(app))
