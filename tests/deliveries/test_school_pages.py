"""The school's way from mail or parcel to protocol, as a telephone without JavaScript walks it."""

import asyncio
import io
import re
from typing import Any

import pytest
from httpx import AsyncClient
from litestar import Litestar
from pypdf import PdfReader

from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries import discrepancies, service, signing
from stem_logistics.deliveries.committee import Committee, Extra, Member
from stem_logistics.web.formats import format_date, today
from tests.deliveries.parcels import Parcel, assert_ledger_holds, dispatched_parcel
from tests.deliveries.test_photos import picture
from tests.support import OPERATOR, acting_as, browser, csrf_token, post_form
from tests.web.accessibility import faults

Client = AsyncClient
WHO = {"receiver_name": "Μαρία Ανδρέου", "receiver_role": "Εκπαιδευτικός"}


async def parcel() -> Parcel:
    with acting_as(OPERATOR):
        return await dispatched_parcel()


async def balances(of: Parcel) -> dict[str, int]:
    return await of.balances()


async def form_of(client: Client, token: str, *lines: str) -> tuple[str, dict[str, object]]:
    """The form for these lines: its page and its hidden fields."""
    page = await client.get(f"/r/{token}/confirm", params={"line": list(lines)})
    assert page.status_code == 200 and faults(page.text) == []
    hidden = dict(re.findall(r'type="hidden" name="(key|seen)" value="([^"]*)"', page.text))
    return page.text, {**hidden, "line": list(lines)}


async def test_one_tap_then_name_and_role(app: Litestar) -> None:
    """The common case: open the link, everything in order, name and role, protocol."""
    async with browser(app) as client:
        box = await parcel()
        front = await client.get(f"/r/{box.token}")
        assert faults(front.text) == []
        assert "Σας στείλαμε 1 σετ." in front.text and "Όλα ήρθαν σωστά" in front.text
        _page, hidden = await form_of(client, box.token)
        answer = await post_form(client, f"/r/{box.token}/confirm", {**hidden, **WHO})
        assert answer.status_code == 303, answer.text
        done = await client.get(answer.headers["location"])
        assert faults(done.text) == [] and "Η παραλαβή επιβεβαιώθηκε" in done.text
        link = re.search(r'href="(/r/[^"]+/protocol/[^"]+)"', done.text)
        assert link
        pdf = await client.get(link[1])
        assert pdf.headers["content-type"] == "application/pdf"
        said = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
        assert "Μαρία Ανδρέου" in said and "0501659" in said
        assert await balances(box) == {"institution": 9}
        # the link goes on showing the protocol, and confirms nothing more
        again = await client.get(f"/r/{box.token}")
        assert "Όλα ήρθαν σωστά" not in again.text and "/protocol/" in again.text
        assert (await client.get(f"/r/{box.token}/confirm", follow_redirects=False)).status_code == 303
        kits = await client.get(f"/r/{box.token}/kits")
        assert faults(kits.text) == [] and "Micro:bit V2" in kits.text
        await assert_ledger_holds()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_opening_uses_nothing_up(app: Litestar, method: str) -> None:
    """A mail scanner opens the link and its neighbours as often as it likes: nothing is confirmed or used up."""
    async with browser(app) as client:
        box = await parcel()
        for path in (f"/r/{box.token}", f"/c/{box.code}") * 3:
            assert (await client.request(method, path)).status_code == 200
        for path in (f"/r/{box.token}/lines", f"/r/{box.token}/confirm"):
            assert (await client.get(path)).status_code == 200
        assert await fetch_value("SELECT count(*) FROM receipt") == 0
        assert await fetch_value("SELECT count(*) FROM movement WHERE reason = 'receive'") == 0
        _page, hidden = await form_of(client, box.token)
        assert (await post_form(client, f"/r/{box.token}/confirm", {**hidden, **WHO})).status_code == 303


