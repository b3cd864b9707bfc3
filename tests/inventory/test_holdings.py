"""Equipment that is at schools already: read from files as people keep them, put into the ledger once."""

import asyncio
import io
import os
import signal
import sys
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from stem_logistics import jobs
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.errors import FieldErrors
from stem_logistics.inventory import as_of, holdings, ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.holdings_file import Catalogue, read_holdings
from stem_logistics.inventory.rules import Part, definitions_named
from stem_logistics.registry.importing.sheets import Row
from stem_logistics.settings import Settings
from stem_logistics.worker import load_handlers
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in, today
from tests.web.accessibility import faults

HEAD = "Κωδικός σχολείου;Σετ;Τεμάχια;Micro:bit V2;Αριθμός μητρώου;Από;Πηγή"
CODE, OTHER = "0501659", "0441053"


def table(*lines: str, head: str = HEAD) -> bytes:
    """A CSV file."""
    return "\n".join((head, *lines)).encode("utf-8-sig")


async def take(content: bytes, name: str = "σχολεία.csv") -> dict[str, Any]:
    """Write a file."""
    return await holdings.write(content, name, None, holdings.no_report)


async def scene() -> None:
    """Two schools and a kind of kit: two micro:bits with serial numbers, cables, batteries."""
    await make_definition()
    await make_institution(CODE)
    await make_institution(OTHER, "2ο ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ ΣΕΡΡΩΝ")


async def test_what_schools_have_becomes_a_query(service: Settings) -> None:
    """By number, by serial numbers, by inventory number: each kit came from the supplier on its day, by the file."""
    await scene()
    told = await take(
        table(
            "501659;Σετ micro:bit;3;;;21/11/2019;ΑΠ 41",
            f"{OTHER};microbit-set;;SN-1, SN-2;;2020-02-03;",
            f"{OTHER};ΣΕΤ MICROBIT;1;;ΜΠ-7;3.2.2020;",
        )
    )
    assert (told["kits"], told["schools"], told["refused"], told["zeros"], told["serials"]) == (5, 2, 0, 1, 2)
    assert [row["institution"] for row in await stock.overview()] == [5]
    moved = await fetch(
        """SELECT DISTINCT k.code, m.reason, m.document, m.occurred_at, f.kind AS from_kind, t.code AS to_code
           FROM movement m JOIN kit k ON k.id = m.kit_id JOIN place f ON f.id = m.from_place_id
           JOIN place t ON t.id = m.to_place_id"""
    )
    expected = Counter({(f"institution-{CODE}", date(2019, 11, 21)): 3, (f"institution-{OTHER}", date(2020, 2, 3)): 2})
    assert Counter((row["to_code"], as_of_day(row["occurred_at"])) for row in moved) == expected
    assert {(r["reason"], r["document"], r["from_kind"]) for r in moved} == {("historic", "σχολεία.csv", "supplier")}
    assert await _pieces(date(2019, 11, 20)) == {} and await _pieces(date(2019, 11, 21)) == {"institution": 27}
    kit = await stock.get_kit(await fetch_value("SELECT k.code FROM kit k JOIN device d ON d.kit_id = k.id LIMIT 1"))
    assert sorted(part["serial_number"] for part in kit["contents"] if part["serial_number"]) == ["SN-1", "SN-2"]
    found, total = await stock.list_kits("ΜΠ-7", {}, sort="code", descending=False, limit=9, offset=0)
    assert total == 1 and (await stock.get_kit(found[0]["code"]))["inventory_number"] == "ΜΠ-7"
    assert (await ledger.verify()).faults == ()


def as_of_day(moment: datetime) -> date:
    """The day of a moment on the organisation's clock."""
    return moment.astimezone(ZoneInfo("Europe/Athens")).date()


async def _pieces(day: date) -> dict[str, int]:
    return {row["place"]: row["pieces"] for row in await as_of.totals(day, {})}


