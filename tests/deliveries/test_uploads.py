"""Files that come with a school's forms: how large, of which kind, and that a form sent twice counts once."""

import io
import os
from typing import Any

import pytest
from httpx import AsyncClient, Response
from litestar import Litestar
from pypdf import PdfReader, PdfWriter

from stem_logistics.db.engine import fetch_value
from stem_logistics.deliveries import signing
from stem_logistics.deliveries.committee import Committee, Member
from stem_logistics.errors import Invalid, TooLarge
from stem_logistics.settings import Settings
from tests.deliveries.parcels import Parcel, dispatched_parcel
from tests.deliveries.test_photos import picture
from tests.deliveries.test_school_pages import WHO, form_of
from tests.support import OPERATOR, acting_as, browser, post_form
from tests.web.accessibility import faults


def pdf(pages: int = 1, password: str = "") -> bytes:
    """A paper as a scanner makes it."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    if password:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


async def _parcel() -> Parcel:
    with acting_as(OPERATOR):
        return await dispatched_parcel()


async def _damaged(client: AsyncClient, box: Parcel, photos: list[bytes], **more: Any) -> Response:
    board = (await box.line("microbit")).key
    _page, hidden = await form_of(client, box.token, board)
    typed = {**hidden, **WHO, f"outcome-{board}": "damaged", f"damage_reason-{board}": "transport"}
    typed[f"note-{board}"] = "ραγισμένη πλακέτα"
    files = [(f"photo-{board}", (f"{at}.jpg", photo, "image/jpeg")) for at, photo in enumerate(photos)]
    return await post_form(client, f"/r/{box.token}/confirm", {**typed, **more}, files=files)


async def test_forty_megabytes_are_refused_beside_the_form(app: Litestar) -> None:
    """Without JavaScript too: the form comes back with why and with all that was typed."""
    async with browser(app) as client:
        box = await _parcel()
        refused = await _damaged(client, box, [b"\xff\xd8\xff" + bytes(40_000_000)])
        assert refused.status_code == 422 and faults(refused.text) == []
        for said in ("ξεπερνά τα 15 MB", "ραγισμένη πλακέτα", "Μαρία Ανδρέου"):
            assert said in refused.text
        assert await fetch_value("SELECT count(*) FROM receipt") == 0


async def test_as_many_as_are_promised_are_taken(app: Litestar) -> None:
    """Five photographs of nearly 15 MB each go through together."""
    async with browser(app) as client:
        box = await _parcel()
        # behind the end of a JPEG decoders read nothing; no two are the same
        photos = [picture(size=(40 + at, 30)) + os.urandom(14_900_000) for at in range(5)]
        answer = await _damaged(client, box, photos)
        assert answer.status_code == 303
        assert await fetch_value("SELECT count(*) FROM receipt") == 1


async def test_more_than_can_be_read_leads_back_to_the_form(app: Litestar) -> None:
    """All of it is heard out; the page says why and leads to the very form, where what was typed is kept."""
    async with browser(app) as client:
        box = await _parcel()
        form = f"/r/{box.token}/confirm?line=1-0"
        large = {"photo-1": ("a.jpg", bytes(80_000_000), "image/jpeg")}
        headers = {"referer": f"http://testserver.local{form}"}
        refused = await client.post(f"/r/{box.token}/confirm", files=large, headers=headers)
        assert refused.status_code == 413 and f'href="{form}"' in refused.text and faults(refused.text) == []
        headers = {"referer": "http://elsewhere.example/r/x/confirm"}
        refused = await client.post(f"/r/{box.token}/confirm", files=large, headers=headers)
        assert "elsewhere" not in refused.text and "/r/x/" not in refused.text


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"%PDF-1.4 junk %%EOF", "paper-broken"),
        (pdf(0), "paper-broken"),
        (pdf(password="secret"), "paper-broken"),
        (b"PK\x03\x04 a text of an office", "paper-of-unknown-kind"),
        (picture(), None),
        (pdf(), None),
    ],
)
async def test_a_paper_has_to_open(service: Settings, content: bytes, slug: str | None) -> None:
    """A PDF with pages, or a photograph; the words name what is taken."""
    if slug is None:
        assert len(await signing.keep_paper(content)) == 32
        return
    with pytest.raises(Invalid, match=slug):
        await signing.keep_paper(content)


async def test_a_paper_too_large(service: Settings) -> None:
    """It is called what it is."""
    with pytest.raises(TooLarge, match="paper-too-large"):
        await signing.keep_paper(pdf() + bytes(15_000_000))


async def test_a_form_sent_twice_counts_once(app: Litestar) -> None:
    """A member's word and the signed paper: a browser that heard no answer sends them again, and is answered alike."""
    async with browser(app) as client:
        box = await _parcel()
        members = tuple(Member(name, "ΠΕ86", number == 1) for number, name in enumerate(("Α Β", "Γ Δ", "Ε Ζ"), 1))
        receipt = await box.confirm(committee=Committee(members, "12/21-11-2026", "school"))
        sign, signed = (f"/r/{box.token}/{step}/{receipt['code']}" for step in ("sign", "signed"))
        page = await client.get(sign)
        key = page.text.split('name="key" value="')[1].split('"')[0]
        answers = [await post_form(client, sign, {"member": "2", "name": "Γ Δ", "key": key}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 303]
        other = await post_form(client, sign, {"member": "2", "name": "Γ Δ", "key": "another"})
        assert other.status_code == 422 and "Γ Δ" in other.text
        for _ in range(2):
            answer = await post_form(
                client, signed, {"key": "paper"}, files={"signed": ("p.pdf", pdf(), "application/pdf")}
            )
            assert answer.status_code == 303
        counts = await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'signed-protocol-filed'")
        assert counts == 1
        kept = await fetch_value("SELECT signed_digest FROM receipt")
        assert len(kept) == 32 and len(PdfReader(io.BytesIO(pdf())).pages) == 1
