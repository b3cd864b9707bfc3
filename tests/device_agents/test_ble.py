"""Bluetooth's discovery and transport over a real GATT exchange: unmodified bleak on bumble's virtual link."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError

from device_agents.auto import decide
from device_agents.discovery.ble import ble_candidate_for, ble_candidates, bluetooth_error
from device_agents.errors import (
    AgentError,
    BleMissing,
    BluetoothDenied,
    BluetoothMissing,
    BluetoothOff,
    PortAmbiguous,
    PortError,
    PortVanished,
)
from device_agents.kinds import kind_by_slug
from device_agents.transports import ble as transports
from device_agents.transports.base import Line
from device_agents.transports.ble import BleTransport
from tests.device_agents.probing import stem_check
from tests.emulators.ble_devices import microbit
from tests.emulators.ble_link import BleLink, Peripheral, Trait

BATTERY = {"180f": [Trait("2a19", "READ,NOTIFY", b"\x63"), Trait("2a1a", "READ,WRITE", b"", encrypted=True)]}


@pytest.fixture
def link() -> Iterator[BleLink]:
    with BleLink() as link:
        yield link


def thing(name: str = "thing", **more: object) -> Peripheral:
    traits = {uuid: [Trait(t.uuid, t.properties, t.value, t.encrypted) for t in each] for uuid, each in BATTERY.items()}
    return Peripheral(name, traits, **more)  # type: ignore[arg-type]


def lines(transport: BleTransport, request: bytes, wait_s: float = 2.0) -> list[str]:
    transport.write(request)
    return transport.read(wait_s).decode().splitlines()


def test_a_scan_tells_what_is_announced(link: BleLink) -> None:
    """Name, address, strength, services, and what the maker adds; a micro:bit is known by its name."""
    link.add(microbit())
    link.add(thing("buggy", announced=["180f"], manufacturer=(0x0590, b"\x01\x02")))
    found = {each.properties["name"]: each for each in ble_candidates(0.4, link.radio)}
    assert decide(found["BBC micro:bit [zotut]"]).kind is kind_by_slug("microbit-ble")
    buggy = found["buggy"]
    assert buggy.hardware_id == f"ble {buggy.properties['address']}"
    assert buggy.port == f"ble:{buggy.properties['address']}"
    assert buggy.properties["services"] == "180f"
    assert buggy.properties["manufacturer.0590"] == "0102"
    assert int(buggy.properties["rssi"]) < 0
    decision = decide(buggy)
    assert decision.kind is None and decision.reason == "unknown-ble-name"
    assert "microbit-ble" in decision.may_be and "arduino-avr" not in decision.may_be


def test_a_device_is_found_by_its_address_or_its_name(link: BleLink) -> None:
    """Whatever the case of its letters; by address it takes no longer than until it is heard."""
    board = link.add(thing("Robot 7"))
    begun = time.monotonic()
    assert ble_candidate_for(f"ble:{board.address.lower()}", link.radio).port == f"ble:{board.address}"
    assert time.monotonic() - begun < 1.0
    assert ble_candidate_for("BLE:robot 7", link.radio).port == f"ble:{board.address}"


def test_two_of_a_name_have_to_be_told_apart(link: BleLink) -> None:
    """A name that two devices go by names none: both addresses are told, and one of them works."""
    boards = [link.add(thing("twin")) for _ in range(2)]
    with pytest.raises(PortAmbiguous) as refused:
        ble_candidate_for("ble:twin", link.radio)
    assert all(board.address in refused.value.detail for board in boards)
    transport = BleTransport("ble:twin", link.radio)
    with pytest.raises(PortAmbiguous):
        transport.open(Line())
    assert ble_candidate_for(f"ble:{boards[1].address}", link.radio).properties["address"] == boards[1].address


@pytest.mark.parametrize("port", ["ble:C0:FF:EE:00:00:00", "ble:nobody", "ble:"])
def test_a_device_that_is_not_heard_is_missing(link: BleLink, port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In time, and by name of the port."""
    monkeypatch.setattr(transports, "FIND_S", 0.3)
    link.add(thing())
    with pytest.raises(BleMissing):
        ble_candidate_for(port, link.radio, seconds=0.3)
    with pytest.raises(BleMissing):
        BleTransport(port, link.radio).open(Line())


def test_a_whole_conversation(link: BleLink) -> None:
    """Services, reading, writing, notifications, and each refusal by its reason."""
    board = link.add(thing())
    board.trait("2a1a").encrypted = False
    transport = BleTransport(f"ble:{board.address}", link.radio)
    transport.open(Line())
    try:
        offered = lines(transport, b"services\n")
        assert offered[-4:] == [
            "service 180f",
            "characteristic 2a19 read,notify",
            "characteristic 2a1a read,write",
            "services-end",
        ]
        assert lines(transport, b"read 2a19\n") == ["value 2a19 63"]
        assert lines(transport, b"read 2a1a\n") == ["refused 2a1a encryption"]
        assert lines(transport, b"write 2a1a 01\n") == ["refused 2a1a encryption"]
        assert lines(transport, b"read 2a00\n")[0].startswith("value 2a00 ")
        assert lines(transport, b"read 2aff\n") == ["refused 2aff missing"]
        assert lines(transport, b"subscribe 2a19\n") == ["subscribed 2a19"]
        link.notify(board, "2a19", b"\x62")
        assert transport.read(2.0) == b"notified 2a19 62\n"
        assert transport.read(0.0) == b""
        assert not transport.set_baud(9600) and not transport.pulse_reset(0.1)
    finally:
        transport.close()
    transport.close()
    with pytest.raises(PortVanished):
        transport.write(b"services\n")


