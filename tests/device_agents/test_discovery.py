"""What the system lists becomes candidates: the instance is named, the model told, and nothing is opened."""

from pathlib import Path

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from device_agents.discovery.serial_ports import candidate_for, serial_candidates
from device_agents.errors import PortMissing


def listed(device: str, vid: int | None, pid: int | None, serial: str | None, location: str | None) -> ListPortInfo:
    info = ListPortInfo(device)
    info.vid, info.pid, info.serial_number, info.location = vid, pid, serial, location
    info.product = "a product" if vid else None
    return info


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        listed("/dev/ttyUSB1", 0x1A86, 0x7523, None, "1-2.4"),
        listed("/dev/ttyACM0", 0x2341, 0x0043, "75735303230351", "1-1"),
        listed("/dev/ttyS0", None, None, None, None),
        listed("COM3", 0x0D28, 0x0204, "9904", "1-3"),
    ]
    monkeypatch.setattr(list_ports, "comports", lambda: found)


@pytest.mark.usefixtures("ports")
def test_the_serial_number_names_the_instance_and_else_the_place() -> None:
    """A board with a serial number keeps its name wherever it is plugged; one without is named by its place."""
    found = {candidate.port: candidate for candidate in serial_candidates()}
    assert list(found) == sorted(found)
    assert found["/dev/ttyACM0"].hardware_id == "2341:0043 75735303230351"
    assert found["/dev/ttyUSB1"].hardware_id == "1a86:7523 at 1-2.4"
    assert found["/dev/ttyS0"].hardware_id == "" and found["/dev/ttyS0"].usb_id == ""
    assert found["COM3"].usb_id == "0d28:0204"


@pytest.mark.usefixtures("ports")
@pytest.mark.parametrize(
    ("named", "usb_id"),
    [
        ("/dev/ttyACM0", "2341:0043"),
        ("com3", "0d28:0204"),
        ("\\\\.\\COM3", "0d28:0204"),
        ("socket://127.0.0.1:9", ""),
    ],
)
def test_a_port_is_found_under_its_names(named: str, usb_id: str) -> None:
    """A person may write a port as the system does, as Windows takes it, or as a URL."""
    candidate = candidate_for(named)
    assert (candidate.port, candidate.usb_id) == (named, usb_id)


@pytest.mark.usefixtures("ports")
def test_links_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/serial/by-id names a port by a link."""
    link = tmp_path / "by-id"
    link.symlink_to("/dev/ttyACM0")
    assert candidate_for(str(link)).usb_id == "2341:0043"


@pytest.mark.usefixtures("ports")
@pytest.mark.parametrize("named", ["/dev/no-such-port", "COM9", "ttyACM0", "/dev/" + "x" * 300])
def test_a_port_that_is_nowhere_is_missing(named: str) -> None:
    """A name that the system does not know is told at once."""
    with pytest.raises(PortMissing):
        candidate_for(named)
