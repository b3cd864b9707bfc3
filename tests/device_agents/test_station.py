"""A whole box at once: all is checked side by side, nothing that was found is lost, and nobody's word is guessed."""

import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_agents.conversation import Answer
from device_agents.desk import Checked, Target, Watch
from device_agents.discovery.presence import Added, Presence, Removed, Sighting
from device_agents.errors import HostRefused, OutboxUnusable
from device_agents.kitlist import Found, KitList, Row, Status
from device_agents.station.devices import Phase
from device_agents.station.engine import Station
from device_agents.station.sources import PortsFile
from device_agents.transports.base import Line, Transport
from device_agents.transports.replay import ReplayTransport
from firmware_checks.verdicts import Verdict
from tests.device_agents.boxes import (
    MICROBIT,
    OPEN_THERMISTOR,
    UNO,
    Box,
    Silent,
    expecting,
    replayed,
    sighting,
    target,
    timed,
)
from tests.device_agents.reports import make_report


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def shown(station: Station) -> list[tuple[str, str, str]]:
    return [
        (row.status.value, row.serial, row.found.report.verdict.value if row.found and row.found.report else "")
        for row in station.view().rows
    ]


def filed(box: Box) -> list[tuple[str, str]]:
    """The kept reports, oldest first: number and verdict."""
    from device_agents.envelope import read_envelope

    envelopes = [read_envelope(kept.envelope) for kept in box.outbox.all()]
    return [(envelope.serial_number, str(envelope.report["verdict"])) for envelope in envelopes]


def test_twenty_devices_take_about_as_long_as_the_slowest(box: Box) -> None:
    """Recorded devices at their recorded pace, all at once: at most half as long again as one of them alone."""
    box.devices = {f"u{n}": timed(UNO) for n in range(19)} | {"m": timed(MICROBIT)}
    begun = time.monotonic()
    alone = box.station(expecting(microbit=1))
    alone.add(target("m", "microbit"))
    assert alone.wait(30)
    slowest = time.monotonic() - begun
    station = box.station(expecting(arduino_avr=19, microbit=1))
    begun = time.monotonic()
    for name in box.devices:
        station.add(target(name, "microbit" if name == "m" else "arduino-avr", name))
    assert station.wait(30)
    took = time.monotonic() - begun
    assert [row[0] for row in shown(station)] == ["found"] * 20 and box.most == 20
    assert all(row[2] == "PASS" for row in shown(station)) and not box.open_now
    assert took <= 1.5 * slowest, f"{took:.2f} s for twenty, {slowest:.2f} s for the slowest"


def test_a_mixed_box_is_matched_and_filed_as_it_comes(box: Box) -> None:
    """Good, faulty, foreign, missing and twice there, each with its own report; the faulty one first on the disk too if
    it ends first."""
    box.devices = {
        "uno": replayed(UNO),
        "copy": replayed(UNO),
        "other": replayed(UNO),
        "bit": replayed(MICROBIT),
        "printer": replayed(OPEN_THERMISTOR),
    }
    station = box.station(expecting(arduino_avr=["UNO-1", "UNO-2"], microbit=1, printer_marlin=["P-1"]))
    station.add(target("uno", "arduino-avr", "uno-1"))
    assert station.wait(30)
    for name, slug, label in (
        ("copy", "arduino-avr", "UNO-1"),
        ("other", "arduino-avr", "X-9"),
        ("bit", "microbit", ""),
        ("printer", "printer-marlin", "P-1"),
    ):
        station.add(target(name, slug, label))
    assert station.wait(30)
    unique_id = station.view().devices[3].checked.found.serial  # type: ignore[union-attr] # it was checked
    assert shown(station) == [
        ("found", "UNO-1", "PASS"),
        ("twice", "UNO-1", "PASS"),
        ("foreign", "X-9", "PASS"),
        ("found", unique_id, "PASS"),
        ("found", "P-1", "FAIL"),
        ("missing", "UNO-2", ""),
    ]
    view = station.view()
    assert (view.quantity, view.faulty, view.count(Status.TWICE)) == (4, 1, 1)
    kept = filed(box)
    assert len(kept) == 5 and kept[0] == ("UNO-1", "PASS") and ("P-1", "FAIL") in kept
    assert all(device.report_id and device.filed == 1 for device in view.devices)


