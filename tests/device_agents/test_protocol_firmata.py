"""Firmata: what a sketch says of itself is read whole, and everything else is noise."""

from hypothesis import given
from hypothesis import strategies as st

from device_agents.protocols.firmata import (
    AnalogMap,
    Capabilities,
    Event,
    Firmata,
    Firmware,
    ProtocolVersion,
    Query,
)

ANNOUNCED = bytes.fromhex("f90203f0790203") + b"".join(bytes([c, 0]) for c in b"StandardFirmata.ino") + b"\xf7"
"""As StandardFirmata 2.3 of Arduino 1.0.6 says it when it starts."""
SAID: list[Event] = [ProtocolVersion(2, 3), Firmware(2, 3, "StandardFirmata.ino")]


def heard(data: bytes, size: int = 1000) -> tuple[Firmata, list[Event]]:
    link = Firmata()
    events: list[Event] = []
    for start in range(0, len(data), size):
        events += link.receive_data(data[start : start + size])
    return link, events


def test_questions_are_the_protocols() -> None:
    """Three questions, and none that moves a pin."""
    assert [query.value.hex() for query in Query] == ["f079f7", "f06bf7", "f069f7"]


@given(st.integers(1, 60))
def test_an_announcement_is_read_in_any_pieces(size: int) -> None:
    """Version and name, as they came from the real image."""
    link, events = heard(ANNOUNCED, size)
    assert events == SAID and link.noise == 0


@given(st.integers(0, len(ANNOUNCED) - 1))
def test_a_truncated_announcement_names_no_sketch(length: int) -> None:
    """Without its last byte the name may go on."""
    assert not any(isinstance(event, Firmware) for event in heard(ANNOUNCED[:length])[1])


def test_reports_of_pins_between_are_skipped() -> None:
    """A sketch that was left reporting its inputs is still understood."""
    assert heard(bytes.fromhex("e00102 910300") + ANNOUNCED + bytes.fromhex("e00102"))[1] == SAID


def test_what_each_pin_can_do_is_read() -> None:
    """A pin that is not to be used has no modes; one is read and written; one measures."""
    _, events = heard(bytes.fromhex("f06c 7f 00010101 040e 7f 00010101 020a 7f f7"))
    assert events == [Capabilities((frozenset(), frozenset({"digital", "servo"}), frozenset({"digital", "analog"})))]
    assert heard(bytes.fromhex("f06a7f7f0001f7"))[1] == [AnalogMap((None, None, 0, 1))]


def test_half_a_list_of_pins_is_none() -> None:
    """The end of the last pin is missing, or half of a pair."""
    assert heard(bytes.fromhex("f06c 7f 0001 f7"))[1] == []
    assert heard(bytes.fromhex("f06c 7f 00 f7"))[1] == []


@given(st.binary(max_size=300))
def test_text_and_garbage_are_noise(data: bytes) -> None:
    """Another sketch's words are never a name: no exception, nothing kept that grows."""
    text = bytes(value & 0x7F for value in data)
    assert heard(text)[1] == [] and heard(text)[0].noise == len(text)
    link, _ = heard(data * 40)
    assert len(link._message) <= 4200


@given(st.binary(max_size=40))
def test_noise_before_an_announcement_does_not_hide_it(noise: bytes) -> None:
    """The sketch before it may have been cut off anywhere."""
    assert SAID[1] in heard(noise + ANNOUNCED)[1]
