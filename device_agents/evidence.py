"""Keeps what went over the line: all of it in length and digest, of the bytes as many as a report may
carry."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from device_agents.recordings import Recorded

if TYPE_CHECKING:  # the models are loaded for a report, not to keep bytes
    from device_agents.report import Stream, TranscriptEntry

_JOIN_S = 0.02
"""Pieces of one direction that come within this time are one entry: a line gives them byte by byte."""
_ENTRY_BYTES = 16_384
HEAD_BYTES = 12_288
TAIL_BYTES = 4_096
HEAD_ENTRIES = 1_200
TAIL_ENTRIES = 400


@dataclass
class _Direction:
    length: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, data: bytes) -> None:
        self.length += len(data)
        self.digest.update(data)

    def stream(self) -> Stream:
        from device_agents.report import Stream

        return Stream(length=self.length, sha256=self.digest.hexdigest())


class Recorder:
    """Collects a check's bytes. A device that never stops talking fills no memory: beyond `keep_bytes` only
    digests grow."""

    def __init__(self, keep_bytes: int = 1 << 20) -> None:
        self._keep_bytes = keep_bytes
        self._kept = 0
        self._directions = {True: _Direction(), False: _Direction()}
        self.entries: list[Recorded] = []

    def add(self, at: float, data: bytes, *, sent: bool) -> None:
        """Note that `data` was sent or received at `at` seconds."""
        if not data:
            return
        self._directions[sent].add(data)
        if self._kept + len(data) > self._keep_bytes:
            return
        self._kept += len(data)
        last = self.entries[-1] if self.entries else None
        if (
            last is not None
            and last.sent == sent
            and at - last.at <= _JOIN_S
            and len(last.data) + len(data) <= _ENTRY_BYTES
        ):
            self.entries[-1] = Recorded(last.at, sent, last.data + data)
            return
        for start in range(0, len(data), _ENTRY_BYTES):
            self.entries.append(Recorded(at, sent, data[start : start + _ENTRY_BYTES]))

    @property
    def sent(self) -> Stream:
        """Length and digest of everything sent."""
        return self._directions[True].stream()

    @property
    def received(self) -> Stream:
        """Length and digest of everything received."""
        return self._directions[False].stream()

    def excerpt(self) -> tuple[list[TranscriptEntry], int]:
        """The beginning and the end of the conversation, and how many bytes between them are left out."""
        head = _within(self.entries, HEAD_BYTES, HEAD_ENTRIES)
        rest = self.entries[len(head) :]
        tail = _within(rest[::-1], TAIL_BYTES, TAIL_ENTRIES)[::-1]
        kept = [*head, *tail]
        whole = self.sent.length + self.received.length
        return [_entry(item) for item in kept], whole - sum(len(item.data) for item in kept)


def _within(entries: Sequence[Recorded], most_bytes: int, most_entries: int) -> list[Recorded]:
    taken: list[Recorded] = []
    total = 0
    for entry in entries[:most_entries]:
        total += len(entry.data)
        if total > most_bytes:
            break
        taken.append(entry)
    return taken


def _entry(item: Recorded) -> TranscriptEntry:
    from device_agents.report import TranscriptEntry

    return TranscriptEntry(
        at_ms=max(0, round(item.at * 1000)),
        direction="sent" if item.sent else "received",
        data=base64.b64encode(item.data).decode("ascii"),
    )
