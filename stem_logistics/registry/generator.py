"""A believable national registry, the same for the same seed: no source's file may be copied, so one is made.

Schools stand in real towns, by the towns' size; everything else (codes, pupils, streets, telephones, mailboxes) is
invented. Mailboxes lie under `.example`, which nobody can own. Rows are made as they are written.
"""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TextIO

from stem_logistics.registry.folding import fold
from stem_logistics.registry.geography import REGION_BY_CODE, UNITS, directorate_of
from stem_logistics.registry.places import Place, places
from stem_logistics.registry.rules import Level, stage_of

SCHOOL_NETWORK_COLUMNS = (
    *("registry_no", "name", "state", "unit_type", "education_level", "region_edu_admin", "edu_admin", "municipality"),
    *("special_type", "orientation_type", "operation_shift", "legal_character", "students_count"),
    *("latitude", "longitude", "last_update", "address", "postal_code", "phone_number", "email"),
)
OPEN_DATA_COLUMNS = (
    *("school_code", "school_name", "school_type", "school_subtype", "school_district", "regional_unit", "prefecture"),
    *("municipal_unit", "municipality", "district", "area", "address", "zip", "phone", "fax", "email", "lat", "lng"),
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of school: how many of 14,000 are of it, how it is called, and what its columns say."""

    share: int
    title: str
    unit_type: str
    level: Level
    mail: str
    pupils: tuple[int, int]
    special_type: str = "ΓΕΝΙΚΟ"
    orientation: str = ""
    shift: str = "ΗΜΕΡΗΣΙΟ"
    legal: str = "ΔΗΜΟΣΙΟ"
    units: frozenset[str] = frozenset()


_THRACE = frozenset({"xanthi", "rhodope", "evros"})
_CITIES = frozenset({"athens-a", "athens-b", "athens-d", "piraeus", "east-attica", "thessaloniki-east", "achaea"})
_P, _K, _G, _L = Level.PRIMARY, Level.KINDERGARTEN, Level.LOWER_SECONDARY, Level.UPPER_SECONDARY
_SPECIAL, _PRIVATE, _EVENING = "ΕΙΔΙΚΗΣ ΑΓΩΓΗΣ", "ΙΔΙΩΤΙΚΟ", "ΕΣΠΕΡΙΝΟ"

_KINDS: tuple[_Kind, ...] = (
    _Kind(4730, "Νηπιαγωγείο", "ΝΗΠΙΑΓΩΓΕΙΟ", _K, "nip", (8, 46)),
    _Kind(210, "Ιδιωτικό Νηπιαγωγείο", "ΝΗΠΙΑΓΩΓΕΙΟ", _K, "nip-idiot", (10, 60), legal=_PRIVATE, units=_CITIES),
    _Kind(230, "Ειδικό Νηπιαγωγείο", "ΕΙΔΙΚΟ ΝΗΠΙΑΓΩΓΕΙΟ", _K, "nip-eid", (3, 12), _SPECIAL),
    _Kind(3860, "Δημοτικό Σχολείο", "ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ", _P, "dim", (40, 310)),
    _Kind(
        160, "Ιδιωτικό Δημοτικό Σχολείο", "ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ", _P, "dim-idiot", (60, 420), legal=_PRIVATE, units=_CITIES
    ),
    _Kind(270, "Ειδικό Δημοτικό Σχολείο", "ΕΙΔΙΚΟ ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ", _P, "dim-eid", (8, 48), _SPECIAL),
    _Kind(
        *(120, "Μειονοτικό Δημοτικό Σχολείο", "ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ", _P, "dim-meion", (9, 120), "ΜΕΙΟΝΟΤΙΚΟ"),
        units=_THRACE,
    ),
    _Kind(24, "Πειραματικό Δημοτικό Σχολείο", "ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ", _P, "dim-peir", (120, 300), "ΠΕΙΡΑΜΑΤΙΚΟ"),
    _Kind(13, "Διαπολιτισμικό Δημοτικό Σχολείο", "ΔΗΜΟΤΙΚΟ ΣΧΟΛΕΙΟ", _P, "dim-diap", (60, 200), "ΔΙΑΠΟΛΙΤΙΣΜΙΚΟ"),
    _Kind(1500, "Γυμνάσιο", "ΗΜΕΡΗΣΙΟ ΓΥΜΝΑΣΙΟ", _G, "gym", (45, 360)),
    _Kind(52, "Εσπερινό Γυμνάσιο", "ΕΣΠΕΡΙΝΟ ΓΥΜΝΑΣΙΟ", _G, "gym-esp", (12, 90), shift=_EVENING),
    _Kind(80, "Ιδιωτικό Γυμνάσιο", "ΗΜΕΡΗΣΙΟ ΓΥΜΝΑΣΙΟ", _G, "gym-idiot", (60, 320), legal=_PRIVATE, units=_CITIES),
    _Kind(50, "Μουσικό Σχολείο", "ΜΟΥΣΙΚΟ ΓΥΜΝΑΣΙΟ", _G, "mous", (90, 340), "ΜΟΥΣΙΚΟ"),
    _Kind(6, "Καλλιτεχνικό Σχολείο", "ΚΑΛΛΙΤΕΧΝΙΚΟ ΓΥΜΝΑΣΙΟ", _G, "kall", (90, 300), "ΚΑΛΛΙΤΕΧΝΙΚΟ"),
    _Kind(34, "Πειραματικό Γυμνάσιο", "ΗΜΕΡΗΣΙΟ ΓΥΜΝΑΣΙΟ", _G, "gym-peir", (120, 320), "ΠΕΙΡΑΜΑΤΙΚΟ"),
    _Kind(20, "Πρότυπο Γυμνάσιο", "ΗΜΕΡΗΣΙΟ ΓΥΜΝΑΣΙΟ", _G, "gym-prot", (150, 330), "ΠΡΟΤΥΠΟ"),
    _Kind(2, "Μειονοτικό Γυμνάσιο", "ΗΜΕΡΗΣΙΟ ΓΥΜΝΑΣΙΟ", _G, "gym-meion", (80, 300), "ΜΕΙΟΝΟΤΙΚΟ", units=_THRACE),
    _Kind(1005, "Γενικό Λύκειο", "ΗΜΕΡΗΣΙΟ ΓΕΝΙΚΟ ΛΥΚΕΙΟ", _L, "lyk", (60, 380), orientation="ΓΕΝΙΚΟ"),
    _Kind(
        55,
        "Εσπερινό Γενικό Λύκειο",
        "ΕΣΠΕΡΙΝΟ ΓΕΝΙΚΟ ΛΥΚΕΙΟ",
        _L,
        "lyk-esp",
        (15, 120),
        orientation="ΓΕΝΙΚΟ",
        shift=_EVENING,
    ),
    _Kind(
        72,
        "Ιδιωτικό Γενικό Λύκειο",
        "ΗΜΕΡΗΣΙΟ ΓΕΝΙΚΟ ΛΥΚΕΙΟ",
        _L,
        "lyk-idiot",
        (60, 300),
        legal=_PRIVATE,
        units=_CITIES,
    ),
    _Kind(20, "Πρότυπο Γενικό Λύκειο", "ΗΜΕΡΗΣΙΟ ΓΕΝΙΚΟ ΛΥΚΕΙΟ", _L, "lyk-prot", (150, 330), "ΠΡΟΤΥΠΟ"),
    _Kind(338, "ΕΠΑΛ", "ΗΜΕΡΗΣΙΟ ΕΠΑΛ", Level.VOCATIONAL, "epal", (60, 420)),
    _Kind(62, "Εσπερινό ΕΠΑΛ", "ΕΣΠΕΡΙΝΟ ΕΠΑΛ", Level.VOCATIONAL, "epal-esp", (30, 240), shift=_EVENING),
    _Kind(142, "Ε.Ε.Ε.Ε.Κ.", "Ε.Ε.Ε.ΕΚ.", Level.SPECIAL, "eeeek", (12, 90), _SPECIAL),
    _Kind(112, "ΕΝ.Ε.Ε.ΓΥ.-Λ.", "ΕΝ.Ε.Ε.ΓΥ.-Λ.", Level.SPECIAL, "eneegyl", (20, 160), _SPECIAL),
    _Kind(78, "Σ.Δ.Ε.", "ΣΧΟΛΕΙΟ ΔΕΥΤΕΡΗΣ ΕΥΚΑΙΡΙΑΣ", Level.SECOND_CHANCE, "sde", (25, 130), shift=_EVENING),
    _Kind(115, "Εργαστηριακό Κέντρο", "ΕΡΓΑΣΤΗΡΙΑΚΟ ΚΕΝΤΡΟ", Level.LAB_CENTRE, "ek", (0, 0)),
    _Kind(130, "Σ.Α.Ε.Κ.", "Σ.Α.Ε.Κ.", Level.POST_SECONDARY, "saek", (40, 380), shift=_EVENING),
)
_STREETS = (
    "Ελευθερίου Βενιζέλου 28ης Οκτωβρίου 25ης Μαρτίου Δημοκρατίας Παπάγου Κολοκοτρώνη Ρήγα_Φεραίου Αγίου_Νικολάου "
    "Μεγάλου_Αλεξάνδρου Αριστοτέλους Σολωμού Παλαμά Κανάρη Μιαούλη Καποδιστρίου Αθηνάς Ειρήνης Εθνικής_Αντιστάσεως"
)
_STREET_NAMES = tuple(
    name.replace("_", " ")
    for name in _STREETS.replace("28ης Οκτωβρίου", "28ης_Οκτωβρίου").replace("25ης Μαρτίου", "25ης_Μαρτίου").split()
)
_LATEST_UPDATE = date(2026, 9, 11)


@dataclass(frozen=True, slots=True)
class GeneratedSchool:
    """One school of the generated registry, with all that either column set can say."""

    code: str
    name: str
    state: str
    kind: _Kind
    place: Place
    pupils: int
    latitude: float
    longitude: float
    updated_on: date
    address: str
    postcode: str
    phone: str
    email: str

    def school_network(self) -> list[str]:
        """Its row in SCHOOL_NETWORK_COLUMNS."""
        stage = stage_of(self.kind.level)
        levels = {"primary": "ΠΡΩΤΟΒΑΘΜΙΑ", "secondary": "ΔΕΥΤΕΡΟΒΑΘΜΙΑ"}
        level = "ΜΕΤΑΔΕΥΤΕΡΟΒΑΘΜΙΑ" if self.kind.level is Level.POST_SECONDARY else levels[stage]
        region = REGION_BY_CODE[self.place.unit.region].genitive
        return [
            *(self.code, self.name, self.state, self.kind.unit_type, level),
            f"Περιφερειακή Διεύθυνση Εκπαίδευσης {region}",
            directorate_of(self.place.unit, stage).name,
            *(f"Δήμος {self.place.municipality}", self.kind.special_type, self.kind.orientation),
            *(self.kind.shift, self.kind.legal, str(self.pupils)),
            *(f"{self.latitude:.6f}", f"{self.longitude:.6f}", self.updated_on.isoformat()),
            *(self.address, self.postcode, self.phone, self.email),
        ]

    def open_data(self) -> list[str]:
        """Its row in OPEN_DATA_COLUMNS."""
        unit = self.place.unit
        region = REGION_BY_CODE[unit.region].genitive
        return [
            *(self.code, self.name, self.kind.unit_type, self.kind.special_type),
            directorate_of(unit, stage_of(self.kind.level)).name,
            *(f"Π.Ε. {unit.genitive}", f"Ν. {unit.genitive}", self.place.town, f"Δήμος {self.place.municipality}"),
            *(f"Περιφέρεια {region}", self.place.town, self.address, self.postcode, self.phone, "", self.email),
            *(f"{self.latitude:.6f}", f"{self.longitude:.6f}"),
        ]


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers in proportion to weights that add up to the total (largest remainders; the first wins a tie)."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts


def generate(count: int, seed: int) -> Iterator[GeneratedSchool]:
    """A registry of `count` schools. “7ο Νηπιαγωγείο Κατερίνης” is always among them."""
    counts = _counts(count)
    codes = {unit.code: 0 for unit in UNITS}
    offset = {unit.code: index for index, unit in enumerate(UNITS, start=1)}
    order = random.Random(f"{seed}:codes").sample(range(100_000), 100_000)  # noqa: S311 - invented data
    for place, numbers in zip(places(), counts, strict=True):
        # one source of chance a town: another number of schools elsewhere changes nothing here
        chance = random.Random(f"{seed}:{place.unit.code}:{place.town}")  # noqa: S311 - invented data
        for kind, number in zip(_KINDS, numbers, strict=True):
            for ordinal in _ordinals(place, kind, number):
                serial = order[codes[place.unit.code] % len(order)]
                codes[place.unit.code] += 1
                prefix = f"{offset[place.unit.code]:02d}"
                code = f"EK{prefix}-{serial:05d}" if kind.level is Level.LAB_CENTRE else f"{prefix}{serial:05d}"
                yield _school(place, kind, ordinal if number > 1 or ordinal > 1 else 0, code, chance)


def _counts(count: int) -> list[list[int]]:
    """How many schools of each kind stand in each place."""
    by_kind = shares(count, [kind.share for kind in _KINDS])
    columns = []
    for kind, number in zip(_KINDS, by_kind, strict=True):
        columns.append(shares(number, [_weight(place, kind) for place in places()]))
    rows = [list(row) for row in zip(*columns, strict=True)]
    home = next(i for i, place in enumerate(places()) if place.town == "Κατερίνης")
    if count and not rows[home][0]:
        giver = max(range(len(rows)), key=lambda i: (rows[i][0], sum(rows[i]), -i))
        kind_index = 0 if rows[giver][0] else max(range(len(_KINDS)), key=lambda k: rows[giver][k])
        rows[giver][kind_index] -= 1
        rows[home][0] += 1
    return rows


def _weight(place: Place, kind: _Kind) -> int:
    if kind.units and place.unit.code not in kind.units:
        return 0
    # rare kinds stand in the larger towns only
    return place.thousands if kind.share > 500 or kind.units == _THRACE else max(0, place.thousands - 12)


def _ordinals(place: Place, kind: _Kind, number: int) -> Sequence[int]:
    if place.town == "Κατερίνης" and kind is _KINDS[0] and 0 < number < 7:
        return [*range(1, number), 7]
    return range(1, number + 1)


def _school(place: Place, kind: _Kind, ordinal: int, code: str, chance: random.Random) -> GeneratedSchool:
    number = f"{ordinal}ο " if ordinal else ""
    town = fold(place.town).replace(" ", "-")
    state = chance.choices(("ΕΝΕΡΓΗ", "ΣΕ ΑΝΑΣΤΟΛΗ", "ΚΑΤΑΡΓΗΜΕΝΗ"), weights=(975, 16, 9))[0]
    low, high = kind.pupils
    pupils = round(chance.triangular(low, high, low + (high - low) * 0.4)) if high else 0
    index = 1 + next(i for i, unit in enumerate(UNITS) if unit is place.unit)
    return GeneratedSchool(
        code=code,
        name=f"{number}{kind.title} {place.town}",
        state=state,
        kind=kind,
        place=place,
        pupils=pupils if state == "ΕΝΕΡΓΗ" else 0,
        latitude=place.latitude + chance.gauss(0, 0.009),
        longitude=place.longitude + chance.gauss(0, 0.011),
        updated_on=_LATEST_UPDATE - timedelta(days=chance.randrange(700)),
        address=f"{chance.choice(_STREET_NAMES)} {chance.randrange(1, 140)}",
        postcode=f"{chance.randrange(100, 860):03d} {chance.randrange(1, 99):02d}",
        # 2xx0 area codes with 9999 in the middle: not given out
        phone=f"2{index:02d}09999{chance.randrange(100):02d}",
        email=f"mail@{ordinal or ''}{kind.mail}-{town}.{place.unit.code}.sch.example",
    )


def write_registry(out: TextIO, count: int, seed: int, *, column_set: str = "school-network") -> int:
    """Write a registry as CSV (UTF-8, comma), row by row. Returns the number of schools written."""
    network = column_set == "school-network"
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(SCHOOL_NETWORK_COLUMNS if network else OPEN_DATA_COLUMNS)
    written = 0
    for school in generate(count, seed):
        writer.writerow(school.school_network() if network else school.open_data())
        written += 1
    return written
