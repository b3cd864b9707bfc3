"""The outbox: reports that were filed on this laptop, until the service has them and after.

One SQLite file. Filing numbers, chains and signs a report in one transaction, written through to the disk
(`synchronous=FULL`, write-ahead log), so that after a power cut a report is there whole or not at all and no
number is given twice. Nothing is ever deleted: what was sent stays, with the service's answer.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_agents.envelope import Envelope, EnvelopeUnreadable, Place, SignatureWrong, read_envelope, seal
from device_agents.errors import OutboxUnusable
from device_agents.home import public_bytes
from device_agents.report import Report

State = Literal["waiting", "sent", "refused"]
_Result = TypeVar("_Result")
VERSION: Final = 1
SKEW_S: Final = 60
WAIT_S: Final = 15.0  # for another stem-check that is writing

_SCHEMA: Final = (
    """
    CREATE TABLE report (
      sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
      report_id TEXT NOT NULL UNIQUE,
      digest TEXT NOT NULL UNIQUE,
      envelope BLOB NOT NULL,
      state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused')),
      reason TEXT NOT NULL DEFAULT '',
      filed_at TEXT NOT NULL,
      answered_at TEXT
    )
    """,
    "CREATE INDEX report_waiting ON report (sequence) WHERE state = 'waiting'",
    "CREATE TABLE kit_list (kit TEXT PRIMARY KEY, content BLOB NOT NULL, fetched_at TEXT NOT NULL)",
)


@dataclass(frozen=True)
class Kept:
    """A report in the outbox, as it lies there."""

    sequence: int
    report_id: str
    digest: str
    envelope: bytes
    state: State
    reason: str


@dataclass(frozen=True)
class Filing:
    """What a filed report is about, beside itself."""

    kit: str | None = None
    serial_number: str = ""
    operator: str = ""
    observed_at: datetime | None = None
    clock_skew_s: int | None = None
    """By how many seconds the laptop's clock was ahead when the service last told its time; None: not known."""


class Outbox:
    """The reports of one enrolment."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._connection() as connection:
            self._migrate(connection)

    def file(self, report: Report, agent: str, key: Ed25519PrivateKey, filing: Filing) -> Envelope:
        """Number, chain, sign and keep a report.

        Raises:
            OutboxUnusable: it could not be kept (disk full, file damaged or locked).
        """

        def write(connection: sqlite3.Connection) -> Envelope:
            last = connection.execute("SELECT sequence, digest FROM report ORDER BY sequence DESC LIMIT 1").fetchone()
            place = Place(
                agent=agent,
                sequence=last[0] + 1 if last else 1,
                previous=last[1] if last else None,
                kit=filing.kit,
                serial_number=filing.serial_number,
                operator=filing.operator,
            )
            envelope = seal(_with_skew(report, filing.clock_skew_s), place, key, filing.observed_at)
            connection.execute(
                "INSERT INTO report (sequence, report_id, digest, envelope, filed_at) VALUES (?, ?, ?, ?, ?)",
                (place.sequence, envelope.report_id, envelope.digest(), envelope.to_bytes(), _now()),
            )
            return envelope

        return self._write(write)

    def waiting(self) -> list[Kept]:
        """The reports that the service has not answered, oldest first."""
        return self._select("WHERE state = 'waiting'")

    def all(self) -> list[Kept]:
        """Every report, oldest first."""
        return self._select("")

    def counts(self) -> dict[str, int]:
        """How many reports are in each state."""
        with self._connection() as connection:
            rows = connection.execute("SELECT state, count(*) FROM report GROUP BY state").fetchall()
        return {"waiting": 0, "sent": 0, "refused": 0} | dict(rows)

    def answered(self, sequence: int, state: State, reason: str = "") -> None:
        """Keep what became of a report. One that was sent stays sent, whatever another process finds."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE report SET state = ?, reason = ?, answered_at = ? WHERE sequence = ? AND state <> 'sent'",
                (state, reason, _now(), sequence),
            )

        self._write(write)

    def again(self) -> int:
        """Let what was refused wait once more; how many there are. What was altered is found out again."""

        def write(connection: sqlite3.Connection) -> int:
            return connection.execute("UPDATE report SET state = 'waiting' WHERE state = 'refused'").rowcount

        return self._write(write)

    def keep_list(self, kit: str, content: bytes) -> None:
        """Keep a kit's list for work without a network."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO kit_list (kit, content, fetched_at) VALUES (?, ?, ?) ON CONFLICT (kit) DO UPDATE"
                " SET content = excluded.content, fetched_at = excluded.fetched_at",
                (kit, content, _now()),
            )

        self._write(write)

    def kept_list(self, kit: str) -> tuple[bytes, str] | None:
        """A kit's kept list, and when it was fetched."""
        with self._connection() as connection:
            row = connection.execute("SELECT content, fetched_at FROM kit_list WHERE kit = ?", (kit,)).fetchone()
        return None if row is None else (row[0], row[1])

    def _select(self, where: str) -> list[Kept]:
        columns = "sequence, report_id, digest, envelope, state, reason"
        with self._connection() as connection:
            rows = connection.execute(f"SELECT {columns} FROM report {where} ORDER BY sequence").fetchall()  # noqa: S608 - our own constants
        kept = []
        for sequence, report_id, digest, envelope, state, reason in rows:
            # somebody who altered the file may have left text where bytes were
            content = envelope if isinstance(envelope, bytes) else str(envelope).encode()
            kept.append(Kept(sequence, str(report_id), str(digest), content, state, reason))
        return kept

    def _write(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")  # the write lock before the read, so numbers never collide
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise OutboxUnusable(path=str(self._path), detail=str(error)) from None

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if self._version(connection) == VERSION:
            return
        _use_write_ahead_log(connection)
        connection.execute("BEGIN IMMEDIATE")
        version = self._version(connection)  # another stem-check may have been quicker
        if version > VERSION:
            raise OutboxUnusable(path=str(self._path), detail=f"version {version}, made by a newer stem-check")
        if version == 0:
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")

    def _version(self, connection: sqlite3.Connection) -> int:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        return version


def _with_skew(report: Report, skew_s: int | None) -> Report:
    """The report that says by how much the clock was off, where that is known and more than the way takes."""
    if skew_s is None or abs(skew_s) < SKEW_S:
        return report
    properties = {**dict(list(report.evidence.properties.items())[:63]), "clock_skew_s": skew_s}
    return report.model_copy(update={"evidence": report.evidence.model_copy(update={"properties": properties})})


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging, where it stays; SQLite does not wait for others here, so we do."""
    end = time.monotonic() + WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.02)


def look_at(kept: Kept, key: Ed25519PrivateKey) -> str:
    """What is wrong with a report as it lies in the outbox, empty where nothing is: it may have been altered.

    Returns:
        `altered-on-disk` where the bytes are no envelope, not this laptop's, or not what the outbox noted of them.
    """
    try:
        envelope = read_envelope(kept.envelope)
        envelope.verify(public_bytes(key))
    except (EnvelopeUnreadable, SignatureWrong):
        return "altered-on-disk"
    noted = (kept.sequence, kept.report_id, kept.digest)
    return "" if noted == (envelope.sequence, envelope.report_id, envelope.digest()) else "altered-on-disk"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
