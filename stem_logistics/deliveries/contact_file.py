"""Who is written to for directorates and regions, from a file: read whole, and taken all or not at all."""

from collections.abc import Mapping
from typing import Any

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries import reminder_queries, service
from stem_logistics.deliveries.reminding import usable_address
from stem_logistics.errors import FieldErrors
from stem_logistics.waves.table_file import FORMULA, read_table

# what a column may be called, in small letters without accents
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "office": ("κωδικος", "διευθυνση", "περιφερεια", "code", "office", "directorate", "region"),
    "name": ("ονοματεπωνυμο", "ονομα", "υπευθυνος", "name", "contact"),
    "email": ("email", "e-mail", "ηλεκτρονικο ταχυδρομειο", "διευθυνση e-mail", "mail"),
}
_PLAIN = str.maketrans("άέήίόύώϊϋΐΰς", "αεηιουωιυιυσ")


def _plain(text: str) -> str:
    return " ".join(text.casefold().translate(_PLAIN).split())


def _columns(headings: list[str]) -> dict[str, str]:
    """What each column is, by its heading."""
    found: dict[str, str] = {}
    for heading in headings:
        for field, names in COLUMNS.items():
            if field not in found and _plain(heading) in {_plain(name) for name in names}:
                found[field] = heading
    return found


async def take(content: bytes) -> int:
    """Take the contacts of a CSV or XLSX file: code or name of a directorate or region, name, e-mail; returns how many.

    A row without an address takes the office's contact away. What the file does not name stays as it is.

    Raises:
        FieldErrors: the file cannot be read, or rows are wrong: each with its number and what to do; nothing is taken.
    """
    scope = service.require(Permission.DELIVERIES_WRITE)
    headings, rows = read_table(content)
    columns = _columns(headings)
    errors: list[dict[str, Any]] = [
        {"row": 1, "column": "", "slug": "contacts-column-missing", "params": {"names": ", ".join(COLUMNS[field][:2])}}
        for field in ("office", "email")
        if field not in columns
    ]
    offices = {} if errors else await _offices()
    seen: dict[tuple[str, str], int] = {}
    taken = []
    for number, cells in rows if not errors else ():
        office, email = (cells.get(columns[field], "").strip() for field in ("office", "email"))
        name = cells.get(columns.get("name", ""), "").strip()
        if not (office or email or name):
            continue
        found = offices.get(_plain(office))
        fault = ""
        if FORMULA in (office, email, name):
            fault = "contacts-formula"
        elif found is None or not scope.covers(region_id=found["region_id"]):
            fault = "office-not-found"
        elif email and not usable_address(email):
            fault = "mail-address-unusable"
        elif (found["step"], found["code"]) in seen:
            fault = "contacts-twice"
        if fault or found is None:
            params = {"code": office[:60], "address": email[:80], "row": seen.get(_key(found), 0)}
            errors.append({"row": number, "column": "", "slug": fault, "params": params})
            continue
        seen[_key(found)] = number
        taken.append((found, name[:120], email))
    if errors:
        raise FieldErrors("contacts-file-invalid", errors=errors, found=len(errors))
    async with unit_of_work():
        for found, name, email in taken:
            await reminder_queries.save_contact(found["step"], found["region_id"], found["directorate_id"], name, email)
        await audit.record("delivery-contacts-taken", "office", "file", count=len(taken))
    return len(taken)


def _key(office: Mapping[str, Any] | None) -> tuple[str, str]:
    return (office["step"], office["code"]) if office else ("", "")


async def _offices() -> dict[str, dict[str, Any]]:
    """Every directorate and region by its code and by its name."""
    found: dict[str, dict[str, Any]] = {}
    for row in await reminder_queries.offices():
        for text in (row["code"], row["name_el"], row["name_en"]):
            if text:
                found.setdefault(_plain(text), row)
    return found
