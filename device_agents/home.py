"""Where a laptop keeps what it must not lose: its key, who it is, the outbox.

`STEM_CHECK_HOME`, or the place that the system has for a user's data. The folder is the owner's alone (0700), the
key too (0600, created exclusively, so that two enrolments at once cannot overwrite each other's).
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from device_agents.errors import HomeUnusable, NotEnrolled
from device_agents.places import home_folder


@dataclass(frozen=True)
class Enrolment:
    """Who this laptop is to which service."""

    agent: str
    server: str
    name: str
    enrolled_at: str
    service_key: str = ""
    """The service's public key (hex) that this laptop trusts; empty where it was enrolled before there was one."""


class Home:
    """The folder and the files in it."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or home_folder()

    @property
    def outbox(self) -> Path:
        """The outbox's database."""
        return self.folder / "outbox.sqlite3"

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            HomeUnusable: where that cannot be.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise HomeUnusable(path=str(self.folder), detail=error.strerror or "") from None

    def enrolment(self) -> Enrolment:
        """Who this laptop is.

        Raises:
            NotEnrolled: it has not been enrolled.
            HomeUnusable: the file is there and cannot be read.
        """
        path = self.folder / "agent.json"
        try:
            enrolment = Enrolment(**json.loads(path.read_text(encoding="utf-8")))
            bytes.fromhex(enrolment.service_key)
            return enrolment
        except FileNotFoundError:
            raise NotEnrolled from None
        except (OSError, ValueError, TypeError) as error:
            raise HomeUnusable(path=str(path), detail=str(error)) from None

    def keep_enrolment(self, enrolment: Enrolment) -> None:
        """Write who this laptop is, whole or not at all."""
        self._write(self.folder / "agent.json", json.dumps(asdict(enrolment), ensure_ascii=False).encode())

    def clock_skew(self) -> int | None:
        """By how many seconds this laptop's clock was ahead when the service last told its time; None: not known, or
        the clock was set since."""
        try:
            told = json.loads((self.folder / "clock.json").read_text(encoding="utf-8"))
            skew, since = int(told["skew_s"]), datetime.fromisoformat(told["at"])
        except (OSError, ValueError, TypeError, KeyError):
            return None
        age = (datetime.now(UTC) - since).total_seconds()
        # a clock that has moved by more than a month, or backwards, was set: what was known of it is no longer true
        return skew if -300 <= age <= 31 * 86400 else None

    def keep_clock_skew(self, skew_s: int) -> None:
        """Keep by how much the clock is ahead. It is no loss where it cannot be written."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with contextlib.suppress(HomeUnusable):
            self._write(self.folder / "clock.json", json.dumps({"skew_s": skew_s, "at": now}).encode())

    def key(self, name: str = "agent.key") -> Ed25519PrivateKey:
        """The laptop's key.

        Raises:
            NotEnrolled: there is none.
            HomeUnusable: it cannot be read.
        """
        path = self.folder / name
        try:
            if os.name == "posix" and path.stat().st_mode & 0o077:
                raise HomeUnusable(path=str(path), detail="others may read it: chmod 600")
            key = load_pem_private_key(path.read_bytes(), None)
        except FileNotFoundError:
            raise NotEnrolled from None
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise HomeUnusable(path=str(path), detail=str(error)[:200]) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise HomeUnusable(path=str(path), detail="not an Ed25519 key")
        return key

    def key_or_new(self, name: str = "agent.key") -> Ed25519PrivateKey:
        """The key; a new one where there is none yet (an enrolment that was cut short left its key behind)."""
        try:
            return self.key(name)
        except NotEnrolled:
            self.prepare()
        key = Ed25519PrivateKey.generate()
        content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = self.folder / name
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            return self.key(name)
        except OSError as error:
            raise HomeUnusable(path=str(path), detail=error.strerror or "") from None
        return key

    def key_to_enrol(self, former: str = "") -> Ed25519PrivateKey:
        """The key with which to ask for an enrolment, the same again after one that was cut short.

        Args:
            former: the code of an enrolment that stays in force until the service has agreed to the new one.
        """
        waiting = (self.folder / "next.key").exists()
        return self.key_or_new("next.key" if former or waiting else "agent.key")

    def take_up(self, enrolment: Enrolment, former: str = "") -> None:
        """Be who the service says from now on; a former enrolment moves away whole."""
        try:
            if former:
                self.set_aside(former)
            if (self.folder / "next.key").exists():
                (self.folder / "next.key").replace(self.folder / "agent.key")
        except OSError as error:
            raise HomeUnusable(path=str(self.folder), detail=error.strerror or "") from None
        self.keep_enrolment(enrolment)

    def set_aside(self, code: str) -> Path:
        """Move a former enrolment with its outbox to `former/<code>`, for a new one; nothing is deleted."""
        target = self.folder / "former" / code
        number = 1
        while target.exists():
            number += 1
            target = self.folder / "former" / f"{code}-{number}"
        try:
            target.mkdir(mode=0o700, parents=True)
            for path in (
                *self.folder.glob("agent.*"),
                *self.folder.glob("outbox.sqlite3*"),
                *self.folder.glob("bundles"),
            ):
                path.rename(target / path.name)
        except OSError as error:
            raise HomeUnusable(path=str(target), detail=error.strerror or "") from None
        return target

    def _write(self, path: Path, content: bytes) -> None:
        self.prepare()
        draft = path.with_suffix(".draft")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            raise HomeUnusable(path=str(path), detail=error.strerror or "") from None


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public half."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
