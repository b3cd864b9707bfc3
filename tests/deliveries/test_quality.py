"""The qualitative receipt as a step of its own: blank until it is done, once, with its cases and its edition."""

import asyncio
import re

import pytest
from litestar import Litestar

from stem_logistics import mail
from stem_logistics.accounts.links import principal_of_link
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries import discrepancies, protocols, quality, signing
from stem_logistics.deliveries.quality import Found, Looked
from stem_logistics.deliveries.receipts import ReceiptRefused
from stem_logistics.deliveries.rules import LineAnswer
from stem_logistics.errors import Conflict, NotFound
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.life import life_of
from stem_logistics.settings import Settings
from tests.deliveries.parcels import Parcel, assert_ledger_holds, dispatched_parcel, last_mail
from tests.deliveries.test_committee import DRAWN, said_by
from tests.deliveries.test_photos import picture
from tests.deliveries.test_school_pages import WHO, form_of, parcel
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def _lines(code: str) -> dict[str, int]:
    """The receipt's lines by item; of the boards the first."""
    rows = (await quality.to_look_at(code))["lines"]
    return {row["item"]: row["id"] for row in reversed(rows)}


async def _record(box: Parcel, code: str, found: dict[int, Found], how: str = "tried") -> None:
    with acting_as(await principal_of_link(box.token)):
        await quality.record(code, Looked(how, "Άννα Λέκκα", "ΠΕ86", found, "δοκιμάστηκαν όλα"))


async def test_the_quality_follows_the_quantity(service: Settings) -> None:
    """Counted first, tried later: what is damaged opens its case, the protocol its second edition, the first stays."""
    box = await dispatched_parcel()
    battery = await box.line("battery")
    seen = LineAnswer(received=3, damaged=1, damage_reason="transport")
    receipt = await box.confirm({battery.key: seen}, quality="later")
    code = receipt["code"]
    mailed = (await last_mail("mail@0501659.example"))["body"]
    assert f"/quality/{code}" in mailed
    token = re.search(r"/r/(\S+)/quality/", mailed)
    assert token and (await principal_of_link(token[1])).consignment_id == box.id
    before = said_by((await signing.edition(code, 1))[1])
    assert "Σύνολο τεμαχίων 9 9 0 0 1 Ποιοτική" in before and "δεν έγινε ακόμη" in before
    lines = await _lines(code)
    movements = await fetch_value("SELECT count(*) FROM movement")
    await _record(box, code, {lines["battery"]: Found(2, "defective", "δεν κρατούν")})
    cases, _total = await discrepancies.list_discrepancies({}, sort="opened")
    assert [(case["kind"], case["quantity"], case["damage_reason"], case["note"]) for case in cases] == [
        ("damaged", 1, "transport", ""), ("damaged", 2, "defective", "δεν κρατούν")
    ]  # fmt: skip
    after = said_by((await signing.edition(code, 2))[1])
    assert "Σύνολο τεμαχίων 9 9 0 0 6 3" in after and "(Άννα Λέκκα, ΠΕ86)" in after and "2η έκδοση" in after
    assert said_by((await signing.edition(code, 1))[1]) == before
    # the device is at the school already: looking at it moves nothing, closing its case does
    assert await fetch_value("SELECT count(*) FROM movement") == movements
    await discrepancies.close(cases[1]["code"], "written-off", why="άχρηστες")
    assert await box.balances() == {"institution": 7, "scrapped": 2}
    for issue in await fetch("SELECT issue, verification FROM protocol_issue ORDER BY issue"):
        assert (await protocols.verified(code, issue["verification"]))["edition"] == issue["issue"]
    kit = await stock.get_kit(box.kit)
    told = [str(event.title) for event in life_of(kit["history"], await stock.events_of_kit(kit["id"]))]
    assert "Έγινε η ποιοτική παραλαβή· οι συσκευές δοκιμάστηκαν" in told
    await assert_ledger_holds()


async def test_once_and_only_what_came(service: Settings) -> None:
    """Two at once record it once; more than came, no reason, another receipt's line: refused, and nothing written."""
    box = await dispatched_parcel()
    receipt = await box.confirm(quality="later")
    other = await dispatched_parcel("0501661")
    done = await other.confirm(key="other")
    lines = await _lines(receipt["code"])
    for wrong in (
        {lines["battery"]: Found(5, "defective")},
        {lines["battery"]: Found(0, "defective")},
        {lines["battery"]: Found(1, "")},
        {lines["battery"]: Found(1, "other")},
        {10**9: Found(1, "defective")},
    ):
        with pytest.raises(ReceiptRefused):
            await _record(box, receipt["code"], wrong)
    assert await fetch_value("SELECT count(*) FROM discrepancy") == 0
    with pytest.raises(NotFound):
        await _record(other, receipt["code"], {})
    with pytest.raises(Conflict, match="quality-known"):
        await _record(other, done["code"], {})
    both = await asyncio.gather(*(_record(box, receipt["code"], {}) for _ in range(2)), return_exceptions=True)
    assert [type(each) for each in both if each is not None] == [Conflict]
    assert await fetch_value("SELECT count(*) FROM receipt_quality") == 1


