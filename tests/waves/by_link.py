"""A school on its telephone: the steps of an application, by its link."""

import io
import re
from collections.abc import Mapping

import typst
from httpx import AsyncClient as Client
from PIL import Image

from tests.support import post_form


def a_pdf(text: str = "Πράξη") -> bytes:
    """A real PDF of one page."""
    pdf = typst.compile(text.encode())
    assert isinstance(pdf, bytes)
    return pdf


PDF = a_pdf()


def a_photo(size: tuple[int, int] = (40, 30)) -> bytes:
    """A JPEG with a place in it, as telephones make them."""
    out = io.BytesIO()
    picture = Image.new("RGB", size, "white")
    exif = picture.getexif()
    exif[0x010F] = "Secret telephone"
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def seen_in(page: str) -> str:
    """What a page's form was made from."""
    found = re.search(r'name="seen" value="([0-9a-f]*)"', page)
    assert found is not None, page[:2000]
    return found[1]


async def fill(client: Client, link: str, step: str, answer: str, status: int = 303, seen: str | None = None) -> str:
    """Answer a step from its page (or from one that was opened before); where it leads, or the page that comes back."""
    if seen is None:
        page = await client.get(f"{link}/steps/{step}", follow_redirects=False)
        seen = seen_in(page.text) if page.status_code == 200 else ""
    got = await post_form(client, f"{link}/steps/{step}", {"answer": answer, "seen": seen})
    assert got.status_code == status, f"{step}: {got.status_code} {got.text[:1500]}"
    return str(got.headers["location"]) if status == 303 else got.text


SIGNATURE = {"name": "Μαρία Παπαδοπούλου", "post": "head", "agreed": "yes", "act_number": "12", "act_on": "2026-11-20"}


async def sign(
    client: Client,
    link: str,
    status: int = 303,
    act: bytes | None = PDF,
    seen: str | None = None,
    **changed: str,
) -> str:
    """The head signs, with an act."""
    if seen is None:
        seen = seen_in((await client.get(f"{link}/steps/sign")).text)
    files = {"act": ("πράξη.pdf", act, "application/pdf")} if act is not None else {"act": ("", b"", "application/pdf")}
    got = await post_form(client, f"{link}/steps/sign", {**SIGNATURE, "seen": seen, **changed}, files=files)
    assert got.status_code == status, f"{got.status_code} {got.text[:1500]}"
    return str(got.headers["location"]) if status == 303 else got.text


async def send_it(client: Client, link: str, status: int = 303, seen: str | None = None) -> str:
    """Send what the last page shows."""
    if seen is None:
        page = (await client.get(f"{link}/check")).text
        found = re.search(r'name="seen" value="([0-9a-f]*)"', page)
        seen = found[1] if found else ""
    got = await post_form(client, f"{link}/send", {"seen": seen})
    assert got.status_code == status, f"{got.status_code} {got.text[:1500]}"
    return str(got.headers["location"]) if status == 303 else got.text


ANSWERS: Mapping[str, str] = {
    "choice-1": "printer",
    "project": "Το έργο μας",
    "condition-undertaking": "yes",
    "evidence": "",
}


async def apply_by_link(client: Client, link: str, answers: Mapping[str, str] = ANSWERS) -> None:
    """All of it: answers, signature, sending."""
    for step, answer in answers.items():
        await fill(client, link, step, answer)
    await sign(client, link)
    assert (await send_it(client, link)).startswith(link)
