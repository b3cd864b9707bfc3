"""`stem-check check KIT` without its words: which ports to check, the checks, the filing."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from device_agents.answers import file_questioner, terminal_questioner
from device_agents.auto import decide
from device_agents.candidates import Candidate
from device_agents.client import Client
from device_agents.discovery.drives import updating_boards, with_drive
from device_agents.discovery.ports import candidate_for
from device_agents.discovery.serial_ports import serial_candidates
from device_agents.errors import (
    AgentError,
    BadArguments,
    KitListMissing,
    KitUnknown,
    PortError,
    PortMissing,
    ServiceBusy,
    ServiceRefused,
    ServiceUnreachable,
)
from device_agents.home import Enrolment, Home
from device_agents.kinds import AnyKind, all_kinds, kind_by_slug, kinds_matching
from device_agents.kinds.base import CheckContext, CheckOptions, Opening
from device_agents.kitlist import Found, KitList, Row, read_list, serials_of
from device_agents.outbox import Filing, Outbox
from device_agents.pump import Questioner
from device_agents.readable import shown_code
from device_agents.report import Report
from device_agents.runner import run_check
from device_agents.transports.base import Transport
from device_agents.transports.choosing import transport_for
from firmware_checks.catalogue import Catalogue

_GREEK = str.maketrans("ΑΒΕΖΗΚΜΝΡΤΥΧ", "ABEZHKMNPTYX")


@dataclass(frozen=True)
class Target:
    """What to check: a port (empty for a kind without one), its kind or None for `auto`, its label or ''.

    `drive` is the disk of a board that has no port now, because it runs its own updater.
    """

    port: str
    kind: AnyKind | None
    label: str = ""
    drive: str = ""

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self.port or self.drive


@dataclass(frozen=True)
class Checked:
    """What became of a target."""

    found: Found
    fault: AgentError | None = None  # why its port gave no report
    not_opened: str = ""  # the reason of `auto`, where it left the port alone


@dataclass(frozen=True)
class KeptList:
    """A kit's list and where it came from; `fetched_at` is empty where it came from the service just now."""

    content: KitList
    fetched_at: str = ""


def kit_code(typed: str) -> str:
    """A kit's code as it was typed or scanned, without blanks and hyphens, in capitals.

    Raises:
        BadArguments: `bad-kit-code`.
    """
    code = "".join(typed.upper().split()).replace("-", "").translate(_GREEK)
    if not (4 <= len(code) <= 16 and code.isascii() and code.isalnum()):
        raise BadArguments("bad-kit-code", kit=typed[:40])
    return code


def read_target(given: str) -> Target:
    """A target from `PORT`, `PORT=KIND` or `PORT=KIND:LABEL`; `KIND` or `KIND:LABEL` for a kind without a port.

    Raises:
        BadArguments: an unknown kind, no port.
    """
    port, mark, rest = given.rpartition("=")
    slug, _, label = (rest if mark else given).partition(":")
    portless = {kind.slug for kind in all_kinds() if kind.opening is Opening.NEVER}
    if slug in portless:
        return Target("", kind_by_slug(slug), label.strip()[:128])
    if not mark or "/" in slug or "?" in port.rpartition("/")[2]:
        port, slug, label = given, "auto", ""  # a URL may have an equals sign of its own
    if not port:
        raise BadArguments("port-needed")
    return Target(port, None if slug == "auto" else kind_by_slug(slug), label.strip()[:128])


def discovered() -> list[Target]:
    """The ports of this machine that may be a known kind of device, by their USB identity. Nothing is opened."""
    ports = [Target(found.port, None) for found in serial_candidates() if kinds_matching(found)]
    return ports + [Target("", None, drive=found.properties["drive"]) for found in updating_boards()]


def expected_list(kit: str, home: Home, enrolment: Enrolment, outbox: Outbox, client: Client) -> KeptList:
    """The kit's list: from the service, or as it was kept where the service cannot be asked.

    Raises:
        KitListMissing: the service does not answer and the list was never kept.
        KitUnknown: the service has no such kit.
        ServiceError: the service refuses (a revoked laptop), and so does not let it work from old lists either.
    """
    try:
        content = client.expected(kit, enrolment.agent, home.key())
        if client.skew_s is not None:
            home.keep_clock_skew(client.skew_s)
    except ServiceRefused as refusal:
        if refusal.status == 404:
            raise KitUnknown(kit=shown_code(kit), server=enrolment.server) from None
        raise
    except (ServiceUnreachable, ServiceBusy):
        kept = outbox.kept_list(kit)
        if kept is None:
            raise KitListMissing(kit=shown_code(kit), server=enrolment.server) from None
        return KeptList(read_list(kept[0], enrolment.server), kept[1])
    expected = read_list(content, enrolment.server)
    outbox.keep_list(kit, content)
    return KeptList(expected)


