"""Rows of a registry file as institutions, or as faults that name row and column. Nothing is guessed silently."""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from stem_logistics.registry.geography import (
    ABROAD,
    REGION_BY_CODE,
    Directorate,
    directorate_named,
    directorate_of,
    region_named,
    slug_of,
    stage_named,
    unit_named,
)
from stem_logistics.registry.importing.cells import (
    CellFault,
    clean,
    coordinate,
    date_of,
    email,
    pupils,
)
from stem_logistics.registry.importing.columns import Header, letters, read_header
from stem_logistics.registry.importing.faults import Fault, FileRefused
from stem_logistics.registry.importing.sheets import LARGEST_FILE, Row, rows_of
from stem_logistics.registry.rules import (
    STATE_WORDS,
    CodeFault,
    Level,
    categories_of,
    code_fault,
    institution_key,
    level_of,
    stage_of,
    state_of,
)

MOST_FAULTS = 1_000
LONGEST_NAME = 200
LONGEST_TEXT = 300
_NUMERIC = frozenset({"pupils", "latitude", "longitude"})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InstitutionRecord:
    """One school or department as a source describes it.

    `provided` names the fields that the file has columns for: only these are compared and changed.
    """

    code: str
    name: str
    level: str
    kind: str
    unit_type: str
    special_type: str
    orientation_type: str
    operation_shift: str
    legal_character: str
    state: str
    categories: tuple[str, ...]
    region: str
    directorate: Directorate | None
    municipality: str
    address: str
    postcode: str
    phone: str
    email: str
    latitude: Decimal | None
    longitude: Decimal | None
    pupils: int | None
    updated_on: dt.date | None
    search_key: str
    row: int


@dataclass
class Reading:
    """What was read of a file.

    Attributes:
        column_set: slug of the source whose columns these are; empty while unknown.
        provided: fields that the file has columns for.
        records: the rows without fault.
        faults: what is wrong; a file with any is refused as a whole.
        rows_read: how far the reading is; another thread may look.
    """

    column_set: str = ""
    provided: frozenset[str] = frozenset()
    records: list[InstitutionRecord] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    rows_read: int = 0


# Always told by a source, from its type and name, whichever columns it has.
DERIVED = frozenset({"name", "level", "kind", "unit_type", "categories", "region", "directorate", "search_key"})


def read_registry(data: bytes, *, largest: int = LARGEST_FILE, reading: Reading | None = None) -> Reading:
    """Read and check a whole file. Faults are collected, not raised, so that all of them can be shown at once.

    Args:
        reading: filled and returned; give one to watch `rows_read` from another thread.
    """
    reading = reading or Reading()
    try:
        rows = rows_of(data, largest=largest)
        header = _header(rows, reading)
        seen: dict[str, int] = {}
        for row in rows:
            _take(row, header, reading, seen)
            reading.rows_read += 1
            if len(reading.faults) >= MOST_FAULTS:
                reading.faults.append(Fault("too-many-errors", row.number, "", {"limit": MOST_FAULTS}))
                break
        if not reading.records and not reading.faults:
            reading.faults.append(Fault("no-rows", 1))
    except FileRefused as refused:
        reading.faults.extend(refused.faults)
    return reading


def _header(rows: Iterator[Row], reading: Reading) -> Header:
    first = next(rows, None)
    if first is None:
        raise FileRefused("file-empty")
    header = read_header([str(cell).strip() for cell in first.cells])
    reading.column_set = header.column_set.slug
    reading.provided = DERIVED | (header.fields.keys() - {"code", "education_level", "unit", "prefecture"})
    return header


def _take(row: Row, header: Header, reading: Reading, seen: dict[str, int]) -> None:
    cells = list(row.cells)
    while len(cells) > len(header.cells) and str(cells[-1]).strip() == "":
        cells.pop()
    if len(cells) != len(header.cells):
        reading.faults.append(Fault("row-ragged", row.number, "", {"cells": len(cells), "columns": len(header.cells)}))
        return
    reader = _RowReader(Row(row.number, cells, row.formulas), header)
    record = reader.record()
    code = record.code if record else reader.code
    if code and code in seen:
        reader.fault("code-repeated", "code", value=code, other=seen[code])
    elif code:
        seen[code] = row.number
    reading.faults.extend(reader.faults)
    if record and not reader.faults:
        reading.records.append(record)


