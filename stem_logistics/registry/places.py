"""Towns of Greece with their genitive, municipality and coordinates: where a generated registry puts its schools."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from stem_logistics.registry.geography import UNIT_BY_CODE, Unit


@dataclass(frozen=True, slots=True)
class Place:
    """A town. `thousands` is roughly its municipality's people, in thousands: how many schools it gets."""

    unit: Unit
    town: str
    municipality: str
    latitude: float
    longitude: float
    thousands: int


@cache
def places() -> tuple[Place, ...]:
    """All places, in the file's order."""
    text = resources.files("stem_logistics.registry").joinpath("data/places.csv").read_text(encoding="utf-8")
    return tuple(
        Place(
            UNIT_BY_CODE[row["unit"]],
            row["town"],
            row["municipality"],
            float(row["latitude"]),
            float(row["longitude"]),
            int(row["thousands"]),
        )
        for row in csv.DictReader(text.splitlines(), delimiter=";")
    )
