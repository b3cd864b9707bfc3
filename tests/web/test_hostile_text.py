"""Text that would be a program somewhere: in pages, files for spreadsheets, documents, mail. Always shown as text."""

import csv
import io
import re

from litestar import Litestar

from stem_logistics import mail
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries.rules import LineAnswer
from tests.deliveries.parcels import dispatched_parcel
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.waves.scene import application, apply, decide, kit, make_school, open_wave, prize

HOSTILE = """=cmd|' /C calc'!A0"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}#eval("1")$1$\u202e"""


async def a_hostile_country() -> list[str]:
    """Every text that somebody outside gives is the hostile one; returns the addresses of links."""
    with acting_as(OPERATOR):
        await make_school("0100001", name=HOSTILE)
        await make_school("0100002", name=HOSTILE)
        wave = await open_wave(kit(stock=1), slug="stem-6")
        piece = prize("0100001", "P1", title=HOSTILE, category=HOSTILE)
        await apply(wave, application("0100001", evidence=(piece,)), application("0100002"))
        await execute("UPDATE application SET project_title = $1", HOSTILE)
        await decide(wave)
        parcel = await dispatched_parcel("0501659")
        await execute("UPDATE institution SET name = $1, municipality = $1, address = $1", HOSTILE)
        await execute("UPDATE item SET name_el = $1, name_en = $1", HOSTILE)
        await execute("UPDATE kit_definition SET title_el = $1, title_en = $1", HOSTILE)
        await execute("UPDATE device SET serial_number = $1 || id", HOSTILE)
        await execute("UPDATE consignment SET courier = $1, tracking_number = $1", HOSTILE)
        line = next(line for line in await parcel.lines() if line.device_id)
        await parcel.confirm(
            {line.key: LineAnswer(damaged=1, damage_reason="transport", note=HOSTILE)},
            receiver_name=HOSTILE,
            receiver_role=HOSTILE,
            note=HOSTILE,
        )
        await mail.post("a@school.example", HOSTILE, f"{HOSTILE} https://x.example/{HOSTILE}")
    return [f"/r/{parcel.token}", f"/c/{parcel.code}"]


async def test_text_is_never_a_program(app: Litestar) -> None:
    """In no page is somebody's text a tag, a script's address or a template; files for spreadsheets neutralise it."""
    async with browser(app) as client:
        links = await a_hostile_country()
        await sign_in(client, await make_person("staff"))
        start = [*links, "/results/stem-6", "/mail", "/audit", "/stock", "/stock/kits", "/consignments", "/schools"]
        start += ["/discrepancies", "/waves/stem-6/applications", "/waves/stem-6/allocation", "/results/map"]
        start += await _single_pages()
        shown = 0
        for address in start:
            answer = await client.get(address)
            assert answer.status_code == 200, (address, answer.status_code)
            assert "<script>alert" not in answer.text and "<img src=x" not in answer.text, address
            assert not re.search(r'(href|src)="(javascript|data:text)', answer.text), address
            assert "{{7*7}}" in answer.text or "7*7" not in answer.text, address
            shown += "&lt;script&gt;alert" in answer.text
        assert shown > 10, "the hostile text was there to be seen"
        lists = ["/schools", "/consignments/export", "/stock/kits/export", "/waves/stem-6/applications"]
        for address in [*lists, "/results/stem-6", "/waves/stem-6/allocation", "/audit"]:
            answer = await client.get(address, params={"format": "csv"})
            assert answer.headers["content-type"].startswith("text/csv"), address
            for row in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"):
                assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in row), (address, row)


async def _single_pages() -> list[str]:
    receipt = await fetch_value("SELECT code FROM receipt")
    found = [f"/receipts/{receipt}/protocol.pdf"]
    patterns = {
        "/schools/{}": "SELECT code FROM institution",
        "/stock/kits/{}": "SELECT code FROM kit",
        "/consignments/{}": "SELECT code FROM consignment",
        "/consignments/{}/label.pdf": "SELECT code FROM consignment",
        "/consignments/{}/packing-list.pdf": "SELECT code FROM consignment",
        "/discrepancies/{}": "SELECT code FROM discrepancy",
        "/waves/stem-6/applications/{}": "SELECT id AS code FROM application",
        "/results/stem-6/schools/{}": "SELECT code FROM institution WHERE code LIKE '01%'",
        "/mail/{}": "SELECT id AS code FROM mail_message",
    }
    for pattern, sql in patterns.items():
        found += [pattern.format(row["code"]) for row in await fetch(sql)]
    return found
