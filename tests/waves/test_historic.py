"""Earlier waves from the NSO's spreadsheet: the known totals come out of a messy file, wrong rows stop all of it."""

import io
from typing import Any

import pytest
import xlsxwriter
from litestar import Litestar

from stem_logistics.allocation import service as allocation
from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.demo import catalogue, facts
from stem_logistics.errors import FieldErrors
from stem_logistics.registry import departments, generator, import_service, merging
from stem_logistics.registry.importing.sheets import Row
from stem_logistics.settings import Settings
from stem_logistics.waves import historic, service
from stem_logistics.waves.historic_file import column_of, read_historic
from stem_logistics.waves.importing import no_report
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.waves.scene import make_school
from tests.waves.test_pages import look, send, work

KITS = [{"slug": slug, "title_el": el, "title_en": en} for slug, el, en, _, _ in catalogue.DEFINITIONS]
HEADINGS = ["Α/Α", "Δράση", "Κωδ. Σχολείου", "Σχολική μονάδα / Τμήμα", "Εξοπλισμός", "Τεμ.", "Έτος", "Παρατηρήσεις"]
ACCENTS = str.maketrans("ΆΈΉΊΌΎΏάέήίόύώϊϋΐΰ", "ΑΕΗΙΟΥΩαεηιουωιυιυ")
TITLES = {slug: el for slug, el, _, _, _ in catalogue.DEFINITIONS}


