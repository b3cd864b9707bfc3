"""A small Linux of its own under QEMU, for what needs a kernel that a test may do anything to: USB devices that come
and go, disks that are mounted, a Bluetooth controller.

It boots Debian's kernel (unpacked by scripts/test-system, not installed) with a minimal initramfs and then lives in
this machine's own file system, read-only over 9p under an overlay in memory: the same Python, the same packages, the
same code. What it writes to `/mnt` is in the folder `shared` outside. No KVM is needed; booting takes some six seconds.
"""

import re
import shlex
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.conftest import require, require_file, require_program

ROOT = Path(__file__).parent.parent.parent
KERNELS = ROOT / ".venv-guest"
BASE_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
_DEPENDS = re.compile(rb"\x00depends=([^\x00]*)\x00")

INIT = """\
#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys /dev /host /rw /root
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs dev /dev
while read m options; do $b insmod /lib/$m.ko $options || echo "no module $m"; done </modules
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=loose,ro host /host
$b mount -t tmpfs tmpfs /rw
$b mkdir -p /rw/upper /rw/work
$b mount -t overlay -o lowerdir=/host,upperdir=/rw/upper,workdir=/rw/work overlay /root
for d in proc sys dev; do $b mount -o move /$d /root/$d; done
$b chroot /root /bin/busybox mount -t configfs none /sys/kernel/config 2>/dev/null
$b chroot /root /bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288 shared /mnt
$b chroot /root /bin/busybox sh /mnt/command </dev/null
$b sync
$b poweroff -f
"""


def run_in_guest(
    command: Sequence[str],
    shared: Path,
    *,
    modules: Sequence[str] = (),
    serial_ports: Sequence[str] = (),
    limit_s: float = 120.0,
) -> str:
    """Run a command as root in the guest, in this repository's folder, until it ends.

    Args:
        command: what to run; its output stands on the console.
        shared: a folder that the guest sees as /mnt and may write to.
        modules: of the kernel, loaded before, each with its options if any ("dummy_hcd num=2").
        serial_ports: ptys of this machine, which the guest has as /dev/ttyS1 and so on.
        limit_s: after which it is ended.

    Returns:
        Everything on the console.
    """
    qemu = require_program("qemu-system-x86_64", "qemu-system-x86")
    busybox = require_file("/bin/busybox", "busybox-static")
    kernels = sorted(KERNELS.glob("vmlinuz-*"))
    require("a kernel for the guest", bool(kernels), "run `make test-system`")
    line = " ".join(map(shlex.quote, command))
    (shared / "command").write_text(f"cd {shlex.quote(str(ROOT))}\nexport HOME=/tmp\n{line} 2>&1\n", encoding="utf-8")
    initrd = shared / "initrd"
    initrd.write_bytes(_initramfs(busybox, (*BASE_MODULES, *modules)))
    arguments = [qemu, "-accel", "tcg", "-m", "640", "-no-reboot", "-nodefaults", "-display", "none"]
    arguments += ["-kernel", str(kernels[-1]), "-initrd", str(initrd), "-append", "console=ttyS0 quiet panic=-1"]
    for tag, path, rights in (("host", "/", ",readonly=on"), ("shared", str(shared), "")):
        arguments += ["-virtfs", f"local,path={path},mount_tag={tag},security_model=none,multidevs=remap{rights}"]
    arguments += ["-serial", "stdio"]
    for number, port in enumerate(serial_ports):
        arguments += ["-chardev", f"serial,id=line{number},path={port}", "-serial", f"chardev:line{number}"]
    done = subprocess.run(
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit_s
    )
    return done.stdout.decode("utf-8", "replace")


def _initramfs(busybox: Path, modules: Iterable[str]) -> bytes:
    found = {path.stem.replace("-", "_"): path for path in KERNELS.glob("lib/modules/*/kernel/**/*.ko")}
    order: dict[str, Path] = {}
    options: dict[str, str] = {}

    def add(given: str) -> None:
        name, _, option = given.replace("-", "_").partition(" ")
        options[name] = option or options.get(name, "")
        if name in order or name not in found:  # what is no file is a part of the kernel itself
            return
        depends = _DEPENDS.search(found[name].read_bytes())
        for other in depends[1].decode("ascii").split(",") if depends else ():
            if other:
                add(other)
        order[name] = found[name]

    for name in modules:
        add(name)
    archive = bytearray()
    for folder in ("bin", "lib", "dev"):
        archive += _entry(folder, 0o040755, b"")
    archive += _entry("bin/busybox", 0o100755, busybox.read_bytes())
    archive += _entry("init", 0o100755, INIT.encode("ascii"))
    archive += _entry("modules", 0o100644, "".join(f"{name} {options[name]}\n" for name in order).encode("ascii"))
    for name, path in order.items():
        archive += _entry(f"lib/{name}.ko", 0o100644, path.read_bytes())
    return bytes(archive + _entry("TRAILER!!!", 0, b""))


def _entry(name: str, mode: int, content: bytes) -> bytes:
    """One entry of a cpio archive in the form `newc`, which the kernel unpacks."""
    raw = name.encode("ascii") + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
    return head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4)
