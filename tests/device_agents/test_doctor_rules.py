"""What the doctor makes of facts, and that each of its findings has words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from device_agents.commands.doctor import lines, remedy
from device_agents.doctor import rules
from device_agents.doctor.facts import (
    BaselineFacts,
    BluetoothFacts,
    ClockFacts,
    DiskFacts,
    EnrolmentFacts,
    Holder,
    OutboxFacts,
    PortFacts,
    ProgramFacts,
    ServerFacts,
)
from device_agents.doctor.findings import Finding, State, worst
from device_agents.messages import LANGUAGES, catalogue

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
GB = 1024**3
PORT = PortFacts("/dev/ttyUSB0")
DENIED = replace(PORT, allowed=False)
CH340 = {(0x1A86, 0x7523): "CH340"}
RADIO = BluetoothFacts("works")
SERVER = ServerFacts("https://stem.example", "ours")
WHOLE = OutboxFacts("/x", True, reports=3, lists=1, oldest_list=NOW)


def at(**apart: float) -> ClockFacts:
    return ClockFacts(NOW, server=NOW + timedelta(**apart))


CASES: list[tuple[list[Finding], str]] = [
    (rules.judge_ports([]), "warn no-ports"),
    (rules.judge_ports([PORT]), "ok port-free"),
    (rules.judge_ports([replace(PORT, allowed=None)]), "ok port-free"),
    (rules.judge_ports([replace(PORT, exists=False, allowed=False)]), "bad port-missing"),
    (rules.judge_ports([DENIED]), "bad port-denied"),
    (rules.judge_ports([replace(DENIED, group="dialout", membership="no")]), "bad port-group"),
    (rules.judge_ports([replace(DENIED, group="dialout", membership="later")]), "bad port-group-later"),
    (rules.judge_ports([replace(DENIED, group="dialout", membership="session")]), "bad port-denied"),
    (rules.judge_ports([replace(PORT, holders=(Holder(7, "minicom"),))]), "bad port-held"),
    (rules.judge_ports([replace(PORT, port="/dev/tty.usb", twin="/dev/cu.usb")]), "warn port-twin"),
    (rules.judge_ports([PORT, DENIED]), "ok port-free, bad port-denied"),
    (rules.judge_programs(ProgramFacts()), "unknown programs-unknown"),
    (rules.judge_programs(ProgramFacts(frozenset({"bash"}), "same")), "ok programs-quiet"),
    (rules.judge_programs(ProgramFacts(frozenset({"brltty"}), "same")), "warn brltty"),
    (rules.judge_programs(ProgramFacts(frozenset({"brltty"}), "same", CH340)), "bad brltty-took"),
    (rules.judge_programs(ProgramFacts(driverless=CH340)), "bad driver-ch340"),
    (rules.judge_programs(ProgramFacts(driverless={(0x2341, 0x43): "Uno"})), "bad driver-missing"),
    (rules.judge_programs(ProgramFacts(frozenset({"ModemManager"}), "same")), "ok programs-quiet"),
    (rules.judge_programs(ProgramFacts(frozenset({"ModemManager"}), "none")), "warn modemmanager, warn udev-none"),
    (rules.judge_programs(ProgramFacts(frozenset(), "other")), "warn udev-other"),
    (rules.judge_bluetooth(RADIO), "ok bluetooth-works"),
    (rules.judge_bluetooth(replace(RADIO, hard_blocked=True, soft_blocked=True)), "warn bluetooth-switch"),
    (rules.judge_bluetooth(BluetoothFacts("off", 1, soft_blocked=True)), "warn bluetooth-blocked"),
    (rules.judge_bluetooth(BluetoothFacts("off", 1)), "warn bluetooth-off"),
    (rules.judge_bluetooth(BluetoothFacts("missing", 0)), "warn bluetooth-missing"),
    (rules.judge_bluetooth(BluetoothFacts("missing", 1, detail="D-Bus")), "warn bluetooth-service"),
    (rules.judge_bluetooth(BluetoothFacts("denied")), "warn bluetooth-denied"),
    (rules.judge_bluetooth(BluetoothFacts("unusable")), "warn bluetooth-unusable"),
    (rules.judge_clock(at(seconds=59)), "ok clock-right"),
    (rules.judge_clock(at(seconds=-61)), "warn clock-near"),
    (rules.judge_clock(at(minutes=5)), "warn clock-near"),
    (rules.judge_clock(at(minutes=5, seconds=1)), "bad clock-apart"),
    (rules.judge_clock(at(days=-365)), "bad clock-apart"),
    (rules.judge_clock(ClockFacts(NOW.replace(year=1970))), "bad clock-year"),
    (rules.judge_clock(ClockFacts(NOW.replace(year=2080), server=NOW)), "bad clock-year"),
    (rules.judge_clock(ClockFacts(NOW, newest_report=NOW + timedelta(days=1))), "bad clock-back"),
    (rules.judge_clock(ClockFacts(NOW, newest_report=NOW - timedelta(days=1))), "unknown clock-unknown"),
    (rules.judge_clock(ClockFacts(NOW, synchronised=True)), "ok clock-right"),
    (rules.judge_clock(ClockFacts(NOW, synchronised=False)), "warn clock-alone"),
    (rules.judge_server(None), "unknown server-unnamed"),
    (rules.judge_server(SERVER), "ok server-reached"),
    (rules.judge_server(replace(SERVER, answer="nothing")), "warn server-silent"),
    (rules.judge_server(replace(SERVER, answer="error", detail="503")), "warn server-error"),
    (rules.judge_server(replace(SERVER, answer="other")), "warn server-other"),
    (rules.judge_server(replace(SERVER, answer="certificate")), "bad server-certificate"),
    (rules.judge_server(replace(SERVER, answer="certificate"), clock_is_bad=True), "bad server-certificate-clock"),
    (rules.judge_enrolment(EnrolmentFacts("enrolled", "n", "A", "s")), "ok enrolled"),
    (rules.judge_enrolment(EnrolmentFacts("none")), "warn not-enrolled"),
    (rules.judge_enrolment(EnrolmentFacts("no-key")), "bad enrolment-no-key"),
    (rules.judge_enrolment(EnrolmentFacts("open-key")), "bad enrolment-open-key"),
    (rules.judge_enrolment(EnrolmentFacts("unusable")), "bad enrolment-unusable"),
    (rules.judge_disk(DiskFacts("/x", 40 * GB)), "ok disk-room"),
    (rules.judge_disk(DiskFacts("/x", GB // 4)), "warn disk-little"),
    (rules.judge_disk(DiskFacts("/x", 0)), "bad disk-full"),
    (rules.judge_disk(DiskFacts("/x", 40 * GB, "Read-only file system")), "bad disk-unwritable"),
    (rules.judge_outbox(OutboxFacts("/x", False), NOW), "ok outbox-none"),
    (rules.judge_outbox(OutboxFacts("/x", True, damage="malformed"), NOW), "bad outbox-damaged"),
    (rules.judge_outbox(WHOLE, NOW), "ok outbox-whole"),
    (rules.judge_outbox(replace(WHOLE, altered=(2,), gaps=1), NOW), "bad outbox-altered, bad outbox-gaps"),
    (rules.judge_outbox(replace(WHOLE, refused=1), NOW), "warn outbox-refused"),
    (rules.judge_outbox(replace(WHOLE, waiting=2, oldest_waiting=NOW), NOW), "ok outbox-whole"),
    (rules.judge_outbox(replace(WHOLE, waiting=2, oldest_waiting=NOW - timedelta(8)), NOW), "warn outbox-waits"),
    (rules.judge_lists(OutboxFacts("/x", False), NOW), "warn lists-none"),
    (rules.judge_lists(WHOLE, NOW), "ok lists-kept"),
    (rules.judge_lists(WHOLE, NOW + timedelta(31)), "warn lists-old"),
    (rules.judge_baselines(BaselineFacts(5), NOW), "ok baselines-read"),
    (rules.judge_baselines(BaselineFacts(0, "x.toml"), NOW), "bad baselines-unreadable"),
    (rules.judge_baselines(BaselineFacts(5, "", 7, NOW), NOW + timedelta(120)), "ok baselines-kept"),
    (rules.judge_baselines(BaselineFacts(5, "", 7, NOW), NOW + timedelta(121)), "warn baselines-old"),
    (rules.judge_baselines(BaselineFacts(5, "", 7, NOW, 1), NOW), "bad baselines-distrusted"),
]


@pytest.mark.parametrize(("found", "expected"), CASES, ids=[expected for _, expected in CASES])
def test_what_facts_mean(found: list[Finding], expected: str) -> None:
    """Each state of the world has its finding, and words in which no parameter is missing."""
    assert ", ".join(f"{finding.state} {finding.key}" for finding in found) == expected
    for language in LANGUAGES:
        for line in lines(found, language):
            assert "…" not in line.replace("https://…", "") and "doctor." not in line, line


def test_every_finding_has_words_and_whatever_is_not_well_says_what_to_do() -> None:
    """The messages are those of the findings above and of nothing else; OK needs no remedy, the others have one."""
    cases = {finding.key: finding for found, _ in CASES for finding in found}
    for language in LANGUAGES:
        keys = {key.removeprefix("doctor.") for key in catalogue(language) if key.startswith("doctor.")}
        assert keys == set(cases) | {"not-looked"}
        remedies = {key.removeprefix("doctor-next.") for key in catalogue(language) if key.startswith("doctor-next.")}
        assert remedies <= keys
        without = {key for key, finding in cases.items() if not remedy(finding, language)}
        assert {key for key in without if cases[key].state is not State.OK} == {"programs-unknown"}


def test_the_worst_counts() -> None:
    """One obstacle makes the whole one; what could not be looked at is worse than OK and better than a warning."""
    order = [Finding("x", state, "k") for state in (State.OK, State.UNKNOWN, State.WARN, State.BAD)]
    assert [worst(order[: n + 1]) for n in range(4)] == [State.OK, State.UNKNOWN, State.WARN, State.BAD]
    assert worst([]) is State.OK