async def test_line_by_line_with_faults_corrected(app: Litestar) -> None:
    """A receipt that does not add up is refused beside its fields and at the top, with everything typed kept."""
    async with browser(app) as client:
        box = await parcel()
        board, cables = (await box.line("microbit")).key, (await box.line("usb-cable")).key
        lines = await client.get(f"/r/{box.token}/lines")
        assert faults(lines.text) == [] and f'value="{cables}"' in lines.text
        _page, hidden = await form_of(client, box.token, board, cables)
        typed: dict[str, object] = {
            **hidden,
            "receiver_name": "",
            "receiver_role": "other",
            "role_other": "Υπεύθυνος εργαστηρίου",
            f"outcome-{board}": "damaged",
            f"received-{cables}": "2",
            f"missing-{cables}": "2",
            f"missing_reason-{cables}": "opened",
            f"note-{cables}": "το <b>κουτί</b>",
            "receipt_note": "ευχαριστούμε",
        }
        refused = await post_form(client, f"/r/{box.token}/confirm", typed)
        assert refused.status_code == 422 and faults(refused.text) == []
        assert f'id="received-{cables}-error"' in refused.text and "κάνουν 4, ενώ αναμένονται 3" in refused.text
        assert f'id="damage_reason-{board}-error"' in refused.text and 'id="receiver_name-error"' in refused.text
        for kept in ("Υπεύθυνος εργαστηρίου", "το &lt;b&gt;κουτί&lt;/b&gt;", "ευχαριστούμε"):
            assert kept in refused.text
        assert await fetch_value("SELECT count(*) FROM receipt") == 0
        typed |= {
            "receiver_name": "Γιώργος",
            f"damage_reason-{board}": "defective",
            f"received-{cables}": "1",
        }
        accepted = await post_form(client, f"/r/{box.token}/confirm", typed)
        assert accepted.status_code == 303
        assert await balances(box) == {"institution": 7, "lost": 2}
        rows = await fetch("SELECT kind, quantity FROM discrepancy ORDER BY kind")
        assert [(row["kind"], row["quantity"]) for row in rows] == [("damaged", 1), ("missing", 2)]
        assert await fetch_value("SELECT receiver_role FROM receipt") == "Υπεύθυνος εργαστηρίου"


async def test_everything_wrong_is_told_at_once(app: Litestar) -> None:
    """A field that cannot be read does not hide the other faults: one correction is enough."""
    async with browser(app) as client:
        box = await parcel()
        board, cables = (await box.line("microbit")).key, (await box.line("usb-cable")).key
        _page, hidden = await form_of(client, box.token, board, cables)
        typed = {**hidden, f"received-{cables}": "1", "receiver_role": "other"}
        refused = await post_form(client, f"/r/{box.token}/confirm", typed)
        assert refused.status_code == 422 and faults(refused.text) == []
        for name in (f"outcome-{board}", f"received-{cables}", "receiver_name", "receiver_role"):
            assert f'id="{name}-error"' in refused.text, name


async def test_a_photo_survives_a_fault_elsewhere(app: Litestar) -> None:
    """The photograph of a form that is sent back is carried along, cleaned, and lands at its line."""
    async with browser(app) as client:
        box = await parcel()
        board = (await box.line("microbit")).key
        _page, hidden = await form_of(client, box.token, board)
        typed: dict[str, object] = {**hidden, **WHO, "receiver_name": "", f"outcome-{board}": "damaged"}
        typed[f"damage_reason-{board}"] = "transport"
        wrong = {f"photo-{board}": ("a.jpg", b"not a picture", "image/jpeg")}
        refused = await post_form(client, f"/r/{box.token}/confirm", typed, files=wrong)
        assert refused.status_code == 422 and "δεν είναι φωτογραφία" in refused.text
        right = {f"photo-{board}": ("a.png", picture("PNG"), "application/octet-stream")}
        refused = await post_form(client, f"/r/{box.token}/confirm", typed, files=right)
        assert refused.status_code == 422 and faults(refused.text) == []
        carried = re.search(rf'name="kept-{board}" value="([^"]+)"', refused.text)
        assert carried
        typed |= {"receiver_name": "Μαρία", f"kept-{board}": carried[1]}
        assert (await post_form(client, f"/r/{box.token}/confirm", typed)).status_code == 303
        kept = await fetch_value("SELECT media_type FROM stored_file f JOIN receipt_photo l ON l.digest = f.digest")
        assert kept == "image/jpeg"


async def test_a_double_tap_lands_on_the_same_page(app: Litestar) -> None:
    """Two taps on the button send the same form twice: one receipt, and both lead to its page."""
    async with browser(app) as client:
        box = await parcel()
        _page, hidden = await form_of(client, box.token)
        await csrf_token(client)
        answers = await asyncio.gather(
            *(post_form(client, f"/r/{box.token}/confirm", {**hidden, **WHO}) for _ in range(3))
        )
        assert {answer.status_code for answer in answers} == {303}
        assert len({answer.headers["location"] for answer in answers}) == 1
        assert await fetch_value("SELECT count(*) FROM receipt") == 1