async def test_the_same_file_again_adds_nothing_and_a_corrected_one_what_is_new(service: Settings) -> None:
    """Whatever was refused the first time is taken when it is right; what is there is not written twice."""
    await scene()
    first = table(
        f"{CODE};microbit-set;2;;;21/11/2019;ΑΠ 41",
        f"{CODE};microbit-set;;SN-1,SN-2;;21/11/2019;",
        f"{CODE};microbit-set;;;ΜΠ-7;21/11/2019;",
        "0999999;microbit-set;4;;;21/11/2019;",
        f"{OTHER};Υποβρύχιο;4;;;21/11/2019;",
    )
    told = await take(first)
    assert (told["kits"], told["refused"]) == (4, 2)
    assert [(f["row"], f["slug"]) for f in await holdings.every_fault(told["faults_file"])] == [
        (5, "holdings-school-unknown"),
        (6, "holdings-kit-unknown"),
    ]
    before = await fetch_value("SELECT count(*) FROM movement")
    told = await take(first)
    assert (told["kits"], told["unchanged"], told["refused"]) == (0, 4, 2)
    assert await fetch_value("SELECT count(*) FROM movement") == before
    corrected = first.replace(b";microbit-set;2;", b";microbit-set;3;").replace("Υποβρύχιο".encode(), b"microbit-set")
    told = await take(corrected)
    assert (told["kits"], told["unchanged"], told["refused"], told["fewer"]) == (5, 4, 1, 0)
    fewer = await take(table(f"{CODE};microbit-set;1;;;21/11/2019;ΑΠ 41"))
    assert (fewer["kits"], fewer["unchanged"], fewer["fewer"]) == (0, 1, 2)
    assert (await ledger.verify()).faults == ()


async def test_what_was_taken_back_comes_again(service: Settings) -> None:
    """A kit written at the wrong school is taken back; the corrected file writes it where it is, its devices too."""
    await scene()
    lines = [f"{OTHER};microbit-set;2;;;21/11/2019;", f"{OTHER};microbit-set;;SN-1;Α1;21/11/2019;"]
    await take(table(*lines))
    for row in await fetch(
        "SELECT k.code, min(m.idempotency_key) AS key FROM movement m JOIN kit k ON k.id = m.kit_id GROUP BY 1"
    ):
        await stock.reverse_posting(row["code"], row["key"], why="άλλο σχολείο")
    told = await take(table(*(line.replace(OTHER, CODE) for line in lines)))
    assert (told["kits"], told["unchanged"], told["refused"]) == (3, 0, 0)
    assert {row["place_kind"] for row in await stock.kits_at_institution(await _school(CODE))} == {"institution"}
    assert await fetch_value("SELECT count(*) FROM device") == 1 and (await ledger.verify()).faults == ()


async def _school(code: str) -> int:
    return int(await fetch_value("SELECT id FROM institution WHERE code = $1", code))


async def test_kits_that_the_file_does_not_name_are_told(service: Settings) -> None:
    """A school that has such kits by another way, or by another file, is named before anything is written twice."""
    await scene()
    first = table(f"{CODE};microbit-set;2;;;21/11/2019;")
    assert (await holdings.preview(first, None))["more"] == 0
    await take(first)
    more = table(f"{CODE};microbit-set;3;;;21/11/2019;", f"{OTHER};microbit-set;1;;;21/11/2019;")
    assert (await holdings.preview(more, None))["more"] == 0, "what the file names is not told as another's"
    lines = f"{CODE};microbit-set;;SN-1;;21/11/2019;", f"{OTHER};microbit-set;1;;;1/1/2020;"
    told = await holdings.preview(table(*lines), None)
    assert (told["kits"], told["more"]) == (2, 1) and told["notes"] == [[2, CODE, "more", CODE]]


async def test_after_a_merge_the_same_file_still_adds_nothing(service: Settings) -> None:
    """A code that stands for another school by now is followed, for what is new and for what is known."""
    await scene()
    content = table(f"{OTHER};microbit-set;2;;;21/11/2019;", f"{OTHER};microbit-set;1;;Α1;21/11/2019;")
    assert (await take(content))["kits"] == 3
    school = await _school(CODE)
    await execute("UPDATE institution SET merged_into = $2, root_id = $2 WHERE code = $1", OTHER, school)
    told = await take(content + f"\n{OTHER};microbit-set;;;Α2;21/11/2019;".encode())
    assert (told["kits"], told["unchanged"], told["merged"]) == (1, 3, 3)
    assert told["notes"][0] == [2, OTHER, "merged", CODE]
    assert (
        len(await stock.kits_at_institution(await fetch_value("SELECT id FROM institution WHERE code = $1", CODE))) == 1
    )


