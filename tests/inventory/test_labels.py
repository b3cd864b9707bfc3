"""Labels: what is printed can be read and leads to the right page; what was replaced says so."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zxingcpp
from litestar import Litestar
from PIL import Image

from stem_logistics.codes import check_character, new_code, shown_code
from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.deliveries import last_mile
from stem_logistics.errors import FieldErrors, Invalid
from stem_logistics.inventory import labels, ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.label_rules import SHEETS, Label, Sheet, pages_needed, scanned_code
from stem_logistics.inventory.label_sheet import labels_pdf
from stem_logistics.settings import Settings
from tests.conftest import require_program
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults

MOMENT = datetime(2026, 11, 21, tzinfo=UTC)
DOTS = 200  # a poor printer's dots an inch


def some(count: int) -> list[Label]:
    codes = [new_code("K") for _ in range(count)]
    long = "Σετ κωδικοποίησης νηπιαγωγείου με ένα όνομα που δεν χωράει σε μία γραμμή"
    return [
        Label(code, f"https://stem.example.gr/l/{code}", long, "9904AB00CC11DD22EE3399FF00112233445566778899AABBCC")
        for code in codes
    ]


def printed(pdf: bytes, folder: Path) -> list[Image.Image]:
    (folder / "labels.pdf").write_bytes(pdf)
    program = require_program("pdftoppm", "poppler-utils")
    subprocess.run(
        [program, "-r", str(DOTS), "-png", str(folder / "labels.pdf"), str(folder / "page")], check=True, timeout=60
    )
    return [Image.open(path).convert("L") for path in sorted(folder.glob("page*.png"))]


@pytest.mark.parametrize(
    ("sheet", "first"),
    [
        (SHEETS["a4-3x7"], 5),
        (SHEETS["a4-2x7"], 14),
        (SHEETS["a4-3x8"], 24),
        (SHEETS["roll-62"], 1),
        (SHEETS["roll-100"], 1),
    ],
)
def test_a_camera_reads_every_label_where_it_should_stand(sheet: Sheet, first: int, tmp_path: Path) -> None:
    """Each label's QR code, printed coarsely, says its address; it stands inside its own cell."""
    made = some(9)
    pages = printed(labels_pdf(made, sheet, first, "Ο φορέας", "https://stem.example.gr", MOMENT), tmp_path)
    assert len(pages) == pages_needed(sheet, len(made), first)
    seen: dict[str, tuple[int, int]] = {}
    for number, page in enumerate(pages):
        for found in zxingcpp.read_barcodes(page):
            x = (found.position.top_left.x + found.position.bottom_right.x) / 2 / DOTS * 25.4 - sheet.left
            y = (found.position.top_left.y + found.position.bottom_right.y) / 2 / DOTS * 25.4 - sheet.top
            column, row = int(x // (sheet.label_width + sheet.gap)), int(y // sheet.label_height)
            seen[found.text] = (number, row * sheet.columns + column)
    wanted = {label.url: divmod(at + first - 1, sheet.cells) for at, label in enumerate(made)}
    assert seen == wanted


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=list(SHEETS))
def test_nothing_is_printed_across_an_edge(sheet: Sheet, tmp_path: Path) -> None:
    """A millimetre along every label's edge stays white however long the names: no text is cut through."""
    page = printed(labels_pdf(some(sheet.cells), sheet, 1, "Φορέας " * 9, "https://x.gr", MOMENT), tmp_path)[0]
    dots = DOTS / 25.4
    for cell in range(sheet.cells):
        left = sheet.left + (cell % sheet.columns) * (sheet.label_width + sheet.gap)
        top = sheet.top + (cell // sheet.columns) * sheet.label_height
        right, bottom = left + sheet.label_width, top + sheet.label_height
        for edge in (
            (left, top, right, top + 1),
            (left, bottom - 1, right, bottom),
            (left, top, left + 1, bottom),
            (right - 1, top, right, bottom),
        ):
            box = [round(length * dots) for length in edge]
            assert page.crop((box[0], box[1], box[2], box[3])).histogram()[:200] == [0] * 200, (cell, edge)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://stem.example.gr/l/{}", True),
        ("https://stem.example.gr/l/{}/", True),
        (" {}\n", True),
        ("https://stem.example.gr/l/", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_a_scan_is_read_as_address_or_code(given: str, read: bool) -> None:
    """A scanner may give the whole address; a Greek keyboard gives Greek letters; anything else is no code."""
    code = "KAB3" + "XYZ"
    code += check_character(code)
    greek = code.translate(str.maketrans("KABXYZ", "ΚΑΒΧΥΖ"))
    assert scanned_code(given.format(code)) == (code if read else None)
    assert scanned_code(greek.lower()) == code


async def test_a_kits_label_is_its_code_until_it_is_replaced(service: Settings) -> None:
    """The first label bears the kit's own code; a replaced one still finds the kit, and again after a second loss."""
    (kit,) = await receive(await make_definition())
    things = await labels.find([shown_code(kit)], with_devices=True)
    assert [thing["kind"] for thing in things] == ["kit", "device", "device"]
    for _ in range(2):
        await labels.print_labels(things, SHEETS["a4-3x7"], 1)
    assert await fetch_value("SELECT count(*) FROM label") == 3
    second = await labels.reissue(kit, why="ξεκόλλησε")
    third = await labels.reissue(second, why="δεν διαβάζεται")
    for code, replaced in ((kit, True), (second, True), (third, False)):
        target = await labels.lead(f"http://testserver.local/l/{code}")
        assert target.href == f"/stock/kits/{kit}" and (target.replaced is not None) is replaced
        assert target.code == third
        assert (await stock.get_kit(code))["code"] == kit
        assert (await stock.kit_for_consignment(code))["code"] == kit
    with pytest.raises(Invalid, match="reason-missing"):
        await labels.reissue(kit, why=" ")


async def test_labels_for_what_is_not_there_are_refused_by_line(service: Settings) -> None:
    """Unknown lines are named; nothing, an unknown purchase and a cell beyond the sheet are refused."""
    (kit,) = await receive(await make_definition())
    with pytest.raises(FieldErrors) as refused:
        await labels.find([kit, "", "ABC", "central-store", "K2222222"])
    assert [each["params"]["line"] for each in refused.value.errors] == [3, 5]
    for wrong, slug in (({"typed": []}, "label-nothing-named"), ({"typed": [], "batch": "x"}, "label-batch-unknown")):
        with pytest.raises(Invalid, match=slug):
            await labels.find(**wrong)
    with pytest.raises(Invalid, match="label-cell-out-of-range"):
        await labels.print_labels(await labels.find([kit]), SHEETS["a4-3x7"], 22)
    assert await fetch_value("SELECT count(*) FROM label") == 0
    assert len(await labels.find([], batch="2026-Α", with_devices=True)) == 3


async def test_labels_in_the_browser(app: Litestar) -> None:
    """The form makes a PDF; a label leads who may read to the page, a stranger to a page that tells no school."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            (kit,) = await receive(await make_definition())
        page = (await client.get(f"/stock/labels?what={kit}")).text
        assert faults(page) == [] and kit in page
        form: dict[str, object] = {"what": kit, "devices": "yes", "sheet": "a4-3x7", "cell": "3"}
        made = await post_form(client, "/stock/labels", form)
        assert made.headers["content-type"] == "application/pdf" and made.content.startswith(b"%PDF-")
        for wrong in ({"cell": "22"}, {"cell": "x"}, {"sheet": "a3"}, {"what": "ΑΒΓ"}, {"what": ""}, {"batch": "nein"}):
            refused = await post_form(client, "/stock/labels", form | wrong)
            assert refused.status_code == 422 and faults(refused.text) == [], wrong
        answer = await client.get(f"/l/{kit}", follow_redirects=False)
        assert answer.status_code == 303 and answer.headers["location"] == f"/stock/kits/{kit}"
        replaced = await post_form(client, "/stock/labels/replace", {"lost": kit, "why": "χάθηκε"})
        assert replaced.status_code == 303 and faults((await client.get(replaced.headers["location"])).text) == []
        old = await client.get(f"/l/{kit}")
        assert "αντικαταστάθηκε" in old.text and f"/stock/kits/{kit}" in old.text and faults(old.text) == []
        assert (await post_form(client, "/stock/labels/replace", {"lost": kit, "why": ""})).status_code == 422
        place = await fetch_value("SELECT id FROM place WHERE code = 'central-store'")
        await execute("INSERT INTO label (code, place_id) VALUES ('Q2222222', $1)", place)
        client.cookies.clear()
        stranger = await client.get(f"/l/{kit}")
        assert stranger.status_code == 200 and "χάθηκε" not in stranger.text and faults(stranger.text) == []
        assert faults((await client.get("/l")).text) == []
        typed = await client.get("/l", params={"code": shown_code(kit).lower()}, follow_redirects=False)
        assert typed.headers["location"] == f"/l/{kit}"
        assert (await client.get("/l?code=K2222223")).status_code == 404


async def test_places_are_listed_and_labelled_by_the_codes_that_people_know(app: Litestar) -> None:
    """A school by its Ministry code (its zeros lost or not, a double registration too), a stop by its own; the list
    finds them and each label opens that place."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            school = await make_institution("0441053", "2ο ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ ΣΕΡΡΩΝ")
            await make_institution("0441054", "2ο Δ.Σ. ΣΕΡΡΩΝ")
            await execute("UPDATE institution SET merged_into = $1, root_id = $1 WHERE code = '0441054'", school)
            stop = await last_mile.add_stop("regional-store", "B", title="Αποθήκη Σερρών", email="s@example.org")
            person = await last_mile.add_stop("ambassador", "B", title="Άννα Γεωργίου", email="a@example.org")
            await ledger.repairer_place("ACME Επισκευές")
        await sign_in(client, await make_person("staff"))
        page = (await client.get("/stock/places")).text
        assert faults(page) == [] and "0441053" not in page
        for there in ("central-store", stop, person, "ACME", "Άννα Γεωργίου"):
            assert there in page
        assert "0441053" in (await client.get("/stock/places?q=2ο δημοτ σερρ")).text
        assert "0441053" in (await client.get("/stock/places?kind=institution")).text
        assert "ACME" not in (await client.get("/stock/places?kind=stop")).text
        chosen = await client.get("/stock/labels", params={"what": ["0441053", stop]})
        assert f"0441053\n{stop}</textarea>" in chosen.text
        for typed, href in {
            "441053": "/schools/0441053",
            "0441054": "/schools/0441053",
            "institution-0441053": "/schools/0441053",
            stop: f"/consignments?held={stop}",
            person: f"/consignments?held={person}",
            "central-store": "/stock/kits?at=central-store",
        }.items():
            made = await post_form(client, "/stock/labels", {"what": typed, "sheet": "a4-3x7", "cell": "1"})
            assert made.content.startswith(b"%PDF-"), typed
            with acting_as(OPERATOR):
                (thing,) = await labels.find([typed])
                assert (await labels.lead(thing["code"])).href == href
            assert (await client.get(href)).status_code == 200
        with acting_as(OPERATOR):
            await receive(await make_definition(), 2)
        there = (await client.get("/stock/kits?at=central-store")).text
        assert "2 γραμμές" in there and "Βρίσκονται σε αυτή τη θέση" in there and faults(there) == []
        with acting_as(OPERATOR):
            (thing,) = await labels.find([person])
        client.cookies.clear()
        assert "Γεωργίου" not in (await client.get(f"/l/{thing['code']}")).text, "a person's name is nobody's to scan"
