"""The API of stock and deliveries: the same permissions and scopes as the pages, keyset pages, a true description."""

import pytest
from httpx import AsyncClient
from litestar import Litestar

from stem_logistics.accounts.policy import Grant
from stem_logistics.db.engine import fetch_value
from stem_logistics.deliveries.rules import LineAnswer
from tests.deliveries.parcels import Parcel, dispatched_parcel
from tests.inventory.stock import make_definition, receive
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in

PATHS = ("/api/v1/kits", "/api/v1/movements", "/api/v1/consignments", "/api/v1/receipts")


async def everything(client: AsyncClient, path: str, **params: object) -> list[dict[str, object]]:
    """All pages of a list."""
    found: list[dict[str, object]] = []
    after: object = 0
    while after is not None:
        answer = await client.get(path, params={**params, "after": after, "limit": 3})  # type: ignore[dict-item]
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= 3
        found += page["items"]
        after = page["next"]
    return found


async def received() -> Parcel:
    with acting_as(OPERATOR):
        box = await dispatched_parcel()
        cables = await box.line("usb-cable")
        await box.confirm({cables.key: LineAnswer(received=2, missing=1, missing_reason="opened")})
    return box


async def test_pages_hold_everything_once(app: Litestar) -> None:
    """Walking the pages by `next` gives every kit and movement once, in order."""
    async with browser(app) as client:
        await sign_in(client, await make_person("auditor"))
        with acting_as(OPERATOR):
            codes = await receive(await make_definition(), 8)
        assert [kit["code"] for kit in await everything(client, "/api/v1/kits", place="store")] == codes
        movements = await everything(client, "/api/v1/movements")
        ids = [int(str(movement["id"])) for movement in movements]
        assert ids == sorted(set(ids)) and len(ids) == await fetch_value("SELECT count(*) FROM movement")
        assert len(await everything(client, "/api/v1/movements", kit=codes[0])) == 4
        assert await everything(client, "/api/v1/movements", kit="nonsense") == []
        assert (await client.get(f"/api/v1/kits/{codes[0]}")).json()["parts"][0]["place"] == "store"


async def test_a_delivery_reads_as_it_was(app: Litestar) -> None:
    """Consignment, receipt and ledger tell one story; the receiver's name is not in the API."""
    async with browser(app) as client:
        await sign_in(client, await make_person("auditor"))
        box = await received()
        consignment = (await client.get(f"/api/v1/consignments/{box.code}")).json()
        assert consignment["state"] == "received" and consignment["institution"] == "0501659"
        assert sum(line["quantity"] for line in consignment["lines"]) == 9
        (receipt,) = await everything(client, "/api/v1/receipts", consignment=box.code)
        lines = receipt["lines"]
        assert isinstance(lines, list)
        assert [sum(line[name] for line in lines) for name in ("received", "missing")] == [8, 1]
        assert "Ανδρέου" not in str(receipt) and len(str(receipt["protocol_sha256"])) == 64
        missing = await everything(client, "/api/v1/movements", kit=box.kit, reason="missing")
        assert [(row["quantity"], row["to_place"]) for row in missing] == [(1, "lost")]


@pytest.mark.parametrize("path", PATHS)
async def test_permission_and_scope(app: Litestar, path: str) -> None:
    """Nobody reads without signing in; who works for another region sees nothing of this one."""
    async with browser(app) as client:
        assert (await client.get(path)).status_code == 401
        box = await received()
        region = await fetch_value(
            """INSERT INTO regional_directorate (code, name_el, name_en) VALUES ('Z', 'Ζ', 'Z') RETURNING id"""
        )
        mine = await fetch_value("SELECT regional_directorate_id FROM institution")
        await sign_in(client, await make_person("auditor", scope=Grant("auditor", "region", region)))
        assert await everything(client, path) == []
        for address in (f"/api/v1/kits/{box.kit}", f"/api/v1/consignments/{box.code}"):
            assert (await client.get(address)).status_code == 404
    async with browser(app) as client:
        scope = Grant("auditor", "region", mine)
        await sign_in(client, await make_person("auditor", email="own@nso.example", scope=scope))
        assert await everything(client, path) != []


@pytest.mark.parametrize(
    "query", ["after=-1", "after=99999999999999999999", "limit=0", "limit=501", "after=x", "place=moon", "state=lost"]
)
async def test_odd_questions_get_clear_answers(app: Litestar, query: str) -> None:
    """A parameter that cannot be is refused as a problem document, or ignored where the list has no such one."""
    async with browser(app) as client:
        await sign_in(client, await make_person("auditor"))
        for path in PATHS:
            answer = await client.get(f"{path}?{query}")
            assert answer.status_code in (200, 400), (path, answer.text)
            if answer.status_code == 400:
                assert answer.headers["content-type"].startswith("application/problem+json")
        assert (await client.get("/api/v1/kits", params={"definition": "a\x00b"})).status_code == 200


async def test_the_description_has_every_route(app: Litestar) -> None:
    """The OpenAPI document names the routes of stock and deliveries and their answers."""
    async with browser(app) as client:
        document = (await client.get("/api/openapi.json")).json()
        for path in (*PATHS, "/api/v1/kits/{code}", "/api/v1/consignments/{code}"):
            assert "200" in document["paths"][path]["get"]["responses"], path


async def test_today_says_what_waits(app: Litestar) -> None:
    """The first page of staff shows the open discrepancy, the late consignment and the newest receipt."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        await received()
        with acting_as(OPERATOR):
            await dispatched_parcel("7777777")
        await fetch_value(
            "UPDATE consignment SET expected_on = CURRENT_DATE - 1 WHERE state = 'dispatched' RETURNING 1"
        )
        page = (await client.get("/")).text
        for words in ("1 απόκλιση είναι ανοιχτή", "1 αποστολή καθυστερεί", "ΚΑΤΕΡΙΝΗΣ"):
            assert words in page
