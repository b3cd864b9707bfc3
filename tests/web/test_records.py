"""The record of changes and the mail outbox as pages: seen by those who may, whole when exported."""

import csv
import io

from litestar import Litestar

from stem_logistics import mail
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.web.accessibility import faults


async def test_the_record_is_shown_filtered_and_exported_whole(app: Litestar) -> None:
    """An auditor sees every change; a filter narrows; the export holds all rows with their actor."""
    async with browser(app) as client:
        email = await make_person("auditor")
        await sign_in(client, email)
        page = await client.get("/audit")
        assert page.status_code == 200
        assert "account-created" in page.text
        assert faults(page.text) == []
        narrowed = await client.get("/audit?action=signed-in&actor=nonsense&after=x")
        assert narrowed.status_code == 200
        table = narrowed.text.split("<tbody>")[1].split("</tbody>")[0]
        assert "signed-in" in table
        assert "account-created" not in table
        exported = await client.get("/audit?format=csv")
        rows = list(csv.reader(io.StringIO(exported.text.removeprefix("\ufeff")), delimiter=";"))
        assert [row[4] for row in rows[1:]] == ["signed-in", "account-created"]


async def test_mail_is_shown_to_staff_only(app: Litestar) -> None:
    """Staff read the outbox and its messages; a technician is refused; a message's markup stays text."""
    async with browser(app) as client:
        staff, technician = await make_person("staff"), await make_person("technician")
        with acting_as(OPERATOR):
            number = await mail.post("school@school.example", "Αποτελέσματα", "Γεια <script>alert(1)</script>")
        await sign_in(client, technician)
        assert (await client.get("/mail")).status_code == 403
        client.cookies.clear()
        await sign_in(client, staff)
        for address in ("/mail", "/mail?q=school&state=queued", f"/mail/{number}"):
            page = await client.get(address)
            assert page.status_code == 200, address
            assert "Αποτελέσματα" in page.text
            assert faults(page.text) == []
        assert "<script>alert" not in page.text
        assert (await client.get("/mail?q=%25")).text.count("/mail/") == 0
        assert (await client.get("/mail/99999")).status_code == 404
