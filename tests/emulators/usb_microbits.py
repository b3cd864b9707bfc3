"""Runs inside the guest (see `linux_guest.py`): plugs micro:bits into its USB, as gadgets on dummy_hcd, and looks at
them with `stem-check`. What it saw is written to /mnt as JSON.

A gadget has what DAPLink shows: VID:PID, a serial number, a serial line (CDC ACM) and a disk (mass storage); one in its
updater has the disk alone. The line of the first is bridged to /dev/ttyS1, behind which real MicroPython runs.
"""

import json
import os
import subprocess
import sys
import threading
import time
import tty
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

GADGETS = Path("/sys/kernel/config/usb_gadget")
ROOT = Path(__file__).parent.parent.parent
OUT = Path("/mnt")


@dataclass(frozen=True)
class Plugged:
    """A gadget: its place among the controllers, its number, what stands on its disk."""

    place: int
    serial: str
    disk: str
    has_line: bool = True

    @property
    def image(self) -> Path:
        return Path(f"/tmp/disk{self.place}.img")


def plug(board: Plugged) -> None:
    """Give the gadget its shape and plug it in."""
    with board.image.open("wb") as image:
        image.truncate(4 << 20)
    subprocess.run(["/bin/busybox", "mkdosfs", "-n", board.disk, str(board.image)], check=True)
    gadget = GADGETS / f"board{board.place}"
    gadget.mkdir()
    values = {
        "idVendor": "0x0d28",
        "idProduct": "0x0204",
        "bDeviceClass": "0xef",
        "bDeviceSubClass": "0x02",
        "bDeviceProtocol": "0x01",
        "strings/0x409/serialnumber": board.serial,
        "strings/0x409/manufacturer": "Arm",
        "strings/0x409/product": "BBC micro:bit CMSIS-DAP",
        "functions/mass_storage.0/lun.0/removable": "1",
        "functions/mass_storage.0/lun.0/file": str(board.image),
    }
    for folder in ("strings/0x409", "functions/mass_storage.0", "configs/c.1"):
        (gadget / folder).mkdir()
    functions = ["mass_storage.0"]
    if board.has_line:
        (gadget / f"functions/acm.{board.place}").mkdir()
        functions.append(f"acm.{board.place}")
    for name, value in values.items():
        (gadget / name).write_text(value)
    for function in functions:
        (gadget / "configs/c.1" / function).symlink_to(gadget / "functions" / function)
    (gadget / "UDC").write_text(f"dummy_udc.{board.place}")


def unplug(board: Plugged) -> None:
    """Pull the cable."""
    (GADGETS / f"board{board.place}" / "UDC").write_text("\n")


def disk_of(board: Plugged) -> str:
    """The name that the kernel gave to the board's disk."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for block in Path("/sys/class/block").glob("sd?"):
            usb = next((parent for parent in block.resolve().parents if (parent / "serial").is_file()), None)
            if (
                usb is not None
                and (usb / "serial").read_text().strip() == board.serial
                and Path("/dev", block.name).exists()
            ):
                return f"/dev/{block.name}"
        time.sleep(0.1)
    raise TimeoutError(f"no disk of {board.serial}")


def mount(board: Plugged, folder: str, files: dict[str, str]) -> None:
    """Write the files onto the board's disk and mount it as a desktop does."""
    disk, path = disk_of(board), Path(folder)
    path.mkdir(parents=True)
    subprocess.run(["/bin/busybox", "mount", "-t", "vfat", disk, folder], check=True)
    for name, content in files.items():
        (path / name).write_bytes(content.encode("ascii"))
    subprocess.run(["/bin/busybox", "umount", folder], check=True)
    subprocess.run(["/bin/busybox", "mount", "-t", "vfat", "-o", "ro,nosuid,nodev", disk, folder], check=True)


def bridge(one: str, other: str) -> None:
    """Pass bytes between two lines, both ways, for as long as this program runs."""
    handles = [os.open(path, os.O_RDWR | os.O_NOCTTY) for path in (one, other)]
    for handle in handles:
        tty.setraw(handle)

    def copy(source: int, target: int) -> None:
        while True:
            try:
                data = os.read(source, 4096)
                os.write(target, data)
            except OSError:  # the other side is not open now
                time.sleep(0.02)

    for pair in (handles, handles[::-1]):
        threading.Thread(target=copy, args=tuple(pair), daemon=True).start()


def drain(path: str) -> None:
    """Take what comes and say nothing, as a board does whose program does not use its line."""
    handle = os.open(path, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(handle)

    def take() -> None:
        while True:
            try:
                os.read(handle, 4096)
            except OSError:  # the other side is not open now
                time.sleep(0.02)

    threading.Thread(target=take, daemon=True).start()


def stem_check(name: str, *arguments: str) -> None:
    """Run stem-check as a technician does and keep what it says."""
    command = [sys.executable, "-m", "device_agents.cli", *arguments]
    begun = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    seconds = time.monotonic() - begun
    kept = {"code": done.returncode, "out": done.stdout, "err": done.stderr, "seconds": seconds}
    (OUT / f"{name}.json").write_text(json.dumps(kept))


def port_of(board: Plugged) -> str:
    """The serial port that the kernel gave to the board."""
    from serial.tools import list_ports

    end = time.monotonic() + 20
    while time.monotonic() < end:
        for port in list_ports.comports():
            if port.serial_number == board.serial:
                return str(port.device)
        time.sleep(0.1)
    raise TimeoutError(f"no port of {board.serial}")


def main() -> None:
    """Do as the plan in /mnt/plan.json says; see test_usb_guest.py."""
    plan = json.loads((OUT / "plan.json").read_text())
    boards = [Plugged(number, each["serial"], each["disk"], each["has_line"]) for number, each in enumerate(plan)]
    for board in boards:
        plug(board)
    ports = [port_of(board) if board.has_line else "" for board in boards]
    bridge("/dev/ttyGS0", "/dev/ttyS1")
    stem_check("stuck", "probe", ports[1], "--json")
    drain("/dev/ttyGS1")
    # The other way round than they were plugged in, so that no order can be what matches them.
    for board, each in sorted(zip(boards, plan, strict=True), key=lambda pair: -pair[0].place):
        mount(board, each["folder"], each["files"])
    with ThreadPoolExecutor() as side_by_side:
        for board, port in zip(boards, ports, strict=True):
            if port:
                side_by_side.submit(stem_check, f"board{board.place}", "probe", port, "--json")
    sys.path.insert(0, str(ROOT))
    from device_agents.desk import discovered

    found = [[target.port, target.drive] for target in discovered()]
    (OUT / "discovered.json").write_text(json.dumps({"found": found, "ports": ports}))
    for board in boards:
        unplug(board)
    (OUT / "done").touch()


if __name__ == "__main__":
    main()
