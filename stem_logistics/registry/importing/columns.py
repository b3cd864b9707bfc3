"""The columns of the two public sources, recognised however the header is written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stem_logistics.registry.folding import plain
from stem_logistics.registry.importing.faults import Fault, FileRefused


@dataclass(frozen=True)
class ColumnSet:
    """One source's columns.

    Args:
        slug: what an import is recorded with.
        columns: the source's column → the field it fills; None where we have no use for it.
        required: without one of these columns there is nothing to import.
        one_of: at least one column of each group.
    """

    slug: str
    columns: Mapping[str, str | None]
    required: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...]


OPEN_DATA = ColumnSet(
    "open-data",
    {
        "school_code": "code",
        "school_name": "name",
        "school_type": "unit_type",
        "school_subtype": "special_type",
        "school_district": "directorate",
        "regional_unit": "unit",
        "prefecture": "prefecture",
        "municipal_unit": None,
        "municipality": "municipality",
        "district": "region",
        "area": None,
        "address": "address",
        "zip": "postcode",
        "phone": "phone",
        "fax": None,
        "email": "email",
        "lat": "latitude",
        "lng": "longitude",
    },
    ("school_code", "school_name", "school_type"),
    (("school_district", "regional_unit", "prefecture", "district"),),
)
SCHOOL_NETWORK = ColumnSet(
    "school-network",
    {
        "registry_no": "code",
        "name": "name",
        "state": "state",
        "unit_type": "unit_type",
        "education_level": "education_level",
        "region_edu_admin": "region",
        "edu_admin": "directorate",
        "municipality": "municipality",
        "special_type": "special_type",
        "orientation_type": "orientation_type",
        "operation_shift": "operation_shift",
        "legal_character": "legal_character",
        "students_count": "pupils",
        "latitude": "latitude",
        "longitude": "longitude",
        "last_update": "updated_on",
        # not in every export of the service
        "address": "address",
        "street_address": "address",
        "postal_code": "postcode",
        "phone_number": "phone",
        "phone": "phone",
        "email": "email",
    },
    ("registry_no", "name", "unit_type"),
    (("region_edu_admin", "edu_admin"),),
)
COLUMN_SETS = (SCHOOL_NETWORK, OPEN_DATA)

# Other headers that people give these columns, per set; compared as `_header_key` makes them.
_ALIASES: Mapping[str, Mapping[str, str]] = {
    "open-data": {
        "latitude": "lat",
        "longitude": "lng",
        "lon": "lng",
        "postcode": "zip",
        "zip_code": "zip",
        "ταχυδρομικος_κωδικος": "zip",
        "τκ": "zip",
    },
    "school-network": {
        "κωδικος": "registry_no",
        "κωδικος_σχολειου": "registry_no",
        "κωδικος_σχολικης_μοναδας": "registry_no",
        "κωδικος_υπαιθ": "registry_no",
        "κωδικος_μοναδας": "registry_no",
        "ονομασια": "name",
        "ονομα": "name",
        "ονομα_σχολικης_μοναδας": "name",
        "ονομασια_σχολικης_μοναδας": "name",
        "σχολικη_μοναδα": "name",
        "κατασταση": "state",
        "τυπος": "unit_type",
        "τυπος_μοναδας": "unit_type",
        "ειδος": "unit_type",
        "ειδος_μοναδας": "unit_type",
        "βαθμιδα": "education_level",
        "βαθμιδα_εκπαιδευσης": "education_level",
        "περιφερειακη_διευθυνση": "region_edu_admin",
        "περιφερειακη_διευθυνση_εκπαιδευσης": "region_edu_admin",
        "διευθυνση_εκπαιδευσης": "edu_admin",
        "δημος": "municipality",
        "ειδικος_τυπος": "special_type",
        "προσανατολισμος": "orientation_type",
        "ωραριο": "operation_shift",
        "νομικος_χαρακτηρας": "legal_character",
        "μαθητες": "students_count",
        "αριθμος_μαθητων": "students_count",
        "γεωγραφικο_πλατος": "latitude",
        "γεωγραφικο_μηκος": "longitude",
        "lat": "latitude",
        "lng": "longitude",
        "lon": "longitude",
        "τελευταια_ενημερωση": "last_update",
        "ταχυδρομικη_διευθυνση": "address",
        "οδος": "address",
        "ταχυδρομικος_κωδικος": "postal_code",
        "τκ": "postal_code",
        "τηλεφωνο": "phone",
        "ηλεκτρονικο_ταχυδρομειο": "email",
        "e_mail": "email",
    },
}


@dataclass(frozen=True)
class Header:
    """A file's first row, understood.

    Args:
        column_set: whose columns they are.
        cells: the headers as the file writes them.
        fields: our field → position.
    """

    column_set: ColumnSet
    cells: tuple[str, ...]
    fields: Mapping[str, int]

    def title(self, field: str) -> str:
        """The file's own name for a field's column."""
        position = self.fields.get(field)
        return self.cells[position] if position is not None else field


def header_key(cell: str) -> str:
    """A header in one form: small letters without accents, words joined by underscores (school_code, κωδικοσ)."""
    return "_".join(re.findall(r"[^\W_]+", plain(cell).replace(".", "")))


def foreign_positions(cells: Sequence[str]) -> list[int]:
    """Which columns are of neither source: whatever they hold (workers' names, tax numbers), it is not kept."""
    known = frozenset().union(*(_named(columns) for columns in COLUMN_SETS))
    return [position for position, cell in enumerate(cells) if header_key(cell) not in known]


def _named(column_set: ColumnSet) -> dict[str, str]:
    names = {header_key(name): name for name in column_set.columns}
    return names | {header_key(alias): name for alias, name in _ALIASES[column_set.slug].items()}


def known_columns(cells: Sequence[str]) -> int:
    """How many of the headers one of the sources has: how a separator is told."""
    return max(sum(header_key(cell) in _named(columns) for cell in cells) for columns in COLUMN_SETS)


def read_header(cells: Sequence[str]) -> Header:
    """Understand a file's first row.

    Raises:
        FileRefused: the columns are of neither source, one that is needed is missing, or one stands there twice.
    """
    best = max(COLUMN_SETS, key=lambda columns: _score(columns, cells))
    if _score(best, cells) < 2:
        raise FileRefused("columns-unknown", row=1)
    names = _named(best)
    positions: dict[str, int] = {}
    fields: dict[str, int] = {}
    for position, cell in enumerate(cells):
        column = names.get(header_key(cell))
        if column is None:
            continue
        field = best.columns[column]
        taken = positions.get(column) if field is None else fields.get(field, positions.get(column))
        if taken is not None:
            raise FileRefused("column-repeated", row=1, column=cell, other=letters(taken))
        positions[column] = position
        if field is not None:
            fields[field] = position
    found = ", ".join(cell for cell in cells if cell)
    groups = [(column,) for column in best.required] + list(best.one_of)
    missing = [" / ".join(group) for group in groups if not any(column in positions for column in group)]
    if missing:
        raise FileRefused("", *(Fault("column-missing", 1, column, {"found": found}) for column in missing))
    return Header(best, tuple(cells), fields)


def _score(column_set: ColumnSet, cells: Sequence[str]) -> int:
    return sum(header_key(cell) in _named(column_set) for cell in cells)


def letters(position: int) -> str:
    """A column as the spreadsheet letters it: A, B … AA."""
    text = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
