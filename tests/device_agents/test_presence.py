"""What is plugged in is told once, whatever ports do: an instance is a device, never a port's name."""

import threading
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from device_agents.candidates import Candidate
from device_agents.discovery.presence import Added, Event, Moved, Presence, Removed, Sighting
from device_agents.discovery.refused import refused_devices
from device_agents.discovery.watching import UsbPorts, Watcher


def board(port: str, serial: str = "", place: str = "1-1", usb: tuple[int, int] = (0x2341, 0x0043)) -> Sighting:
    """A board as the serial ports' listing tells it."""
    vid, pid = usb
    properties = {"location": place} | ({"serial_number": serial} if serial else {})
    return Sighting(Candidate(port, f"{vid:04x}:{pid:04x} {serial or f'at {place}'}", vid, pid, properties))


class Table:
    """A presence whose time runs half a second a look."""

    def __init__(self) -> None:
        self.presence = Presence()
        self.now = 0.0

    def see(self, *sightings: Sighting, looks: int = 1) -> list[Event]:
        events = []
        for _ in range(looks):
            events += self.presence.see(sightings, self.now)
            self.now += 0.5
        return events


def instances(events: Sequence[Event]) -> list[tuple[str, str]]:
    return [(type(event).__name__, event.instance) for event in events]


def test_a_device_is_told_when_it_has_settled_and_when_it_is_gone() -> None:
    """Not at first sight, not twice, not gone for one missed look, gone once after several."""
    table, uno = Table(), board("/dev/ttyACM0", "7573")
    assert table.see(uno) == []
    assert instances(table.see(uno, looks=5)) == [("Added", "2341:0043 7573")]
    assert table.see() == [] and table.see(uno) == []
    assert instances(table.see(looks=6)) == [("Removed", "2341:0043 7573")]


def test_a_port_that_flickers_is_never_told() -> None:
    """What is gone again before it settled has no event at all."""
    table = Table()
    for _ in range(4):
        assert table.see(board("/dev/ttyACM0", "7573")) + table.see() == []


def test_the_same_device_comes_back_as_itself_at_another_port() -> None:
    """Plugged in again elsewhere, a numbered device is known."""
    table = Table()
    table.see(board("/dev/ttyACM0", "7573"), looks=3)
    table.see(looks=4)
    events = table.see(board("/dev/ttyACM7", "7573", place="2-4"), looks=3)
    assert [(event.instance, event.known) for event in events if isinstance(event, Added)] == [("2341:0043 7573", True)]


def test_another_board_in_the_same_socket_is_another_instance() -> None:
    """A clone has no number: after it was unplugged, whatever is in its socket is somebody else."""
    table, clone = Table(), board("/dev/ttyUSB0", usb=(0x1A86, 0x7523))
    (first,) = table.see(clone, looks=3)
    (gone,) = table.see(looks=4)
    (second,) = table.see(clone, looks=3)
    assert isinstance(second, Added) and first.instance == gone.instance != second.instance and not second.known


def test_a_port_of_the_same_name_is_another_device() -> None:
    """One board leaves, another gets its port's name at once: told as two."""
    table = Table()
    table.see(board("/dev/ttyACM0", "A"), looks=3)
    events = table.see(board("/dev/ttyACM0", "B", place="1-2"), looks=5)
    assert ("Added", "2341:0043 B") in instances(events) and ("Removed", "2341:0043 A") in instances(events)


def test_two_devices_with_one_number_are_two() -> None:
    """A copied serial number does not hide a device."""
    table = Table()
    events = table.see(board("/dev/ttyACM0", "7573"), board("/dev/ttyACM1", "7573", place="1-2"), looks=3)
    assert len({event.instance for event in events}) == 2
    assert table.see(board("/dev/ttyACM0", "7573"), board("/dev/ttyACM1", "7573", place="1-2"), looks=3) == []


def test_two_ports_of_one_device_are_one() -> None:
    """A board that offers two serial ports is told once."""
    table = Table()
    seen = [board("/dev/ttyACM0", "R4", place="1-1:1.0"), board("/dev/ttyACM1", "R4", place="1-1:1.2")]
    assert len(table.see(*seen, looks=3)) == 1


def test_a_leonardo_that_is_being_checked_is_not_unplugged() -> None:
    """Its bootloader is another product on another port without a number; while held nothing is told, afterwards
    nothing either: it is itself again."""
    table = Table()
    sketch = board("/dev/ttyACM0", "LEO", usb=(0x2341, 0x8036))
    (added,) = table.see(sketch, looks=3)
    table.presence.hold(added.instance)
    assert table.see(looks=4) == []
    assert table.see(board("/dev/ttyACM1", place="1-1:1.0", usb=(0x2341, 0x0036)), looks=8) == []
    assert table.see(looks=3) == []
    events = table.see(board("/dev/ttyACM2", "LEO", usb=(0x2341, 0x8036)), looks=3)
    assert [type(event) for event in events] == [Moved]
    table.presence.release(added.instance)
    assert table.see(board("/dev/ttyACM2", "LEO", usb=(0x2341, 0x8036)), looks=4) == []


