"""Compare what was seen on a device with what should be there.

`compare(observation, baseline)` gives one `Finding`, the worst of those that `findings` lists: a verdict, the
key of its reason (its text stands in `messages/{el,en}.toml`) and the reason's parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from firmware_checks.regions import RegionDigest
from firmware_checks.versions import find, parse

if TYPE_CHECKING:  # a device is identified without the models of what is known of it: that begins sooner
    from firmware_checks.baseline import Baseline, Board, KnownImage, KnownVersion, Region

Param = str | int | tuple[str, ...]
_BARE: Final = re.compile(r"[vV]?[0-9]")


class Verdict(StrEnum):
    """What is said of a device in the end. A definite fault outranks what could not be found out."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    OUTDATED = "OUTDATED"
    UNKNOWN = "UNKNOWN"
    MISMATCH = "MISMATCH"
    DAMAGED = "DAMAGED"
    INCONCLUSIVE = "INCONCLUSIVE"

    @property
    def exit_code(self) -> int:
        """The exit code of a command that ends with this verdict: 0 good, 1 at fault, 2 not known."""
        return _EXIT_CODES[self]


_EXIT_CODES: Final = {
    Verdict.PASS: 0,
    Verdict.FAIL: 1,
    Verdict.OUTDATED: 1,
    Verdict.MISMATCH: 1,
    Verdict.DAMAGED: 1,
    Verdict.INCONCLUSIVE: 2,
    Verdict.UNKNOWN: 2,
}

_WORST_FIRST: Final = (
    Verdict.FAIL,
    Verdict.DAMAGED,
    Verdict.MISMATCH,
    Verdict.OUTDATED,
    Verdict.INCONCLUSIVE,
    Verdict.UNKNOWN,
    Verdict.PASS,
)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of the whole from those of its parts; of no parts at all INCONCLUSIVE, never PASS."""
    return min(verdicts, key=_WORST_FIRST.index, default=Verdict.INCONCLUSIVE)


@dataclass(frozen=True)
class Observation:
    """What a device told, or what was read from it.

    `version` is the firmware's own text, its product's name before the number where the device gives one
    ("Marlin 2.1.2", "DAPLink 0253"); what else runs on the device stands in `more_versions`.
    `facts` are texts as the device gives them ("signature": "1e950f"). A region stands in `regions` only
    where the whole of it was read.
    """

    kind: str
    board: str | None = None
    version: str | None = None
    regions: Mapping[str, RegionDigest] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    more_versions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A verdict with its reason; `reason` is a key of `messages/{el,en}.toml`, `params` fill its places."""

    verdict: Verdict
    reason: str
    params: Mapping[str, Param] = field(default_factory=dict)

    @property
    def scalars(self) -> dict[str, str | int]:
        """The parameters with lists joined by commas, as a report of a check carries them."""
        return {k: ", ".join(v) if isinstance(v, tuple) else v for k, v in self.params.items()}


def compare(observation: Observation, baseline: Baseline) -> Finding:
    """The worst finding; where several are equally bad the first, in the order of `findings`.

    Raises:
        ValueError: where the baseline is of another kind.
    """
    every = findings(observation, baseline)
    return min(every, key=lambda finding: _WORST_FIRST.index(finding.verdict))


def findings(observation: Observation, baseline: Baseline) -> tuple[Finding, ...]:
    """Everything that the baseline has to say of an observation; at least one finding.

    Raises:
        ValueError: where the baseline is of another kind.
    """
    if observation.kind != baseline.kind:
        raise ValueError(f"an observation of {observation.kind} against a baseline of {baseline.kind}")
    board = baseline.board(observation.board)
    if board is None:
        return (Finding(Verdict.UNKNOWN, "board-unknown", {"board": observation.board or "—"}),)
    found: list[Finding] = []
    for region in board.regions:
        digest = observation.regions.get(region.name)
        if digest is not None:
            found.append(_region(observation, digest, region, board, baseline))
        elif region.required and baseline.images_of(board.slug, region.name):
            found.append(Finding(Verdict.INCONCLUSIVE, "region-not-read", {"region": region.name}))
    found.extend(_version(observation, board, baseline))
    found.extend(_facts(observation, board))
    return tuple(found) or (Finding(Verdict.UNKNOWN, "nothing-compared", {"board": board.name}),)


def _facts(observation: Observation, board: Board) -> Iterator[Finding]:
    for name, allowed in sorted(board.facts.items()):
        seen = observation.facts.get(name)
        if seen is None:
            continue
        if seen not in allowed:
            params: dict[str, Param] = {"fact": name, "seen": seen, "expected": allowed, "board": board.name}
            yield Finding(Verdict.MISMATCH, "fact-differs", params)
        else:
            yield Finding(Verdict.PASS, "fact-as-expected", {"fact": name, "seen": seen})


