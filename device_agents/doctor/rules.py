"""What the facts mean. Pure: no clock, no file, no port; each function gives at least one finding."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from device_agents.doctor.facts import (
    BaselineFacts,
    BluetoothFacts,
    ClockFacts,
    DiskFacts,
    EnrolmentFacts,
    OutboxFacts,
    PortFacts,
    ProgramFacts,
    ServerFacts,
)
from device_agents.doctor.findings import Finding, bad, ok, unknown, warn
from device_agents.errors import Scalar
from device_agents.readable import shown_code

EARLIEST_YEAR: Final = 2026
"""No laptop has this program before; a clock that says so has lost its battery."""
LATEST_YEAR: Final = 2045
SERVICE_TOLERANCE: Final = timedelta(minutes=5)
"""The service refuses signed requests whose time differs more from its own."""
NOTICED: Final = timedelta(seconds=60)
LITTLE_SPACE: Final = 500 * 1024 * 1024
NO_SPACE: Final = 50 * 1024 * 1024
OLD_LIST: Final = timedelta(days=30)
OLD_BASELINES: Final = timedelta(days=120)
"""The service signs a bundle anew when something changes; after a school term one should ask."""
LONG_WAIT: Final = timedelta(days=7)
CH340: Final = 0x1A86


def judge_ports(ports: Sequence[PortFacts]) -> list[Finding]:
    """Each port: whether it is there, may be used, and is free."""
    if not ports:
        return [warn("ports", "no-ports")]
    return [_judge_port(port) for port in ports]


def _judge_port(port: PortFacts) -> Finding:
    where = {"port": port.port}
    if not port.exists:
        return bad("ports", "port-missing", **where)
    if port.allowed is False:
        if port.group and port.membership == "later":
            return bad("ports", "port-group-later", **where, group=port.group)
        if port.group and port.membership == "no":
            return bad("ports", "port-group", **where, group=port.group)
        return bad("ports", "port-denied", **where)
    if port.holders:
        first = port.holders[0]
        return bad("ports", "port-held", **where, program=first.program, pid=first.pid)
    if port.twin:
        return warn("ports", "port-twin", **where, twin=port.twin)
    return ok("ports", "port-free", **where)


def judge_programs(programs: ProgramFacts) -> list[Finding]:
    """Programs and drivers that get between the laptop and its devices."""
    found: list[Finding] = []
    running = programs.running
    brltty = running is not None and "brltty" in running
    for (vid, pid), name in sorted(programs.driverless.items()):
        key = "brltty-took" if brltty and vid == CH340 else "driver-ch340" if vid == CH340 else "driver-missing"
        found.append(bad("programs", key, device=name, usb_id=f"{vid:04x}:{pid:04x}"))
    if brltty and not any(finding.key == "brltty-took" for finding in found):
        found.append(warn("programs", "brltty"))
    if running is not None and "ModemManager" in running and programs.udev != "same":
        found.append(warn("programs", "modemmanager"))
    if programs.udev == "other":
        found.append(warn("programs", "udev-other"))
    elif programs.udev == "none":
        found.append(warn("programs", "udev-none"))
    if found:
        return found
    return [ok("programs", "programs-quiet") if running is not None else unknown("programs", "programs-unknown")]


def judge_bluetooth(radio: BluetoothFacts) -> list[Finding]:
    """The radio. Most kinds do without, so its absence only warns."""
    if radio.hard_blocked:
        return [warn("bluetooth", "bluetooth-switch")]
    if radio.soft_blocked:
        return [warn("bluetooth", "bluetooth-blocked")]
    if radio.state == "works":
        return [ok("bluetooth", "bluetooth-works")]
    if radio.state == "missing" and radio.adapters:
        return [warn("bluetooth", "bluetooth-service", detail=radio.detail)]
    if radio.state == "unusable":
        return [warn("bluetooth", "bluetooth-unusable", detail=radio.detail)]
    return [warn("bluetooth", f"bluetooth-{radio.state}", detail=radio.detail)]


def judge_clock(clock: ClockFacts) -> list[Finding]:
    """The clock: against this world, the service, and what the laptop itself has filed."""
    shown = clock.now.isoformat(timespec="seconds")
    if not EARLIEST_YEAR <= clock.now.year <= LATEST_YEAR:
        return [bad("clock", "clock-year", now=shown)]
    if clock.server is not None:
        apart = abs(clock.now - clock.server)
        params: dict[str, Scalar] = {
            "now": shown,
            "server": clock.server.isoformat(timespec="seconds"),
            "minutes": _minutes(apart),
        }
        if apart > SERVICE_TOLERANCE:
            return [bad("clock", "clock-apart", **params)]
        if apart > NOTICED:
            return [warn("clock", "clock-near", **params)]
        return [ok("clock", "clock-right")]
    if clock.newest_report is not None and clock.newest_report - clock.now > SERVICE_TOLERANCE:
        return [bad("clock", "clock-back", now=shown, report=clock.newest_report.isoformat(timespec="seconds"))]
    if clock.synchronised:
        return [ok("clock", "clock-right")]
    if clock.synchronised is False:
        return [warn("clock", "clock-alone", now=shown)]
    return [unknown("clock", "clock-unknown", now=shown)]


def _minutes(apart: timedelta) -> int:
    return max(1, round(apart.total_seconds() / 60))


def judge_server(server: ServerFacts | None, clock_is_bad: bool = False) -> list[Finding]:
    """Whether the service can be reached."""
    if server is None:
        return [unknown("network", "server-unnamed")]
    params = {"server": server.server, "detail": server.detail}
    if server.answer == "ours":
        return [ok("network", "server-reached", server=server.server)]
    if server.answer == "certificate":
        return [bad("network", "server-certificate-clock" if clock_is_bad else "server-certificate", **params)]
    keys = {"other": "server-other", "error": "server-error", "nothing": "server-silent"}
    return [warn("network", keys[server.answer], **params)]


def judge_enrolment(enrolment: EnrolmentFacts) -> list[Finding]:
    """Who the laptop is, and whether its key is its own."""
    params = {"path": enrolment.path, "detail": enrolment.detail}
    if enrolment.state == "enrolled":
        return [
            ok("enrolment", "enrolled", name=enrolment.name, agent=shown_code(enrolment.agent), server=enrolment.server)
        ]
    if enrolment.state == "none":
        return [warn("enrolment", "not-enrolled")]
    return [bad("enrolment", f"enrolment-{enrolment.state}", **params)]


def judge_disk(disk: DiskFacts) -> list[Finding]:
    """Whether a report can be kept."""
    params: dict[str, Scalar] = {"path": disk.path, "free_mb": disk.free_bytes // (1024 * 1024)}
    if disk.fault:
        return [bad("disk", "disk-unwritable", **params, detail=disk.fault)]
    if disk.free_bytes < NO_SPACE:
        return [bad("disk", "disk-full", **params)]
    if disk.free_bytes < LITTLE_SPACE:
        return [warn("disk", "disk-little", **params)]
    return [ok("disk", "disk-room", **params)]


def judge_outbox(outbox: OutboxFacts, now: datetime) -> list[Finding]:
    """Whether what was filed is whole, and how long it waits."""
    if not outbox.exists:
        return [ok("outbox", "outbox-none")]
    if outbox.damage:
        return [bad("outbox", "outbox-damaged", path=outbox.path, detail=outbox.damage)]
    found: list[Finding] = []
    if outbox.altered:
        found.append(bad("outbox", "outbox-altered", count=len(outbox.altered), first=outbox.altered[0]))
    if outbox.gaps:
        found.append(bad("outbox", "outbox-gaps", count=outbox.gaps))
    if outbox.refused:
        found.append(warn("outbox", "outbox-refused", count=outbox.refused))
    if outbox.waiting and outbox.oldest_waiting is not None and now - outbox.oldest_waiting > LONG_WAIT:
        found.append(warn("outbox", "outbox-waits", count=outbox.waiting, days=(now - outbox.oldest_waiting).days))
    return found or [ok("outbox", "outbox-whole", reports=outbox.reports, waiting=outbox.waiting)]


def judge_lists(outbox: OutboxFacts, now: datetime) -> list[Finding]:
    """The kits' lists that the laptop carries for work without a network."""
    if not outbox.lists or outbox.damage:
        return [warn("lists", "lists-none")]
    if outbox.oldest_list is not None and now - outbox.oldest_list > OLD_LIST:
        return [warn("lists", "lists-old", count=outbox.lists, days=(now - outbox.oldest_list).days)]
    return [ok("lists", "lists-kept", count=outbox.lists)]


def judge_baselines(baselines: BaselineFacts, now: datetime) -> list[Finding]:
    """The known firmware that the laptop carries."""
    if baselines.fault:
        return [bad("baselines", "baselines-unreadable", detail=baselines.fault)]
    if baselines.distrusted:
        return [bad("baselines", "baselines-distrusted", count=baselines.distrusted)]
    if not baselines.version:
        return [ok("baselines", "baselines-read", count=baselines.kinds)]
    params: dict[str, Scalar] = {"count": baselines.kinds, "version": baselines.version}
    if baselines.issued is not None and now - baselines.issued > OLD_BASELINES:
        return [warn("baselines", "baselines-old", **params, days=(now - baselines.issued).days)]
    return [ok("baselines", "baselines-kept", **params)]