async def test_every_wrong_row_says_why(service: Settings) -> None:
    """Serial numbers double, known, look-alike, too many; days to come, unreadable, closed; schools, kits, counts."""
    await scene()
    (known,) = await receive(await make_definition())
    serial = await fetch_value("SELECT serial_number FROM device LIMIT 1")
    await as_of.close_period(date(2021, 1, 1), date(2021, 12, 31), why="Απογραφή")
    to_come = (today() + timedelta(days=1)).strftime("%d/%m/%Y")
    wrong = {
        f"{CODE};microbit-set;;{serial};;21/11/2019;": "holdings-serial-known",
        f"{CODE};microbit-set;;SΝ-9;;21/11/2019;": "holdings-serial-look-alike",
        f"{CODE};microbit-set;;A1,A2,A3;;21/11/2019;": "holdings-serials-too-many",
        f"{CODE};microbit-set;2;B1;;21/11/2019;": "holdings-count-of-one",
        f"{CODE};microbit-set;;C1 C1;;21/11/2019;": "holdings-serial-twice",
        f"{CODE};microbit-set;1;;;{to_come};": "holdings-day-to-come",
        f"{CODE};microbit-set;1;;;2019;": "holdings-day-unreadable",
        f"{CODE};microbit-set;1;;;;": "holdings-day-unreadable",
        f"{CODE};microbit-set;1;;;3/5/2021;": "holdings-day-closed",
        f"{CODE};microbit-set;λίγα;;;3/5/2019;": "holdings-count-wrong",
        f"{CODE};;1;;;3/5/2019;": "holdings-kit-empty",
        ";microbit-set;1;;;3/5/2019;": "holdings-school-empty",
        f"{CODE};microbit-set;1;;;3/5/2019;;;x": "holdings-row-ragged",
        f"{CODE};=microbit-set;1;;;3/5/2019;": "registry-formula",
    }
    told = await take(table(f"{CODE};microbit-set;;D1;Ζ1;3/5/2019;", *wrong, f"{CODE};microbit-set;;D1;;3/5/2019;"))
    found = await holdings.every_fault(told["faults_file"])
    assert [each["slug"] for each in found] == [*wrong.values(), "holdings-serial-twice"]
    assert [each["row"] for each in found] == list(range(3, 4 + len(wrong)))
    assert told["kits"] == 1 and found[0]["column"] == "Micro:bit V2" and found[0]["params"]["kit"] == known
    # what is recorded is not changed by a file that says something else of it
    for line in (f"{CODE};microbit-set;;D1;Ζ2;3/5/2019;", f"{OTHER};microbit-set;;D1;Ζ1;3/5/2019;"):
        (fault,) = (await holdings.preview(table(line), None))["faults"]
        assert fault["slug"] == "holdings-serial-known"
    (fault,) = (await holdings.preview(table(f"{CODE};microbit-set;;;Ζ1;4/5/2019;"), None))["faults"]
    assert fault["slug"] == "holdings-number-known"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1253", "iso-8859-7"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
async def test_any_encoding_and_separator(service: Settings, encoding: str, separator: str) -> None:
    """The registry's reader reads these files too."""
    await scene()
    text = f"{HEAD}\n{CODE};Σετ micro:bit;2;;;21/11/2019;Αποθήκη".replace(";", separator)
    assert (await holdings.preview(text.encode(encoding), None))["kits"] == 2


async def test_a_workbook_and_columns_that_somebody_matches(service: Settings) -> None:
    """Dates and numbers of a workbook are what they are; a heading that is not understood is matched by hand."""
    await scene()
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Σχολείο μας", "Kit", "Quantity", "Since"])
    sheet.write_row(1, 0, [501659, "microbit-set", 2])
    sheet.write_datetime(1, 3, date(2019, 11, 21), book.add_format({"num_format": "dd/mm/yyyy"}))
    book.close()
    told = await holdings.preview(out.getvalue(), None)
    assert told["unreadable"] and told["faults"][0]["slug"] == "holdings-column-missing"
    with pytest.raises(FieldErrors, match="holdings-file-unreadable"):
        await take(out.getvalue())
    told = await holdings.preview(out.getvalue(), {**told["matching"], "Σχολείο μας": "school"})
    assert (told["kits"], told["refused"]) == (2, 0)
    with pytest.raises(FieldErrors, match="holdings-file-unreadable"):
        await holdings.preview(b"\xd0\xcf\x11\xe0", None)


