"""A file of the equipment that is at schools already, row by row: what each row says, or what is wrong with it. Pure.

A row is so many kits of one kind at one school since one day; or one kit, with its serial numbers (a column for each
item, or one column where the kit has a single item with serial numbers) or with its inventory number.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from stem_logistics.inventory.rules import LONGEST_SERIAL, MOST_KITS, Part, definitions_named
from stem_logistics.inventory.serial_rules import serial_key, without_look_alikes
from stem_logistics.registry.importing.cells import CellFault, clean, date_of
from stem_logistics.registry.importing.headings import propose
from stem_logistics.registry.importing.sheets import Row

# The field, and the headings that people write for it; the first is the one that a page shows.
FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "school": (
            "Κωδικός Σχολικής Μονάδας",
            "Κωδικός σχολείου",
            "Κωδ. σχολείου",
            "Κωδικός ΥΠΑΙΘΑ",
            "Κωδικός ΥΠΑΙΘ",
            "Κωδικός μονάδας",
            "Ministry code",
            "School code",
        ),
        "kit": (
            "Σετ",
            "Είδος σετ",
            "Εξοπλισμός",
            "Είδος εξοπλισμού",
            "Ορισμός σετ",
            "Kit",
            "Kit definition",
            "Equipment",
        ),
        "count": (
            "Τεμάχια",
            "Τεμ.",
            "Πλήθος",
            "Ποσότητα",
            "Αριθμός σετ",
            "Kits",
            "Number of kits",
            "Quantity",
            "Pieces",
        ),
        "serials": ("Σειριακοί αριθμοί", "Σειριακός αριθμός", "Σειριακός", "Serial numbers", "Serial number", "S/N"),
        "inventory_number": (
            "Αριθμός μητρώου παγίων",
            "Αριθμός μητρώου",
            "Αριθμός απογραφής",
            "Αριθμός ετικέτας",
            "Ετικέτα",
            "Inventory number",
            "Asset number",
            "Label",
        ),
        "since": (
            "Από",
            "Ημερομηνία",
            "Ημ/νία",
            "Ημερομηνία παραλαβής",
            "Ημερομηνία παράδοσης",
            "Since",
            "Date",
            "Received on",
        ),
        "source": ("Πηγή", "Παραστατικό", "Έγγραφο", "Πρωτόκολλο", "Source", "Document"),
    }
)
REQUIRED = ("school", "kit", "since")
LONGEST_TEXT = 200
EARLIEST = dt.date(1990, 1, 1)
MOST_FILE_ROWS = 400_000
_ITEM = "item:"  # a heading that is an item holds that item's serial numbers
_WHOLE = re.compile(r"([0-9]{1,5})(?:[.,]0+)?")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can be read.

    Args:
        row: as the spreadsheet numbers it.
        school: the Ministry code, with the zeros that a spreadsheet had dropped.
        kit: the slug of the kit definition.
        count: how many kits; one where they are known one by one.
        serials: (item, serial number) of the kit.
        inventory_number: what the school calls the kit; empty without.
        since: the day from which on it is there.
        source: the paper that says so; empty without.
    """

    row: int
    school: str
    kit: str
    count: int
    serials: tuple[tuple[str, str], ...]
    inventory_number: str
    since: dt.date
    source: str

    @property
    def is_known_by_count(self) -> bool:
        """Whether nothing tells its kits from others of their kind."""
        return not self.serials and not self.inventory_number


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row (0: with the file): the file's own heading, the slug of a sentence, its figures."""

    row: int
    column: str
    slug: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As a job keeps it."""
        return {"row": self.row, "column": self.column, "slug": self.slug, "params": dict(self.params)}


@dataclass(slots=True)
class HoldingsFile:
    """What a file holds. `matching` is the meaning of each heading that has one."""

    headings: list[str] = field(default_factory=list)
    matching: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    read: int = 0
    zeros_restored: int = 0

    def heading(self, name: str) -> str:
        """The file's own heading of a field; ours where it has none."""
        ours = FIELDS[name][0] if name in FIELDS else ""
        return next((heading for heading, meant in self.matching.items() if meant == name), ours)


@dataclass(frozen=True)
class Catalogue:
    """What kits there may be.

    Args:
        titles: rows of slug, title_el, title_en.
        parts: the newest bill of materials of each slug.
        items: each item with serial numbers and its names.
    """

    titles: Sequence[Mapping[str, str]]
    parts: Mapping[str, Sequence[Part]]
    items: Mapping[str, Sequence[str]]


