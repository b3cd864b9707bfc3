"""The shape of a baseline: what the firmware of one kind of device should be, and from where we know it.

A baseline is a TOML file, `baselines/<kind>.toml`; `catalogue.py` loads it. Every figure names its source.
"""

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from firmware_checks.errors import VersionUnreadable
from firmware_checks.versions import parse

SCHEMA: Final = "stem-baseline/1"

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9.]+)*$", max_length=60)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PageDigest = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Part):
    """Where figures come from: a package with its version, a file in it, a page, a measurement."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    url: str | None = None
    detail: str | None = None
    added_on: date | None = None
    added_by: str | None = None


class Region(_Part):
    """A part of a board's memory that is compared."""

    name: Slug
    start: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(gt=0, le=16 * 1024 * 1024)]
    page_size: Annotated[int, Field(gt=0, le=65536)]
    required: bool = True  # False: read only from a file or with a debugger, so a check of a device does without


class _Sourced(_Part):
    source: Slug


class Board(_Sourced):
    """A board that this kind covers.

    `facts` are those that must be as they stand here where the device reports them (a signature, a USB board
    id): another value means another board or another firmware.
    """

    slug: Slug
    name: str
    facts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    regions: tuple[Region, ...] = ()
    version_required: bool = False  # a device of this board that tells no version is UNKNOWN
    product: str | None = None  # whose version a bare number is, without a product's name before it


class KnownImage(_Sourced):
    """The content that a region may have."""

    slug: Slug
    name: str
    boards: Annotated[tuple[Slug, ...], Field(min_length=1)]
    region: Slug
    version: str
    sha256: Sha256
    pages: tuple[PageDigest, ...] = ()
    status: Literal["current", "outdated", "damaged"] = "current"
    note: str | None = None


class KnownVersion(_Sourced):
    """What is to be thought of a version that a device reports, or of every version below a bound.

    `below` excludes its bound; an exact `version` rules over every bound.
    """

    boards: tuple[Slug, ...] = ()  # empty: every board
    product: str | None = None  # only where the reported text starts with this, whatever the case
    version: str | None = None
    below: str | None = None
    status: Literal["current", "outdated", "unknown"]
    note: str | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.version is None) == (self.below is None):
            raise ValueError("give either `version` or `below`")
        try:
            parse(self.version or self.below or "")
        except VersionUnreadable as error:
            raise ValueError(f"not a version: {error}") from None
        return self


class Model(_Sourced):
    """A model of device and the settings that it should report; see `firmware_checks.settings`.

    `facts` are what such a device says of itself, one of the texts each. A tolerance is a share of the figure.
    """

    slug: Slug
    name: str
    facts: Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]
    must: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict)
    usual: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict)
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.01
    usual_tolerance: Annotated[float, Field(ge=0, le=10)] = 0.5

    @model_validator(mode="after")
    def _compares_something(self) -> Self:
        if not self.must and not self.usual:
            raise ValueError(f"model {self.slug}: no settings")
        return self


class Baseline(_Part):
    """All that is known of one kind."""

    schema_name: Literal["stem-baseline/1"] = Field(alias="schema")
    kind: Slug
    edition: Annotated[int, Field(ge=1, lt=2**31)] = 1
    sources: dict[Slug, Source]
    boards: tuple[Board, ...] = ()
    images: tuple[KnownImage, ...] = ()
    versions: tuple[KnownVersion, ...] = ()
    models: tuple[Model, ...] = ()

    def board(self, slug: str | None) -> Board | None:
        """The board of that slug, or None."""
        return next((board for board in self.boards if board.slug == slug), None)

    def images_of(self, board: str, region: str) -> tuple[KnownImage, ...]:
        """The known contents of a region of a board."""
        return tuple(image for image in self.images if board in image.boards and image.region == region)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, slugs in (
            ("boards", [board.slug for board in self.boards]),
            ("images", [image.slug for image in self.images]),
            ("models", [model.slug for model in self.models]),
        ):
            twice = sorted({slug for slug in slugs if slugs.count(slug) > 1})
            if twice:
                raise ValueError(f"{name}: twice: {', '.join(twice)}")
        sourced: tuple[_Sourced, ...] = (*self.boards, *self.images, *self.versions, *self.models)
        for part in sourced:
            if part.source not in self.sources:
                raise ValueError(f"no such source: {part.source}")
        named = [slug for image in self.images for slug in image.boards]
        named += [slug for version in self.versions for slug in version.boards]
        for slug in named:
            if self.board(slug) is None:
                raise ValueError(f"no such board: {slug}")
        for image in self.images:
            self._check_image(image)
        return self

    def _check_image(self, image: KnownImage) -> None:
        for slug in image.boards:
            board = self.board(slug)
            assert board is not None
            region = next((r for r in board.regions if r.name == image.region), None)
            if region is None:
                raise ValueError(f"image {image.slug}: board {slug} has no region {image.region}")
            expected = -(-region.size // region.page_size)
            if image.pages and len(image.pages) != expected:
                raise ValueError(f"image {image.slug}: {len(image.pages)} page digests, {expected} pages")
