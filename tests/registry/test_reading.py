"""A registry file is read in every encoding, separator and column set; what cannot be read is told with its place."""

import contextlib
import csv
import io
import json
import zipfile
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from stem_logistics.registry.departments import write_departments
from stem_logistics.registry.generator import write_registry
from stem_logistics.registry.importing.faults import MESSAGES, FileRefused
from stem_logistics.registry.importing.rows import MOST_FAULTS, Reading, read_registry
from stem_logistics.registry.importing.sheets import only_known_columns

NETWORK = ["registry_no", "name", "state", "unit_type", "region_edu_admin", "edu_admin", "municipality", "email"]
OPEN = ["school_code", "school_name", "school_type", "school_district", "prefecture", "address", "zip", "lat", "lng"]
KATERINI = [
    *("0501659", "7ο Νηπιαγωγείο Κατερίνης", "ΕΝΕΡΓΗ", "ΝΗΠΙΑΓΩΓΕΙΟ"),
    "ΠΕΡΙΦΕΡΕΙΑΚΗ ΔΙΕΥΘΥΝΣΗ ΕΚΠΑΙΔΕΥΣΗΣ ΚΕΝΤΡΙΚΗΣ ΜΑΚΕΔΟΝΙΑΣ",
    *("ΔΙΕΥΘΥΝΣΗ Π.Ε. ΠΙΕΡΙΑΣ", "Δήμος Κατερίνης", "mail@7nip.sch.example"),
]
ARTA = [
    *("0602001", "1ο ΓΕΛ Άρτας", "ΕΝΕΡΓΗ", "ΗΜΕΡΗΣΙΟ ΓΕΝΙΚΟ ΛΥΚΕΙΟ"),
    *("ΗΠΕΙΡΟΥ", "ΔΙΕΥΘΥΝΣΗ Δ.Ε. ΑΡΤΑΣ", "Άρτα", ""),
]


def network_csv(*rows: list[str], separator: str = ",", header: list[str] | None = None) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows([header or NETWORK, *rows])
    return out.getvalue()


def workbook(*rows: list[object], formulas: dict[str, str] | None = None, hidden_first: bool = False) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        if hidden_first:
            book.add_worksheet("Οδηγίες").hide()
            sheet = book.add_worksheet("Σχολεία")
            sheet.activate()
            sheet.set_first_sheet()
        else:
            sheet = book.add_worksheet("Σχολεία")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        for cell, formula in (formulas or {}).items():
            sheet.write_formula(cell, formula, value="0501659")
    return out.getvalue()


def faults(reading: Reading) -> list[tuple[str, int | None, str]]:
    return [(fault.slug, fault.row, fault.column) for fault in reading.faults]