async def test_one_piece_is_asked_as_one_and_answered(app: Litestar) -> None:
    """What is one thing needs no counting; a school that reports it missing reads that it is on somebody's list."""
    async with browser(app) as client:
        box = await parcel()
        cables = (await box.line("usb-cable")).key
        _page, first = await form_of(client, box.token, cables)
        part = {**first, **WHO, f"received-{cables}": "2", f"not_yet-{cables}": "1"}
        done = await post_form(client, f"/r/{box.token}/confirm", part)
        assert "Δηλώσατε" not in (await client.get(done.headers["location"])).text
        page, second = await form_of(client, box.token, cables)
        assert f'name="outcome-{cables}"' in page and f'name="received-{cables}"' not in page
        untold = await post_form(client, f"/r/{box.token}/confirm", {**second, **WHO})
        assert untold.status_code == 422 and f'id="outcome-{cables}-error"' in untold.text
        told = {**second, **WHO, f"outcome-{cables}": "missing", f"missing_reason-{cables}": "not-in-parcel"}
        done = await post_form(client, f"/r/{box.token}/confirm", told)
        assert await balances(box) == {"institution": 8, "lost": 1}
        for where in (done.headers["location"], f"/r/{box.token}"):
            shown = await client.get(where)
            assert "Δηλώσατε: με φθορά 0, λείπουν 1." in shown.text and faults(shown.text) == []
            assert "δεν χρειάζεται κάτι άλλο" in shown.text.lower()
        with acting_as(OPERATOR):
            await discrepancies.close(await fetch_value("SELECT code FROM discrepancy"), "credited", why="στάλθηκε")
        assert "Δηλώσατε" not in (await client.get(f"/r/{box.token}")).text


async def test_two_people_with_the_form_open(app: Litestar) -> None:
    """Who confirms second sees that somebody else did, with the protocol's number, and nothing is doubled."""
    async with browser(app) as client:
        box = await parcel()
        cables = (await box.line("usb-cable")).key
        _page, first = await form_of(client, box.token, cables)
        _page, second = await form_of(client, box.token)
        _page, third = await form_of(client, box.token)
        part = {**first, **WHO, f"received-{cables}": "1", f"not_yet-{cables}": "2"}
        assert (await post_form(client, f"/r/{box.token}/confirm", part)).status_code == 303
        told = await post_form(client, f"/r/{box.token}/confirm", {**second, **WHO})
        assert told.status_code == 409 and faults(told.text) == []
        assert "Κάποιος άλλος επιβεβαίωσε στο μεταξύ" in told.text and "Μαρία Ανδρέου" in told.text
        # the form that was shown anew confirms what is left
        hidden = dict(re.findall(r'type="hidden" name="(key|seen)" value="([^"]*)"', told.text))
        assert (await post_form(client, f"/r/{box.token}/confirm", {**hidden, **WHO})).status_code == 303
        late = await post_form(client, f"/r/{box.token}/confirm", {**third, **WHO})
        assert late.status_code == 409 and faults(late.text) == []
        assert "έχει ολοκληρωθεί" in late.text and "/protocol/" in late.text
        assert await balances(box) == {"institution": 9}


@pytest.mark.parametrize(
    ("sql", "status", "words"),
    [
        ("UPDATE school_link SET expires_at = now() - interval '1 day'", 410, "έληξε"),
        ("UPDATE school_link SET revoked_at = now()", 410, "αποσύρθηκε"),
        ("UPDATE school_link SET token_digest = sha256('x')", 404, "Αντιγράψτε"),
    ],
)
async def test_a_link_that_does_not_hold(app: Litestar, sql: str, status: int, words: str) -> None:
    """Expired, revoked, altered: a page in Greek says which and what to do; the form does nothing."""
    async with browser(app) as client:
        box = await parcel()
        _page, hidden = await form_of(client, box.token)
        await execute(sql)
        for path in (f"/r/{box.token}", f"/r/{box.token}/confirm"):
            page = await client.get(path)
            assert page.status_code == status and faults(page.text) == []
            assert words.lower() in page.text.lower() or "αντιγράψτε" in page.text.lower()
        answer = await post_form(client, f"/r/{box.token}/confirm", {**hidden, **WHO})
        assert answer.status_code == status
        assert await fetch_value("SELECT count(*) FROM receipt") == 0