class _RowReader:
    """Reads one row; collects what is wrong with it."""

    def __init__(self, row: Row, header: Header) -> None:
        self.row = row
        self.header = header
        self.faults: list[Fault] = []
        self.code = ""

    def fault(self, slug: str, field: str, **params: Any) -> None:
        self.faults.append(Fault(slug, self.row.number, self.header.title(field), params))

    def record(self) -> InstitutionRecord | None:
        texts = {name: self._text(name, position) for name, position in self.header.fields.items()}
        self._check_unused()
        if self.faults:
            return None
        get = texts.get
        name = get("name") or ""
        unit_type = get("unit_type") or ""
        level = level_of(unit_type, name, get("education_level") or "")
        self.code = self._code(get("code") or "", level)
        if not name:
            self.fault("name-empty", "name")
        elif len(name) > LONGEST_NAME:
            self.fault("name-too-long", "name", limit=LONGEST_NAME)
        if level is None:
            self.fault("level-unknown", "unit_type", value=unit_type or name)
            return None
        region, directorate = self._office(texts, level)
        record = self._build(texts, level, region, directorate)
        return None if self.faults else record

    def _build(
        self, texts: Mapping[str, str], level: Level, region: str, directorate: Directorate | None
    ) -> InstitutionRecord:
        name, municipality = texts.get("name", ""), texts.get("municipality", "")
        state = state_of(texts.get("state", ""))
        if state is None:
            self.fault("state-unknown", "state", value=texts["state"], known=", ".join(STATE_WORDS))
        special = texts.get("special_type", "")
        office = directorate.name if directorate else ""
        unit_type = texts.get("unit_type", "")
        return InstitutionRecord(
            code=self.code,
            name=name,
            level=str(level),
            kind="department" if level is Level.UNIVERSITY else "school",
            unit_type=unit_type,
            special_type=special,
            orientation_type=texts.get("orientation_type", ""),
            operation_shift=texts.get("operation_shift", ""),
            legal_character=texts.get("legal_character", ""),
            state=str(state or ""),
            categories=tuple(str(category) for category in categories_of(level, unit_type, special, name)),
            region=region,
            directorate=directorate,
            municipality=municipality,
            address=texts.get("address", ""),
            postcode=texts.get("postcode", ""),
            phone=texts.get("phone", ""),
            email=self._read("email", email, texts) or "",
            latitude=self._read("latitude", lambda text: coordinate(text, 90), texts),
            longitude=self._read("longitude", lambda text: coordinate(text, 180), texts),
            pupils=self._read("pupils", pupils, texts),
            updated_on=self._read("updated_on", date_of, texts),
            search_key=institution_key(self.code, name, municipality, office),
            row=self.row.number,
        )

    def _code(self, code: str, level: Level | None) -> str:
        wrong = code_fault(code, level)
        if wrong is CodeFault.ZEROS_LOST:
            self.fault(str(wrong), "code", value=code, suggestion=code.zfill(7))
        elif wrong is not None:
            self.fault(str(wrong), "code", value=code[:40])
        return "" if wrong else code

    def _office(self, texts: Mapping[str, str], level: Level) -> tuple[str, Directorate | None]:
        """Region and directorate: what the columns say; the directorate's unit tells the region where they do not."""
        office = texts.get("directorate", "")
        stage = stage_of(level)
        directorate = directorate_named(office, stage=stage) if office else None
        if directorate is None and level is not Level.UNIVERSITY:
            for column in ("unit", "prefecture"):
                unit = unit_named(texts.get(column, ""))
                if unit is not None:
                    directorate = directorate_of(unit, stage_named(office) or stage)
                    break
        written = texts.get("region", "")
        region = region_named(written) if written else None
        if region is None and directorate is not None:
            region = REGION_BY_CODE[directorate.region]
        if region is None and re.search("εξωτερικ|abroad", f"{written} {office}".casefold()):
            region = ABROAD
        if region is None:
            column = "region" if written or "directorate" not in self.header.fields else "directorate"
            self.fault("region-unknown", column, value=written or office)
            return "", None
        if directorate is None and office:
            # An office that a reorganisation made: kept under its own name, in the region that the file says.
            directorate = Directorate(slug_of(office), office, stage_named(office), region.code)
        return region.code, directorate

    def _read(self, field: str, read: Callable[[str], T], texts: Mapping[str, str]) -> T | None:
        try:
            return read(texts.get(field, ""))
        except CellFault as wrong:
            self.fault(wrong.slug, field, **wrong.params)
            return None

    def _check_unused(self) -> None:
        """Formulas and NUL bytes are refused in a source's other columns, too: they are kept with the file."""
        used = set(self.header.fields.values())
        for position in range(len(self.row.cells)):
            if position not in used:
                self._clean(position, numeric=True, title=self.header.cells[position] or letters(position))

    def _text(self, field: str, position: int) -> str:
        text = self._clean(position, numeric=field in _NUMERIC, title=self.header.cells[position])
        if field not in ("name", "code") and len(text) > LONGEST_TEXT:
            self.fault("text-too-long", field, limit=LONGEST_TEXT)
        return text

    def _clean(self, position: int, *, numeric: bool, title: str) -> str:
        try:
            return clean(self.row.cells[position], formula=position in self.row.formulas, numeric=numeric)
        except CellFault as wrong:
            self.faults.append(Fault(wrong.slug, self.row.number, title, wrong.params))
            return ""