def test_unplugged_in_mid_check_and_plugged_in_again(box: Box) -> None:
    """The cut check is kept and decides nothing; the device comes back at another port and is the same one: its second
    report takes the first one's place on the list, and both are kept."""
    pulled = threading.Event()

    def maker() -> Transport:
        return ReplayTransport(UNO.entries) if pulled.is_set() else ReplayTransport(UNO.entries, vanish_after=8)

    box.devices = {"a": maker, "b": maker}
    presence = Presence(settle_s=0.0, gone_s=0.0)
    station = box.station(expecting(arduino_avr=["UNO-1"]), presence=presence)
    for event in presence.see([sighting("a", "arduino-avr", "UNO-1")], 0.0):
        station.take(event)
    assert station.wait(30)
    assert shown(station) == [("found", "UNO-1", "INCONCLUSIVE")]
    for event in presence.see([], 1.0):
        assert isinstance(event, Removed)
        station.take(event)
    assert [device.plugged for device in station.view().devices] == [False]
    pulled.set()
    for event in presence.see([sighting("b", "arduino-avr", "UNO-1")], 2.0):
        assert isinstance(event, Added) and event.known
        station.take(event)
    assert station.wait(30)
    (device,) = station.view().devices
    assert shown(station) == [("found", "UNO-1", "PASS")]
    assert (device.number, device.times, device.plugged) == (1, 2, True)
    assert filed(box) == [("UNO-1", "INCONCLUSIVE"), ("UNO-1", "PASS")]


def test_a_board_without_a_number_is_known_again_by_its_label(box: Box) -> None:
    """A clone that comes back is another instance until its label is read; then it is the one from before."""
    box.devices = {"a": replayed(UNO), "b": replayed(UNO)}
    station = box.station(expecting(arduino_avr=["UNO-1", "UNO-2"]))
    station.plug(sighting("a", "arduino-avr"), "clone #1")
    assert station.wait(30) and shown(station)[0][0] == "without-number"
    station.label(1, "UNO-1")
    assert shown(station)[0] == ("found", "UNO-1", "PASS")
    station.unplug("clone #1")
    station.plug(sighting("b", "arduino-avr"), "clone #2")
    assert station.wait(30)
    station.label(2, "UNO-1")
    (device,) = station.view().devices
    assert (device.number, device.times) == (2, 2)
    assert filed(box) == [("", "PASS"), ("UNO-1", "PASS"), ("", "PASS"), ("UNO-1", "PASS")]


def test_nothing_is_opened_without_the_persons_word(box: Box) -> None:
    """A port that does not say what hangs there waits, is opened when somebody says what it is, and a printer's port
    asks again each time."""
    box.devices = {"p": replayed(OPEN_THERMISTOR)}
    station = box.station(expecting(printer_marlin=1))
    number = station.plug(sighting("p"), "p")
    (device,) = station.view().devices
    assert device.phase is Phase.CONFIRM and "printer-marlin" in device.may_be and device.needs_person
    assert box.opened == [] and station.wait(1)
    station.confirm(number, "printer-marlin")
    assert station.wait(30) and box.opened == ["p"] and shown(station)[0][2] == "FAIL"
    station.again(number)
    assert station.view().devices[0].phase is Phase.CONFIRM and box.opened == ["p"]
    station.unplug("p")
    assert shown(station)[0][2] == "FAIL"
    station.plug(sighting("p"), "p")
    assert station.view().devices[0].phase is Phase.CONFIRM and box.opened == ["p"]


class _Crowded(ReplayTransport):
    """A port of a computer that can take three devices at a time."""

    room = threading.Semaphore(3)
    has = False

    def open(self, line: Line) -> None:
        if not self.room.acquire(blocking=False):
            raise HostRefused(self.port, "No space left on device")
        self.has = True
        time.sleep(0.05)
        super().open(line)

    def close(self) -> None:
        if self.has:
            self.has = False
            self.room.release()
        super().close()


