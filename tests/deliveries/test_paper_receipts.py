"""Receipt on paper alone: the blank protocol, what the school sends, and what staff enter from it."""

import io

import pytest
from litestar import Litestar
from pypdf import PdfReader

from stem_logistics.accounts.links import principal_of_link
from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.deliveries import bulk, paper_receipts, protocols, reminding
from stem_logistics.deliveries import service as deliveries
from stem_logistics.deliveries.rules import LineAnswer
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.settings import Settings
from tests.deliveries.parcels import dispatched_parcel, last_mail
from tests.deliveries.test_documents import assert_pdf_a_2b, text_of
from tests.deliveries.test_photos import picture
from tests.deliveries.test_school_pages import WHO
from tests.deliveries.test_uploads import pdf
from tests.support import OPERATOR, acting_as, browser, client_of, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def test_a_blank_protocol_is_in_the_parcel_and_behind_the_link(service: Settings) -> None:
    """Each line with its serial number, places for names, signatures and stamp; only what is still to come."""
    box = await dispatched_parcel()
    row = await deliveries.get_consignment(box.code)
    content = await paper_receipts.blank(row)
    assert_pdf_a_2b(content)
    said = text_of(content)
    for word in ("προς συμπλήρωση", "Σφραγίδα", "επιτροπή", "Υπογραφή", f"{box.code[:4]}-{box.code[4:]}"):
        assert word in said
    serials = [line.serial for line in await box.lines() if line.serial]
    assert serials and all(serial in said for serial in serials)
    listed = await protocols.packing_list(row)
    assert_pdf_a_2b(listed)
    assert "προς συμπλήρωση" in text_of(listed) and "ΣΥΝΟΔΕΥΤΙΚΗ ΚΑΤΑΣΤΑΣΗ" in text_of(listed)
    batch = await bulk.start("lists", [box.code])
    await bulk.run(batch)
    assert "Σφραγίδα" in text_of((await bulk.papers_of(batch))[1])
    board = next(line for line in await box.lines() if line.serial == serials[0])
    everything_else: dict[str, LineAnswer | None] = {
        line.key: None for line in await box.lines() if line.key != board.key
    }
    await box.confirm(everything_else)
    said = text_of(await paper_receipts.blank(await deliveries.get_consignment(box.code)))
    assert serials[0] not in said and serials[1] in said


async def test_a_school_receives_on_paper_alone(app: Litestar) -> None:
    """Photographs by the link, no confirmation: a task for staff, who enter the receipt with the picture beside it."""
    async with browser(app) as client, client_of(app) as staff:
        with acting_as(OPERATOR):
            box = await dispatched_parcel()
        await sign_in(staff, await make_person("staff"))
        page = await client.get(f"/r/{box.token}")
        assert faults(page.text) == [] and f"/r/{box.token}/blank.pdf" in page.text
        blank = await client.get(f"/r/{box.token}/blank.pdf")
        assert blank.status_code == 200 and len(PdfReader(io.BytesIO(blank.content)).pages) >= 1
        refused = await post_form(
            client, f"/r/{box.token}/paper", {}, files={"papers": ("a.pdf", b"%PDF-1.4 junk %%EOF", "application/pdf")}
        )
        assert refused.status_code == 422 and "δεν ανοίγει" in refused.text and faults(refused.text) == []
        pages = [("papers", (f"{n}.jpg", picture(size=(50 + n, 40)), "image/jpeg")) for n in range(2)]
        for _ in range(2):
            sent = await post_form(client, f"/r/{box.token}/paper", {"key": "k"}, files=pages)
            assert sent.status_code == 303
        assert await fetch_value("SELECT count(*) FROM receipt_paper") == 2
        assert await box.balances() == {"consignment": 9}, "nothing moves before somebody has read it"
        page = await client.get(f"/r/{box.token}")
        assert "είναι στο αρχείο" in page.text and faults(page.text) == []
        assert "προς καταχώριση" in (await staff.get("/consignments?state=signed")).text
        assert "περιμένει καταχώριση" in (await staff.get("/")).text
        for path in ("", "/receive", "/receive/confirm"):
            shown = await staff.get(f"/consignments/{box.code}{path}")
            assert f"/consignments/{box.code}/papers/" in shown.text and faults(shown.text) == []
        number = await fetch_value("SELECT min(id) FROM receipt_paper")
        assert (await staff.get(f"/consignments/{box.code}/papers/{number}")).headers["content-type"] == "image/jpeg"
        kept = shown.text.split('name="kept-signed" value="')[1].split('"')[0]
        entered = await post_form(
            staff,
            f"/consignments/{box.code}/receive/confirm",
            {"kept-signed": kept, "seen": "0", "key": "k", **WHO},
            files={"signed": ("", b"", "image/jpeg")},
        )
        assert entered.status_code == 303
        assert await box.balances() == {"institution": 9}
        assert await fetch_value("SELECT count(*) FROM receipt_paper WHERE receipt_id IS NOT NULL") == 2
        assert await fetch_value("SELECT signed_digest FROM receipt") is not None
        assert "papers-title" not in (await staff.get(f"/consignments/{box.code}")).text


async def test_what_cannot_be_entered_is_asked_for_again(service: Settings) -> None:
    """The school reads why; meanwhile nobody reminds a school that has answered on paper, afterwards somebody does."""
    box = await dispatched_parcel()
    held = await principal_of_link(box.token)
    with acting_as(held):
        for wrong in ([], [pdf()] * 6):
            with pytest.raises(Invalid):
                await paper_receipts.file_papers(wrong)
        assert await paper_receipts.file_papers([pdf()]) == 1
        assert await paper_receipts.file_papers([pdf()]) in (0, 1)
    await execute("UPDATE consignment SET expected_on = CURRENT_DATE - 30")
    assert (await reminding.remind())["sent"] == 0
    with pytest.raises(Invalid, match="reason-missing"):
        await paper_receipts.refuse(box.code, why=" ")
    await paper_receipts.refuse(box.code, why="Δεν διαβάζεται η σελίδα 2")
    assert "Δεν διαβάζεται η σελίδα 2" in (await last_mail("mail@0501659.example"))["body"]
    with pytest.raises(Conflict, match="no-paper-waits"):
        await paper_receipts.refuse(box.code, why="πάλι")
    assert (await reminding.remind())["sent"] == 1
    await deliveries.cancel(box.code, why="λάθος")
    with acting_as(held), pytest.raises(Conflict, match="consignment-was-cancelled"):
        await paper_receipts.file_papers([pdf(2)])
