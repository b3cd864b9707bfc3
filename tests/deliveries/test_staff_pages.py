"""Staff's pages of the consignments, walked as a person at a desk does."""

import io
import re

import pytest
from litestar import Litestar
from pypdf import PdfReader

from stem_logistics import jobs
from stem_logistics.accounts.policy import Grant, Principal
from stem_logistics.db.engine import fetch_value
from stem_logistics.deliveries.rules import LineAnswer
from stem_logistics.deliveries.today import today
from stem_logistics.settings import Settings
from tests.deliveries.parcels import assert_ledger_holds, dispatched_parcel, parcel_of
from tests.deliveries.test_consignments import published_wave
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def test_from_an_empty_consignment_to_a_discrepancy(app: Litestar) -> None:
    """Make, pick, pack, print, send; the school confirms; staff see protocol and discrepancy, and close it."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            school = await make_institution()
            first, second = await receive(await make_definition(), 2)
        refused = await post_form(client, "/consignments", {"institution": "1"})
        assert refused.status_code == 422 and "Δεν υπάρχει σχολείο με κωδικό «1»" in refused.text
        assert faults(refused.text) == []
        made = await post_form(client, "/consignments", {"institution": "0501659"})
        home = made.headers["location"].split("?")[0]
        code = home.rsplit("/", 1)[1]
        steps: list[tuple[str, dict[str, object]]] = [
            ("pick", {"kit": f"{first} {second[:4]}-{second[4:]}"}),
            ("unpick", {"kit": second}),
            ("pack", {"parcels": "2"}),
            ("unpack", {}),
            ("pack", {"parcels": "2"}),
        ]
        for action, fields in steps:
            answer = await post_form(client, f"{home}/{action}", fields)
            assert answer.status_code == 303, (action, answer.text)
            page = await client.get(answer.headers["location"])
            assert page.status_code == 200 and faults(page.text) == [], action
        for name, words in (("packing-list", "ΣΥΝΟΔΕΥΤΙΚΗ ΚΑΤΑΣΤΑΣΗ"), ("label", "2 από 2")):
            pdf = await client.get(f"{home}/{name}.pdf")
            assert words in " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
        typed: dict[str, object] = {"courier": "ΕΛΤΑ", "tracking_number": "RR9", "expected_on": "31/31/2026"}
        wrong = await post_form(client, f"{home}/dispatch", typed)
        assert wrong.status_code == 422 and "δεν είναι ημερομηνία" in wrong.text and 'value="RR9"' in wrong.text
        assert (await post_form(client, f"{home}/dispatch", {**typed, "expected_on": ""})).status_code == 303
        again = await post_form(client, f"{home}/dispatch", {**typed, "expected_on": ""})
        assert again.status_code == 422 and faults(again.text) == []
        box = await parcel_of(code, school, first, "mail@0501659.example")
        cables = await box.line("usb-cable")
        await box.confirm({cables.key: LineAnswer(received=2, missing=1, missing_reason="opened")})
        page = await client.get(home)
        assert faults(page.text) == [] and "Μαρία Ανδρέου" in page.text
        protocol = re.search(r'href="(/receipts/[^"]+)"', page.text)
        found = re.search(r'href="(/discrepancies/D[^"]+)"', page.text)
        assert protocol and found
        assert (await client.get(protocol[1])).content.startswith(b"%PDF")
        listed = await client.get("/discrepancies?state=open")
        assert found[1] in listed.text and faults(listed.text) == []
        empty = await post_form(client, f"{found[1]}/close", {"outcome": "found", "why": " "})
        assert empty.status_code == 422 and faults(empty.text) == []
        assert (
            await post_form(client, f"{found[1]}/close", {"outcome": "found", "why": "ήταν κάτω"})
        ).status_code == 303
        assert "Βρέθηκε" in (await client.get(found[1])).text
        assert await box.balances() == {"institution": 9}
        await assert_ledger_holds()


async def test_a_wave_ships_with_progress(app: Litestar) -> None:
    """The preview says what is lacking; the work runs as a job; the list shows the consignments."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            for number in (1, 2):
                await make_institution(f"000000{number}", f"Σχολείο {number}")
            definition = await make_definition()
            await receive(definition, 1)
            await published_wave({"0000001": 1, "0000002": 1}, definition.slug)
        assert "/consignments/for-wave/stem-6" in (await client.get("/consignments")).text
        preview = await client.get("/consignments/for-wave/stem-6")
        assert faults(preview.text) == [] and "Δεν φτάνουν τα σετ" in preview.text
        started = await post_form(client, "/consignments/for-wave/stem-6", {})
        assert started.status_code == 303 and started.headers["location"].startswith("/jobs/")
        assert await jobs.run_next()
        assert (await client.get(started.headers["location"])).status_code == 200
        assert await fetch_value("SELECT count(*) FROM consignment") == 1
        done = await fetch_value("SELECT result->>'kits' FROM job ORDER BY id DESC LIMIT 1")
        assert done == "1"


