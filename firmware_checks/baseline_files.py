"""Write baseline files: an entry made of something golden goes into `<kind>.toml`, as a new edition of that file."""

import json
import re
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from firmware_checks.baseline import SCHEMA
from firmware_checks.catalogue import MAX_FILE, Document, load
from firmware_checks.errors import BaselineInvalid
from firmware_checks.golden import Golden
from firmware_checks.versions import parse

_ENTRY: Final = re.compile(r"[^a-z0-9.]+")


@dataclass(frozen=True)
class Words:
    """What a person adds: a name and version, where it comes from, who vouches for it and when."""

    name: str
    version: str
    source: str
    who: str
    today: date
    url: str = ""
    slug: str = ""
    note: str = ""


@dataclass(frozen=True)
class Added:
    """What was written: where, as which edition, which entries."""

    path: Path
    edition: int
    images: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()


def add(golden: Golden, words: Words, folder: Path, replace: bool = False) -> Added:
    """Write the entry into `<folder>/<kind>.toml`: a new edition of that file, whole or not at all.

    Raises:
        BaselineInvalid: an entry of that name is there (and `replace` was not said), or the outcome does not validate.
    """
    path = folder / f"{golden.kind}.toml"
    held = _held(path)
    slug = source = words.slug or _slug(golden.kind, words)
    images: list[dict[str, Any]] = [
        {
            "slug": slug if len(golden.regions) == 1 else f"{slug}-{seen.region}"[:60],
            "name": words.name,
            "boards": [golden.board],
            "region": seen.region,
            "version": words.version,
            "sha256": seen.sha256,
            **({"pages": list(seen.pages)} if seen.pages else {}),
            **({"note": words.note} if words.note else {}),
            "source": source,
        }
        for seen in golden.regions
    ]
    versions = [] if images else [_version_entry(told, golden.board, source) for told in golden.versions]
    there = {each.get("slug") for each in held.get("images", [])} & {each["slug"] for each in images}
    if (there or source in held.get("sources", {})) and not replace:
        raise BaselineInvalid("golden-slug-taken", file=str(path), entry=source)
    edition = int(held.get("edition", 0)) + 1
    kept = [each for each in held.get("images", []) if each.get("slug") not in there]
    rules = [each for each in held.get("versions", []) if each.get("source") != source]
    document = held | {
        "schema": SCHEMA,
        "kind": golden.kind,
        "edition": edition,
        "sources": {**held.get("sources", {}), source: _source(golden, words)},
        "images": [*kept, *images],
        "versions": [*versions, *rules],
    }
    content = as_toml(document).encode("utf-8")
    load(documents=[Document(golden.kind, str(path), content)])
    _replace(path, content)
    return Added(path, edition, tuple(each["slug"] for each in images), tuple(golden.versions if versions else ()))


def _slug(kind: str, words: Words) -> str:
    """A name for the entry: from its own in Latin letters, else from the kind's."""
    made = _ENTRY.sub("-", f"{words.name} {words.version}".lower()).strip("-.")
    return (made if re.match(r"[a-z][a-z0-9]*-", made) else f"{kind}-{made}".rstrip("-"))[:60]


def _held(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BaselineInvalid("baseline-not-toml", file=str(path), reason=error.strerror or "?") from None
    try:
        if len(content) > MAX_FILE:
            raise ValueError(f"> {MAX_FILE} bytes")
        held = tomllib.loads(content.decode("utf-8"))
    except ValueError as error:
        raise BaselineInvalid("baseline-not-toml", file=str(path), reason=str(error)) from None
    load(documents=[Document(path.stem, str(path), content)])  # a file that is wrong already is told as such
    return held


def _version_entry(told: str, board: str, source: str) -> dict[str, Any]:
    version = parse(told)
    product = told[: told.find(version.text)].strip()
    entry: dict[str, Any] = {"boards": [board], "version": version.text, "status": "current", "source": source}
    return {**entry, "product": product} if product else entry


def _source(golden: Golden, words: Words) -> dict[str, Any]:
    source: dict[str, Any] = {"title": words.source}
    if words.url:
        source["url"] = words.url
    if golden.detail:
        source["detail"] = golden.detail
    return {**source, "added_on": words.today, "added_by": words.who}


def as_toml(document: dict[str, Any]) -> str:
    """A baseline as TOML: plain values first, then its tables, then its lists of tables."""
    lines = [f"{key} = {_value(value)}" for key, value in document.items() if not isinstance(value, dict | list)]
    for key, value in document.items():
        if isinstance(value, dict):
            for name, table in value.items():
                lines += ["", f"[{key}.{_key(name)}]", *(f"{_key(k)} = {_value(v)}" for k, v in table.items())]
        elif isinstance(value, list):
            for entry in value:
                lines += ["", f"[[{key}]]", *(f"{_key(k)} = {_value(v)}" for k, v in entry.items())]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool | int | float):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        whole = "[" + ", ".join(_value(each) for each in value) + "]"
        if len(whole) <= 100:
            return whole
        rows = [", ".join(_value(each) for each in value[start : start + 6]) for start in range(0, len(value), 6)]
        return "[\n  " + ",\n  ".join(rows) + ",\n]"
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped as well
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        raise BaselineInvalid("baseline-not-written", file=str(path), reason=error.strerror or "?") from None
