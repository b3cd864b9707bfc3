"""The 13 regional directorates and the 58 units below them, each with a directorate for primary and for secondary
education: 116. Pure: names in, codes out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from stem_logistics.registry.folding import fold

Stage = Literal["primary", "secondary"]


@dataclass(frozen=True, slots=True)
class Region:
    """A regional directorate of education.

    Args:
        code: its slug, also the region in an allocation's published files.
        genitive: as it stands in the names of offices.
    """

    code: str
    name_el: str
    name_en: str
    genitive: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A prefecture, or a part of one of the two large ones, with two directorates of education.

    Args:
        code: slug.
        genitive: as it stands in a directorate's name.
        aliases: other ways in which sources name it.
    """

    code: str
    genitive: str
    region: str
    aliases: tuple[str, ...] = ()


REGIONS: tuple[Region, ...] = (
    Region(
        "eastern-macedonia-thrace",
        "Ανατολική Μακεδονία και Θράκη",
        "Eastern Macedonia and Thrace",
        "Ανατολικής Μακεδονίας και Θράκης",
    ),
    Region("attica", "Αττική", "Attica", "Αττικής"),
    Region("north-aegean", "Βόρειο Αιγαίο", "North Aegean", "Βορείου Αιγαίου"),
    Region("western-greece", "Δυτική Ελλάδα", "Western Greece", "Δυτικής Ελλάδας"),
    Region("western-macedonia", "Δυτική Μακεδονία", "Western Macedonia", "Δυτικής Μακεδονίας"),
    Region("epirus", "Ήπειρος", "Epirus", "Ηπείρου"),
    Region("thessaly", "Θεσσαλία", "Thessaly", "Θεσσαλίας"),
    Region("ionian-islands", "Ιόνια Νησιά", "Ionian Islands", "Ιονίων Νήσων"),
    Region("central-macedonia", "Κεντρική Μακεδονία", "Central Macedonia", "Κεντρικής Μακεδονίας"),
    Region("crete", "Κρήτη", "Crete", "Κρήτης"),
    Region("south-aegean", "Νότιο Αιγαίο", "South Aegean", "Νοτίου Αιγαίου"),
    Region("peloponnese", "Πελοπόννησος", "Peloponnese", "Πελοποννήσου"),
    Region("central-greece", "Στερεά Ελλάδα", "Central Greece", "Στερεάς Ελλάδας"),
)
# Greek schools in other countries belong to no regional directorate; made only when a file holds one.
ABROAD = Region("abroad", "Σχολεία εξωτερικού", "Schools abroad", "εξωτερικού")
REGION_BY_CODE: Mapping[str, Region] = {region.code: region for region in (*REGIONS, ABROAD)}

