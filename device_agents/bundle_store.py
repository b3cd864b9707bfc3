"""The bundles of known firmware that this laptop took from the service, as they lie in its home.

`bundles/bundle-<version>.json`, each as it was signed, written whole or not at all and never changed; the newest one
whose signature holds is used. One that was altered on the disk is refused and named, and the next older one that holds
is used meanwhile. A version below the highest that lies here is not taken from the service.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device_agents.errors import HomeUnusable
from firmware_checks.bundles import MAX_BUNDLE, Bundle, Trusted, read
from firmware_checks.catalogue import Catalogue, Document, load
from firmware_checks.errors import BaselineInvalid, BundleRefused, FirmwareError

FOLDER: Final = "bundles"
_NAME: Final = re.compile(r"bundle-(\d{12})\.json")
KEEP: Final = 3
"""How many of the newest bundles stay."""


@dataclass(frozen=True)
class InForce:
    """The bundle that is used, None where there is none, and what is wrong with newer ones."""

    trusted: Trusted | None
    faults: tuple[FirmwareError, ...] = ()

    @property
    def bundle(self) -> Bundle | None:
        """The bundle itself."""
        return self.trusted.bundle if self.trusted is not None else None


class BundleStore:
    """The bundles of one laptop.

    Args:
        home: the laptop's folder.
        pinned: the service's public key that this laptop trusts; without one nothing is believed.
    """

    def __init__(self, home: Path, pinned: bytes | None) -> None:
        self._folder = home / FOLDER
        self._pinned = pinned

    def highest(self) -> int:
        """The highest version that was ever taken, whole or altered since; 0 for none."""
        return max((version for version, _ in self._files()), default=0)

    def in_force(self) -> InForce:
        """The newest bundle whose signature holds, and the faults of those before it that do not."""
        faults: list[FirmwareError] = []
        for version, path in sorted(self._files(), reverse=True):
            try:
                trusted = self._read(path)
            except BundleRefused as refusal:
                faults.append(BundleRefused(refusal.slug, **{**refusal.params, "file": str(path)}))
                continue
            if trusted.bundle.version != version:
                faults.append(BundleRefused("bundle-altered", file=str(path)))
                continue
            return InForce(trusted, tuple(faults))
        return InForce(None, tuple(faults))

    def take(self, data: bytes, server: str) -> Trusted:
        """Keep a bundle that the service sent.

        Raises:
            BundleRefused: its signature does not hold, it is older than one that was taken before, or other than the
                kept one of the same version.
            HomeUnusable: it could not be written.
        """
        try:
            trusted = read(data, self._pinned)
        except BundleRefused as refusal:
            raise BundleRefused(refusal.slug, **{**refusal.params, "file": server}) from None
        version, highest = trusted.bundle.version, self.highest()
        if version < highest:
            raise BundleRefused("bundle-older", version=version, highest=highest)
        kept = self.in_force().trusted
        if kept is not None and kept.bundle.version == version and kept.digest != trusted.digest:
            raise BundleRefused("bundle-forked", version=version)
        if version > 0:
            self._write(version, data)
            self._forget()
        return trusted

    def kinds_folder(self) -> Path | None:
        """A folder with the bundle's lists of questions, exactly as they were signed; None where it has none.

        A list that this program cannot take (it is of a newer form, or not newer than the program's own) is left out.
        """
        bundle = self.in_force().bundle
        documents = bundle.documents("kind") if bundle is not None else []
        if bundle is None or not documents:
            return None
        folder = self._folder / f"kinds-{bundle.version:012}"
        wanted = {f"{each.kind}.toml": each.content for each in documents if _can_be_taken(each)}
        for name, content in wanted.items():
            path = folder / name
            if not path.is_file() or path.read_bytes() != content:
                self._replace(path, content)
        for path in folder.glob("*.toml"):
            if path.name not in wanted:
                path.unlink()
        return folder if wanted else None

    def _files(self) -> Iterator[tuple[int, Path]]:
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                match = _NAME.fullmatch(path.name)
                if match:
                    yield int(match[1]), path

    def _read(self, path: Path) -> Trusted:
        if self._pinned is None:
            raise BundleRefused("bundle-key-unknown", key="—", pinned="—")
        try:
            if path.stat().st_size > MAX_BUNDLE:
                raise BundleRefused("bundle-unreadable", reason=f"> {MAX_BUNDLE} bytes")
            data = path.read_bytes()
        except OSError as error:
            raise BundleRefused("bundle-unreadable", reason=error.strerror or "?") from None
        return read(data, self._pinned)

    def _write(self, version: int, data: bytes) -> None:
        self._replace(self._folder / f"bundle-{version:012}.json", data)

    def _replace(self, path: Path, data: bytes) -> None:
        # a draft of its own: two commands may write the same bundle at once
        draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise HomeUnusable(path=str(path), detail=error.strerror or "") from None

    def _forget(self) -> None:
        """Only what is older than the newest ones goes; they are for the day when the newest is spoilt."""
        for _, path in sorted(self._files(), reverse=True)[KEEP:]:
            path.unlink(missing_ok=True)


def _can_be_taken(document: Document) -> bool:
    from device_agents.errors import ChecklistInvalid
    from device_agents.kinds import code_slugs
    from device_agents.kinds.checklist_files import merged, read_checklist

    try:
        checklist = read_checklist(document.content, document.name)
        merged([(document.name, checklist)], code_slugs())
    except ChecklistInvalid:
        return False
    return checklist.slug == document.kind


def catalogue_of(directory: Path | None, bundle: Bundle | None) -> tuple[Catalogue, list[BaselineInvalid]]:
    """What to judge by: what ships, then the bundle, then a folder of one's own.

    Returns:
        The catalogue, and what of the bundle could not be read (made for a newer stem-check): that is left out.

    Raises:
        BaselineInvalid: a file of the folder is wrong.
    """
    faults: list[BaselineInvalid] = []
    taken: list[Document] = []
    for document in bundle.documents() if bundle is not None else []:
        try:
            load(documents=[*taken, document])
        except BaselineInvalid as fault:
            faults.append(fault)
        else:
            taken.append(document)
    return load(directory, taken, bundle.label if bundle is not None and taken else ""), faults
