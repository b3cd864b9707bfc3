"""Runs inside the guest (see `linux_guest.py`): a laptop that, as far as its kernel, BlueZ, D-Bus and bleak can tell,
has a Bluetooth dongle, and micro:bits near it. The dongle is bumble's virtual controller behind /dev/vhci, the boards
are GATT servers on the same link. `stem-check` runs as a technician runs it; what it said is written to /mnt as JSON.
"""

import contextlib
import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))
from tests.emulators.ble_devices import microbit  # noqa: E402 — the guest starts this file by its path
from tests.emulators.ble_link import BleLink, Peripheral  # noqa: E402 — as above

OUT = Path("/mnt")
ADDRESS = "F0:F1:F2:00:00:01"


async def dongle(link: Any) -> None:
    """Plug a controller of the link into the guest's kernel."""
    from bumble import core
    from bumble.controller import Controller
    from bumble.transport import open_transport

    hci = await open_transport("vhci:/dev/vhci")
    ours = Controller("dongle", host_source=hci.source, host_sink=hci.sink, link=link, public_address=ADDRESS)
    plain = link.send_acl_data

    def send_acl_data(sender: Any, destination: Any, transport: Any, data: bytes) -> None:
        """BlueZ connects from the public address, where the link takes the random one for the sender's."""
        if sender is not ours or transport != core.PhysicalTransport.LE:
            plain(sender, destination, transport, data)
            return
        random, sender.random_address = sender.random_address, sender.public_address
        plain(sender, destination, transport, data)
        sender.random_address = random

    link.send_acl_data = send_acl_data


def stem_check(name: str, *arguments: str) -> None:
    """Run stem-check and keep what it says. In this process: another one would take most of the time to load."""
    from device_agents.cli import main as run

    out, err = io.StringIO(), io.StringIO()
    begun = time.monotonic()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(arguments)
    kept = {"code": code, "out": out.getvalue(), "err": err.getvalue(), "seconds": time.monotonic() - begun}
    (OUT / f"{name}.json").write_text(json.dumps(kept))


def start_bluetooth() -> list[subprocess.Popen[bytes]]:
    """The message bus and BlueZ's service."""
    Path("/run/dbus").mkdir(parents=True, exist_ok=True)
    Path("/run/dbus/pid").unlink(missing_ok=True)
    subprocess.run(["dbus-uuidgen", "--ensure"], check=True)
    bus = subprocess.Popen(["dbus-daemon", "--system", "--nofork", "--nopidfile"])
    while not Path("/run/dbus/system_bus_socket").exists():
        time.sleep(0.05)
    return [bus, subprocess.Popen(["/usr/libexec/bluetooth/bluetoothd", "--nodetach"])]


def boards() -> dict[str, Peripheral]:
    """What is near the laptop: one in order, one for the paired alone, one that is switched off in the middle."""
    leaving = microbit(name="BBC micro:bit [pupiz]")
    leaving.drop_at = 4
    return {
        "good": microbit(name="BBC micro:bit [zotut]"),
        "closed": microbit(name="BBC micro:bit [gavet]", paired_only=True),
        "leaving": leaving,
    }


def main() -> None:
    """See tests/proof/bluetooth.py for what is expected."""
    with BleLink() as link:
        link.run(dongle(link.space))
        near = {name: link.add(board) for name, board in boards().items()}
        services = start_bluetooth()
        time.sleep(2.0)
        stem_check("scan", "scan", "--seconds", "4", "--json")
        stem_check("good", "probe", f"ble:{near['good'].name}", "--json")
        for name in ("closed", "leaving"):
            stem_check(name, "probe", f"ble:{near[name].address}", "--json")
        stem_check("nobody", "probe", "ble:nobody", "--json")
        for service in reversed(services):
            service.kill()
    (OUT / "done").touch()


if __name__ == "__main__":
    main()