def test_what_was_unplugged_in_its_check_is_told_after_it() -> None:
    """Held it is not gone; released it is; and one that was plugged in again meanwhile is told as known."""
    table, uno = Table(), board("/dev/ttyACM0", "7573")
    (added,) = table.see(uno, looks=3)
    table.presence.hold(added.instance)
    assert table.see(looks=4) == []
    table.presence.release(added.instance, anew=True)
    assert instances(table.see(looks=2)) == [("Removed", added.instance)]
    table.see(uno, looks=3)
    table.presence.hold(added.instance)
    assert table.see(looks=2) + table.see(uno, looks=2) == []
    table.presence.release(added.instance, anew=True)
    assert [(event.instance, event.known) for event in table.see(uno, looks=3) if isinstance(event, Added)] == [
        (added.instance, True)
    ]


SEEN = st.lists(
    st.builds(board, st.sampled_from("abcd"), st.sampled_from(["", "1", "2"]), st.sampled_from(["1-1", "1-2"])),
    max_size=4,
)


@given(st.lists(st.tuples(SEEN, st.sampled_from(["", "hold", "release", "anew"])), max_size=30))
def test_events_are_always_in_order(looks: list[tuple[list[Sighting], str]]) -> None:
    """However ports come and go, an instance is added before it is removed, never twice without `known`, and what is
    there for long in the end has been told and not removed."""
    table = Table()
    there: set[str] = set()
    ever: set[str] = set()
    for seen, act in [*looks, *[([board("z", "9")], "release")] * 8]:
        for event in table.see(*seen):
            if isinstance(event, Added):
                assert event.known == (event.instance in ever)
                there.add(event.instance)
                ever.add(event.instance)
            elif isinstance(event, Removed):
                assert event.instance in there
                there.remove(event.instance)
            else:
                assert event.instance in there
        for instance in there:
            if act == "hold":
                table.presence.hold(instance)
            elif act:
                table.presence.release(instance, anew=act == "anew")
    assert there == {"2341:0043 9"}


def test_a_source_that_cannot_look_now_takes_nothing_away() -> None:
    """A listing that fails while a device is unplugged leaves the others where they are; this computer's own unknown
    ports are never told, one that is plugged in later is."""
    modem = board("/dev/ttyACM9", "own", usb=(0x1199, 0x9071)).candidate
    listed = [modem, board("/dev/ttyACM0", "7573").candidate]
    failing = threading.Event()

    def lister() -> list[Candidate]:
        if failing.is_set():
            raise FileNotFoundError("/sys/…")
        return listed

    watcher = Watcher([UsbPorts(lister)])
    assert instances([*watcher.look(0.0), *watcher.look(1.0)]) == [("Added", "2341:0043 7573")]
    failing.set()
    assert [*watcher.look(2.0), *watcher.look(9.0)] == []
    failing.clear()
    listed.append(board("/dev/ttyUSB3", "new", place="1-9", usb=(0x1199, 0x9071)).candidate)
    assert instances([*watcher.look(10.0), *watcher.look(11.0)]) == [("Added", "1199:9071 new")]


def test_the_watcher_looks_until_it_is_stopped() -> None:
    """Events come as they happen, and the generator ends with its stop."""
    stop = threading.Event()
    port = board("/dev/ttyACM0", "7573").candidate
    watcher = Watcher([UsbPorts(lambda: [port])], Presence(settle_s=0.0), every_s=0.01)
    told = []
    for event in watcher.events(stop):
        told.append(event)
        stop.set()
    assert instances(told) == [("Added", "2341:0043 7573")]


def test_a_device_that_the_computer_could_not_start_is_named(tmp_path: Path) -> None:
    """Linux lists it with an identity and no configuration; those that run, hubs and interfaces are none."""
    for name, vid, configuration in (
        ("1-1", "0d28", "1"),
        ("1-2", "0d28", ""),
        ("1-3", "1d6b", ""),
        ("1-2:1.0", "", ""),
    ):
        (tmp_path / name).mkdir()
        if vid:
            (tmp_path / name / "idVendor").write_text(vid + "\n")
            (tmp_path / name / "idProduct").write_text("0204\n")
            (tmp_path / name / "bConfigurationValue").write_text(configuration + "\n")
    assert [found.properties["location"] for found in refused_devices(tmp_path)] == ["1-2"]
    assert refused_devices(tmp_path / "nowhere") == []
