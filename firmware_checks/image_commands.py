"""`stem-firmware identify`, `compare` and `digest`: what a file holds, and whether it is what it should be."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from firmware_checks.baseline import Baseline, Board, Region
from firmware_checks.catalogue import Catalogue
from firmware_checks.errors import BaselineInvalid, ImageDamaged, ImageUnreadable
from firmware_checks.expectations import Expectation, expecting
from firmware_checks.images import FORMS, Image, ImageFile, read
from firmware_checks.images.image import MAX_FILE
from firmware_checks.inspect import KNOWN, NEAR, Match, closeness, identify, judge, texts
from firmware_checks.texts import text
from firmware_checks.verdicts import Finding, Verdict, worst

SCHEMA: Final = "stem-firmware/1"
MAX_LIST: Final = 1024 * 1024
_STATUS: Final = {"current": Verdict.PASS, "outdated": Verdict.OUTDATED, "damaged": Verdict.DAMAGED}


def register(commands: Any) -> Iterator[argparse.ArgumentParser]:
    """Add the three commands to the parser's; each of them."""
    for name, run, about in (
        ("identify", _identify, "ποιο υλικολογισμικό είναι · which firmware it is"),
        ("compare", _compare, "είναι αυτό που πρέπει; · is it what it should be?"),
        ("digest", _digest, "εγγραφή TOML για πρότυπη έκδοση · a TOML entry for a baseline"),
    ):
        command = commands.add_parser(name, help=about, description=about)
        add_image_arguments(command, "image", "IMAGE")
        if name != "identify":
            command.add_argument("--kind", required=name == "digest", metavar="KIND")
            command.add_argument("--board", required=name == "digest", metavar="BOARD")
        if name == "compare":
            words = "λίστα σετ ή απαιτήσεις (JSON) · a kit's list, or expectations"
            command.add_argument("--expect", type=Path, metavar="FILE", help=words)
        if name == "digest":
            command.add_argument("--region", default="bootloader", metavar="REGION")
        else:
            command.add_argument("--json", action="store_true")
        command.set_defaults(run=run)
        yield command


def add_image_arguments(command: argparse.ArgumentParser, name: str, shown: str) -> None:
    """The arguments that say which file, and how to read it."""
    command.add_argument(name, type=Path, metavar=shown)
    command.add_argument("--form", choices=FORMS, help="μορφή αρχείου · the file's form")
    command.add_argument("--base", type=_address, default=0, help="διεύθυνση αρχής (raw) · address of a raw file")


def _address(value: str) -> int:
    number = int(value, 0)
    if not 0 <= number < 2**32:
        raise argparse.ArgumentTypeError("0 ≤ ADDRESS < 2^32")
    return number


