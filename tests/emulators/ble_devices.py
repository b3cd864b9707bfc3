"""Bluetooth devices for the virtual link, made after their published profiles."""

import struct
from collections.abc import Sequence

from device_agents.kinds import microbit_ble as profile
from tests.emulators.ble_link import Peripheral, Trait

ALL = ("temperature", "accelerometer", "compass", "buttons", "display", "uart")
LED_STATE = "e95d7b77-251d-470a-a062-fa1922dfa9a8"
UART_HEARS = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"


def microbit(
    offered: Sequence[str] = ALL,
    *,
    name: str = "BBC micro:bit [zotut]",
    paired_only: bool = False,
    model: bytes = b"BBC micro:bit",
) -> Peripheral:
    """A micro:bit whose program has started those services, lying flat at 21 degrees.

    `paired_only`: the services of the parts ask for an encrypted link, as programs do that are built with pairing.
    """
    tick = iter(range(10**6))

    def acceleration() -> bytes:
        return struct.pack("<hhh", 12, -20 + next(tick) % 5, -1008)

    def trait(uuid: str, properties: str, value: object) -> Trait:
        return Trait(uuid, properties, value, encrypted=paired_only)  # type: ignore[arg-type]

    services = {
        profile.INFORMATION: [
            Trait(profile.MODEL, value=model),
            Trait(profile.SERIAL, value=b"1273187523"),
            Trait(profile.FIRMWARE, value=b"2.2.0-rc6"),
        ]
    }
    parts = {
        "temperature": (profile.TEMPERATURE, [trait(profile.CELSIUS, "READ,NOTIFY", struct.pack("<b", 21))]),
        "accelerometer": (profile.ACCELEROMETER, [trait(profile.ACCELERATION, "READ,NOTIFY", acceleration)]),
        "compass": (profile.MAGNETOMETER, [trait(profile.FIELD, "READ,NOTIFY", struct.pack("<hhh", 310, -5, -420))]),
        "buttons": (
            profile.BUTTONS,
            [trait(profile.BUTTON_A, "READ,NOTIFY", b"\0"), trait(profile.BUTTON_B, "READ,NOTIFY", b"\0")],
        ),
        "display": (profile.LED, [trait(LED_STATE, "READ,WRITE", bytes(5))]),
        "uart": (profile.UART, [trait(profile.UART_SAYS, "INDICATE", b""), trait(UART_HEARS, "WRITE", b"")]),
    }
    for part in offered:
        uuid, traits = parts[part]
        services[uuid] = traits
    return Peripheral(name, services)


def floor_robot(name: str = "Robot") -> Peripheral:
    """Some floor robot: a service of its maker's own and a word about itself. Blue-Bot's own uuids are not published,
    and these are none of its: they only stand for something that the check does not know."""
    own = "12345678-1234-5678-1234-56789abcdef0"
    return Peripheral(
        name,
        {
            "180a": [Trait("2a29", value=b"A maker of toys"), Trait("2a26", value=b"1.7")],
            own: [Trait("12345678-1234-5678-1234-56789abcdef1", "WRITE,NOTIFY")],
        },
    )
