"""Evidence from the NSO's spreadsheets: columns understood and remembered, faults by row, all or the right ones."""

import json
from typing import Any

import pytest
from httpx import AsyncClient as Client
from litestar import Litestar

from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.errors import FieldErrors
from stem_logistics.registry.importing.headings import folded
from stem_logistics.waves.application_columns import EVIDENCE_WORDS
from stem_logistics.waves.evidence_columns import propose, signature_of
from stem_logistics.waves.evidence_file import parse_evidence
from stem_logistics.waves.evidence_importing import import_rows
from stem_logistics.waves.table_file import read_table
from stem_logistics.waves.words import EVIDENCE
from stem_logistics.web.i18n import use_locale
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.waves.scene import application, apply, make_regions, make_school, open_wave, prize
from tests.waves.test_pages import look, send, work

GREEK = "Έτος;ΚΩΔ. ΣΧΟΛΕΙΟΥ;είδος;Αριθμός Έργου;Κωδικος εκπαιδευτικου;Βαθμολογία;Πηγή;Σημειώσεις\n"
RIGHT = "2025;0100001;Εθνικό βραβείο;P{n};T{n};87,50;Πρακτικό 12;-\n"


def test_headings_in_both_languages_any_order_with_slips() -> None:
    """Greek or English, capitals, accents, endings and slips: each field once, what is not understood is left out."""
    assert propose(GREEK.strip().split(";")) == {
        "Έτος": "year",
        "ΚΩΔ. ΣΧΟΛΕΙΟΥ": "school_code",
        "είδος": "kind",
        "Αριθμός Έργου": "reference",
        "Κωδικος εκπαιδευτικου": "teacher_code",
        "Βαθμολογία": "score",
        "Πηγή": "origin",
    }
    english = propose(["Teacher Code", "Ministry  code", "Type", "YEAR", "Projet number", "", "Colour"])
    assert english == {
        "Teacher Code": "teacher_code",
        "Ministry  code": "school_code",
        "Type": "kind",
        "YEAR": "year",
        "Projet number": "reference",
    }
    assert list(propose(["Κωδικός σχολείου", "Κωδικός σχολείων"]).values()) == ["school_code"], "a field has one column"
    assert signature_of(["Έτος", "Είδος"]) == signature_of(["ΕΙΔΟΣ ", "ετος"]) != signature_of(["Έτος"])


def scores_of(*values: str) -> list[str]:
    matching = {"s": "school_code", "k": "kind", "y": "year", "r": "reference", "t": "teacher_code", "b": "score"}
    rows = [
        (n, {"s": "0100001", "k": "national-prize", "y": "2025", "r": f"P{n}", "t": "T1", "b": value})
        for n, value in enumerate(values, 2)
    ]
    parsed = parse_evidence(rows, matching)
    assert all(fault.column == "b" for fault in parsed.faults)
    return [row.score for row in parsed.rows]


def test_scores_as_people_write_them() -> None:
    """A comma or a point before the decimals, full stops between thousands; what is no number is a fault."""
    assert scores_of("87,5", "87.50", "87", "1.234,5", "") == ["87.5", "87.5", "87", "1234.5", ""]
    assert scores_of("87,5,5", "πολλά", "-3", "1.23.4", "1e3", "٣") == []


async def upload(client: Client, text: str, status: int = 303) -> str:
    return await send(
        client, "/evidence/imports", {}, status, files={"file": ("δ.csv", text.encode("windows-1253"), "text/csv")}
    )


async def form_of(client: Client, where: str, **changed: str) -> dict[str, object]:
    """The form of the matching as it is proposed, changed where said (by heading's number)."""
    import re

    page = (await client.get(where)).text
    chosen = re.findall(r'name="(column-\d+)">(.*?)</select>', page, re.S)
    values = {name: (re.findall(r'value="(\w*)" selected', options) or [""])[0] for name, options in chosen}
    return {**values, "mode": "all", **changed}