async def test_the_parcels_code_identifies_and_no_more(app: Litestar) -> None:
    """The page behind the QR code names the consignment: no school, no content, no way in without the mail's code."""
    async with browser(app) as client:
        box = await parcel()
        page = await client.get(f"/c/{box.code}")
        assert faults(page.text) == []
        assert f"{box.code[:4]}-{box.code[4:]}" in page.text
        for secret in ("ΚΑΤΕΡΙΝΗΣ", "0501659", "Micro:bit", box.kit, "mail@", box.token):
            assert secret not in page.text
        assert (await client.get("/c/CABCDEFG")).status_code == 404
        wrong = await post_form(client, f"/c/{box.code}", {"code": "R234-567"})
        assert wrong.status_code == 422 and 'value="R234-567"' in wrong.text and faults(wrong.text) == []
        greek = box.typed_code.lower().replace("-", " ")
        entered = await post_form(client, f"/c/{box.code}", {"code": f" {greek}"})
        assert entered.status_code == 303
        front = await client.get(entered.headers["location"])
        assert "ΚΑΤΕΡΙΝΗΣ" in front.text
        _page, hidden = await form_of(client, entered.headers["location"].removeprefix("/r/"))
        answer = await post_form(client, f"{entered.headers['location']}/confirm", {**hidden, **WHO})
        assert answer.status_code == 303


async def test_attempts_at_the_code_are_limited(app: Litestar) -> None:
    """Guessing ends: after some wrong codes the page says to wait, also for the right one."""
    from stem_logistics.codes import new_code

    async with browser(app) as client:
        box = await parcel()
        statuses = [(await post_form(client, f"/c/{box.code}", {"code": new_code("R")})).status_code for _ in range(9)]
        assert set(statuses[:8]) == {422} and statuses[8] == 429
        answer = await post_form(client, f"/c/{box.code}", {"code": box.typed_code})
        assert answer.status_code == 429 and "λεπτά" in answer.text


async def test_another_schools_receipt_stays_hidden(app: Litestar) -> None:
    """A link shows and downloads its own consignment's protocols only."""
    async with browser(app) as client:
        box = await parcel()
        with acting_as(OPERATOR):
            other = await dispatched_parcel("7777777")
            receipt = await other.confirm()
        for path in (f"/r/{box.token}/protocol/{receipt['code']}", f"/r/{box.token}/done/{receipt['code']}"):
            assert (await client.get(path)).status_code == 404


async def test_a_paper_is_verified(app: Litestar) -> None:
    """The QR code of the protocol leads to what the register says, without the person; a wrong code tells nothing."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            box = await dispatched_parcel()
            receipt = await box.confirm()
        pdf = (await client.get(f"/r/{box.token}/protocol/{receipt['code']}")).content
        said = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
        code = re.search(r"[0-9A-F]{4}(?:-[0-9A-F]{4}){3}", said)
        assert code
        good = await client.get(f"/v/{receipt['code']}/{code[0]}")
        assert "γνήσιο" in good.text and "0501659" in good.text and "Ανδρέου" not in good.text
        assert faults(good.text) == []
        for path in (f"/v/{receipt['code']}", f"/v/{receipt['code']}?check=AAAA-BBBB-CCCC-DDDD"):
            page = await client.get(path)
            assert page.status_code == 200 and "0501659" not in page.text and faults(page.text) == []
        assert (await client.get("/v/R2345678/AAAA")).status_code == 404
        with acting_as(OPERATOR):
            await signing.issue_again(receipt["code"], why="λάθος διεύθυνση")
        older = await client.get(f"/v/{receipt['code']}/{code[0]}")
        assert "όχι το νεότερο" in older.text and faults(older.text) == []
        editions = await fetch("SELECT digest, verification FROM protocol_issue ORDER BY issue")
        newest = await client.get(f"/v/{receipt['code']}/{editions[1]['verification']}")
        assert "όσα γράφει είναι όσα έχει το μητρώο" in newest.text
        for page in (older, newest):
            assert all(each["digest"].hex() in page.text for each in editions), "each edition with its digest"


async def test_a_paper_with_a_committee_is_held_against_all_that_it_says(app: Litestar) -> None:
    """Act, members, what came unasked and how far the quality was looked at stand on the page that verifies."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            box = await dispatched_parcel()
            three = tuple(Member(name, "ΠΕ70", name == "Νίκος Δύο") for name in ("Νίκος Δύο", "Άννα Τρία", "Ελένη Ένα"))
            receipt = await box.confirm(
                committee=Committee(three, "12/21-11-2026", "directorate"),
                extras=(Extra("surplus", "Καλώδιο HDMI", 2, "H-1"),),
                quality="tried",
            )
        code = (await fetch("SELECT verification FROM protocol_issue"))[0]["verification"]
        page = await client.get(f"/v/{receipt['code']}/{code}")
        for fact in (
            "12/21-11-2026",
            "Διεύθυνση Εκπαίδευσης",
            "Ν. Δ., ΠΕ70, επιβεβαίωσε",
            "δοκιμάστηκαν",
            "HDMI",
            "H-1",
        ):
            assert fact in page.text, fact
        assert "Νίκος" not in page.text and faults(page.text) == []