UNITS: tuple[Unit, ...] = (
    Unit("drama", "Δράμας", "eastern-macedonia-thrace"),
    Unit("evros", "Έβρου", "eastern-macedonia-thrace"),
    Unit("kavala", "Καβάλας", "eastern-macedonia-thrace", ("Θάσου",)),
    Unit("xanthi", "Ξάνθης", "eastern-macedonia-thrace"),
    Unit("rhodope", "Ροδόπης", "eastern-macedonia-thrace"),
    Unit("athens-a", "Α΄ Αθήνας", "attica", ("Κεντρικού Τομέα Αθηνών", "Α΄ Αθηνών", "Αθηνών")),
    Unit("athens-b", "Β΄ Αθήνας", "attica", ("Βορείου Τομέα Αθηνών", "Β΄ Αθηνών")),
    Unit("athens-c", "Γ΄ Αθήνας", "attica", ("Δυτικού Τομέα Αθηνών", "Γ΄ Αθηνών")),
    Unit("athens-d", "Δ΄ Αθήνας", "attica", ("Νοτίου Τομέα Αθηνών", "Δ΄ Αθηνών")),
    Unit("east-attica", "Ανατολικής Αττικής", "attica"),
    Unit("west-attica", "Δυτικής Αττικής", "attica"),
    Unit("piraeus", "Πειραιά", "attica", ("Πειραιώς", "Νήσων")),
    Unit("lesvos", "Λέσβου", "north-aegean", ("Λήμνου",)),
    Unit("samos", "Σάμου", "north-aegean", ("Ικαρίας",)),
    Unit("chios", "Χίου", "north-aegean"),
    Unit("aetolia-acarnania", "Αιτωλοακαρνανίας", "western-greece", ("Αιτωλίας και Ακαρνανίας",)),
    Unit("achaea", "Αχαΐας", "western-greece"),
    Unit("elis", "Ηλείας", "western-greece"),
    Unit("grevena", "Γρεβενών", "western-macedonia"),
    Unit("kastoria", "Καστοριάς", "western-macedonia"),
    Unit("kozani", "Κοζάνης", "western-macedonia"),
    Unit("florina", "Φλώρινας", "western-macedonia", ("Φλωρίνης",)),
    Unit("arta", "Άρτας", "epirus"),
    Unit("thesprotia", "Θεσπρωτίας", "epirus"),
    Unit("ioannina", "Ιωαννίνων", "epirus"),
    Unit("preveza", "Πρέβεζας", "epirus", ("Πρεβέζης",)),
    Unit("karditsa", "Καρδίτσας", "thessaly", ("Καρδίτσης",)),
    Unit("larissa", "Λάρισας", "thessaly", ("Λαρίσης",)),
    Unit("magnesia", "Μαγνησίας", "thessaly", ("Μαγνησίας και Σποράδων", "Σποράδων")),
    Unit("trikala", "Τρικάλων", "thessaly"),
    Unit("zakynthos", "Ζακύνθου", "ionian-islands"),
    Unit("corfu", "Κέρκυρας", "ionian-islands", ("Κερκύρας",)),
    Unit("cephalonia", "Κεφαλληνίας", "ionian-islands", ("Κεφαλονιάς", "Κεφαλληνίας και Ιθάκης", "Ιθάκης")),
    Unit("lefkada", "Λευκάδας", "ionian-islands", ("Λευκάδος",)),
    Unit("thessaloniki-east", "Ανατολικής Θεσσαλονίκης", "central-macedonia", ("Θεσσαλονίκης",)),
    Unit("thessaloniki-west", "Δυτικής Θεσσαλονίκης", "central-macedonia"),
    Unit("imathia", "Ημαθίας", "central-macedonia"),
    Unit("kilkis", "Κιλκίς", "central-macedonia"),
    Unit("pella", "Πέλλας", "central-macedonia", ("Πέλλης",)),
    Unit("pieria", "Πιερίας", "central-macedonia"),
    Unit("serres", "Σερρών", "central-macedonia"),
    Unit("chalkidiki", "Χαλκιδικής", "central-macedonia"),
    Unit("heraklion", "Ηρακλείου", "crete"),
    Unit("lasithi", "Λασιθίου", "crete"),
    Unit("rethymno", "Ρεθύμνου", "crete", ("Ρεθύμνης",)),
    Unit("chania", "Χανίων", "crete"),
    Unit(
        "dodecanese",
        "Δωδεκανήσου",
        "south-aegean",
        ("Ρόδου", "Κω", "Καλύμνου", "Καρπάθου", "Καρπάθου - Ηρωικής Νήσου Κάσου"),
    ),
    Unit(
        "cyclades",
        "Κυκλάδων",
        "south-aegean",
        ("Σύρου", "Άνδρου", "Θήρας", "Κέας - Κύθνου", "Μήλου", "Μυκόνου", "Νάξου", "Πάρου", "Τήνου"),
    ),
    Unit("argolis", "Αργολίδας", "peloponnese", ("Αργολίδος",)),
    Unit("arcadia", "Αρκαδίας", "peloponnese"),
    Unit("corinthia", "Κορινθίας", "peloponnese"),
    Unit("laconia", "Λακωνίας", "peloponnese"),
    Unit("messenia", "Μεσσηνίας", "peloponnese"),
    Unit("boeotia", "Βοιωτίας", "central-greece"),
    Unit("euboea", "Εύβοιας", "central-greece", ("Ευβοίας",)),
    Unit("evrytania", "Ευρυτανίας", "central-greece"),
    Unit("phthiotis", "Φθιώτιδας", "central-greece", ("Φθιώτιδος",)),
    Unit("phocis", "Φωκίδας", "central-greece", ("Φωκίδος",)),
)
UNIT_BY_CODE: Mapping[str, Unit] = {unit.code: unit for unit in UNITS}

