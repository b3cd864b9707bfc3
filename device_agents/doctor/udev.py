"""Rules for udev, made of the kinds' own match rules, so that the two cannot drift apart.

They do two things for each known USB identity: whoever sits at the laptop may use the port without joining a group
(`uaccess`, which systemd reads from files that sort before 73), and ModemManager leaves it alone (it would write to
the port, and an Arduino resets when its port is opened).
"""

from collections import defaultdict
from pathlib import Path
from typing import Final

from device_agents.kinds import all_kinds

NAME: Final = "70-stem-devices.rules"
FOLDERS: Final = (Path("/etc/udev/rules.d"), Path("/run/udev/rules.d"), Path("/usr/lib/udev/rules.d"))
_HEAD: Final = f"""\
# {NAME}: made by `stem-check doctor --udev` from the kinds of device that it knows; do not edit.
#   stem-check doctor --udev | sudo tee /etc/udev/rules.d/{NAME}
#   sudo udevadm control --reload && sudo udevadm trigger
ACTION=="remove", GOTO="stem_devices_end"
"""
_TAIL: Final = 'LABEL="stem_devices_end"\n'


def rules_text() -> str:
    """The whole file. A vendor's rule without a product stands for every product of it."""
    labels: dict[tuple[int, int | None], list[str]] = defaultdict(list)
    for kind in all_kinds():
        for rule in kind.usb:
            label = f"{kind.slug}: {rule.label}" if rule.label else kind.slug
            labels[rule.vid, rule.pid].append(label.encode("ascii", "replace").decode())
    parts = [_HEAD]
    for vid, pid in sorted(labels, key=lambda each: (each[0], -1 if each[1] is None else each[1])):
        product = "" if pid is None else f', ATTRS{{idProduct}}=="{pid:04x}"'
        device = "" if pid is None else f', ATTR{{idProduct}}=="{pid:04x}"'
        parts.append(
            f"# {'; '.join(labels[vid, pid])}\n"
            f'SUBSYSTEM=="tty", ATTRS{{idVendor}}=="{vid:04x}"{product}, TAG+="uaccess", ENV{{ID_MM_PORT_IGNORE}}="1"\n'
            f'SUBSYSTEM=="usb", ENV{{DEVTYPE}}=="usb_device", ATTR{{idVendor}}=="{vid:04x}"{device}, '
            'ENV{ID_MM_DEVICE_IGNORE}="1"\n'
        )
    return "".join([*parts, _TAIL])
