"""Who is written to when a school does not answer, from a file."""

import io

import pytest
import xlsxwriter
from litestar import Litestar

from stem_logistics.accounts.policy import Grant, Principal
from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.deliveries import contact_file, reminding
from stem_logistics.errors import FieldErrors
from stem_logistics.settings import Settings
from tests.inventory.stock import make_institution
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults

HEAD = "Κωδικός;Ονοματεπώνυμο;E-mail\n"


async def _offices() -> None:
    await make_institution("0501659")
    region = await fetch_value("SELECT id FROM regional_directorate WHERE code = 'B'")
    await execute(
        "INSERT INTO directorate (code, name, regional_directorate_id) VALUES ('D1', 'Δ.Π.Ε. Άρτας', $1)", region
    )


def _csv(*rows: str) -> bytes:
    return (HEAD + "\n".join(rows) + "\n").encode()


async def test_a_file_is_taken_whole(service: Settings) -> None:
    """By code or name, in either format; a row without an address takes the office's away; others stay."""
    await _offices()
    assert await contact_file.take(_csv("δ.π.ε. αρτας;Άννα Δήμου;anna@dpe.example", "B;Νίκος;nikos@amb.example")) == 2
    assert {(row["step"], row["email"]) for row in await reminding.contacts()} == {
        ("directorate", "anna@dpe.example"),
        ("ambassador", "nikos@amb.example"),
    }
    kept = io.BytesIO()
    with xlsxwriter.Workbook(kept) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("Code", "Name", "Email"))
        sheet.write_row(1, 0, ("D1", "Άννα", ""))
    assert await contact_file.take(kept.getvalue()) == 1
    assert [row["step"] for row in await reminding.contacts()] == ["ambassador"]


async def test_wrong_rows_stop_the_whole_file(service: Settings) -> None:
    """Each is told by its number, and nothing of the file is taken."""
    await _offices()
    rows = ("B;Νίκος;nikos@amb.example", "Ω9;;a@b.example", "D1;;όχι διεύθυνση", "B;Ξανά;n@amb.example")
    with pytest.raises(FieldErrors) as refused:
        await contact_file.take(_csv(*rows))
    assert [(each["row"], each["slug"]) for each in refused.value.errors] == [
        (3, "office-not-found"),
        (4, "mail-address-unusable"),
        (5, "contacts-twice"),
    ]
    assert await reminding.contacts() == []
    with pytest.raises(FieldErrors) as refused:
        await contact_file.take(b"a;b\n1;2\n")
    assert {each["slug"] for each in refused.value.errors} == {"contacts-column-missing"}


async def test_staff_of_a_region_set_only_its_own(service: Settings) -> None:
    """Another region's office is not there for them."""
    await _offices()
    with (
        acting_as(Principal("account", 1, grants=(Grant("staff", "region", 10**6),))),
        pytest.raises(FieldErrors, match="contacts-file-invalid"),
    ):
        await contact_file.take(_csv("B;Νίκος;nikos@amb.example"))


async def test_it_is_done_on_the_page(app: Litestar) -> None:
    """The page says what was taken, or which row is wrong."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await _offices()
        await sign_in(client, await make_person("staff"))
        url = "/consignments/late/contacts/file"
        for content, status, said in (
            (_csv("B;Νίκος;nikos@amb.example"), 200, "Καταχωρίστηκε 1 διεύθυνση."),
            (_csv("Ω9;;a@b.example"), 422, "Γραμμή 2:"),
            (b"", 422, "Επιλέξτε αρχείο."),
        ):
            page = await post_form(client, url, {}, files={"file": ("a.csv", content, "text/csv")})
            assert page.status_code == status and said in page.text and faults(page.text) == []