def workbook(lines: list[list[Any]]) -> bytes:
    """An XLSX of these lines, numbers as numbers."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, line in enumerate(lines):
        sheet.write_row(number, 0, line)
    book.close()
    return out.getvalue()


@pytest.mark.parametrize(
    ("heading", "column"),
    [(h, c) for h, c in zip(HEADINGS, ["", "wave", "code", "name", "kit", "pieces", "year", "notes"], strict=True)]
    + [("ΚΩΔΙΚΟΣ ΥΠΑΙΘ", "code"), ("Όνομα σχολείου", "name"), ("Σχολικό έτος", "year"), ("Ποσότητα", "pieces")]
    + [("Κύκλος STEM", "wave"), ("Τύπος εξοπλισμού", "kit"), ("ΣΧΟΛΙΑ", "notes"), ("ΣΧΟΛΕΙΟ", "name"), ("Email", "")],
)
def test_headings_in_their_own_words(heading: str, column: str) -> None:
    """A heading is known by how it begins, in any case and with any accents; others are passed over."""
    assert column_of(heading) == column


def test_every_wrong_row_is_named() -> None:
    """Each wrong cell is a fault of its row and column; rows that are only totals are none."""
    lines: list[list[Any]] = [
        ["Σχολεία που έλαβαν εξοπλισμό"],
        HEADINGS,
        [1, "", "0100001", "", "Εκτυπωτής 3D", 1, 2019, ""],
        [2, "STEM II", "0100001", "", "Εκτυπωτής 3D", 1, 2019, ""],
        [3, "STEM 2", "", "", "Εκτυπωτής 3D", 1, 2019, ""],
        [4, "", "0100002", "", "Υποβρύχιο", 1, "", ""],
        [5, "", "0100003", "", "printer-3d", "λίγα", "", ""],
        [6, "", "0100004", "", "3D PRINTER", "1 τεμ.", "χθες", ""],
        ["", "", "", "ΣΥΝΟΛΟ", "", 4, "", ""],
        [7, "3η", "0100005", "", "Εκτυπωτης 3D", 1, "", ""],
        [8, "STEM 9", "0100005", "", "Εκτυπωτης 3D", 1, 2030, ""],
        [9, "STEM 4", "0100005", "", "Εκτυπωτης 3D", 1, "2026-2030", ""],
        [10, "STEM 5", "0100005", "", "Εκτυπωτης 3D", 1, "2026-2027", ""],
    ]
    rows = [Row(number, line) for number, line in enumerate(lines, 1)]
    found = {(fault.row, fault.column) for fault in read_historic(rows, KITS, 2026).faults}
    expected = {(3, "wave"), (4, "wave"), (5, "name"), (6, "kit"), (7, "pieces"), (8, "year"), (0, "year")}
    # a year that is still to come; a school year that has begun is none
    expected |= {(11, "year"), (12, "year")}
    assert found == expected


async def _registry() -> None:
    schools, university = io.StringIO(), io.StringIO()
    generator.write_registry(schools, 2200, facts.REGISTRY_SEED)
    departments.write_departments(university)
    for name, content in (("schools.csv", schools), ("departments.csv", university)):
        outcome = await import_service.import_file(name, content.getvalue().encode("utf-8-sig"), dry_run=False)
        assert not outcome.faults
    await catalogue.make_definitions()


async def _lines(merged: dict[str, str]) -> list[list[Any]]:
    """The file as the NSO might keep it: waves in blocks, codes that lost zeros, names alone, an old code."""
    lines: list[list[Any]] = [["Δράση STEM – αποδέκτες εξοπλισμού", "", "", "", "", "", "", ""], [""] * 8, HEADINGS]
    used: set[str] = set()
    for wave in facts.HISTORIC:
        first = True
        for grant in wave.grants:
            schools = await fetch(
                """SELECT code, name, (SELECT count(*) FROM institution o WHERE o.name = i.name) AS same
                   FROM institution i WHERE kind = 'school' AND state = 'active' AND level = ANY($1::text[])
                     AND merged_into IS NULL ORDER BY md5(code)""",
                list(grant.levels),
            )
            chosen = [each for each in schools if each["code"] not in used][: grant.schools]
            assert len(chosen) == grant.schools
            for place, school in enumerate(chosen):
                used.add(school["code"])
                code: Any = school["code"]
                name = school["name"]
                if code in merged:
                    code = merged[code]
                elif place % 3 == 0 and code.isdigit():
                    code = int(code)
                elif place % 3 == 1 and school["same"] == 1:
                    code, name = "", name.translate(ACCENTS).upper()
                year: Any = wave.year_to if first else ""
                title = wave.title_el if first else ""
                lines.append([len(lines), title, code, name, TITLES[grant.definition], 1, year, ""])
                first = False
        lines.append(["", "", "", "ΣΥΝΟΛΟ", "", wave.schools, "", ""])
    special = await fetch(
        """SELECT code, name FROM institution WHERE kind = 'school' AND state = 'active' AND merged_into IS NULL
             AND (remote OR categories <> '{}') ORDER BY md5(code)"""
    )
    chosen = [each for each in special if each["code"] not in used][: facts.STEM_5_PRINTERS + facts.STEM_5_MICROBITS]
    for place, school in enumerate(chosen):
        what = "3D PRINTER" if place < facts.STEM_5_PRINTERS else "ΣΕΤ MICRO:BIT"
        named = "" if place else "5η"
        lines.append([len(lines), named, school["code"], school["name"], what, 1, "2024-25", ""])
    departments = await fetch("SELECT code, name FROM institution WHERE kind = 'department' ORDER BY code")
    for row in departments[: facts.STEM_5_DEPARTMENTS]:
        lines.append([len(lines), "", row["code"], row["name"], "Σετ ρομποτικής", "10 τεμ.", "2024-2025", "δέσμη"])
    return lines


async def test_the_known_waves_come_out_of_a_messy_file(service_: Settings) -> None:
    """From a database without any wave: 110, 280, 149 and 91, 304, 50 and 50 schools and five departments' blocks, an
    old code followed; the same file again: nothing."""
    with acting_as(OPERATOR):
        await _registry()
        kept, double = (row["code"] for row in await fetch(_PRIMARY))
        await merging.merge(OPERATOR, double, kept, why="διπλοεγγραφή")
        content = workbook(await _lines({kept: double}))
        plan = await historic.make_plan(content, {}, no_report)
        assert plan.errors == []
        choices = {row.grant.row: _told(row) for row in plan.unsure}
        assert len(choices) < 40, "names that are one school's are not asked about"
        assert not await fetch_value("SELECT count(*) FROM award"), "a preview writes nothing"
        if choices:
            with pytest.raises(FieldErrors):
                await historic.import_historic(content, {}, no_report)
            assert not await fetch_value("SELECT count(*) FROM wave")
        done = await historic.import_historic(content, choices, no_report)
        assert done["created"] == 110 + 280 + 240 + 304 + 100 + 5
        totals = {line.wave.slug: (line.grants, line.departments) for line in await service.list_waves()}
        early = {"stem-1": (110, 0), "stem-2": (280, 0), "stem-3": (240, 0), "stem-4": (304, 0)}
        assert totals == {**early, "stem-5": (100, 5)}
        kits = await fetch(
            """SELECT w.slug, a.kit_slug, count(*) AS grants, sum(a.units) AS units FROM award a
               JOIN wave w ON w.id = a.wave_id WHERE w.slug IN ('stem-3', 'stem-5') GROUP BY 1, 2"""
        )
        assert {(row["slug"], row["kit_slug"]): (row["grants"], row["units"]) for row in kits} == {
            ("stem-3", "robotics-kit"): (149, 149),
            ("stem-3", "printer-3d"): (91, 91),
            ("stem-5", "printer-3d"): (50, 50),
            ("stem-5", "microbit-kit"): (50, 50),
            ("stem-5", "robotics-kit"): (5, 50),
        }
        assert {row["how"] for row in done["matched"]} >= {"zeros", "name", "merged"}
        wave = await service.get_wave("stem-5")
        blocks = [award.units for award in await allocation.awards_of_wave(wave.id) if award.kind == "department"]
        assert blocks == [10] * 5 and (wave.year_from, wave.year_to) == (2024, 2025)
        again = await historic.import_historic(content, choices, no_report)
        assert (again["created"], again["unchanged"]) == (0, done["created"])


_PRIMARY = """SELECT code FROM institution WHERE kind = 'school' AND level = 'primary' AND state = 'active'
  ORDER BY md5(code) LIMIT 2"""


def _told(row: historic.Matched) -> str:
    """What the person at the page would say: the candidate whose name stands in the row."""
    written = row.grant.name.translate(ACCENTS).upper()
    return next(each.code for each in row.candidates if each.name.translate(ACCENTS).upper() == written)


@pytest.fixture
def service_(service: Settings) -> Settings:
    """The service, by a name that leaves the module's own."""
    return service