async def test_from_file_to_points(app: Litestar) -> None:
    """Matched once by hand, the next file of the kind is matched the same; wrong rows stop the whole, or are left out
    where that was chosen, each told by row and column."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            await make_school("0100002")
            wave = await open_wave()
            await apply(wave, application("0100002", evidence=(prize("0100002", "P9", teacher="T9"),)))
        await sign_in(client, await make_person("staff"))
        await look(client, "/evidence/imports")
        headings = GREEK.replace("είδος", "Τι πήρε")
        text = headings + RIGHT.format(n=1) + RIGHT.format(n=2)
        where = await upload(client, text)
        page = await look(client, where)
        assert "87,50 · 87,50" in page and "Έχει έρθει ξανά" not in page
        page = await send(client, where, await form_of(client, where), 422)
        assert "Καμία στήλη δεν αντιστοιχεί στο «Δικαιολογητικό»" in page
        page = await send(client, where, {**await form_of(client, where), "column-3": "year"}, 422)
        assert "Δύο στήλες" in page
        page = await send(client, where, await form_of(client, where, mode="", **{"column-3": "kind"}), 422)
        assert 'id="mode-error"' in page
        job = await send(client, where, await form_of(client, where, **{"column-3": "kind"}))
        await work()
        assert "Εισήχθησαν 2 από 2" in await look(client, job)
        assert "έχει ήδη εισαχθεί" in await look(client, where)
        details = [json.loads(row["d"]) for row in await fetch("SELECT details::text AS d FROM evidence ORDER BY id")]
        assert details[1:] == [{"score": "87.5", "origin": "Πρακτικό 12"}] * 2

        wrong = (
            "2025;0100001;Εθνικό βραβείο;P3;T3;πολλά;;\n"  # row 3: no score
            "2025;0109999;Εθνικό βραβείο;P4;T4;;;\n"  # row 4: no such school
            "1999;100001;Βραβειάκι;P5;T5;;;\n"  # row 5: year, code without zeros, kind
            "2025;0100001;Εθνικό βραβείο;P6;T9;;;\n"  # row 6: another school's teacher
            "2025;0100001;Εθνικό βραβείο;P1;T1;87,50;Πρακτικό 12;\n"  # row 7: twice in the file
        )
        where = await upload(client, headings + RIGHT.format(n=1) + wrong + RIGHT.format(n=7))
        assert "Έχει έρθει ξανά αρχείο" in await look(client, where), "the matching is remembered"
        job = await send(client, where, await form_of(client, where))
        await work()
        page = await look(client, job)
        assert "δεν εισάγεται" in page or "δεν καταχωρίστηκε" in page or "Το αρχείο δεν" in page
        expected = {
            (3, "Βαθμολογία"),
            (4, "ΚΩΔ. ΣΧΟΛΕΙΟΥ"),
            (5, "Έτος"),
            (5, "ΚΩΔ. ΣΧΟΛΕΙΟΥ"),
            (5, "Τι πήρε"),
            (6, "Κωδικος εκπαιδευτικου"),
            (7, "Αριθμός Έργου"),
        }
        told = (await client.get(f"{job}?format=json")).json()
        assert {(row["row"], row["column"]) for row in told} == expected
        assert any("υπηρετεί στο σχολείο 0100002" in row["message"] for row in told)
        assert await fetch_value("SELECT count(*) FROM evidence") == 3, "all or nothing"
        where = await upload(client, headings + RIGHT.format(n=1) + wrong + RIGHT.format(n=7))
        job = await send(client, where, await form_of(client, where, mode="right"))
        await work()
        page = await look(client, job)
        assert "Εισήχθησαν 2 από 7" in page and "5 γραμμές έχουν λάθος" in page
        assert {(row["row"], row["column"]) for row in (await client.get(f"{job}?format=json")).json()} == expected
        assert await fetch_value("SELECT count(*) FROM evidence") == 4


async def test_files_that_are_none(app: Litestar) -> None:
    """Empty, broken, without rows: told with words, nothing kept; what is not there is not found."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        for content in (b"", b"PK\x03\x04 x", "Έτος;Είδος\n".encode(), b"\xff\xfe\x00"):
            file = {"file": ("a.csv", content, "text/csv")}
            page = await send(client, "/evidence/imports", {}, 422, files=file)
            assert 'id="file-error"' in page
        assert await fetch_value("SELECT count(*) FROM evidence_import") == 0
        for path in ("/evidence/imports/99", "/evidence/work/99", "/evidence/99", f"/evidence/imports/{10**25}"):
            assert (await client.get(path)).status_code in (404, 422)


async def many_schools(count: int) -> None:
    await make_regions()
    await execute(
        """INSERT INTO institution (code, name, kind, level, state, regional_directorate_id, search_key)
           SELECT lpad(n::text, 7, '0'), 'Σχολείο ' || n, 'school', 'primary', 'active',
             (SELECT id FROM regional_directorate LIMIT 1), '' FROM generate_series(1, $1) n""",
        count,
    )


ROWS = 20_000  # a national file has 100,000: the same at five times the time


async def test_a_large_file_with_three_hundred_wrong_rows(app: Litestar) -> None:
    """Exactly the 300 wrong rows are named; the others are taken where that was chosen, none where it was not."""
    matching = {"s": "school_code", "k": "kind", "y": "year", "r": "reference", "t": "teacher_code"}
    wrong = set(range(66, ROWS, 66)[:300])
    lines = ["s;k;y;r;t"]
    for n in range(2, ROWS + 2):
        school = "9999999" if n in wrong else f"{n % 2000 + 1:07d}"
        lines.append(f"{school};Μάθημα;2025;Arduino;T{n}")
    content = "\n".join(lines).encode()
    reported: list[tuple[int, int]] = []

    async def report(done: int, total: int) -> None:
        reported.append((done, total))

    async with browser(app):
        with acting_as(OPERATOR):
            await many_schools(2000)
            with pytest.raises(FieldErrors) as refused:
                await import_rows(content, matching, "all", report)
            assert (len(refused.value.errors), refused.value.params["rows"]) == (300, 300)
            assert await fetch_value("SELECT count(*) FROM evidence") == 0
            result: dict[str, Any] = await import_rows(content, matching, "right", report)
            assert await fetch_value("SELECT count(*) FROM evidence") == ROWS - 300
    assert (result["read"], result["taken"], result["wrong"]) == (ROWS, ROWS - 300, 300)
    assert {fault["row"] for fault in result["faults"]} == wrong
    assert len(reported) > 3