async def test_who_is_late_comes_first(app: Litestar) -> None:
    """A consignment past its day that nobody confirmed is counted, listed and marked as late."""
    async with browser(app) as client:
        await sign_in(client, await make_person("auditor"))
        with acting_as(OPERATOR):
            box = await dispatched_parcel()
        await fetch_value("UPDATE consignment SET expected_on = CURRENT_DATE - 1 RETURNING id")
        page = await client.get("/consignments?state=late")
        assert faults(page.text) == [] and box.code in page.text and "Καθυστερεί" in page.text
        rows = (await client.get("/consignments/export?format=json&state=late")).json()
        assert [row["code"] for row in rows] == [box.code]
        for asked in ("7ο νηπ κατερ", "7o nipiagogeio katerinis", box.code[:6].lower(), "RR1", "0501659"):
            found = (await client.get("/consignments/export", params={"format": "json", "q": asked})).json()
            assert [row["code"] for row in found] == [box.code], asked
            kits = (await client.get("/stock/kits/export", params={"format": "json", "q": asked})).json()
            assert [row["code"] for row in kits] == ([] if asked in ("RR1", box.code[:6].lower()) else [box.kit]), asked
        assert (await client.get("/consignments/export?format=json&q=Λάρισα")).json() == []
        for action in ("cancel", "resend", "pick"):
            assert (await post_form(client, f"/consignments/{box.code}/{action}", {"why": "x"})).status_code == 403


@pytest.mark.parametrize("language", ["el", "en"])
async def test_pages_speak_both_languages(app: Litestar, language: str) -> None:
    """Every list and page renders in Greek and in English."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            box = await dispatched_parcel()
            cables = await box.line("usb-cable")
            await box.confirm({cables.key: LineAnswer(received=2, damaged=1, damage_reason="other", note="x")})
        code = await fetch_value("SELECT code FROM discrepancy")
        client.headers["accept-language"] = language
        for path in (
            "/stock",
            "/stock/kits",
            f"/stock/kits/{box.kit}",
            "/stock/definitions",
            "/stock/definitions/new?from=microbit-set",
            "/stock/receive",
            "/consignments",
            f"/consignments/{box.code}",
            "/discrepancies",
            f"/discrepancies/{code}",
            f"/r/{box.token}",
            f"/r/{box.token}/kits",
            f"/c/{box.code}",
        ):
            page = await client.get(path)
            assert page.status_code == 200, path
            assert faults(page.text) == [], path
            assert f'lang="{language}"' in page.text


async def test_only_those_who_may_close_a_discrepancy_are_told_to(service: Settings) -> None:
    """An auditor sees the figures of the first page, and no task that would refuse him."""
    with acting_as(OPERATOR):
        box = await dispatched_parcel()
    cables = (await box.line("usb-cable")).key
    await box.confirm({cables: LineAnswer(received=2, missing=1, missing_reason="not-in-parcel")})
    tasks = {}
    for role in ("staff", "auditor"):
        with acting_as(person := Principal("account", 1, grants=(Grant(role, "country"),))):
            tasks[role] = [str(task.href) for task in (await today(person)).tasks]
    assert tasks == {"staff": ["/discrepancies?state=open"], "auditor": []}