async def test_a_cancelled_consignments_link(app: Litestar) -> None:
    """The school that opens the mail of a cancelled consignment reads that it was, when, why, and what to do now."""
    async with browser(app) as client:
        box = await parcel()
        form = await client.get(f"/r/{box.token}/confirm")
        with acting_as(OPERATOR):
            await service.cancel(box.code, why="Στάλθηκε σε λάθος σχολείο")
        hidden = {"seen": "0", "key": "late"}
        answers = [
            await client.get(f"/r/{box.token}"),
            await post_form(client, f"/r/{box.token}/confirm", {**hidden, **WHO}),
        ]
        assert [answer.status_code for answer in answers] == [200, 409] and form.status_code == 200
        for answer in answers:
            assert "ακυρώθηκε" in answer.text and "λάθος σχολείο" in answer.text and faults(answer.text) == []
            assert format_date(today()) in answer.text
            assert "μην το ανοίξετε" in answer.text and "Επιβεβαίωση παραλαβής" not in answer.text
        for step in ("lines", "confirm"):
            assert (await client.get(f"/r/{box.token}/{step}")).headers["location"] == f"/r/{box.token}"
        parcel_page = await client.get(f"/c/{box.code}")
        assert "ακυρώθηκε" in parcel_page.text and "<form" not in parcel_page.text.split("<main")[1].split("</main")[0]
        assert faults(parcel_page.text) == [] and "λάθος σχολείο" not in parcel_page.text
        typed = await post_form(client, f"/c/{box.code}", {"code": box.typed_code})
        assert typed.status_code == 409 and "ακυρώθηκε" in typed.text
        assert await fetch_value("SELECT count(*) FROM receipt") == 0


async def test_a_link_that_was_replaced_says_since_when_as_people_write_it(app: Litestar) -> None:
    """The page of a withdrawn link has a day, not a machine's date."""
    async with browser(app) as client:
        box = await parcel()
        with acting_as(OPERATOR):
            await service.resend_link(box.code)
        page = await client.get(f"/r/{box.token}")
        assert page.status_code == 410 and format_date(today()) in page.text
        assert today().isoformat() not in page.text


async def test_odd_input_never_breaks_the_form(app: Litestar) -> None:
    """Letters for numbers, lines of another consignment, missing hidden fields: a page, never a fault of ours."""
    async with browser(app) as client:
        box = await parcel()
        cables = (await box.line("usb-cable")).key
        tries: list[dict[str, Any]] = [
            {},
            {"line": ["999", "'; DROP TABLE receipt"], **WHO},
            {"line": [cables], f"received-{cables}": "τρία", **WHO},
            {"line": [cables], f"received-{cables}": "٣", **WHO},
            {"line": [cables], f"received-{cables}": "1e9", "seen": "0", **WHO},
            {"line": [cables], f"received-{cables}": "999999999999", "seen": "0", **WHO},
            {"line": [cables], f"received-{cables}": "-3", f"damaged-{cables}": "6", "seen": "0", **WHO},
            {"seen": "-1", "key": "\x00", **WHO},
            {"seen": "99999999999", **WHO, "receiver_name": "α\x00β"},
            {"line": [cables], f"kept-{cables}": "zz.zz", f"received-{cables}": "3", "seen": "x", **WHO},
        ]
        for typed in tries:
            answer = await post_form(client, f"/r/{box.token}/confirm", typed)
            assert answer.status_code in (409, 422, 400), (typed, answer.status_code)
        assert await fetch_value("SELECT count(*) FROM receipt") == 0
