"""A wave's rules as one versioned document: what is given out, to whom, by which points.

It says what the allocation needs (kits, reserves, caps, blocks), the conditions of admission (yes or no) and
the figures of the criteria. `rules_reading.read_rules` is the one way in. It is frozen when the call opens.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

SCHEMA = "wave-rules/1"
KNOWN_LEVELS = (
    "kindergarten",
    "primary",
    "lower_secondary",
    "upper_secondary",
    "vocational",
    "special",
    "second_chance",
    "post_secondary",
    "lab_centre",
)
UNIVERSITY = "university"

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
Count = Annotated[int, Field(ge=0, le=1_000_000, strict=True)]
Points = Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=6)]


class Part(BaseModel):
    """What every part of the document is: unknown keys are faults, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Part):
    """A title in Greek, and in English for other countries (Greek stands in where there is none)."""

    el: Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
    en: Annotated[str, StringConstraints(max_length=300, strip_whitespace=True)] = ""

    def in_language(self, language: str) -> str:
        """The title in a language; the Greek one where there is no other."""
        return self.en if language == "en" and self.en else self.el


class Reserve(Part):
    """Guaranteed places of a kit, for schools of any of the categories."""

    id: Slug
    title: Text
    any_of: tuple[Slug, ...]
    places: Count


class Kit(Part):
    """A kit type of the wave: how many, for which levels, with which guarantees.

    `stock` is what this allocation gives out; `held_back` is kept for appeals and is not in it.
    """

    slug: Slug
    definition: Slug
    title: Text
    stock: Count
    held_back: Count = 0
    levels: tuple[Slug, ...]
    reserves: tuple[Reserve, ...] = ()
    open_region_cap: dict[str, Count] = Field(default_factory=dict)
    university_blocks: Count = 0


class Condition(Part):
    """A condition of admission: declared in the application, or looked up in the registry."""

    slug: Slug
    title: Text
    source: Literal["declared", "registry-active"] = "declared"


class CriterionFigures(Part):
    """The figures of a criterion in this wave; `points` by the criterion's own keys."""

    slug: Slug
    points: dict[str, Points]
    ceiling: Points
    valid_years: Annotated[int, Field(ge=0, le=50)] | None = None


class WaveRules(Part):
    """The whole document."""

    schema_: Literal["wave-rules/1"] = Field(default="wave-rules/1", alias="schema")
    evidence_counts_for: Literal["project_school", "service_school"] = "project_school"
    block_size: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 10
    # days after the deadline within which a school that is asked to may still correct its application
    correction_days: Annotated[int, Field(ge=0, le=60, strict=True)] = 0
    appeal_days: Annotated[int, Field(ge=1, le=60, strict=True)] = 5  # working days
    kits: tuple[Kit, ...]
    conditions: tuple[Condition, ...] = ()
    criteria: tuple[CriterionFigures, ...]

    def kit(self, slug: str) -> Kit | None:
        """The kit of this slug, if the wave has it."""
        return next((kit for kit in self.kits if kit.slug == slug), None)

    def as_json(self) -> dict[str, Any]:
        """The document as plain JSON values, decimals as text: what is stored and published."""
        return self.model_dump(mode="json", by_alias=True)