def test_what_the_computer_refuses_comes_in_batches(box: Box) -> None:
    """Ten devices on a controller with room for three: all are checked in the end, each once, none is given up."""
    box.devices = {f"u{n}": lambda: _Crowded(UNO.entries) for n in range(10)}
    station = box.station(expecting(arduino_avr=10))
    for name in box.devices:
        station.plug(sighting(name, "arduino-avr", name), name)
    held = any(device.held_back for device in station.view().devices)
    assert station.wait(30)
    assert [row[0] for row in shown(station)] == ["found"] * 10 and len(box.outbox.all()) == 10
    assert station.at_once < station.most_at_once or held


def test_a_limit_is_kept(box: Box) -> None:
    """Never more checks at once than asked for."""
    box.devices = {f"u{n}": timed(UNO) for n in range(5)}
    station = box.station(expecting(arduino_avr=5), at_once=2)
    for name in box.devices:
        station.add(target(name, "arduino-avr", name))
    assert sum(device.held_back for device in station.view().devices) == 3
    assert station.wait(30) and box.most == 2 and len(box.outbox.all()) == 5


def test_a_checklist_is_asked_and_answered(box: Box) -> None:
    """The engine shows the open question and takes its answer, from another thread; one left open is INCONCLUSIVE."""
    station = box.station(expecting(bee_bot=["BEE-1"]))
    number = station.checklist("bee-bot", "BEE-1")
    asked = []
    end = time.monotonic() + 20
    while station.busy and time.monotonic() < end:
        (device,) = station.view().devices
        if device.question is None or device.question.key in asked:
            time.sleep(0.01)
            continue
        assert device.needs_person
        asked.append(device.question.key)
        station.answer(number, device.question, None if device.question.key == "photo" else Answer("yes"))
    assert asked[0] == "body" and asked[-1] == "signature" and len(asked) == 9
    assert shown(station) == [("found", "BEE-1", "INCONCLUSIVE")]
    assert station.view().devices[0].question is None


def test_quitting_in_mid_check_leaves_everything_in_order(box: Box) -> None:
    """Checks under way are ended at once, their ports closed, what they saw is filed, and the reason is the person."""
    box.devices = dict.fromkeys("ump", Silent)
    station = box.station(expecting(microbit=1))
    for name, slug in (("u", "arduino-avr"), ("m", "microbit"), ("p", "printer-marlin")):
        station.add(target(name, slug, name))
    station.checklist("bee-bot", "BEE-1")
    time.sleep(0.2)
    begun = time.monotonic()
    assert station.close()
    assert time.monotonic() - begun < 4 and not box.open_now
    reports = [device.report for device in station.view().devices]
    reasons = [{step.reason.key for step in report.steps if step.reason} for report in reports if report]
    assert len(reasons) == 4 and all(reason & {"check-stopped", "unanswered"} for reason in reasons)
    assert all(verdict == "INCONCLUSIVE" for _, verdict in filed(box)) and len(filed(box)) == 4


def test_a_full_disk_loses_no_report(box: Box) -> None:
    """A report that cannot be kept is shown as such, stays, and is kept when there is room again."""
    full = threading.Event()
    full.set()

    def file(kit: str, row: Row) -> str:
        if full.is_set():
            raise OutboxUnusable(path="/x", detail="database or disk is full")
        return box.filer(kit, row)

    box.devices = {"u": replayed(UNO)}
    station = box.station(expecting(arduino_avr=1))
    station._file = file
    station.add(target("u", "arduino-avr", "U"))
    assert station.wait(30)
    (device,) = station.view().devices
    assert device.unfiled is not None and filed(box) == [] and device.phase is Phase.DONE
    full.clear()
    station.refile()
    (device,) = station.view().devices
    assert device.unfiled is None and device.report_id and filed(box) == [("U", "PASS")]


def test_a_fault_of_ours_ends_one_check_only(box: Box) -> None:
    """A check that breaks is told with what to send to the support; the other devices are checked."""
    box.devices = {"u": replayed(UNO)}  # "x" is none: a KeyError
    station = box.station(expecting(arduino_avr=1))
    station.add(target("x", "arduino-avr"))
    station.add(target("u", "arduino-avr", "U"))
    assert station.wait(30)
    broken, good = station.view().devices
    assert broken.phase is Phase.UNUSABLE and broken.fault is not None and broken.fault.slug == "check-broke"
    assert good.phase is Phase.DONE