T = TypeVar("T")


class _Wrong(Exception):
    def __init__(self, column: str, slug: str, **params: Any) -> None:
        super().__init__(slug)
        self.column, self.slug, self.params = column, slug, params


def meanings(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """What a heading may mean: a field of ours, or an item, whose serial numbers stand below it."""
    return dict(FIELDS) | {_ITEM + slug: tuple(names) for slug, names in catalogue.items.items()}


def read_holdings(
    rows: Iterable[Row], catalogue: Catalogue, today: dt.date, matching: Mapping[str, str] | None = None
) -> HoldingsFile:
    """Read a file.

    Args:
        rows: the rows that are not blank, the one with the headings first.
        catalogue: the kits that there are.
        today: what begins later is refused.
        matching: the meaning of each heading, where somebody said it; by the headings' words otherwise.
    """
    found = HoldingsFile()
    each = iter(rows)
    first = next(each, None)
    found.headings = [] if first is None else [str(cell).strip() for cell in first.cells]
    known = meanings(catalogue)
    if matching is None:
        found.matching = propose(found.headings, known)
    else:
        found.matching = {h: matching[h] for h in found.headings if matching.get(h) in known}
    _check_headings(found)
    if found.faults:
        return found
    reader = _Reader(found, catalogue, today)
    for row in each:
        found.read += 1
        try:
            found.entries.append(reader.entry(row))
        except _Wrong as wrong:
            found.faults.append(Fault(row.number, found.heading(wrong.column), wrong.slug, wrong.params))
    if not found.read:
        found.faults.append(Fault(0, "", "holdings-no-rows"))
    return found


def _check_headings(found: HoldingsFile) -> None:
    meant = list(found.matching.values())
    named = [heading for heading in found.headings if heading]
    missing = [FIELDS[name][0] for name in REQUIRED if name not in meant]
    found.faults += [
        Fault(0, column, "holdings-column-missing", {"column": column, "found": ", ".join(named)[:300]})
        for column in missing
    ]
    twice = {h for h in found.matching if named.count(h) > 1} | {
        h for h, m in found.matching.items() if meant.count(m) > 1
    }
    found.faults += [Fault(0, heading, "holdings-column-twice", {"column": heading}) for heading in sorted(twice)]


class _Reader:
    """Reads row after row: what earlier rows held is needed to find what stands twice."""

    def __init__(self, found: HoldingsFile, catalogue: Catalogue, today: dt.date) -> None:
        self._found = found
        self._catalogue = catalogue
        self._today = today
        self._at = {found.matching[h]: n for n, h in enumerate(found.headings) if h in found.matching}
        self._items = [name for name in self._at if name.startswith(_ITEM)]
        self._kits: dict[str, str | _Wrong] = {}
        self._days: dict[str, dt.date | _Wrong] = {}
        self._serials: dict[tuple[str, str], int] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def entry(self, row: Row) -> Entry:
        """What a row says. Raises _Wrong."""
        if any(str(cell).strip() for cell in row.cells[len(self._found.headings) :]):
            # a separator inside a text moves all that follows into the wrong columns
            raise _Wrong("", "holdings-row-ragged", cells=len(row.cells), columns=len(self._found.headings))
        school = self._school(self._text(row, "school"))
        kit = self._kit(self._text(row, "kit"))
        since = self._day(self._text(row, "since"))
        number = self._text(row, "inventory_number")
        serials = tuple(self._serials_of(row, kit))
        entry = Entry(row.number, school, kit, self._count(row), serials, number, since, self._text(row, "source"))
        self._check_one_by_one(entry)
        return entry

    def _text(self, row: Row, name: str) -> str:
        at = self._at.get(name)
        if at is None or at >= len(row.cells):
            return ""
        cell = row.cells[at]
        if isinstance(cell, str) and cell.isascii() and cell.isalnum() and at not in row.formulas:
            text = cell  # most cells, and nothing to look for in them
        else:
            try:
                text = clean(cell, formula=at in row.formulas)
            except CellFault as fault:
                raise _Wrong(name, f"registry-{fault.slug}", **fault.params) from None
        if len(text) > LONGEST_TEXT and name != "serials" and not name.startswith(_ITEM):
            raise _Wrong(name, "registry-text-too-long", limit=LONGEST_TEXT)
        return text

    def _school(self, text: str) -> str:
        if not text:
            raise _Wrong("school", "holdings-school-empty")
        if text.isascii() and text.isdigit() and len(text) < 7:
            self._found.zeros_restored += 1
            return text.zfill(7)
        return text

    def _kit(self, text: str) -> str:
        if text not in self._kits:
            slugs = definitions_named(text, self._catalogue.titles)
            known = ", ".join(sorted(row["title_el"] for row in self._catalogue.titles))[:300]
            if len(slugs) == 1:
                self._kits[text] = slugs[0]
            elif text:
                slug = "holdings-kit-ambiguous" if slugs else "holdings-kit-unknown"
                self._kits[text] = _Wrong("kit", slug, given=text[:60], known=", ".join(slugs) or known)
            else:
                self._kits[text] = _Wrong("kit", "holdings-kit-empty", known=known)
        return _good(self._kits[text])

    def _day(self, text: str) -> dt.date:
        if text not in self._days:
            self._days[text] = self._read_day(text)
        return _good(self._days[text])

    def _read_day(self, text: str) -> "dt.date | _Wrong":
        try:
            day = date_of(text)
        except CellFault:
            day = None
        if day is None or day < EARLIEST:
            return _Wrong("since", "holdings-day-unreadable", given=text[:40])
        return _Wrong("since", "holdings-day-to-come", given=text[:40]) if day > self._today else day

    def _count(self, row: Row) -> int:
        text = self._text(row, "count")
        if not text:
            return 1
        match = _WHOLE.fullmatch(text)
        if match is None or not 1 <= int(match[1]) <= MOST_KITS:
            raise _Wrong("count", "holdings-count-wrong", given=text[:40], most=MOST_KITS)
        return int(match[1])

    def _serials_of(self, row: Row, kit: str) -> Iterator[tuple[str, str]]:
        numbered = [part for part in self._catalogue.parts[kit] if part.serialised]
        allowed = {item: part for part in numbered for item in part.items}
        given: list[tuple[str, str, str]] = []  # column, item, number
        for column in self._items:
            item = column.removeprefix(_ITEM)
            for number in _numbers(self._text(row, column)):
                if item not in allowed:
                    raise _Wrong(column, "holdings-item-not-in-kit", item=item, kit=kit)
                given.append((column, item, number))
        for number in _numbers(self._text(row, "serials")):
            if len(numbered) != 1:
                known = ", ".join(part.item for part in numbered) or "–"
                raise _Wrong("serials", "holdings-serials-of-which", kit=kit, known=known)
            given.append(("serials", numbered[0].item, number))
        for part in numbered:
            mine = [each for each in given if each[1] in part.items]
            if len(mine) > part.quantity:
                raise _Wrong(
                    mine[-1][0], "holdings-serials-too-many", item=part.item, given=len(mine), most=part.quantity
                )
        for column, item, number in given:
            self._check_serial(column, item, number, row.number)
            yield item, number

    def _check_serial(self, column: str, item: str, number: str, row: int) -> None:
        if len(number) > LONGEST_SERIAL:
            raise _Wrong(column, "holdings-serial-too-long", length=len(number), limit=LONGEST_SERIAL)
        if suggestion := without_look_alikes(number):
            raise _Wrong(column, "holdings-serial-look-alike", given=number, suggestion=suggestion)
        first = self._serials.setdefault((item, serial_key(number)), row)
        if first != row:
            raise _Wrong(column, "holdings-serial-twice", serial=number, first=first)

    def _check_one_by_one(self, entry: Entry) -> None:
        if entry.count > 1 and not entry.is_known_by_count:
            raise _Wrong("count", "holdings-count-of-one", count=entry.count)
        keys = [(item, serial_key(serial)) for item, serial in entry.serials]
        if len(set(keys)) < len(keys):
            twice = next(n for n, each in enumerate(keys) if each in keys[:n])
            raise _Wrong("serials", "holdings-serial-twice", serial=entry.serials[twice][1], first=entry.row)
        if entry.inventory_number:
            first = self._numbers.setdefault((entry.school, entry.inventory_number), entry.row)
            if first != entry.row:
                raise _Wrong("inventory_number", "holdings-number-twice", number=entry.inventory_number, first=first)


def _good(value: "T | _Wrong") -> T:
    if isinstance(value, _Wrong):
        raise value
    return value


def _numbers(text: str) -> list[str]:
    """The serial numbers of a cell, divided by commas, semicolons, bars or blanks."""
    return re.split(r"[\s,;|]+", text.strip(" ,;|")) if text else []
