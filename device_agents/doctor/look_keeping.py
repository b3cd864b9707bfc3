"""What the laptop keeps: key, enrolment, disk, outbox, lists, known firmware. Nothing of it is changed."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from device_agents.doctor.facts import BaselineFacts, DiskFacts, EnrolmentFacts, OutboxFacts
from device_agents.errors import AgentError, HomeUnusable, NotEnrolled
from device_agents.home import Home
from device_agents.judging_by import store_of
from device_agents.outbox import Kept, look_at
from firmware_checks.catalogue import load
from firmware_checks.errors import BundleRefused, FirmwareError

_TEST_BYTES = 256 * 1024
_Row = tuple[int, str, str, object, str, str, str]


def look_at_enrolment(home: Home) -> EnrolmentFacts:
    """Who the laptop is; a key that others may read is told apart from one that is damaged."""
    try:
        enrolment = home.enrolment()
    except NotEnrolled:
        return EnrolmentFacts("none")
    except HomeUnusable as fault:
        return EnrolmentFacts("unusable", path=str(fault.params["path"]), detail=str(fault.params["detail"]))
    key = home.folder / "agent.key"
    try:
        if os.name == "posix" and key.exists() and key.stat().st_mode & 0o077:
            return EnrolmentFacts("open-key", path=str(key))
        home.key()
    except NotEnrolled:
        return EnrolmentFacts("no-key", path=str(key))
    except (HomeUnusable, OSError) as fault:
        detail = str(fault.params["detail"]) if isinstance(fault, HomeUnusable) else str(fault)
        return EnrolmentFacts("unusable", path=str(key), detail=detail)
    return EnrolmentFacts("enrolled", enrolment.name, enrolment.agent, enrolment.server)


def look_at_disk(home: Home) -> DiskFacts:
    """Room on the disk, by numbers and by writing a file of a report's size, which is removed again."""
    folder = home.folder
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    try:
        handle, name = tempfile.mkstemp(prefix=".stem-check-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(bytes(_TEST_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            with contextlib.suppress(OSError):
                Path(name).unlink()
    except OSError as fault:
        return DiskFacts(str(folder), free, fault.strerror or type(fault).__name__)
    return DiskFacts(str(folder), free)


def look_at_outbox(home: Home) -> OutboxFacts:
    """The filed reports: whether the file is whole, each report signed and unaltered, none missing in between."""
    path = home.outbox
    if not path.exists():
        return OutboxFacts(str(path), exists=False)
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            problem = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            if problem != "ok":
                return OutboxFacts(str(path), True, damage=problem[:200])
            rows = connection.execute(
                "SELECT sequence, report_id, digest, envelope, state, reason, filed_at FROM report ORDER BY sequence"
            ).fetchall()
            lists = [row[0] for row in connection.execute("SELECT fetched_at FROM kit_list ORDER BY fetched_at")]
    except (sqlite3.Error, OSError) as fault:
        return OutboxFacts(str(path), True, damage=str(fault)[:200])
    return _facts(path, rows, lists, _altered(home, rows))


def _altered(home: Home, rows: Sequence[_Row]) -> tuple[int, ...]:
    try:
        key = home.key()
    except AgentError:
        return ()  # told under the enrolment
    kept = [Kept(n, i, d, e if isinstance(e, bytes) else str(e).encode(), "waiting", r) for n, i, d, e, _, r, _ in rows]
    return tuple(each.sequence for each in kept if look_at(each, key))


def _facts(
    path: Path,
    rows: Sequence[_Row],
    lists: Sequence[str],
    altered: tuple[int, ...],
) -> OutboxFacts:
    states = [row[4] for row in rows]
    numbers = [row[0] for row in rows]
    waiting = [moment for row in rows if row[4] == "waiting" and (moment := _moment(row[6]))]
    filed = [moment for row in rows if (moment := _moment(row[6]))]
    fetched = [moment for each in lists if (moment := _moment(each))]
    return OutboxFacts(
        str(path),
        True,
        reports=len(rows),
        waiting=states.count("waiting"),
        refused=states.count("refused"),
        altered=altered,
        gaps=(max(numbers) - len(numbers)) if numbers else 0,
        oldest_waiting=min(waiting, default=None),
        newest=max(filed, default=None),
        lists=len(lists),
        oldest_list=min(fetched, default=None),
    )


def _moment(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def look_at_baselines(home: Home) -> BaselineFacts:
    """The known firmware: the program's own, and the newest of the service's whose signature holds."""
    try:
        kinds = len(load().kinds)
    except FirmwareError as fault:
        return BaselineFacts(0, str(fault)[:200])
    try:
        in_force = store_of(home).in_force()
    except HomeUnusable:
        return BaselineFacts(kinds)  # told under the enrolment
    bundle = in_force.bundle
    distrusted = sum(isinstance(fault, BundleRefused) for fault in in_force.faults)
    if bundle is None:
        return BaselineFacts(kinds, distrusted=distrusted)
    return BaselineFacts(kinds, "", bundle.version, _moment(bundle.issued_at), distrusted)