ACTS = st.lists(
    st.tuples(st.sampled_from(["plug", "unplug", "label", "again", "confirm", "wait"]), st.integers(0, 3)), max_size=25
)


@settings(deadline=None, max_examples=60)
@given(ACTS)
def test_whatever_people_do_nothing_is_lost(acts: list[tuple[str, int]]) -> None:
    """In any order of plugging, pulling, labelling, asking again: every check that ended was filed, every device has
    one row, and a number of the list is found at most once."""
    reports: list[tuple[str, Verdict | None]] = []

    def check(about: Target, watch: Watch) -> Checked:
        reports.append((about.port, Verdict.PASS))
        time.sleep(0.0005)
        serial = (about.label,) if about.label else ()
        return Checked(Found(about.port, "arduino-avr", serial, make_report("arduino-avr", Verdict.PASS)))

    kept: list[Row] = []

    def file(_kit: str, row: Row) -> str:
        kept.append(row)
        return f"{len(kept)}"

    station = Station(expecting(arduino_avr=["0", "1"], bee_bot=1), check, file)
    labelled = 0
    for act, which in acts:
        if act == "plug":
            station.plug(sighting(str(which), "arduino-avr" if which else ""), f"i{which}")
        elif act == "unplug":
            station.unplug(f"i{which}")
        elif act == "label":
            station.wait(5)
            before = {device.number: device for device in station.view().devices}
            station.label(which, str(which % 2))
            labelled += which in before and before[which].report is not None
        elif act == "again":
            station.again(which)
        elif act == "confirm":
            station.confirm(which, "arduino-avr")
        else:
            assert station.wait(5)
    assert station.wait(5)
    view = station.view()
    assert len(kept) == len(reports) + labelled
    assert all(device.filed and device.report_id for device in view.devices if device.report is not None)
    found = [row for row in view.rows if row.found is not None]
    assert len(found) == sum(device.checked is not None for device in view.devices)
    listed = [row.serial for row in found if row.status is Status.FOUND]
    assert len(listed) == len(set(listed))


def test_a_file_of_ports_plugs_and_unplugs(tmp_path: Path) -> None:
    """Lines that come and go are devices that do; a port that is not there is not plugged in; a bad line is told by its
    number and harms no other."""
    with tempfile.NamedTemporaryFile() as port:
        path = tmp_path / "ports.txt"
        source = PortsFile(path)
        assert source.look() == []
        path.write_text(f"# a comment\n\n{port.name}=arduino-avr:UNO-1\n/dev/ttyNOWHERE=microbit\nCOM3=toaster\n")
        assert [(one.candidate.port, one.kind, one.label) for one in source.look()] == [
            (port.name, "arduino-avr", "UNO-1")
        ]
        assert [number for number, _ in source.faults] == [5]
        path.write_text(f"{port.name}\nbee-bot:BEE-1\nbee-bot:BEE-1\nsocket://127.0.0.1:9=printer-marlin\n")
        assert [(one.kind, one.label) for one in source.look()] == [
            ("", ""),
            ("bee-bot", "BEE-1"),
            ("bee-bot", "BEE-1"),
            ("printer-marlin", ""),
        ]
        presence = Presence(settle_s=0.0)
        events = presence.see(source.look(), 0.0)
        assert [event.instance for event in events][1:3] == ["bee-bot BEE-1", "bee-bot BEE-1 #2"]
        path.write_text("")
        assert source.look() == [] and source.faults == []


def test_a_sighting_of_a_box_is_checked_as_listed(box: Box) -> None:
    """What an engine needs of a list without lines: nothing is expected, everything is foreign."""
    box.devices = {"u": replayed(UNO)}
    empty = KitList.model_validate(
        {"format": "stem-kit-list/1", "kit": "KABC2345", "title": {"el": "", "en": ""}, "lines": []}
    )
    station = box.station(empty)
    station.plug(Sighting(sighting("u").candidate, "arduino-avr", "U"), "u")
    assert station.wait(30) and shown(station) == [("foreign", "U", "PASS")]