# Shorter ways in which sources write the regional directorates.
_SHORT_REGIONS = {
    "Αν. Μακεδονίας Θράκης": "eastern-macedonia-thrace",
    "Ανατολικής Μακεδονίας Θράκης": "eastern-macedonia-thrace",
    "Κ. Μακεδονίας": "central-macedonia",
    "Δ. Μακεδονίας": "western-macedonia",
    "Δ. Ελλάδας": "western-greece",
    "Δυτικής Ελλάδος": "western-greece",
    "Στερεάς Ελλάδος": "central-greece",
    "Β. Αιγαίου": "north-aegean",
    "Ν. Αιγαίου": "south-aegean",
    "Ιονίων Νησιών": "ionian-islands",
}
_OFFICE_WORDS = frozenset(
    fold(
        "διευθυνση διευθυνσης δνση διευθ πρωτοβαθμιας δευτεροβαθμιας πρωτοβαθμια δευτεροβαθμια εκπαιδευσης "
        "περιφερειακη περιφερεια περιφερειας ενοτητα περ πε δε νομος νομου και"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Directorate:
    """A directorate of education. `code` is the unit's, with the stage."""

    code: str
    name: str
    stage: Stage | None
    region: str


def directorate_of(unit: Unit, stage: Stage) -> Directorate:
    """The directorate of a unit for one stage of education."""
    short = "Π.Ε." if stage == "primary" else "Δ.Ε."
    return Directorate(f"{unit.code}-{stage}", f"Διεύθυνση {short} {unit.genitive}", stage, unit.region)


DIRECTORATES: tuple[Directorate, ...] = tuple(
    directorate_of(unit, stage) for unit in UNITS for stage in ("primary", "secondary")
)


def _place_words(text: str) -> str:
    """What is left of an office's name without the words that every office has."""
    return " ".join(word for word in fold(text).split() if word not in _OFFICE_WORDS)


@cache
def _units_by_words() -> dict[str, Unit]:
    known: dict[str, Unit] = {}
    for unit in UNITS:
        for name in (unit.genitive, *unit.aliases):
            known.setdefault(_place_words(name), unit)
    return known


@cache
def _regions_by_words() -> dict[str, Region]:
    known: dict[str, Region] = {}
    for region in REGIONS:
        for name in (region.genitive, region.name_el, region.name_en, region.code):
            known[_place_words(name)] = region
    return known | {_place_words(short): REGION_BY_CODE[code] for short, code in _SHORT_REGIONS.items()}


@cache
def region_named(text: str) -> Region | None:
    """The regional directorate that a source means, however it writes it; None where it cannot be told."""
    return _regions_by_words().get(_place_words(text))


@cache
def unit_named(text: str) -> Unit | None:
    """The unit in the name of a directorate, a prefecture or a regional unit; None where it cannot be told."""
    return _units_by_words().get(_place_words(text))


@cache
def stage_named(text: str) -> Stage | None:
    """Whether a directorate's name says primary (Π.Ε.) or secondary (Δ.Ε.) education."""
    words = set(fold(text).split())
    if words & set(fold("πε πρωτοβαθμιας πρωτοβαθμια").split()):
        return "primary"
    if words & set(fold("δε δευτεροβαθμιας δευτεροβαθμια").split()):
        return "secondary"
    return None


def directorate_named(text: str, *, stage: Stage | None) -> Directorate | None:
    """The directorate that a source means: by the stage in its name, else by the level of the school in it."""
    unit = unit_named(text)
    stage = stage_named(text) or stage
    return directorate_of(unit, stage) if unit and stage else None


def slug_of(text: str) -> str:
    """A code for an office that is not in the list (a reorganisation), from its name."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")[:80] or "unnamed"