async def test_one_wrong_row_stops_all(service_: Settings) -> None:
    """A code beside another school's name is uncertain, an unknown code is wrong, a row twice is named with both."""
    with acting_as(OPERATOR):
        await catalogue.make_definitions()
        await make_school("0100001", name="1ο Γυμνάσιο Βόλου")
        await make_school("0100002", name="2ο Γυμνάσιο Πάτρας")
        good = ["", "STEM 1", "0100001", "1ο Γυμνάσιο Βόλου", "Εκτυπωτής 3D", 1, 2017, ""]
        slip = ["", "", "0100002", "1ο Γυμνάσιο Βόλου", "Σετ Arduino", 1, "", ""]
        unknown = ["", "", "0999999", "Ανύπαρκτο Σχολείο Ουτοπίας", "Εκτυπωτής 3D", 1, "", ""]
        plan = await historic.make_plan(workbook([HEADINGS, good, slip, unknown, good]), {}, no_report)
        assert [(error["row"], error["column"]) for error in plan.errors] == [(4, "code"), (5, "name")]
        assert [[each.code for each in row.candidates] for row in plan.unsure] == [["0100002", "0100001"]]
        with pytest.raises(FieldErrors) as caught:
            await historic.import_historic(workbook([HEADINGS, good, slip]), {}, no_report)
        assert [error["row"] for error in caught.value.errors] == [3]
        assert not await fetch_value("SELECT count(*) FROM wave"), "nothing is half-done"
        await historic.import_historic(workbook([HEADINGS, good, slip]), {3: "0100001"}, no_report)
        more = [*good[:5], 2, *good[6:]]
        with pytest.raises(FieldErrors) as caught:
            await historic.import_historic(workbook([HEADINGS, more]), {}, no_report)
        assert caught.value.errors[0]["params"]["before"] == 1


async def test_the_page_of_the_import(app: Litestar) -> None:
    """File, preview with an uncertain row, the choice, the writing; a wrong file shows its rows."""
    async with browser(app) as client:
        await make_person("staff")
        await sign_in(client, "staff@nso.example")
        with acting_as(OPERATOR):
            await catalogue.make_definitions()
            await make_school("0100001", name="1ο Γυμνάσιο Βόλου")
            await make_school("0100002", name="2ο Γυμνάσιο Βόλου")
        await look(client, "/waves/import-historic")
        await send(client, "/waves/import-historic", {}, 422)
        content = workbook([HEADINGS, ["", "STEM 1", "", "Γυμνάσιο Βόλου", "Εκτυπωτής 3D", 1, 2017, ""]])
        page = await send(client, "/waves/import-historic", {}, files={"file": ("stem.xlsx", content)})
        await work()
        shown = await look(client, page)
        assert "1 γραμμή δεν είναι βέβαιη" in shown and "2ο Γυμνάσιο Βόλου (0100002" in shown
        refused = await send(client, page, {"row-2": ""})
        await work()
        assert "πείτε ποιο είναι" in await look(client, refused)
        done = await send(client, page, {"row-2": "0100002"})
        await work()
        assert "Γράφτηκαν 1" in await look(client, done)
        assert await fetch_value("SELECT count(*) FROM award") == 1
