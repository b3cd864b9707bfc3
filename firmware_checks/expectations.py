"""What a wave, or the definition of a kit, expects of the firmware in it: a minimum version for a product of a kind.

An expectation is stricter than the baselines, never laxer: what is outdated or unknown without it stays so.
"""

from collections.abc import Iterable
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from firmware_checks.baseline import Baseline, KnownVersion, Slug, Source
from firmware_checks.catalogue import Catalogue
from firmware_checks.errors import VersionUnreadable
from firmware_checks.versions import parse

SOURCE: Final = "expected-of-the-kit"
_Text = Annotated[str, Field(min_length=1, max_length=100)]


class Expectation(BaseModel):
    """At least this version of a product ("DAPLink", "Optiboot", "Marlin") on a kind of device.

    `boards` narrows it to some boards of the kind; `reason` says who wants it, for the person who reads the verdict.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # a newer service may say more

    kind: Slug
    product: _Text
    minimum: _Text
    boards: Annotated[tuple[Slug, ...], Field(max_length=50)] = ()
    reason: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _is_a_version(self) -> Self:
        try:
            parse(self.minimum)
        except VersionUnreadable as error:
            raise ValueError(f"minimum is not a version: {error}") from None
        return self


def expecting(catalogue: Catalogue, expectations: Iterable[Expectation]) -> Catalogue:
    """The catalogue as a wave wants it judged by.

    Expectations of a kind without a baseline are left out: there is nothing to judge that kind by, and its checks
    say so themselves. The same goes for boards that this catalogue does not know.
    """
    baselines = dict(catalogue.baselines)
    for wanted in expectations:
        baseline = baselines.get(wanted.kind)
        boards = tuple(slug for slug in wanted.boards if baseline is not None and baseline.board(slug) is not None)
        if baseline is not None and (boards or not wanted.boards):
            baselines[wanted.kind] = _with(baseline, wanted, boards)
    return Catalogue(baselines, catalogue.label)


def _with(baseline: Baseline, wanted: Expectation, boards: tuple[str, ...]) -> Baseline:
    bound = KnownVersion(
        boards=boards,
        product=wanted.product,
        below=wanted.minimum,
        status="outdated",
        note=wanted.reason,
        source=SOURCE,
    )
    kept = tuple(rule for rule in baseline.versions if not _overruled(rule, wanted))
    source = Source(title="The kit's list, as the service sent it", detail=wanted.reason or None)
    return baseline.model_copy(update={"sources": {**baseline.sources, SOURCE: source}, "versions": (bound, *kept)})


def _overruled(rule: KnownVersion, wanted: Expectation) -> bool:
    """An exact version that passes by the baseline and is too old for this wave: exact ones rule over bounds."""
    if rule.version is None or rule.status != "current" or rule.product is None:
        return False
    return rule.product.casefold().startswith(wanted.product.casefold()) and parse(rule.version) < parse(wanted.minimum)
