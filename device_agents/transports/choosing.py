"""The transport that fits a kind and a port."""

from typing import Any

from device_agents.candidates import Candidate
from device_agents.errors import PortNotForKind
from device_agents.kinds.base import DeviceKind, Opening
from device_agents.transports.base import Transport
from device_agents.transports.serial_port import SerialTransport


def transport_for(kind: DeviceKind[Any], candidate: Candidate) -> Transport | None:
    """A closed transport for the candidate's port; None for a kind or a candidate (a disk alone) without one.

    Raises:
        PortNotForKind: a serial port for a kind that is reached over Bluetooth, or the other way round.
    """
    if kind.opening is Opening.NEVER or (kind.by_drive and not candidate.port):
        return None
    if candidate.is_ble != (kind.link == "ble"):
        raise PortNotForKind(candidate.port, kind.slug)
    if candidate.is_ble:
        # Bluetooth's libraries load only for those who ask for it: a check over USB begins at once.
        from device_agents.transports.ble import BleTransport

        return BleTransport(candidate.port)
    return SerialTransport(candidate.port)
