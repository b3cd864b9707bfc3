"""`stem-firmware baseline list|show|check|add`: what is known, from where, and how more becomes known."""

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from firmware_checks.baseline import Baseline
from firmware_checks.baseline_files import Words, add
from firmware_checks.catalogue import MAX_FILE, Catalogue, Document, read_document
from firmware_checks.errors import BaselineInvalid
from firmware_checks.golden import Golden, from_image, from_report, is_report
from firmware_checks.image_commands import SCHEMA, add_image_arguments, load_image, read_file
from firmware_checks.images.image import MAX_FILE as MAX_IMAGE
from firmware_checks.texts import text

WRONG: Final = 3


def register(commands: Any) -> Iterator[argparse.ArgumentParser]:
    """Add the command with its four; each of the four."""
    about = "γνωστό υλικολογισμικό και οι πηγές του · known firmware and its sources"
    group = commands.add_parser("baseline", help=about, description=about)
    inner = group.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=type(group))
    for name, run, words in (
        ("list", _list, "τι είναι γνωστό · what is known"),
        ("show", _show, "ένα είδος, κάθε στοιχείο με την πηγή του · one kind, each figure with its source"),
        ("check", _check, "είναι σωστό ένα αρχείο; · is a file right?"),
        ("add", _add, "νέα εγγραφή από συσκευή-πρότυπο ή αρχείο · a new entry from a golden device or an image"),
    ):
        command = inner.add_parser(name, help=words, description=words)
        if name == "show":
            command.add_argument("kind", metavar="KIND")
        elif name == "check":
            command.add_argument("file", type=Path, nargs="+", metavar="FILE")
        elif name == "add":
            _add_arguments(command)
        command.add_argument("--json", action="store_true")
        command.set_defaults(run=run)
        yield command


def _add_arguments(command: argparse.ArgumentParser) -> None:
    add_image_arguments(command, "golden", "IMAGE|REPORT")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="φάκελος · the folder of baselines")
    command.add_argument("--kind", metavar="KIND", help="είδος (για αρχείο υλικολογισμικού) · of an image")
    command.add_argument("--board", metavar="BOARD")
    command.add_argument("--region", metavar="REGION")
    command.add_argument("--name", required=True, metavar="NAME", help="όνομα · what it is called, product first")
    command.add_argument("--version", required=True, metavar="VERSION")
    command.add_argument("--source", required=True, metavar="TITLE", help="πηγή · where it comes from")
    command.add_argument("--who", required=True, metavar="NAME", help="ποιος εγγυάται · who vouches for it")
    command.add_argument("--url", default="", metavar="URL")
    command.add_argument("--note", default="", metavar="TEXT")
    command.add_argument("--slug", default="", metavar="SLUG")
    command.add_argument("--replace", action="store_true", help="αντί της παλιάς · instead of one of that name")


def _list(options: argparse.Namespace, catalogue: Catalogue, language: str) -> int:
    rows = [
        {
            "kind": kind,
            "edition": baseline.edition,
            "boards": len(baseline.boards),
            "images": len(baseline.images),
            "versions": len(baseline.versions),
            "sources": len(baseline.sources),
        }
        for kind, baseline in sorted(catalogue.baselines.items())
    ]
    if options.json:
        print(json.dumps({"schema": SCHEMA, "baselines": rows}, ensure_ascii=False, indent=2))
    else:
        for row in rows:
            print(f"{row['kind']}: {text('ui-baseline', row, language)}")
    return 0


def _show(options: argparse.Namespace, catalogue: Catalogue, language: str) -> int:
    baseline = catalogue.baseline(options.kind)
    if options.json:
        document = baseline.model_dump(mode="json", by_alias=True, exclude_none=True)
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        print("\n".join(_described(baseline, language)))
    return 0