@pytest.mark.parametrize("column_set", ["school-network", "open-data"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "windows-1253", "iso-8859-7", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_every_encoding_separator_and_column_set_reads_alike(column_set: str, separator: str, encoding: str) -> None:
    """The same schools come out of a file, whichever way an office saved it."""
    out = io.StringIO()
    write_registry(out, 200, 3, column_set=column_set)
    expected = read_registry(out.getvalue().encode())
    rows = list(csv.reader(io.StringIO(out.getvalue())))
    again = io.StringIO()
    csv.writer(again, delimiter=separator, lineterminator="\r\n").writerows(rows)
    reading = read_registry(again.getvalue().encode(encoding))
    assert not expected.faults and len(expected.records) == 200
    assert reading.faults == []
    assert reading.records == expected.records
    assert reading.column_set == column_set


@pytest.mark.parametrize("column_set", ["school-network", "open-data"])
def test_a_workbook_reads_like_its_csv(column_set: str) -> None:
    """XLSX with codes as text gives what the CSV gives; the first visible sheet with rows is taken."""
    out = io.StringIO()
    write_registry(out, 120, 5, column_set=column_set)
    rows: list[list[object]] = [list(row) for row in csv.reader(io.StringIO(out.getvalue()))]
    assert read_registry(workbook(*rows)).records == read_registry(out.getvalue().encode()).records
    assert len(read_registry(workbook(*rows, hidden_first=True)).records) == 120


@pytest.mark.parametrize("encoding", ["windows-1253", "iso-8859-7"])
def test_capital_alpha_with_tonos_survives(encoding: str) -> None:
    """Ά is the letter in which the two Greek encodings differ: 0xA2 and 0xB6."""
    reading = read_registry(network_csv(ARTA).encode(encoding))
    assert reading.records[0].name == "1ο ΓΕΛ Άρτας"
    assert reading.records[0].municipality == "Άρτα"


def test_what_a_row_says() -> None:
    """Codes keep their zeros; level, region, directorate and categories come from the source's words."""
    record = read_registry(network_csv(KATERINI).encode()).records[0]
    assert (record.code, record.level, record.region) == ("0501659", "kindergarten", "central-macedonia")
    assert record.directorate is not None and record.directorate.code == "pieria-primary"
    assert (record.state, record.kind, record.categories, record.row) == ("active", "school", (), 2)


@pytest.mark.parametrize(
    ("unit_type", "name", "level", "categories"),
    [
        ("ΕΙΔΙΚΟ ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ", "1ο", "primary", ("special",)),
        ("Ε.Ε.Ε.ΕΚ.", "ΕΕΕΕΚ Βόλου", "special", ("special",)),
        ("ΕΝ.Ε.Ε.ΓΥ.-Λ.", "ΕΝΕΕΓΥΛ Βόλου", "special", ("special",)),
        ("ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ", "ΜΕΙΟΝΟΤΙΚΟ ΔΗΜΟΤΙΚΟ ΕΧΙΝΟΥ", "primary", ("minority",)),
        ("ΣΧΟΛΕΙΟ ΔΕΥΤΕΡΗΣ ΕΥΚΑΙΡΙΑΣ", "ΣΔΕ Πύργου", "second_chance", ("second-chance",)),
        ("ΕΡΓΑΣΤΗΡΙΑΚΟ ΚΕΝΤΡΟ", "1ο Ε.Κ. Βόλου", "lab_centre", ()),
        ("ΔΗΜΟΣΙΟ Ι.Ε.Κ.", "ΔΙΕΚ Βόλου", "post_secondary", ()),
        ("ΕΣΠΕΡΙΝΟ ΕΠΑ.Λ.", "Εσπερινό ΕΠΑΛ Βόλου", "vocational", ()),
        ("ΜΟΥΣΙΚΟ ΓΥΜΝΑΣΙΟ ΜΕ Λ.Τ.", "Μουσικό Σχολείο Βόλου", "lower_secondary", ()),
        ("ΔΙΕΥΘΥΝΣΗ Π.Ε.", "Διεύθυνση Π.Ε. Πιερίας", "support", ()),
        ("", "3ο ΓΥΜΝΑΣΙΟ ΒΟΛΟΥ", "lower_secondary", ()),
    ],
)
def test_levels_and_categories(unit_type: str, name: str, level: str, categories: tuple[str, ...]) -> None:
    """The kind of school decides the level, its words the priority categories."""
    row = ["0501659", name, "ΕΝΕΡΓΗ", unit_type, *KATERINI[4:]]
    record = read_registry(network_csv(row).encode()).records[0]
    assert (record.level, record.categories) == (level, categories)


def test_headers_are_forgiven() -> None:
    """Capitals, blanks, accents, Greek names of the columns and another order are understood."""
    header = ["Ονομασία", "ΚΩΔΙΚΟΣ ΣΧΟΛΙΚΗΣ ΜΟΝΑΔΑΣ", "Τύπος", "Διεύθυνση Εκπαίδευσης", "σχόλια"]
    row = ["7ο Νηπιαγωγείο Κατερίνης", "0501659", "Νηπιαγωγείο", "Δ/νση Π/θμιας Εκπ/σης Πιερίας", "άσχετο"]
    reading = read_registry(network_csv(row, header=header, separator=";").encode())
    assert reading.faults == []
    assert reading.records[0].region == "central-macedonia"
    upper = [title.upper().replace("_", " ") for title in OPEN]
    row = [*("0501659", "7ο Νηπιαγωγείο", "Νηπιαγωγείο", "", "ΠΙΕΡΙΑΣ", "Οδός 1", "601 00", "40,27", "22.5")]
    reading = read_registry(network_csv(row, header=upper, separator=";").encode())
    assert reading.records[0].latitude == Decimal("40.270000")
    assert reading.records[0].directorate is not None and reading.records[0].directorate.code == "pieria-primary"


def test_excels_separator_line_and_blank_rows_keep_the_numbers() -> None:
    """`sep=;` is no row of the sheet; blank rows and cells with line breaks count as the spreadsheet counts them."""
    broken = ["1", *KATERINI[1:]]
    two_lines = [*KATERINI[:6], "Δήμος\nΚατερίνης", ""]
    text = "sep=;\r\n" + network_csv(two_lines, [""] * len(NETWORK), broken, separator=";")
    assert faults(read_registry(text.encode())) == [("code-zeros-lost", 4, "registry_no")]


def test_lost_zeros_are_explained() -> None:
    """A number of six digits in the code's column is what Excel left of a code: the message says which and why."""
    rows: list[list[object]] = [list(NETWORK), [501659, *KATERINI[1:]]]
    reading = read_registry(workbook(*rows))
    assert faults(reading) == [("code-zeros-lost", 2, "registry_no")]
    assert "0501659" in reading.faults[0].in_english() and "Excel" in reading.faults[0].in_english()
    seven = read_registry(workbook(list(NETWORK), [1501659, *KATERINI[1:]]))
    assert [record.code for record in seven.records] == ["1501659"]


@pytest.mark.parametrize(("code", "good"), [("EK-2203", True), ("22030", True), ("ΕΚ12.3", True), ("EK 12", False)])
def test_laboratory_centres_have_codes_of_their_own(code: str, good: bool) -> None:
    """Seven digits are expected of a school only."""
    row = [code, "1ο Εργαστηριακό Κέντρο", "ΕΝΕΡΓΗ", "ΕΡΓΑΣΤΗΡΙΑΚΟ ΚΕΝΤΡΟ", *KATERINI[4:]]
    reading = read_registry(network_csv(row).encode())
    assert [record.code for record in reading.records] == ([code] if good else [])
    school = read_registry(network_csv([code, *KATERINI[1:]]).encode())
    assert not school.records and school.faults


@pytest.mark.parametrize(
    ("column", "value", "slug"),
    [
        ("registry_no", "", "code-empty"),
        ("registry_no", "05O1659", "code-malformed"),
        ("registry_no", "05016591", "code-malformed"),
        ("registry_no", '="0501659"', "formula"),
        ("name", "", "name-empty"),
        ("name", "=cmd|' /C calc'!A0", "formula"),
        ("name", "@SUM(1)", "formula"),
        ("municipality", "+1+1", "formula"),
        ("municipality", "-2+3", "formula"),
        ("name", "Νηπ\x00ιαγωγείο", "nul-byte"),
        ("name", "Νηπ\x07ιαγωγείο", "control-character"),
        ("name", "\u202eΝηπιαγωγείο", "control-character"),
        ("name", "Ν" * 201, "name-too-long"),
        ("municipality", "Ν" * 301, "text-too-long"),
        ("state", "ΙΣΩΣ", "state-unknown"),
        ("unit_type", "#REF!", "error-value"),
        ("region_edu_admin", "#REF!", "error-value"),
        ("email", "mail(at)sch", "email-malformed"),
    ],
)
def test_a_bad_cell_is_named(column: str, value: str, slug: str) -> None:
    """The message names the spreadsheet's row and the file's own column; the good row beside it is no excuse."""
    row = list(KATERINI)
    row[NETWORK.index(column)] = value
    reading = read_registry(network_csv(ARTA, row).encode())
    assert (slug, 3, column) in faults(reading)
    assert all(fault.slug in MESSAGES and fault.in_english() for fault in reading.faults)


def test_what_looks_like_a_formula_but_is_none() -> None:
    """A telephone may begin with +, a coordinate with -, and a lone hyphen means nothing."""
    header = ["school_code", "school_name", "school_type", "prefecture", "phone", "address", "lat", "lng"]
    row = ["0501659", "Νηπιαγωγείο", "Νηπιαγωγείο", "Πιερίας", "+30 23510-99999", "-", "40.1", "-0.5"]
    reading = read_registry(network_csv(row, header=header).encode())
    assert reading.faults == []
    assert (reading.records[0].phone, reading.records[0].address) == ("+30 23510-99999", "")


def test_a_workbooks_formula_is_refused() -> None:
    """A formula's last value may be anything: the cell is named, whatever it shows."""
    data = workbook(list(NETWORK), list(KATERINI), list(ARTA), formulas={"A3": '=CONCATENATE("0501","659")'})
    assert faults(read_registry(data)) == [("formula", 3, "registry_no")]


def test_unknown_level_and_region_are_not_guessed() -> None:
    """Words that say nothing are told, not filled in."""
    row = ["0501659", "Κάτι", "ΕΝΕΡΓΗ", "ΚΑΤΙ ΑΛΛΟ", *KATERINI[4:]]
    other = ["0501660", "Νηπιαγωγείο", "ΕΝΕΡΓΗ", "ΝΗΠΙΑΓΩΓΕΙΟ", "ΑΤΛΑΝΤΙΔΑΣ", "", "", ""]
    assert faults(read_registry(network_csv(row, other).encode())) == [
        ("level-unknown", 2, "unit_type"),
        ("region-unknown", 3, "region_edu_admin"),
    ]


def test_repeated_codes_name_both_rows() -> None:
    """A school stands in the file once; the message names the other row."""
    reading = read_registry(network_csv(KATERINI, ARTA, KATERINI).encode())
    assert faults(reading) == [("code-repeated", 4, "registry_no")]
    assert "row 2" in reading.faults[0].in_english()


def test_missing_columns_are_all_named() -> None:
    """Every missing column has its line, at the row of the headers."""
    text = network_csv(["Νηπιαγωγείο", "Κατερίνη"], header=["name", "municipality"])
    assert faults(read_registry(text.encode())) == [
        ("column-missing", 1, "registry_no"),
        ("column-missing", 1, "unit_type"),
        ("column-missing", 1, "region_edu_admin / edu_admin"),
    ]


@pytest.mark.parametrize(
    ("data", "slug", "row"),
    [
        (b"", "file-empty", None),
        (b" \r\n", "file-empty", None),
        (b"\xef\xbb\xbf", "file-empty", None),
        (b"a,b,c\n1,2,3\n", "columns-unknown", 1),
        (network_csv().encode(), "no-rows", 1),
        (network_csv(KATERINI, header=[*NETWORK[:7], "name"]).encode(), "column-repeated", 1),
        (network_csv(KATERINI[:6]).encode(), "row-ragged", 2),
        (network_csv([*KATERINI, "παραπάνω"]).encode(), "row-ragged", 2),
        (network_csv(KATERINI).encode() + b'0501660,"1o', "quote-not-closed", 3),
        (network_csv([*KATERINI[:6], "Ν" * 20_000, ""]).encode(), "cell-too-long", 2),
        (network_csv([*KATERINI[:6], "Ν" * 200_000, ""]).encode(), "cell-too-long", 2),
        ("school_code,school_name\n1,Κατερίνη".encode("cp737"), "encoding-unknown", None),
        (network_csv(KATERINI).encode() + b"\x96\xff\xc3", "encoding-broken", 3),
        (network_csv(KATERINI).encode("utf-16") + b"\x00", "encoding-broken", 3),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "old-excel", None),
        (b"PK\x03\x04" + bytes(64), "not-a-workbook", None),
        (bytes(range(256)) * 50, "encoding-unknown", None),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(data: bytes, slug: str, row: int | None) -> None:
    """The reason and, where there is one, the place; no record of it is kept."""
    reading = read_registry(data)
    assert [(fault.slug, fault.row) for fault in reading.faults] == [(slug, row)]
    assert all(fault.in_english() for fault in reading.faults)


def test_a_file_of_fifty_megabytes_is_refused_at_once() -> None:
    """The limit is said in megabytes; nothing of the file is parsed."""
    reading = read_registry(b"registry_no,name\n" + b"x" * 50_000_000)
    assert faults(reading) == [("file-too-large", None, "")]
    assert "25 MB" in reading.faults[0].in_english()


def test_other_archives_and_bombs_are_no_workbooks() -> None:
    """A zip of something else, and one that unpacks to more than memory should hold, are told apart and refused."""
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    assert faults(read_registry(other.getvalue())) == [("not-a-workbook", None, "")]
    bomb = io.BytesIO()
    deflated = zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED)
    with deflated as archive, archive.open("xl/workbook.xml", "w") as member:
        for _ in range(310):
            member.write(bytes(1_000_000))
    assert faults(read_registry(bomb.getvalue())) == [("workbook-too-large", None, "")]


def test_errors_end_somewhere() -> None:
    """A file that is wrong throughout gives a list that a person can use, and says that it was cut."""
    reading = read_registry(network_csv(*[["x", *KATERINI[1:]]] * 3_000).encode())
    assert len(reading.faults) == MOST_FAULTS + 1
    assert reading.faults[-1].slug == "too-many-errors"


def test_names_of_workers_and_tax_numbers_are_never_kept() -> None:
    """Columns of neither source are cut out of the file before it is stored; rows keep their numbers."""
    header = [*NETWORK, "ΑΦΜ", "Ονοματεπώνυμο Διευθυντή", "worker_last_name"]
    text = network_csv(
        [*KATERINI, "123456783", "Μαρία Π.", "Π."], [""] * 11, ["1", *KATERINI[1:], "1", "2", "3"], header=header
    )
    kept = only_known_columns(text.encode("windows-1253"))
    assert kept is not None
    assert b"123456783" not in kept and "Μαρία" not in kept.decode() and "worker" not in kept.decode()
    assert faults(read_registry(kept)) == [("code-zeros-lost", 4, "registry_no")]
    assert only_known_columns(network_csv(KATERINI).encode()) is None


def test_university_departments_read_as_departments() -> None:
    """The 23 departments have codes of their own form, a region and no directorate."""
    out = io.StringIO()
    assert write_departments(out) == 23
    reading = read_registry(out.getvalue().encode())
    assert reading.faults == []
    assert {(record.kind, record.level, record.directorate) for record in reading.records} == {
        ("department", "university", None)
    }


def test_schools_abroad_have_a_region_of_their_own() -> None:
    """Greek schools in other countries belong to none of the 13; they do not stop a national file."""
    row = ["0501659", "Ελληνικό Γυμνάσιο", "ΕΝΕΡΓΗ", "ΓΥΜΝΑΣΙΟ", "Εκπαίδευση Εξωτερικού", "", "", ""]
    assert read_registry(network_csv(row).encode()).records[0].region == "abroad"


@pytest.mark.parametrize(
    ("office", "code", "region"),
    [
        ("Δ/ΝΣΗ Δ/ΘΜΙΑΣ ΕΚΠ/ΣΗΣ Α' ΑΘΗΝΑΣ", "athens-a-secondary", "attica"),
        ("ΔΙΕΥΘΥΝΣΗ Δ.Ε. Δ' ΑΘΗΝΑΣ", "athens-d-secondary", "attica"),
        (
            "Διεύθυνση Πρωτοβάθμιας Εκπαίδευσης Ανατολικής Θεσσαλονίκης",
            "thessaloniki-east-primary",
            "central-macedonia",
        ),
        ("ΔΙΕΥΘΥΝΣΗ Π.Ε. ΠΕΙΡΑΙΩΣ", "piraeus-primary", "attica"),
    ],
)
def test_directorates_are_known_however_they_are_written(office: str, code: str, region: str) -> None:
    """The 116 directorates are found by stage and unit; the region follows where the file has none."""
    row = ["0501659", "1ο Γυμνάσιο", "ΕΝΕΡΓΗ", "ΓΥΜΝΑΣΙΟ", "", office, "", ""]
    record = read_registry(network_csv(row).encode()).records[0]
    assert record.directorate is not None
    assert (record.directorate.code, record.region) == (code, region)


GOOD = network_csv(KATERINI, ARTA)
BOOK = workbook(list(NETWORK), list(KATERINI), list(ARTA))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good file with a few bytes replaced, cut out or put in."""
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "windows-1253", "iso-8859-7", "utf-16", "xlsx"]))
    data = bytearray(BOOK if encoding == "xlsx" else GOOD.encode(encoding))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 8)))
        data[start:end] = draw(st.binary(max_size=8))
    return bytes(data)


@st.composite
def damaged_inside(draw: st.DrawFn) -> bytes:
    """A workbook that is a sound archive, with damage in the XML of one part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as good, zipfile.ZipFile(out, "w") as bad:
        names = good.namelist()
        chosen = draw(st.sampled_from([name for name in names if name.startswith("xl/")]))
        for name in names:
            data = bytearray(good.read(name))
            if name == chosen:
                for _ in range(draw(st.integers(1, 4))):
                    start = draw(st.integers(0, len(data)))
                    end = draw(st.integers(start, min(len(data), start + 12)))
                    other = st.one_of(st.binary(max_size=6), st.sampled_from([b"-1", b"99999999999", b"A"]))
                    data[start:end] = draw(other)
            bad.writestr(name, bytes(data))
    return out.getvalue()


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=300), damaged(), damaged_inside()))
def test_no_file_is_a_fault_of_the_programs(data: bytes) -> None:
    """Whatever the bytes: rows or faults that have words and can be kept, never an error of another kind."""
    reading = read_registry(data)
    assert reading.records or reading.faults
    for fault in reading.faults:
        assert fault.in_english() and json.dumps(fault.stored())
    for record in reading.records:
        assert record.code and record.name and record.region and "\x00" not in repr(record)
    with contextlib.suppress(FileRefused):
        only_known_columns(data)
