"""Photographs of a fault: the school's telephone sends them with its report, staff see them at the repair."""

import io
from typing import Any

import httpx
import pytest
from litestar import Litestar
from PIL import Image

from stem_logistics.custody import repairs, service
from stem_logistics.db.engine import fetch_value, unit_of_work
from stem_logistics.errors import Invalid
from stem_logistics.settings import Settings
from tests.custody.scene import OTHER, SCHOOL, kit_at_school, serials
from tests.deliveries.test_photos import exif, picture
from tests.support import OPERATOR, acting_as, browser, client_of, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def _link(code: str = SCHOOL) -> str:
    async with unit_of_work():
        address = await service.link_for(await service.require_school(code))
    return address.removeprefix("http://testserver.local")


async def _send(
    client: httpx.AsyncClient, page: str, data: dict[str, Any], photos: list[tuple[str, bytes]]
) -> httpx.Response:
    given = [("photos", (name, content, "image/jpeg")) for name, content in photos]
    # a form of this kind is sent in parts, also where no file was chosen
    return await post_form(client, f"{page}/repair", data, files=given or [("photos", ("", b"", "image/jpeg"))])


def _kept(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('name="kept" value="')[1:]]


async def test_a_report_sent_twice_counts_once(app: Litestar) -> None:
    """A browser that heard no answer sends the same form again: one repair, and the same answer."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            kit = await kit_at_school()
            link = await _link()
        page = f"{link}/kit/{kit}"
        shown = await client.get(page)
        report = shown.text.split(f'action="{page}/repair"')[1].split("</form>")[0]
        key = report.split('name="key" value="')[1].split('"')[0]
        assert "data-retry" in report.split(">")[0] and "send.js" in shown.text
        form = {"part": (await serials(kit))[0], "fault": "Σπασμένη θύρα", "key": key}
        answers = [await _send(client, page, form, [("a.jpg", picture())]) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 303]
        assert await fetch_value("SELECT count(*) FROM repair") == 1


async def test_photographs_go_with_the_report(app: Litestar) -> None:
    """Several, made anew without place and maker; a refusal keeps those that were good; only staff open them."""
    async with browser(app) as client, client_of(app) as staff:
        await sign_in(staff, await make_person("staff"))
        with acting_as(OPERATOR):
            kit, foreign = await kit_at_school(), await kit_at_school(OTHER)
            link = await _link()
        page = f"{link}/kit/{kit}"
        shown = await client.get(page)
        assert faults(shown.text) == [] and 'enctype="multipart/form-data"' in shown.text
        form = {"part": (await serials(kit))[0], "fault": "Σπασμένη θύρα"}
        photo = picture(exif=exif())
        assert b"SecretPhoneMaker" in photo
        # one is none: refused with why, the good one is carried along
        refused = await _send(client, page, form, [("a.jpg", photo), ("b.jpg", b"GIF89a" + bytes(40))])
        assert refused.status_code == 422 and faults(refused.text) == [] and "Σπασμένη θύρα" in refused.text
        (carried,) = _kept(refused.text)
        missing = await _send(client, page, {**form, "fault": "", "kept": carried}, [])
        assert missing.status_code == 422 and _kept(missing.text) == [carried], "a fault of another field loses it"
        many = await _send(client, page, form, [(f"{n}.jpg", picture(size=(20 + n, 9))) for n in range(6)])
        assert many.status_code == 422 and len(_kept(many.text)) == repairs.MOST_PHOTOS
        # another kit's form cannot name it, and another school's kit takes nothing
        assert (await _send(client, f"{link}/kit/{foreign}", {**form, "kept": carried}, [])).status_code == 404
        stored = await fetch_value("SELECT count(*) FROM stored_file")
        assert (await _send(client, f"{link}/kit/{foreign}", form, [("c.jpg", photo)])).status_code == 404
        assert await fetch_value("SELECT count(*) FROM stored_file") == stored
        sent = await _send(client, page, {**form, "kept": carried}, [("c.png", picture("PNG", (80, 30)))])
        assert sent.status_code == 303
        code = await fetch_value("SELECT code FROM repair")
        repair = f"/repairs/{code}"
        at_staff = await staff.get(repair)
        assert faults(at_staff.text) == [] and f"{repair}/photos/2" in at_staff.text
        for number, size in ((1, (40, 60)), (2, (80, 30))):
            answer = await staff.get(f"{repair}/photos/{number}")
            assert answer.headers["content-type"] == "image/jpeg" and b"SecretPhoneMaker" not in answer.content
            with Image.open(io.BytesIO(answer.content)) as opened:
                assert opened.size == size and not dict(opened.getexif())
        for number in (0, 3):
            assert (await staff.get(f"{repair}/photos/{number}")).status_code == 404
        assert (await client.get(f"{repair}/photos/1")).status_code in (302, 303, 401, 403)


async def test_staff_send_photographs_too(app: Litestar) -> None:
    """Their form at the kit opens again with what was good where something is refused, and keeps the photographs."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            kit = await kit_at_school()
        page = f"/stock/kits/{kit}/custody"
        form = {"part": (await serials(kit))[0], "fault": ""}
        refused = await _send(client, page, form, [("a.jpg", picture(exif=exif()))])
        assert refused.status_code == 422 and faults(refused.text) == []
        assert '<details class="more" open><summary>' in refused.text, "the form that was refused is folded away"
        kept = _kept(refused.text)
        again = await _send(
            client, page, {**form, "fault": "Ραγισμένη", "kept": kept}, [("b.jpg", picture(size=(9, 9)))]
        )
        assert again.status_code == 303 and len(kept) == 1
        repair = f"/repairs/{await fetch_value('SELECT code FROM repair')}"
        for number in (1, 2):
            answer = await client.get(f"{repair}/photos/{number}")
            assert answer.status_code == 200 and b"SecretPhoneMaker" not in answer.content


async def test_a_forged_photograph_is_not_taken(app: Litestar) -> None:
    """A digest that was signed for another kit, or by nobody, is left out."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            kit = await kit_at_school()
            link = await _link()
        form = {"part": (await serials(kit))[0], "fault": "Δεν ανάβει", "kept": f"{'00' * 32}.{'0' * 32}"}
        assert (await _send(client, f"{link}/kit/{kit}", form, [])).status_code == 303
        assert await fetch_value("SELECT count(*) FROM repair_photo") == 0


async def test_no_more_than_so_many(service: Settings) -> None:
    """The service itself keeps the limit, whoever asks."""
    kit = await kit_at_school()
    with pytest.raises(Invalid, match="fault-photos-too-many"):
        await repairs.report(kit, (await serials(kit))[0], fault="x", photos=[bytes([n]) * 32 for n in range(6)])