def read_file(path: Path, limit: int) -> bytes:
    """A file's content, one byte more than the limit where it is longer.

    Raises:
        ImageUnreadable: it is missing or cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError:
        raise ImageUnreadable("file-missing", file=str(path)) from None
    except OSError as error:
        raise ImageUnreadable("file-unreadable", file=str(path), reason=error.strerror or "?") from None


def load_image(options: argparse.Namespace, path: Path) -> ImageFile:
    """The images of a file that the command line names."""
    return read(read_file(path, MAX_FILE), options.form, options.base, path.name)


def _words(verdict: Verdict, reason: str, language: str) -> str:
    """What to do next: for this reason where there is more to say, else for its verdict."""
    special = text(f"next-{reason}", language=language)
    return special if special != f"next-{reason}" else text(f"next-{verdict}", language=language)


def _damaged(damage: ImageDamaged, options: argparse.Namespace, language: str) -> int:
    """A file whose own form shows that it is not whole is a finding, not a misuse of the command."""
    message = text(damage.slug, damage.params, language)
    if options.json:
        document = {
            "schema": SCHEMA,
            "form": options.form,
            "verdict": Verdict.DAMAGED,
            "reason": damage.slug,
            "params": dict(damage.params),
            "message": message,
            "next": text("next-file-damaged", language=language),
            "images": [],
        }
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        print(f"{Verdict.DAMAGED}  {options.image}: {message}\n  → {text('next-file-damaged', language=language)}")
    return Verdict.DAMAGED.exit_code


def _identify(options: argparse.Namespace, catalogue: Catalogue, language: str) -> int:
    try:
        file = load_image(options, options.image)
    except ImageDamaged as damage:
        return _damaged(damage, options, language)
    described = [_describe(image, file.form, catalogue, language) for image in file.images]
    known = any(entry["known"] for entry in described)
    verdict = worst(Verdict(entry["verdict"]) for entry in described)
    if options.json:
        document = {"schema": SCHEMA, "form": file.form, "verdict": verdict, "images": described}
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        print(f"{text('ui-form', language=language)}: {file.form}")
        for entry in described:
            print("\n".join(_identified(entry, language)))
    # the question was which it is, not whether it is good: a known one is an answer
    return 0 if known else Verdict.UNKNOWN.exit_code


def _identified(entry: Mapping[str, Any], language: str) -> Iterator[str]:
    target = f" ({text('ui-for', language=language)} {entry['target']})" if entry["target"] else ""
    yield f"{text('ui-image', language=language)}{target}: SHA-256 {entry['sha256']}"
    for segment in entry["segments"][:20]:
        yield "  " + text("ui-segment", segment, language)
    for match in entry["known"]:
        words = f"{match['name']} · {match['kind']} / {match['board']} / {match['region']} · {match['status']}"
        yield f"  {text('ui-contains', language=language)}: {words} · {match['source']}"
    if not entry["known"]:
        yield f"  {text('ui-nothing-known', language=language)}"
    for near in entry["near"]:
        yield f"  {near['verdict']}  {near['kind']} / {near['board']}: {near['message']}"
    for told in entry["texts"]:
        yield f"  {text('ui-text', language=language)}: {told}"
    yield f"  → {entry['next']}"


def _describe(image: Image, form: str, catalogue: Catalogue, language: str) -> dict[str, Any]:
    matches = list(identify(image, catalogue))
    near = [] if matches else list(_near(image, form, catalogue))
    verdict, reason = Verdict.UNKNOWN, "image-unknown"
    if matches:  # one content may be known for several boards; it is as good as its best name
        verdict = min((_STATUS[match.known.status] for match in matches), key=lambda each: each.exit_code)
        reason = f"region-{min(match.known.status for match in matches)}"
    elif near:
        verdict, reason = near[0][2].verdict, near[0][2].reason
    return {
        "target": image.target,
        "sha256": image.digest,
        "size": image.size,
        "segments": [
            {"start": f"0x{s.start:x}", "end": f"0x{s.end - 1:x}", "size": len(s.data)} for s in image.segments
        ],
        "verdict": verdict,
        "next": _words(verdict, reason, language),
        "known": [_known(match, catalogue) for match in matches],
        "near": [
            {
                "kind": kind,
                "board": board.slug,
                "verdict": finding.verdict,
                "reason": finding.reason,
                "params": finding.params,
                "message": text(finding.reason, finding.params, language),
            }
            for kind, board, finding in near
        ],
        "texts": list(texts(image)),
    }


def _known(match: Match, catalogue: Catalogue) -> dict[str, Any]:
    source = catalogue.baseline(match.kind).sources[match.known.source]
    return {
        "kind": match.kind,
        "board": match.board.slug,
        "region": match.region.name,
        "image": match.known.slug,
        "name": match.known.name,
        "version": match.known.version,
        "status": match.known.status,
        "note": match.known.note,
        "source": source.title,
    }


def _near(image: Image, form: str, catalogue: Catalogue) -> Iterator[tuple[str, Board, Finding]]:
    """The kinds for which the image is nearly a known one: spoilt or edited."""
    for kind in catalogue.kinds:
        try:
            board, finding = judge(image, catalogue.baseline(kind), form=form)
        except BaselineInvalid:
            continue
        if finding.reason in NEAR:
            yield kind, board, finding


@dataclass(frozen=True)
class _Judged:
    image: Image
    kind: str
    board: Board
    finding: Finding


def _compare(options: argparse.Namespace, catalogue: Catalogue, language: str) -> int:
    if options.expect is not None:
        catalogue = expecting(catalogue, read_expectations(options.expect))
    if options.kind is not None:
        catalogue.baseline(options.kind)  # a wrong name is told before the file is looked at
    try:
        file = load_image(options, options.image)
    except ImageDamaged as damage:
        return _damaged(damage, options, language)
    kind = options.kind
    if kind is None:
        kind = _told_kind(file, catalogue)
        if kind is None:
            raise BaselineInvalid("kind-not-told", kinds=", ".join(catalogue.kinds))
    results = list(_judged(file, catalogue.baseline(kind), options.board))
    # a universal hex is right only where it is right for each of its boards
    verdict = worst(each.finding.verdict for each in results)
    if options.json:
        print(json.dumps(_compared(kind, verdict, results, language), ensure_ascii=False, indent=2))
    else:
        for each in results:
            target = f" ({each.image.target})" if each.image.target else ""
            message = text(each.finding.reason, each.finding.params, language)
            print(f"{each.finding.verdict}  {each.board.name}{target}: {message}")
            print(f"  → {_words(each.finding.verdict, each.finding.reason, language)}")
    return verdict.exit_code


def _told_kind(file: ImageFile, catalogue: Catalogue) -> str | None:
    """The kind whose known firmware the file holds, or nearly holds; None where nothing tells."""
    best: tuple[int, str] | None = None
    for kind in catalogue.kinds:
        for image in file.images:
            try:
                _, finding = judge(image, catalogue.baseline(kind), form=file.form)
            except BaselineInvalid:
                continue
            if finding.reason in (*KNOWN, *NEAR):
                found = (closeness(finding), kind)
                best = found if best is None else min(best, found)
    return best[1] if best else None


def _judged(file: ImageFile, baseline: Baseline, board: str | None) -> Iterator[_Judged]:
    judged = False
    for image in file.images:
        try:
            found, finding = judge(image, baseline, board, file.form)
        except BaselineInvalid as error:
            if error.slug != "image-covers-no-region":
                raise
        else:
            judged = True
            yield _Judged(image, baseline.kind, found, finding)
    if not judged:
        raise BaselineInvalid("image-covers-no-region", kind=baseline.kind)


def _compared(kind: str, verdict: Verdict, results: Sequence[_Judged], language: str) -> dict[str, Any]:
    entries = [
        {
            "target": each.image.target,
            "board": each.board.slug,
            "verdict": each.finding.verdict,
            "reason": each.finding.reason,
            "params": each.finding.params,
            "message": text(each.finding.reason, each.finding.params, language),
            "next": _words(each.finding.verdict, each.finding.reason, language),
        }
        for each in results
    ]
    return {"schema": SCHEMA, "kind": kind, "verdict": verdict, "images": entries}


_EXPECTATIONS: Final = TypeAdapter(tuple[Expectation, ...])


def read_expectations(path: Path) -> tuple[Expectation, ...]:
    """What is expected, from a kit's list (`stem-kit-list/1`, its `firmware`) or a bare list of expectations.

    Raises:
        BaselineInvalid: with the file and the place that is wrong.
    """
    data = read_file(path, MAX_LIST)
    try:
        value = json.loads(data.decode("utf-8"))
        if isinstance(value, dict):
            value = value.get("firmware", [])
        return _EXPECTATIONS.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "firmware." + ".".join(str(part) for part in first["loc"])
        raise BaselineInvalid("expectations-wrong", file=str(path), place=place, reason=first["msg"]) from None
    except (ValueError, RecursionError) as error:
        raise BaselineInvalid("expectations-wrong", file=str(path), place="—", reason=str(error)[:200]) from None


def find_region(baseline: Baseline, board_slug: str, region_name: str) -> tuple[Board, Region]:
    """A region of a board.

    Raises:
        BaselineInvalid: with those that there are.
    """
    board = baseline.board(board_slug)
    if board is None:
        known = ", ".join(each.slug for each in baseline.boards)
        raise BaselineInvalid("board-not-in-baseline", kind=baseline.kind, board=board_slug, known=known)
    region = next((each for each in board.regions if each.name == region_name), None)
    if region is None:
        known = ", ".join(each.name for each in board.regions) or "—"
        raise BaselineInvalid("region-not-in-board", board=board.slug, region=region_name, known=known)
    return board, region


def _digest(options: argparse.Namespace, catalogue: Catalogue, language: str) -> int:
    board, region = find_region(catalogue.baseline(options.kind), options.board, options.region)
    for image in load_image(options, options.image).images:
        digest = image.region_digest(region.start, region.size, region.page_size)
        quoted = ", ".join(f'"{page}"' for page in digest.pages)
        print('[[images]]\nslug = ""\nname = ""')
        print(f'boards = ["{board.slug}"]\nregion = "{region.name}"\nversion = ""')
        print(f'sha256 = "{digest.sha256}"\npages = [{quoted}]\nsource = ""\n')
    return 0