def _described(baseline: Baseline, language: str) -> list[str]:
    lines = [f"{baseline.kind} · {text('ui-edition', language=language)} {baseline.edition}"]
    for board in baseline.boards:
        facts = ", ".join(f"{name} {' | '.join(values)}" for name, values in board.facts.items())
        lines.append(f"{board.slug}: {board.name}{' · ' + facts if facts else ''} [{board.source}]")
    for image in baseline.images:
        where = f"{', '.join(image.boards)} / {image.region}"
        lines.append(f"{image.slug}: {image.name} · {where} · {image.status} · {image.sha256[:16]}… [{image.source}]")
    for rule in baseline.versions:
        bound = f"= {rule.version}" if rule.version is not None else f"< {rule.below}"
        where = f" ({', '.join(rule.boards)})" if rule.boards else ""
        lines.append(f"{rule.product or '*'} {bound}{where}: {rule.status} [{rule.source}]")
    for slug, source in baseline.sources.items():
        added = " ".join(str(part) for part in (source.added_on, source.added_by) if part)
        parts = [source.title, source.url, source.detail, added]
        lines.append(f"[{slug}] {' · '.join(part for part in parts if part)}")
    return lines


def _check(options: argparse.Namespace, catalogue: Catalogue, language: str) -> int:
    files = [each for given in options.file for each in (sorted(given.glob("*.toml")) if given.is_dir() else [given])]
    results: list[dict[str, Any]] = []
    for path in files:
        entry: dict[str, Any] = {"file": str(path), "faults": []}
        try:
            baseline = read_document(Document(path.stem, str(path), read_file(path, MAX_FILE)))
            entry |= {"kind": baseline.kind, "edition": baseline.edition}
        except BaselineInvalid as error:
            faults = error.params.get("faults")
            found = faults if isinstance(faults, list) else [("—", text(error.slug, error.params, language))]
            entry["faults"] = [{"place": place, "reason": reason} for place, reason in found]
        results.append(entry)
    if options.json:
        print(json.dumps({"schema": SCHEMA, "files": results}, ensure_ascii=False, indent=2))
    else:
        for entry in results:
            if not entry["faults"]:
                print(text("ui-file-right", entry, language))
            for fault in entry["faults"]:
                params = {"file": entry["file"], **fault}
                print(text("baseline-wrong", params, language))
    return WRONG if not files or any(entry["faults"] for entry in results) else 0


def _add(options: argparse.Namespace, catalogue: Catalogue, language: str) -> int:
    golden = _golden(options, catalogue)
    words = Words(
        name=options.name.strip(),
        version=options.version.strip(),
        source=options.source.strip(),
        who=options.who.strip(),
        today=datetime.now(UTC).date(),
        url=options.url.strip(),
        slug=options.slug.strip(),
        note=options.note.strip(),
    )
    done = add(golden, words, options.out, options.replace)
    if options.json:
        document = {
            "schema": SCHEMA,
            "file": str(done.path),
            "kind": golden.kind,
            "edition": done.edition,
            "images": done.images,
            "versions": done.versions,
        }
        print(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        what = ", ".join((*done.images, *done.versions))
        print(text("ui-added", {"what": what, "file": str(done.path), "edition": done.edition}, language))
    return 0


def _golden(options: argparse.Namespace, catalogue: Catalogue) -> Golden:
    data = read_file(options.golden, MAX_IMAGE)
    if options.form is None and is_report(data):
        return from_report(data, str(options.golden), catalogue, options.board)
    if options.kind is None or options.board is None:
        raise BaselineInvalid("golden-needs-kind", kinds=", ".join(catalogue.kinds))
    baseline = catalogue.baseline(options.kind)
    board = baseline.board(options.board)
    if board is None:
        known = ", ".join(each.slug for each in baseline.boards)
        raise BaselineInvalid("board-not-in-baseline", kind=options.kind, board=options.board, known=known)
    file = load_image(options, options.golden)
    return from_image(file.images, options.kind, board, options.region, f"{options.golden.name} ({file.form})")
