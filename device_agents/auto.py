"""What `--kind auto` may conclude: which kind a port is, without opening it.

Opening a port resets many devices, and a 3D printer that is at work must not be reset. So `auto` looks at the
USB identity only, and opens a port only where that identity is one kind's alone and that kind may be opened
freely:

- one kind's own identity, freely opened (an Arduino Uno, a micro:bit): that kind;
- an identity that several products share (CH340, FTDI, CP210x, an Arduino Mega), a printer's own, or one that
  no kind knows: not opened; UNKNOWN, with the kinds that it may be and what to type;
- over Bluetooth, the announced name stands for the identity;
- a pty, a network URL, an old serial port: no identity at all, so anything may hang there, a printer too: the
  same.

Naming a kind is the person's word that the port may be opened.
"""

from dataclasses import dataclass

from device_agents.candidates import Candidate
from device_agents.kinds import AnyKind, all_kinds, kinds_matching
from device_agents.kinds.base import Opening


@dataclass(frozen=True)
class Decision:
    """The kind to check, or none with a reason (a message key) and the kinds that a person may name."""

    kind: AnyKind | None
    reason: str = ""
    may_be: tuple[str, ...] = ()


def decide(candidate: Candidate) -> Decision:
    """What `auto` makes of a candidate; see the module."""
    link = "ble" if candidate.is_ble else "serial"
    with_port = tuple(kind.slug for kind in all_kinds() if kind.opening is not Opening.NEVER and kind.link == link)
    if candidate.vid is None and not candidate.is_ble:
        return Decision(None, "no-usb-identity", with_port)
    matches = kinds_matching(candidate)
    slugs = tuple(kind.slug for kind, _ in matches)
    if not matches:
        return Decision(None, "unknown-ble-name" if candidate.is_ble else "unknown-usb-identity", with_port)
    kind, alone = matches[0]
    if len(matches) > 1 or not alone:
        return Decision(None, "shared-usb-identity", slugs)
    if kind.opening is not Opening.FREELY:
        return Decision(None, "must-be-named", slugs)
    return Decision(kind)
