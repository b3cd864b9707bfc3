"""Load the baselines: those of the package, and a directory that adds to them or overrides them.

A directory's `<kind>.toml` may be whole or part: its sources, boards, images and models replace those of the same slug
and add the others; its versions stand before the package's, so that they are asked first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from firmware_checks.errors import BaselineInvalid

if TYPE_CHECKING:
    from firmware_checks.baseline import Baseline

MAX_FILE: Final = 1024 * 1024
_PACKAGED: Final = Path(__file__).parent / "baselines"
_HEADS: Final = ("schema", "kind", "edition")


class _Packaged(Mapping[str, "Baseline"]):
    """The package's own baselines, each read when it is asked for: a check needs one of them. `over` are those that
    something was added to."""

    def __init__(self, over: dict[str, Baseline]) -> None:
        self._read = dict(over)
        self._kinds = sorted({*over, *(path.stem for path in _PACKAGED.glob("*.toml"))})

    def __getitem__(self, kind: str) -> Baseline:
        if kind not in self._read:
            if kind not in self._kinds:
                raise KeyError(kind)
            name = f"{kind}.toml"
            self._read[kind] = _validate(kind, _parse(name, (_PACKAGED / name).read_bytes()), name)
        return self._read[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)


@dataclass(frozen=True)
class Catalogue:
    """The baselines by kind; `label` says where they come from besides the package, for reports and people."""

    baselines: Mapping[str, Baseline]
    label: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that have a baseline, sorted."""
        return tuple(sorted(self.baselines))

    def baseline(self, kind: str) -> Baseline:
        """The baseline of a kind.

        Raises:
            BaselineInvalid: where there is none.
        """
        if kind not in self.baselines:
            raise BaselineInvalid("baseline-missing", kind=kind, known=", ".join(self.kinds))
        return self.baselines[kind]


@dataclass(frozen=True)
class Document:
    """A baseline file that did not come with the package: its name, for whoever reads of a fault, and its content."""

    kind: str
    name: str
    content: bytes


def load(directory: Path | None = None, documents: Iterable[Document] = (), label: str = "") -> Catalogue:
    """Load the baselines. Those that are added are validated here; the package's own, which a test validates, when
    they are asked for.

    Args:
        directory: where `<kind>.toml` files add to the package's or override them; it has the last word.
        documents: what the service sent; they come after the package's and before the directory's.
        label: the catalogue's.

    Raises:
        BaselineInvalid: for a file that is no TOML, does not keep the schema, or a directory that is not there.
    """
    raw: dict[str, dict[str, Any]] = {}
    places: dict[str, str] = {}

    def before(kind: str) -> dict[str, Any]:
        own = _PACKAGED / f"{kind}.toml"
        return raw.get(kind) or (_parse(own.name, own.read_bytes()) if own.is_file() else {})

    for document in documents:
        over = _parse(document.name, document.content)
        raw[document.kind] = _merge(before(document.kind), over, document.name)
        places[document.kind] = document.name
    if directory is not None:
        if not directory.is_dir():
            raise BaselineInvalid("baseline-directory-missing", file=str(directory))
        for path in sorted(directory.glob("*.toml")):
            over = _parse(str(path), _read(path))
            raw[path.stem] = _merge(before(path.stem), over, str(path))
            places[path.stem] = str(path)
    return Catalogue(_Packaged({kind: _validate(kind, each, places[kind]) for kind, each in raw.items()}), label)


def read_document(document: Document) -> Baseline:
    """Validate one file against what ships, as it would be used.

    Raises:
        BaselineInvalid: with the file, the first faulty place and what to do; `faults` lists them all.
    """
    return load(documents=[document]).baseline(document.kind)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise BaselineInvalid("baseline-not-toml", file=str(path), reason=f"> {MAX_FILE} bytes")
        return path.read_bytes()
    except OSError as error:
        raise BaselineInvalid("baseline-not-toml", file=str(path), reason=error.strerror or "?") from None


def _parse(file: str, content: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise BaselineInvalid("baseline-not-toml", file=file, reason=str(error)) from None


def _merge(base: dict[str, Any], over: dict[str, Any], file: str) -> dict[str, Any]:
    merged = base | {key: value for key, value in over.items() if key in _HEADS or key not in base}
    try:
        merged["sources"] = base.get("sources", {}) | over.get("sources", {})
        for key in ("boards", "images", "models"):
            entries = {entry["slug"]: entry for entry in (*base.get(key, []), *over.get(key, []))}
            merged[key] = list(entries.values())
        merged["versions"] = [*over.get("versions", []), *base.get("versions", [])]
    except (TypeError, KeyError, AttributeError):
        reason = "sources is a table; boards, images, models and versions are arrays of tables with a slug"
        raise BaselineInvalid(
            "baseline-wrong", file=file, place="—", reason=reason, more=0, faults=[("—", reason)]
        ) from None
    return merged


def _fault(place: tuple[int | str, ...], reason: str, content: dict[str, Any]) -> tuple[str, str]:
    """A place as a person finds it in the file: an entry of a list by its slug where it has one."""
    words: list[str] = []
    value: Any = content
    for part in place:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            value = None
        slug = value.get("slug") if isinstance(part, int) and isinstance(value, dict) else None
        words.append(f"[{slug}]" if isinstance(slug, str) else str(part))
    return ".".join(words).replace(".[", "[") or "—", reason.removeprefix("Value error, ")


def _validate(kind: str, content: dict[str, Any], file: str) -> Baseline:
    from pydantic import ValidationError

    from firmware_checks.baseline import Baseline

    try:
        baseline = Baseline.model_validate(content)
    except ValidationError as error:
        faults = [_fault(each["loc"], each["msg"], content) for each in error.errors(include_url=False)]
        place, reason = faults[0]
        raise BaselineInvalid(
            "baseline-wrong", file=file, place=place, reason=reason, more=len(faults) - 1, faults=faults
        ) from None
    if baseline.kind != kind:
        reason = f"{baseline.kind} ≠ {kind}"
        raise BaselineInvalid(
            "baseline-wrong", file=file, place="kind", reason=reason, more=0, faults=[("kind", reason)]
        )
    return baseline
