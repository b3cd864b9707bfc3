"""Where in the country the kits went: by regional directorate, and school by school. Published waves only."""

from dataclasses import dataclass
from typing import Any

from stem_logistics.allocation import queries


@dataclass(frozen=True)
class RegionShare:
    """What the schools of a regional directorate were given.

    Args:
        pupils: of all its active schools, whether they were given anything or not.
    """

    code: str
    name_el: str
    name_en: str
    schools: int
    units: int
    pupils: int

    @property
    def per_thousand(self) -> float | None:
        """Kits for each thousand pupils; None where the registry tells no pupils."""
        return self.units * 1000 / self.pupils if self.pupils else None


async def shares(wave: str = "") -> list[RegionShare]:
    """Every regional directorate's share, of one published wave or of all.

    Args:
        wave: the slug of one; empty for all.
    """
    return [RegionShare(**row) for row in await queries.kits_by_region(wave)]


async def grants(wave: str = "", region: str = "") -> list[dict[str, Any]]:
    """School, wave, kit and units of each grant; empty arguments do not narrow."""
    return await queries.grants_to_schools(wave, region)
