"""What the registry gives to whoever asks: institutions, their offices, what is asked of a list. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

MERGED = "merged"
"""Asked for as a state: the codes that stand for another school."""
SORTS = ("name", "code", "municipality", "pupils")


@dataclass(frozen=True, slots=True)
class Institution:
    """A school or a university department."""

    id: int
    code: str
    kind: str
    name: str
    level: str
    unit_type: str
    special_type: str
    orientation_type: str
    operation_shift: str
    legal_character: str
    state: str
    categories: tuple[str, ...]
    remote: bool
    region_id: int
    region: str
    region_el: str
    region_en: str
    directorate: str
    directorate_name: str
    municipality: str
    address: str
    postcode: str
    phone: str
    email: str
    latitude: Decimal | None
    longitude: Decimal | None
    pupils: int | None
    source: str
    source_updated_on: date | None
    updated_at: datetime
    root_id: int
    merged_into: str
    """The code of the school that this one stands for; empty where it stands for itself."""

    @property
    def all_categories(self) -> tuple[str, ...]:
        """The priority categories, the NSO's own flag `remote` among them."""
        return (*self.categories, "remote") if self.remote else self.categories


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a list of institutions. Empty strings ask for nothing."""

    q: str = ""
    region: str = ""
    directorate: str = ""
    level: str = ""
    category: str = ""
    state: str = ""
    kind: str = ""
    sort: str = "name"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Office:
    """A regional directorate or a directorate, with the number of institutions that the asker may see under it."""

    id: int
    code: str
    name_el: str
    name_en: str
    institutions: int
    region: str = ""