def test_the_file_is_read_as_the_registry_reads_its_own() -> None:
    """Windows-1253 with semicolons: headings and rows as a spreadsheet numbers them."""
    headings, rows = read_table((GREEK + RIGHT.format(n=1)).encode("windows-1253"))
    assert headings[2] == "είδος" and rows[0][0] == 2


@pytest.mark.parametrize("language", ["el", "en"])
def test_a_kind_is_understood_as_the_pages_write_it(language: str) -> None:
    """Whoever copies a word from a page into a spreadsheet is understood."""
    with use_locale(language):
        written = {kind: str(words) for kind, words in EVIDENCE.items()}
    assert {kind: EVIDENCE_WORDS.get(folded(word)) for kind, word in written.items()} == {
        kind: kind for kind in written
    }


MATCHING = {"s": "school_code", "k": "kind", "y": "year", "r": "reference", "t": "teacher_code", "c": "category"}
MANY = 1500


@pytest.mark.parametrize("mode", ["all", "right"])
async def test_the_downloaded_list_holds_every_fault(app: Litestar, mode: str) -> None:
    """A page lists the first thousand and says how many there are; each file that is downloaded has all of them."""
    lines = ["s;k;y;r;t", "0000001;Μάθημα;2025;Arduino;T0"]
    lines += [f"9999999;Μάθημα;2025;Arduino;T{n}" for n in range(1, MANY + 1)]
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await many_schools(1)
        await sign_in(client, await make_person("staff"))
        file = {"file": ("δ.csv", "\n".join(lines).encode(), "text/csv")}
        where = await send(client, "/evidence/imports", {}, 303, files=file)
        fields = {f"column-{n}": MATCHING[heading] for n, heading in enumerate("skyrt", 1)}
        job = await send(client, where, {**fields, "mode": mode})
        await work()
        page = await look(client, job)
        assert page.count("9999999") == 1000 and "τα πρώτα 1.000 από τα 1.500 λάθη" in page
        told = (await client.get(f"{job}?format=json")).json()
        assert [row["row"] for row in told] == list(range(3, MANY + 3))
        assert (await client.get(f"{job}?format=csv")).text.count("9999999") == MANY
        assert (await client.get(f"{job}?format=xlsx")).content.startswith(b"PK")
        assert await fetch_value("SELECT count(*) FROM evidence") == (1 if mode == "right" else 0)


async def test_what_stands_twice_in_a_file_is_taken_once(app: Litestar) -> None:
    """Categories that are one when folded, a registration merged into another: the last line corrects; where a teacher
    serves is what was stated, else what is known, else the school of the evidence, and the latest sign-in stays."""
    matching = {**MATCHING, "w": "service_code", "l": "last_sign_in", "p": "title"}

    async def take(*rows: str) -> None:
        await import_rows("\n".join(["s;k;y;r;t;c;w;l;p", *rows]).encode(), matching, "right", nobody)

    async def nobody(done: int, total: int) -> None:
        pass

    async with browser(app):
        with acting_as(OPERATOR):
            await many_schools(3)
            await execute("UPDATE institution SET merged_into = 1, root_id = 1 WHERE id = 2")
            await take(
                "0000001;Εθνικό βραβείο;2025;P1;T1;STEM;;2025-01-02;ένα",
                "0000001;Εθνικό βραβείο;2025;P1;T1;stem;;2024-01-02;δύο",
                "0000002;Εθνικό βραβείο;2025;P2;T2;;0000003;;τρία",
                "0000001;Εθνικό βραβείο;2025;P2;T2;;;;τέσσερα",
            )
            assert [(r["reference"], r["title"]) for r in await fetch(_PIECES)] == [
                ("P1#stem", "δύο"),
                ("P2", "τέσσερα"),
            ]
            assert await _served() == [("T1", 1, "2025-01-02"), ("T2", 3, None)]
            await take(
                "0000001;Εθνικό βραβείο;2025;P3;T1;;0000003;;",
                "0000001;Εθνικό βραβείο;2025;P3;T2;;;2025-05-06;",
            )
            assert await _served() == [("T1", 3, "2025-01-02"), ("T2", 3, "2025-05-06")]


_PIECES = "SELECT reference, title FROM evidence WHERE withdrawn_at IS NULL ORDER BY id"


async def _served() -> list[tuple[str, int, str | None]]:
    rows = await fetch(
        "SELECT code, service_institution_id AS at, last_signed_in_on AS seen FROM teacher ORDER BY code"
    )
    return [(row["code"], row["at"], row["seen"].isoformat() if row["seen"] else None) for row in rows]