@dataclass(frozen=True)
class CheckWishes:
    """How to check."""

    options: CheckOptions
    catalogue: Catalogue
    language: str
    answers: Path | None = None
    connect: Callable[[AnyKind, Candidate], Transport | None] = transport_for


@dataclass(frozen=True)
class Watch:
    """Who follows a check, from another thread or the same: told the steps that there will be and each as it begins;
    asked its questions (a person at the terminal, without one); `stop` ends it."""

    steps: Callable[[AnyKind, tuple[str, ...]], None] | None = None
    step: Callable[[str], None] | None = None
    questioner: Questioner | None = None
    stop: threading.Event | None = None


def check_target(target: Target, wishes: CheckWishes, watch: Watch | None = None) -> Checked:
    """Check one target; a port that cannot be used is told, and does not end the others' checks.

    Raises:
        BadArguments: the answers' file is wrong.
    """
    kind = target.kind
    try:
        candidate = candidate_for(target.port) if target.port else Candidate(port="")
        if target.drive and not Path(target.drive).is_dir():
            raise PortMissing(target.drive)
        candidate = with_drive(candidate, Path(target.drive) if target.drive else None)
        if kind is None:
            decision = decide(candidate)
            if decision.kind is None:
                return Checked(Found(target.place, None, (), None), not_opened=decision.reason)
            kind = decision.kind
        named_by: Literal["person", "usb"] = "person" if target.kind is not None else "usb"
        report = _run(kind, candidate, wishes, named_by, watch or Watch())
    except PortError as fault:
        return Checked(Found(target.place, kind.filed if kind else None, (), None), fault)
    labels = (target.label,) if target.label else ()
    return Checked(Found(target.place, kind.filed, tuple(dict.fromkeys((*labels, *serials_of(report)))), report))


def _run(
    kind: AnyKind, candidate: Candidate, wishes: CheckWishes, named_by: Literal["person", "usb"], watch: Watch
) -> Report:
    questioner = (
        file_questioner(wishes.answers, kind, wishes.language)
        if wishes.answers and kind.questions
        else watch.questioner or terminal_questioner(wishes.language)
    )
    transport = wishes.connect(kind, candidate)
    # Of a mixed kit each device does what its own kind knows of what was asked for.
    known = frozenset(extra.name for extra in kind.extras)
    options = replace(wishes.options, extras=wishes.options.extras & known)
    context = CheckContext(candidate, options, wishes.catalogue, kind_named_by=named_by)
    if watch.steps is not None:
        watch.steps(kind, tuple(step.name for step in kind.steps if step.when(context)))
    return run_check(kind, context, transport, questioner=questioner, progress=watch.step, stop=watch.stop)


@dataclass(frozen=True)
class FiledRow:
    """A row of the outcome and the id of the report that was filed for it, empty where none was; `unfiled` says why
    one could not be kept."""

    row: Row
    report_id: str = ""
    unfiled: AgentError | None = None


class Filer:
    """Files the reports of this laptop, as one person's."""

    def __init__(self, outbox: Outbox, home: Home, enrolment: Enrolment, operator: str = "") -> None:
        self._outbox = outbox
        self._key = home.key()
        self._agent = enrolment.agent
        self._operator = operator.strip()
        self._skew_s = home.clock_skew()

    def __call__(self, kit: str, row: Row) -> str:
        """Keep the report of a device on the table; its id.

        Raises:
            OutboxUnusable: it could not be kept.
        """
        assert row.found is not None
        assert row.found.report is not None
        observed_at = datetime.fromisoformat(row.found.report.evidence.started_at)
        filing = Filing(kit, row.serial, self._operator, observed_at, self._skew_s)
        return self._outbox.file(row.found.report, self._agent, self._key, filing).report_id


def lacking_kinds(expected: KitList, targets: Sequence[Target]) -> list[str]:
    """The kinds without a port that the list holds and nobody named as a target."""
    named = {target.kind.slug for target in targets if target.kind is not None}
    portless = {kind.slug for kind in all_kinds() if kind.opening is Opening.NEVER}
    return sorted({line.kind for line in expected.lines} & portless - named)
