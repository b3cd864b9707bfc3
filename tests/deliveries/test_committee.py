"""The committee of three, signatures, the signed paper, what came unasked: the receipt around its lines."""

import asyncio
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from pypdf import PdfReader

from stem_logistics.accounts.links import principal_of_link
from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.deliveries import discrepancies, photos, receipts, service, signing
from stem_logistics.deliveries.committee import Committee, Extra, Member, check_committee
from stem_logistics.deliveries.receipts import ReceiptRefused
from stem_logistics.deliveries.signature import is_drawn, signature_svg
from stem_logistics.errors import Conflict, DomainError, Invalid
from stem_logistics.settings import Settings
from tests.deliveries.parcels import Parcel, assert_ledger_holds, dispatched_parcel
from tests.deliveries.test_photos import picture
from tests.deliveries.test_school_pages import WHO, form_of, parcel
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults

DRAWN = "10,150 60,40 90,160 130,60 170,150 210,80 260,140 300,90;320,100 420,90 500,120"
NAMES = ("Μαρία Ανδρέου", "Γιώργος Ιωάννου", "Ελένη Παππά")


def committee(confirming: int = 1, *, by: str = "school") -> Committee:
    members = tuple(Member(name, "ΠΕ70", number < confirming) for number, name in enumerate(NAMES))
    return Committee(members, "12/21-11-2026", "directorate" if by == "directorate" else "school")


