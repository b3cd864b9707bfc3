"""One row's cells, read as what they should be; every fault is kept with its column."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from stem_logistics.registry.importing.headings import folded
from stem_logistics.waves.wording import N_, Message

EMPTY = N_("This cell is empty: fill it in.")
FORMULA = N_("This cell holds a formula: put its value in.")
TOO_LONG = N_("This is too long: at most %(most)s characters.")
NOT_WHOLE = N_("“%(value)s” is not a whole number from %(low)s to %(high)s.")
NOT_YES_NO = N_("“%(value)s” is neither yes nor no.")
NOT_A_DAY = N_("“%(value)s” is not a date: write it as 21/11/2026.")
DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
YES = frozenset({"ναι", "yes", "y", "ν", "1", "true", "x", "χ", "αληθησ"})
NO = frozenset({"οχι", "no", "n", "ο", "0", "false", "ψευδησ"})


@dataclass(frozen=True)
class CellFault:
    """What is wrong with one cell."""

    column: str
    message: Message


class Cells:
    """The cells of a row by column; a cell that cannot be read gives a fault and an empty value."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {column: value.strip() for column, value in values.items()}
        self.faults: list[CellFault] = []

    def empty(self) -> bool:
        """Whether nothing stands in the row."""
        return not any(self._values.values())

    def fault(self, column: str, message: Message) -> None:
        """Keep a fault; once for each column and message."""
        fault = CellFault(column.removeprefix("condition:"), message)
        if fault not in self.faults:
            self.faults.append(fault)

    def has_fault(self, column: str) -> bool:
        """Whether the column already has one."""
        return any(fault.column == column.removeprefix("condition:") for fault in self.faults)

    def text(self, column: str, most: int) -> str:
        """The cell's text; a formula or an overlong text is a fault."""
        value = self._values.get(column, "")
        if value.startswith(("=", "@", "\t", "\r")):
            self.fault(column, Message(FORMULA))
            return ""
        if len(value) > most:
            self.fault(column, Message(TOO_LONG, {"most": most}))
            return ""
        return value

    def required(self, column: str, most: int = 20) -> str:
        """The cell's text, which must not be empty."""
        value = self.text(column, most)
        if not value and not self.has_fault(column):
            self.fault(column, Message(EMPTY))
        return value

    def several(self, column: str) -> list[str]:
        """The words of a cell, in their order, split at any of ``> , ; |`` or line ends."""
        return [word.strip() for word in re.split(r"[>,;|\n]", self.text(column, 1000)) if word.strip()]

    def whole(self, column: str, low: int, high: int) -> int | None:
        """A whole number in a range (sheets write 2024 as ``2024.0``); None for an empty or wrong cell."""
        value = self.text(column, 40)
        if not value:
            return None
        match = re.fullmatch(r"([0-9]{1,9})(?:[.,]0+)?", value)
        if match is None or not low <= int(match[1]) <= high:
            self.fault(column, Message(NOT_WHOLE, {"value": value, "low": str(low), "high": str(high)}))
            return None
        return int(match[1])

    def yes_no(self, column: str) -> bool | None:
        """Yes or no; None where the cell is empty or wrong."""
        value = self.text(column, 40)
        if not value:
            return None
        word = folded(value).removesuffix("0") if value in ("1.0", "0.0") else folded(value)
        if word in YES or word in NO:
            return word in YES
        self.fault(column, Message(NOT_YES_NO, {"value": value}))
        return None

    def day(self, column: str) -> str:
        """A date in ISO form; empty where the cell is empty or wrong."""
        value = self.text(column, 40)
        if not value:
            return ""
        for form in DAYS:
            try:
                found: date = datetime.strptime(value, form).date()  # noqa: DTZ007 - a calendar day has no zone
            except ValueError:
                continue
            return found.isoformat()
        self.fault(column, Message(NOT_A_DAY, {"value": value}))
        return ""