def _region(
    observation: Observation, digest: RegionDigest, region: Region, board: Board, baseline: Baseline
) -> Finding:
    known = baseline.images_of(board.slug, region.name)
    params: dict[str, Param] = {"region": region.name, "sha256": digest.sha256}
    if digest.size != region.size:
        params |= {"size": digest.size, "expected": region.size}
        return Finding(Verdict.INCONCLUSIVE, "region-incomplete", params)
    exact = next((image for image in known if image.sha256 == digest.sha256), None)
    if exact is not None:
        verdicts = {"current": Verdict.PASS, "outdated": Verdict.OUTDATED, "damaged": Verdict.DAMAGED}
        params |= {"image": exact.name, "version": exact.version}
        minimum = _minimum_of(exact, board, baseline) if exact.status == "current" else None
        if minimum is not None:
            return Finding(Verdict.OUTDATED, "region-below-minimum", params | {"minimum": minimum})
        return Finding(verdicts[exact.status], f"region-{exact.status}", params)
    if digest.erased:
        return Finding(Verdict.DAMAGED, "region-erased", params)
    if not known:
        return Finding(Verdict.UNKNOWN, "region-without-baseline", params)
    nearest = _nearest(digest, region, known)
    if nearest is not None:
        image, pages = nearest
        spoilt = tuple(f"0x{region.start + page * region.page_size:05x}" for page in pages)
        params |= {"image": image.name, "pages": spoilt, "count": len(spoilt)}
        return Finding(Verdict.DAMAGED, "region-damaged", params)
    params["version"] = observation.version or "—"
    return Finding(Verdict.MISMATCH, "region-differs", params)


def _minimum_of(image: KnownImage, board: Board, baseline: Baseline) -> str | None:
    """The greatest bound that a known image's version stays below; bounds of other products do not count."""
    version = find(image.version)
    bounds = [
        rule.below
        for rule in baseline.versions
        if rule.below is not None and rule.status == "outdated" and _applies(rule, image.name, board)
    ]
    missed = [bound for bound in bounds if version is not None and version < parse(bound)]
    return max(missed, key=parse, default=None)


def _nearest(
    digest: RegionDigest, region: Region, known: tuple[KnownImage, ...]
) -> tuple[KnownImage, tuple[int, ...]] | None:
    """The known image that this is a spoilt copy of: more than half of its written pages are right."""
    blank = RegionDigest.of(bytes([0xFF]) * region.page_size, region.page_size).pages[0]
    best: tuple[KnownImage, tuple[int, ...]] | None = None
    for image in known:
        if digest.page_size != region.page_size or not image.pages:
            continue
        pages = digest.pages_that_differ(image.pages)
        written = [number for number, page in enumerate(image.pages) if page != blank]
        kept = sum(number not in pages for number in written)
        if 2 * kept > len(written) and (best is None or len(pages) < len(best[1])):
            best = image, pages
    return best


def _version(observation: Observation, board: Board, baseline: Baseline) -> Iterator[Finding]:
    told = [text for text in (observation.version, *observation.more_versions) if text]
    if not told and board.version_required:
        yield Finding(Verdict.UNKNOWN, "version-missing")
    for text in told:
        yield from _one_version(text, board, baseline)


def _one_version(text: str, board: Board, baseline: Baseline) -> Iterator[Finding]:
    named = f"{board.product} {text}" if board.product and _BARE.match(text) else text
    rules = [rule for rule in baseline.versions if _applies(rule, named, board)]
    version = find(named)
    if version is None:
        if board.version_required or rules:
            yield Finding(Verdict.UNKNOWN, "version-unreadable", {"text": text})
        return
    rule = next((r for r in rules if r.version is not None and parse(r.version) == version), None)
    rule = rule or next((r for r in rules if r.below is not None and version < parse(r.below)), None)
    if rule is not None:
        yield _ruled(named, rule, rules)
    elif rules:
        yield Finding(Verdict.PASS, "version-current", {"version": named})
    elif board.version_required:
        yield Finding(Verdict.UNKNOWN, "version-without-baseline", {"version": named})


def _ruled(named: str, rule: KnownVersion, rules: list[KnownVersion]) -> Finding:
    bounds = [r.below for r in rules if r.below is not None and r.status == "outdated"]
    params: dict[str, Param] = {"version": named, "minimum": max(bounds, key=parse, default="—")}
    verdicts = {"current": Verdict.PASS, "outdated": Verdict.OUTDATED, "unknown": Verdict.UNKNOWN}
    return Finding(verdicts[rule.status], f"version-{rule.status}", params)


def _applies(rule: KnownVersion, reported: str, board: Board) -> bool:
    if rule.boards and board.slug not in rule.boards:
        return False
    return rule.product is None or reported.casefold().startswith(rule.product.casefold())
