"""Whatever a person may call a port: a serial port's name or URL, or `ble:ADDRESS`."""

from device_agents.candidates import BLE, Candidate
from device_agents.discovery import serial_ports


def candidate_for(port: str) -> Candidate:
    """What is known of a port that a person named.

    Raises:
        PortError: there is no such port; several devices go by that name; Bluetooth cannot be used.
    """
    if port.lower().startswith(BLE):
        # Bluetooth's libraries load only for those who ask for it: a check over USB begins at once.
        from device_agents.discovery.ble import ble_candidate_for

        return ble_candidate_for(port)
    return serial_ports.candidate_for(port)