def said_by(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


async def newest(box: Parcel, edition: int) -> str:
    code = await fetch_value("SELECT code FROM receipt WHERE consignment_id = $1", box.id)
    return said_by((await signing.edition(code, edition))[1])


async def test_each_member_confirms_once_and_each_edition_stays(service: Settings) -> None:
    """One at the desk, the others by the link: two at once give two editions more, and none is confirmed twice."""
    box = await dispatched_parcel()
    receipt = await box.confirm(committee=committee(by="directorate"), quality="tried")
    link = await principal_of_link(box.token)

    async def yes(position: int, name: str, drawn: str = "") -> bool:
        with acting_as(link):
            return await signing.member_confirms(receipt["code"], position, name, drawn)

    with pytest.raises(Invalid, match="member-name-differs"):
        await yes(2, "Άλλος Άνθρωπος")
    with pytest.raises(Invalid, match="signature-unusable"):
        await yes(2, NAMES[1], "1,1")
    done = await asyncio.gather(yes(2, " ΓΙΩΡΓΟΣ  ιωαννου ", DRAWN), yes(3, "Ελενη Παππα"))
    assert sorted(done) == [False, True]
    again = await asyncio.gather(yes(2, NAMES[1]), yes(2, NAMES[1]), return_exceptions=True)
    assert [type(each) for each in again] == [Conflict, Conflict]
    first, last = await newest(box, 1), await newest(box, 3)
    assert "3η έκδοση" in last and "έκδοση" not in first
    assert first.count("επιβεβαίωσε στις") == 1 and last.count("επιβεβαίωσε στις") == 3
    for fact in (*NAMES, "12/21-11-2026", "από τη Διεύθυνση Εκπαίδευσης", "δοκιμάστηκαν και λειτουργούν"):
        assert fact in last, fact
    assert await fetch_value("SELECT count(*) FROM mail_message WHERE about_kind = 'receipt'") == 2


@pytest.mark.parametrize(
    ("changed", "places"),
    [
        ({"act": " "}, {"committee_act"}),
        (
            {"members": (Member("Α", "Β", True), Member(" α ", "Β"), Member("Γ", ""))},
            {"member-2-name", "member-3-post"},
        ),
        ({"members": tuple(Member(name, "Β") for name in "ΑΒΓ")}, {"member-1-confirms"}),
        (
            {"members": tuple(Member(name, "Β", True, "9999,9999") for name in "ΑΒΓ")},
            {f"member-{n}-drawn" for n in "123"},
        ),
    ],
)
def test_a_committee_that_is_none_is_named(changed: dict[str, object], places: set[str]) -> None:
    """No act, one person twice, nobody who confirms, a drawing that is none: each beside its field."""
    given = {"members": committee().members, "act": "1", **changed}
    assert {problem.where for problem in check_committee(Committee(**given))} == places  # type: ignore[arg-type]


@given(st.text("0123456789, ;<>\"'/svg", max_size=80) | st.text(max_size=40))
def test_only_points_become_a_drawing(text: str) -> None:
    """Whatever a page sends as a signature: it is points within the field, or it is refused."""
    if is_drawn(text):
        assert set(text) <= set("0123456789, ;") and "<script" not in signature_svg(text)


async def test_what_came_unasked_becomes_a_case(service: Settings) -> None:
    """Surplus and a wrong item stand on the protocol and open discrepancies; the ledger moves what was sent only."""
    box = await dispatched_parcel()
    extras = (Extra("surplus", "Καλώδιο HDMI", 2), Extra("wrong", "Ρομπότ", 1, "RX-7"))
    await box.confirm(extras=extras)
    rows = await fetch("SELECT kind, quantity FROM discrepancy ORDER BY kind")
    assert [(row["kind"], row["quantity"]) for row in rows] == [("surplus", 2), ("wrong", 1)]
    assert await box.balances() == {"institution": 9}
    paper = await newest(box, 1)
    assert "2 × Καλώδιο HDMI (πλεόνασμα)" in paper and "RX-7" in paper
    other = await dispatched_parcel("0501661")
    with pytest.raises(ReceiptRefused):
        await other.confirm(key="other", extras=(Extra("surplus", "", 0),))
    await assert_ledger_holds()


async def test_staff_need_the_signed_paper(app: Litestar) -> None:
    """Staff enter a school's receipt with its signed paper only; the paper is on file, cleaned, and on record."""
    async with browser(app) as client:
        box = await parcel()
        await sign_in(client, await make_person("staff"))
        home = f"/consignments/{box.code}"
        assert faults((await client.get(f"{home}/receive")).text) == []
        page = await client.get(f"{home}/receive/confirm")
        assert faults(page.text) == []
        hidden = dict(re.findall(r'type="hidden" name="(key|seen)" value="([^"]*)"', page.text))
        refused = await post_form(client, f"{home}/receive/confirm", {**hidden, **WHO})
        assert refused.status_code == 422 and 'id="signed-error"' in refused.text and faults(refused.text) == []
        broken = {"signed": ("paper.pdf", b"%PDF-1.7 cut off", "application/pdf")}
        refused = await post_form(client, f"{home}/receive/confirm", {**hidden, **WHO}, files=broken)
        assert refused.status_code == 422 and "δεν ανοίγει" in refused.text
        paper = {"signed": ("paper.jpg", picture(size=(300, 200)), "image/jpeg")}
        kept = await post_form(client, f"{home}/receive/confirm", {**hidden, "receiver_name": ""}, files=paper)
        carried = re.search(r'name="kept-signed" value="([^"]+)"', kept.text)
        assert kept.status_code == 422 and carried, "a file is not asked for a second time"
        done = await post_form(client, f"{home}/receive/confirm", {**hidden, **WHO, "kept-signed": carried[1]})
        assert done.status_code == 303, done.text
        assert await box.balances() == {"institution": 9}
        view = await client.get(done.headers["location"])
        assert faults(view.text) == [] and "Υπογεγραμμένο στο αρχείο" in view.text
        code = await fetch_value("SELECT code FROM receipt")
        signed = await client.get(f"/receipts/{code}/signed")
        assert signed.headers["content-type"] == "image/jpeg" and photos.kind_of(signed.content) == "JPEG"
        assert "στέλεχος Ε.Ο.Υ." in said_by((await client.get(f"/receipts/{code}/protocol.pdf")).content)
        again = await post_form(client, f"/receipts/{code}/again", {f"again-{code}": "λάθος διεύθυνση"})
        assert again.status_code == 303
        assert "2η έκδοση" in said_by((await client.get(f"/receipts/{code}/protocol.pdf")).content)
        assert "έκδοση" not in said_by((await client.get(f"/receipts/{code}/editions/1")).content)
        assert faults((await client.get(home)).text) == []
        with acting_as(OPERATOR):
            assert await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'protocol-issued-again'") == 1


async def test_a_committee_in_the_browser(app: Litestar) -> None:
    """A school's form with a committee, the members' page, the signed paper by link; all of it without JavaScript."""
    async with browser(app) as client:
        box = await parcel()
        _page, hidden = await form_of(client, box.token)
        typed: dict[str, object] = {**hidden, **WHO, "receives": "committee", "quality": "later"}
        refused = await post_form(client, f"/r/{box.token}/confirm", typed)
        assert refused.status_code == 422 and faults(refused.text) == []
        for place in ("committee_act", "member-1-name", "member-3-post", "member-1-confirms"):
            assert f'id="{place}-error"' in refused.text, place
        for number, name in enumerate(NAMES, 1):
            typed |= {f"member-{number}-name": name, f"member-{number}-post": "ΠΕ60"}
        typed |= {"committee_act": "3/2026", "member-1-confirms": "yes", "member-1-drawn": DRAWN}
        typed |= {"extra-2-what": "Καλώδιο", "extra-2-quantity": "2", "receiver_drawn": DRAWN[:9]}
        shown = [("photo-extra-2", (f"{n}.jpg", picture(size=(300 + n, 200)), "image/jpeg")) for n in range(6)]
        refused = await post_form(client, f"/r/{box.token}/confirm", typed, files=shown)
        assert refused.status_code == 422 and faults(refused.text) == []
        assert "έως 5 φωτογραφίες" in refused.text and "Κρατήθηκαν 5 φωτογραφίες" in refused.text
        assert 'id="photo-extra-2-error"' in refused.text
        typed["kept-extra-2"] = re.search(r'name="kept-extra-2" value="([^"]+)"', refused.text)[1]  # type: ignore[index]
        refused = await post_form(client, f"/r/{box.token}/confirm", typed)
        assert refused.status_code == 422 and "Η υπογραφή δεν διαβάζεται" in refused.text
        done = await post_form(client, f"/r/{box.token}/confirm", typed | {"receiver_drawn": DRAWN})
        assert done.status_code == 303, done.text
        assert await fetch_value("SELECT signature FROM receipt") == DRAWN
        assert await fetch_value("SELECT count(*) FROM receipt_photo WHERE surplus_id IS NOT NULL") == 5
        with acting_as(OPERATOR):
            case = await fetch_value("SELECT code FROM discrepancy")
            assert photos.kind_of(await discrepancies.photo_of(case, 5)) == "JPEG"
            with pytest.raises(DomainError, match="file-not-found"):
                await discrepancies.photo_of(case, 6)
        page = await client.get(done.headers["location"])
        assert faults(page.text) == [] and "Επιβεβαίωσαν 1 από τα 3 μέλη" in page.text
        code = done.headers["location"].rsplit("/", 1)[1]
        member = f"/r/{box.token}/sign/{code}"
        assert faults((await client.get(member)).text) == []
        wrong = await post_form(client, member, {"member": "2", "name": "κανείς"})
        assert wrong.status_code == 422 and faults(wrong.text) == []
        for number in (2, 3):
            assert (
                await post_form(client, member, {"member": str(number), "name": NAMES[number - 1]})
            ).status_code == 303
        assert "Επιβεβαίωσαν όλα τα μέλη" in (await client.get(member)).text
        heic = {"signed": ("IMG.HEIC", b"\x00\x00\x00\x18ftypheic" + bytes(40), "image/heic")}
        refused = await post_form(client, f"/r/{box.token}/signed/{code}", {}, files=heic)
        assert refused.status_code == 422 and "HEIC" in refused.text and faults(refused.text) == []
        good = {"signed": ("a.jpg", picture(), "image/jpeg")}
        assert (await post_form(client, f"/r/{box.token}/signed/{code}", {}, files=good)).status_code == 303
        assert "Υπογεγραμμένο στο αρχείο" in (await client.get(f"/r/{box.token}")).text
        other = await parcel_of_another()
        stolen = await client.get(f"/r/{other.token}/sign/{code}")
        assert stolen.status_code == 404, "a link opens its own receipts only"


async def parcel_of_another() -> Parcel:
    with acting_as(OPERATOR):
        return await dispatched_parcel("0501662")


async def test_a_cancelled_consignment_is_not_received(service: Settings) -> None:
    """By its link, or by staff with a paper: a receipt for a cancelled consignment is refused and moves nothing."""
    box = await dispatched_parcel()
    held = await principal_of_link(box.token)
    await _cancel(box.code)
    with pytest.raises(DomainError):
        await box.confirm()
    given = receipts.Confirmation({}, "Α", "Β", key="k", seen_parts=0)
    with acting_as(held), pytest.raises(Conflict, match="consignment-was-cancelled"):
        await receipts.confirm(box.id, given)
    assert await box.balances() == {"consignment": 9}
    await assert_ledger_holds()


async def _cancel(code: str) -> None:
    await service.cancel(code, why="λάθος σχολείο")