async def test_the_school_is_reminded_weekly(service: Settings) -> None:
    """A quality that stays open: one mail a week with a link that works, none once it is done."""
    box = await dispatched_parcel()
    receipt = await box.confirm(quality="later")
    assert await quality.remind() == 0
    await execute("UPDATE receipt SET confirmed_at = now() - interval '8 days'")
    assert (await quality.remind(), await quality.remind()) == (1, 0)
    await execute("UPDATE receipt SET confirmed_at = now() - interval '15 days'")
    assert await quality.remind() == 1
    body = (await last_mail("mail@0501659.example"))["body"]
    token = re.search(r"/r/(\S+)/quality/", body)
    assert token and "ποιοτική παραλαβή" in body
    with acting_as(await principal_of_link(token[1])):
        await quality.record(receipt["code"], Looked("looked", "Άννα", "ΠΕ86", {}))
    await execute("UPDATE receipt SET confirmed_at = now() - interval '30 days'")
    assert await quality.remind() == 0
    assert await mail.is_posted(f"protocol:{receipt['id']}:2")


async def test_the_quality_in_the_browser(app: Litestar) -> None:
    """From the school's link: faults beside their fields, nothing typed lost, photographs kept; then staff's page."""
    async with browser(app) as client:
        box = await parcel()
        _page, hidden = await form_of(client, box.token)
        done = await post_form(client, f"/r/{box.token}/confirm", {**hidden, **WHO, "quality": "later"})
        page = await client.get(done.headers["location"])
        code = done.headers["location"].rsplit("/", 1)[1]
        where = f"/r/{box.token}/quality/{code}"
        assert where in page.text and "Απομένει η ποιοτική παραλαβή" in page.text
        assert where in (await client.get(f"/r/{box.token}")).text
        form = await client.get(where)
        assert form.status_code == 200 and faults(form.text) == []
        with acting_as(OPERATOR):
            line = (await _lines(code))["usb-cable"]
        typed: dict[str, object] = {"quality": "tried", "receiver_name": "", "receiver_role": "Εκπαιδευτικός"}
        typed |= {f"damaged-{line}": "9", f"note-{line}": "κομμένο", "receiver_drawn": DRAWN}
        shown = [(f"photo-{line}", (f"{n}.jpg", picture(size=(300 + n, 200)), "image/jpeg")) for n in range(2)]
        refused = await post_form(client, where, typed, files=shown)
        assert refused.status_code == 422 and faults(refused.text) == []
        for place in (f"damaged-{line}", "receiver_name"):
            assert f'id="{place}-error"' in refused.text, place
        assert "κομμένο" in refused.text and "Κρατήθηκαν 2 φωτογραφίες" in refused.text
        kept = re.search(rf'name="kept-{line}" value="([^"]+)"', refused.text)
        assert kept
        typed |= {f"damaged-{line}": "1", f"damage_reason-{line}": "defective", f"kept-{line}": kept[1]}
        saved = await post_form(client, where, typed | {"receiver_name": "Άννα Λέκκα"})
        assert saved.status_code == 303, saved.text
        assert faults((await client.get(saved.headers["location"])).text) == []
        again = await post_form(client, where, typed | {"receiver_name": "Άννα Λέκκα"})
        assert again.status_code == 409 and "έχει ήδη δηλωθεί" in again.text
        with acting_as(OPERATOR):
            case = await fetch_value("SELECT code FROM discrepancy")
            assert await discrepancies.photo_of(case, 2)
            second = await dispatched_parcel("0501662")
            receipt = await second.confirm(key="second", quality="later")
        await sign_in(client, await make_person("staff"))
        listed = await client.get("/consignments?state=quality")
        assert second.code in listed.text and f"/consignments/{box.code}" not in listed.text
        assert "/consignments?state=quality" in (await client.get("/")).text
        home = await client.get(f"/consignments/{second.code}")
        staff = f"/receipts/{receipt['code']}/quality"
        assert staff in home.text and "Απομένει η ποιοτική παραλαβή" in home.text and faults(home.text) == []
        assert faults((await client.get(staff)).text) == []
        saved = await post_form(client, staff, {"quality": "looked", **WHO})
        assert saved.status_code == 303 and staff not in (await client.get(saved.headers["location"])).text
        assert faults((await client.get(f"/discrepancies/{case}")).text) == []
        assert "/consignments?state=quality" not in (await client.get("/")).text
