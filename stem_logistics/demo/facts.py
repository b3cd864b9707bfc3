"""What is publicly known of the STEM waves so far, as figures: the demo reproduces them exactly."""

from dataclasses import dataclass

SCHOOLS = 14_000
REGISTRY_SEED = 2026


@dataclass(frozen=True)
class HistoricGrant:
    """So many schools of these levels received one kit of a definition.

    Args:
        levels: of the registry's vocabulary.
        definition: slug of the kit definition.
        schools: how many, each with one kit.
    """

    levels: tuple[str, ...]
    definition: str
    schools: int


@dataclass(frozen=True)
class HistoricWave:
    """A wave decided before this service."""

    slug: str
    title_el: str
    title_en: str
    year_from: int
    year_to: int
    grants: tuple[HistoricGrant, ...]

    @property
    def schools(self) -> int:
        """How many grants the wave made."""
        return sum(grant.schools for grant in self.grants)


PRIMARY = ("primary",)
SECONDARY = ("lower_secondary", "upper_secondary", "vocational")

# STEM 1, 2 and 4 are published as totals; how they split by level is the demo's own guess, the totals are not.
HISTORIC = (
    HistoricWave(
        "stem-1",
        "Δράση STEM 1",
        "STEM 1",
        2017,
        2017,
        (HistoricGrant(PRIMARY, "robotics-kit", 60), HistoricGrant(SECONDARY, "robotics-kit", 50)),
    ),
    HistoricWave(
        "stem-2",
        "Δράση STEM 2",
        "STEM 2",
        2019,
        2019,
        (
            HistoricGrant(("kindergarten",), "kindergarten-coding-kit", 70),
            HistoricGrant(PRIMARY, "robotics-kit", 110),
            HistoricGrant(SECONDARY, "robotics-kit", 99),
            # one public vocational institute among them
            HistoricGrant(("post_secondary",), "robotics-kit", 1),
        ),
    ),
    HistoricWave(
        "stem-3",
        "Δράση STEM 3",
        "STEM 3",
        2021,
        2021,
        (HistoricGrant((*PRIMARY, *SECONDARY), "robotics-kit", 149), HistoricGrant(SECONDARY, "printer-3d", 91)),
    ),
    HistoricWave(
        "stem-4",
        "Δράση STEM 4",
        "STEM 4",
        2023,
        2023,
        (HistoricGrant(PRIMARY, "robotics-kit", 160), HistoricGrant(SECONDARY, "robotics-kit", 144)),
    ),
)

STEM_5_PRINTERS = 50
STEM_5_MICROBITS = 50
STEM_5_DEPARTMENTS = 5
STEM_5_DEPARTMENT_KITS = 50


@dataclass(frozen=True)
class Contest:
    """A national contest that gave equipment: how many schools and departments are published, and what.

    Args:
        printers: whether lower and upper secondary schools got a 3D printer each instead of tablets.
        tablets: how many there were in all; 0 where that was not published: then ten to each, as in the 15th.
    """

    number: int
    year: int
    schools: int
    departments: int = 0
    printers: bool = False
    tablets: int = 0


# The 15th (2021) gave ten tablets a school or a 3D printer; to how many schools is not published, so it is not here.
# Which schools, and how many of them are secondary, is the demo's own guess.
CONTESTS = (
    Contest(17, 2022, schools=32, printers=True),
    Contest(18, 2023, schools=20, printers=True),
    Contest(19, 2024, schools=17, departments=2),
    Contest(20, 2025, schools=19, departments=1, tablets=150),
)
TABLETS_EACH = 10

GRANTS = sum(wave.schools for wave in HISTORIC) + STEM_5_PRINTERS + STEM_5_MICROBITS
assert GRANTS == 1_034
