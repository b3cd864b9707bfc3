"""One cell: its text without what no registry holds, and the values that a text stands for. Pure."""

import datetime as dt
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

_EMPTY = frozenset({"", "-", "--", "—", "NULL", "null", "None", "#N/A"})
_ERRORS = frozenset({"#REF", "#NAME", "#VALUE", "#DIV/0", "#NUM", "#NULL"})
_INVISIBLE = ("Cc", "Cf", "Co", "Cs")
_HARMLESS = "\xad\u200c\u200d"
_PHONE = re.compile(r"\+\d[\d\s()/.-]*")
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
_DATES = (
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?"), (1, 2, 3)),
    (re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: .*)?"), (3, 2, 1)),
)
_WHOLE = re.compile(r"(\d{1,6})(?:[.,]0+)?")


class CellFault(Exception):
    """What is wrong with a cell: a key of `faults.MESSAGES`, and its parameters."""

    def __init__(self, slug: str, **params: Any) -> None:
        super().__init__(slug, params)
        self.slug = slug
        self.params = params


def written(cell: Any) -> str:
    """What a cell of a workbook says: whole numbers without their decimal point, dates as 2026-11-21."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    return str(cell)


def clean(cell: Any, *, formula: bool = False, numeric: bool = False) -> str:
    """A cell as text: composed, blanks joined; empty for the ways in which exports write “nothing”.

    Args:
        formula: the workbook says that the cell holds a formula.
        numeric: a number belongs here, so that a leading minus is one.

    Raises:
        CellFault: a formula, a NUL byte, an invisible character, an error of the spreadsheet.
    """
    if formula:
        raise CellFault("formula", sign="=")
    text = written(cell)
    if "\x00" in text:
        raise CellFault("nul-byte")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).replace("\u200b", "").replace("\ufeff", "")
    text = " ".join(text.split())
    if text in _EMPTY:
        return ""
    for character in "" if text.isprintable() else text:
        if unicodedata.category(character) in _INVISIBLE and character not in _HARMLESS:
            raise CellFault("control-character", character=f"U+{ord(character):04X}")
    if text[0] in "=@" or (text[0] in "+-" and not numeric and not _PHONE.fullmatch(text)):
        raise CellFault("formula", sign=text[0])
    if text[0] == "#" and text.rstrip("!?") in _ERRORS:
        raise CellFault("error-value", value=text)
    return text


def pupils(text: str) -> int | None:
    """A number of pupils. Raises CellFault."""
    if not text:
        return None
    whole = _WHOLE.fullmatch(text)
    if whole is None:
        raise CellFault("number-malformed", value=text[:40])
    return int(whole[1])


def coordinate(text: str, limit: int) -> Decimal | None:
    """Degrees to six decimals, with a point or a comma. Raises CellFault."""
    if not text:
        return None
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > limit:
        raise CellFault("coordinate-malformed", value=text[:40], low=-limit, high=limit)
    return value.quantize(Decimal("0.000001"))


def date_of(text: str) -> dt.date | None:
    """A date as 2026-11-21 or 21/11/2026, with or without a time. Raises CellFault."""
    if not text:
        return None
    for pattern, order in _DATES:
        match = pattern.fullmatch(text)
        if match:
            try:
                return dt.date(*(int(match[group]) for group in order))
            except ValueError:
                break
    raise CellFault("date-malformed", value=text[:40])


def email(text: str) -> str:
    """An e-mail address in small letters. Raises CellFault."""
    if text and not _EMAIL.fullmatch(text):
        raise CellFault("email-malformed", value=text[:80])
    return text.lower()