async def test_the_pages(app: Litestar) -> None:
    """Preview, refused rows as a file, write; all of it again after a reload; nobody else's."""
    async with browser(app) as client:
        load_handlers()
        with acting_as(OPERATOR):
            await scene()
        await sign_in(client, await make_person("staff"))
        assert faults((await client.get("/stock/holdings")).text) == []
        assert (await post_form(client, "/stock/holdings", {})).status_code == 422
        content = table(f"{CODE};microbit-set;2;;;21/11/2019;ΑΠ 41", "0999999;microbit-set;4;;;21/11/2019;")
        sent = await post_form(client, "/stock/holdings", {}, files={"file": ("α.csv", content, "text/csv")})
        where = sent.headers["location"]
        assert "progress" in (await client.get(where)).text
        assert await jobs.run_next()
        page = await client.get(where)
        assert page.status_code == 200 and faults(page.text) == [] and "2 σετ είναι νέα" in page.text
        assert "0999999" in page.text and await fetch_value("SELECT count(*) FROM kit") == 0
        file = (await client.get(where, params={"format": "csv"})).text
        assert "3;Κωδικός σχολείου;Το μητρώο δεν έχει σχολείο με τον κωδικό 0999999" in file
        matched = {
            f"column-{n}": name for n, name in enumerate(("school", "kit", "count", "", "", "since", "source"), 1)
        }
        again = (await post_form(client, f"{where}/columns", matched)).headers["location"]
        assert await jobs.run_next() and "2 σετ είναι νέα" in (await client.get(again)).text
        written = (await post_form(client, again, {})).headers["location"]
        assert (await post_form(client, again, {})).headers["location"] == written
        assert await jobs.run_next() and not await jobs.run_next()
        page = await client.get(written)
        assert faults(page.text) == [] and "Γράφτηκαν στο βιβλίο 2 σετ" in page.text
        assert (await client.get("/stock/kits?place=institution")).text.count(CODE) >= 2
        kit = await client.get(f"/stock/kits/{await fetch_value('SELECT min(code) FROM kit')}")
        assert faults(kit.text) == [] and "21 Νοεμβρίου 2019" in kit.text and "· ΑΠ 41" in kit.text
    async with browser(app) as client:
        await sign_in(client, await make_person("technician", email="t@example.org"))
        assert (await client.get("/stock/holdings")).status_code == 403


async def test_a_killed_import_leaves_nothing_and_the_next_one_everything(service: Settings, tmp_path: Path) -> None:
    """SIGKILL in the middle of writing: not one kit; then the same file, whole, once."""
    await scene()
    path = tmp_path / "σχολεία.csv"
    lines = [f"{CODE};microbit-set;1000;;;{1 + n % 28}/11/2019;" for n in range(20)]
    path.write_bytes(table(*lines))
    assert service.database_url is not None
    environment = {
        **os.environ,
        "STEM_DATABASE_URL": service.database_url.get_secret_value(),
        "STEM_DATA_DIR": str(service.data_dir),
    }
    command = [str(Path(sys.executable).parent / "stem"), "ledger", "import", str(path)]
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    for _ in range(600):
        # the numbers of kits are given out at once, the kits are not seen before the end
        if await fetch_value("SELECT last_value FROM kit_id_seq") > 1500 or process.returncode is not None:
            break
        await asyncio.sleep(0.05)
    assert process.returncode is None, "it ended before it could be killed"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert await fetch_value("SELECT count(*) FROM kit") == 0
    assert (await take(path.read_bytes()))["kits"] == 20_000
    assert (await take(path.read_bytes()))["kits"] == 0
    assert await fetch_value("SELECT count(*) FROM kit") == 20_000


def test_a_short_name_is_one_kit_though_another_bears_it_as_its_title() -> None:
    """Two kits of one title are told apart by their short names; by the title alone it is not known which is meant."""
    titles = [{"slug": slug, "title_el": "Σετ", "title_en": "Set"} for slug in ("set", "bench")]
    assert definitions_named("set", titles) == ["set"] and definitions_named(" BENCH", titles) == ["bench"]
    assert definitions_named("Σετ", titles) == ["bench", "set"]


CATALOGUE = Catalogue(
    [{"slug": "set", "title_el": "Σετ ρομποτικής", "title_en": "Robot set"}],
    {"set": [Part("robot", 2, serialised=True), Part("cable", 1)]},
    {"robot": ("robot", "Ρομπότ", "Robot")},
)
CELL = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", CODE, "set", "3", "21/11/2019", "A1,A2", "A1", "2999-01-01", "=1", "x" * 300]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-5, 10**9),
    st.dates(),
)
HEADINGS = ["Κωδικός σχολείου", "Σετ", "Τεμάχια", "Robot", "Αριθμός μητρώου", "Από", "Πηγή"]


@given(st.lists(st.lists(CELL, max_size=9), max_size=12))
def test_whatever_stands_in_a_row_it_is_read_or_refused_with_why(cells: list[list[Any]]) -> None:
    """Every row gives an entry or a fault, once; entries keep what they promise."""
    rows = [Row(1, HEADINGS), *(Row(n, each) for n, each in enumerate(cells, 2))]
    found = read_holdings(rows, CATALOGUE, date(2026, 11, 30))
    told = [entry.row for entry in found.entries] + [fault.row for fault in found.faults]
    assert sorted(told) == (list(range(2, len(cells) + 2)) or [0])
    serials = [each for entry in found.entries for each in entry.serials]
    assert len(set(serials)) == len(serials)
    for entry in found.entries:
        assert entry.school and entry.kit == "set" and 1 <= entry.count <= 1000 and len(entry.serials) <= 2
        assert date(1990, 1, 1) <= entry.since <= date(2026, 11, 30)
        assert entry.count == 1 or entry.is_known_by_count