def test_what_a_device_says_last_is_heard_before_it_is_gone(link: BleLink) -> None:
    """A disconnect is told once all that came before it has been read, and then every time."""
    board = link.add(thing())
    transport = BleTransport(f"ble:{board.address}", link.radio)
    transport.open(Line())
    assert lines(transport, b"subscribe 2a19\n") == ["subscribed 2a19"]
    link.notify(board, "2a19", b"\x01")
    link.drop(board)
    time.sleep(0.2)
    assert transport.read(1.0) == b"notified 2a19 01\n"
    for _ in range(2):
        with pytest.raises(PortVanished):
            transport.read(1.0)
    with pytest.raises(PortVanished):
        transport.write(b"read 2a19\n")
    transport.close()
    transport.open(Line())  # it is there again, and found again
    assert lines(transport, b"read 2a19\n") == ["value 2a19 63"]
    transport.close()


def test_a_silent_device_does_not_hold_the_line(link: BleLink, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exchange has an end of its own, and closing waits for nobody."""
    monkeypatch.setattr(transports, "EXCHANGE_S", 0.2)
    board = link.add(thing(seconds=30.0))
    transport = BleTransport(f"ble:{board.address}", link.radio)
    transport.open(Line())
    begun = time.monotonic()
    assert lines(transport, b"read 2a19\n") == ["refused 2a19 timeout"]
    transport.close()
    assert time.monotonic() - begun < 2.0


def test_closing_lets_others_find_it_again(link: BleLink) -> None:
    """After a check the device is not connected any more."""
    board = link.add(thing())
    transport = BleTransport(f"ble:{board.address}", link.radio)
    transport.open(Line())
    assert len(board.device.connections) == 1
    transport.close()
    deadline = time.monotonic() + 2.0
    while board.device.connections and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not board.device.connections


REASON = BleakBluetoothNotAvailableReason


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (BleakBluetoothNotAvailableError("no adapter", REASON.NO_BLUETOOTH), BluetoothMissing),
        (BleakBluetoothNotAvailableError("off", REASON.POWERED_OFF), BluetoothOff),
        (BleakBluetoothNotAvailableError("no", REASON.DENIED_BY_USER), BluetoothDenied),
        (BleakBluetoothNotAvailableError("no", REASON.DENIED_BY_SYSTEM), BluetoothDenied),
        (BleakBluetoothNotAvailableError("?", REASON.UNKNOWN), BluetoothMissing),
        (FileNotFoundError(2, "No such file"), BluetoothMissing),
        (PermissionError(13, "denied"), BluetoothDenied),
        (BleakError("something"), PortError),
    ],
)
def test_why_bluetooth_cannot_be_used_is_told(fault: Exception, error: type[AgentError]) -> None:
    """What the systems raise becomes one of our facts."""
    assert isinstance(bluetooth_error("ble:x", fault), error)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (BleakDBusError("org.bluez.Error.NotAuthorized", ["Insufficient authorization"]), "encryption"),
        (BleakDBusError("org.bluez.Error.NotPermitted", ["Read not permitted"]), "not-permitted"),
        (BleakDBusError("org.bluez.Error.NotPermitted", ["Not paired"]), "encryption"),
        (BleakDBusError("org.bluez.Error.Failed", ["Operation failed with ATT error: 0x0f"]), "encryption"),
        (BleakDBusError("org.bluez.Error.Failed", ["Unlikely"]), "failed"),
        (OSError("[WinError -2140864497] The attribute requires authentication before it can be read"), "encryption"),
        (TimeoutError(), "timeout"),
    ],
)
def test_each_systems_refusal_has_one_reason(fault: Exception, why: str) -> None:
    """A link that has to be encrypted is told as that, whatever the system calls it."""
    assert transports._why(fault) == why


def test_a_laptop_without_bluetooth_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 3 and what to do, in time, in both languages; what is plugged in is listed even so."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    for language, word in (("el", "Bluetooth"), ("en", "Bluetooth dongle")):
        done = stem_check("probe", "ble:C0:00:00:00:00:01", "--lang", language, "--json", limit_s=20)
        assert (done.code, done.out) == (3, "") and word in done.err
    done = stem_check("scan", "--json", "--seconds", "1", limit_s=20)
    assert done.code == 3 and done.document["schema"] == "stem-check-scan/1"


def test_a_kind_wants_its_own_sort_of_port() -> None:
    """A Bluetooth kind at a serial port: exit 3, and what to type."""
    done = stem_check("probe", "/dev/null", "--kind", "microbit-ble", "--lang", "en")
    assert done.code == 3 and "ble:ADDRESS" in done.err


def test_the_radio_is_not_loaded_for_other_commands() -> None:
    """`--help` and a check by cable start without Bluetooth's libraries."""
    code = (
        "import sys, device_agents.cli as cli, device_agents.desk, device_agents.commands.probe\n"
        "try: cli.main(['--help'])\nexcept SystemExit: pass\n"
        "assert 'bleak' not in sys.modules and 'device_agents.discovery.ble' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_names_are_heard_by_their_end(link: BleLink) -> None:
    """A name padded with zeros, as some firmware announces it, is the name."""
    link.add(thing("padded\0\0"))
    assert ble_candidate_for("ble:padded", link.radio).properties["name"] == "padded"
