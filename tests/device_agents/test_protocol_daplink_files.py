"""DETAILS.TXT and FAIL.TXT are read as DAPLink writes them; of anything else nothing is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agents.messages import LANGUAGES, has
from device_agents.protocols.daplink_files import CAUSES, MOST_TEXT, read_details, read_failure
from tests.device_agents.daplink import OLDEST, V1_ID, V2_ID, details, failure


def test_details_tell_who_the_interface_is() -> None:
    """Number, mode, versions, and how it was built."""
    assert read_details(details()) == {
        "unique_id": V2_ID,
        "hic_id": "9796990b",
        "mode": "Interface",
        "interface_version": "0255",
        "bootloader_version": "0255",
        "git_sha": "1436bdcc67029fdfc0ff03b73e12045bb6a9f272",
        "local_mods": "0",
        "usb_interfaces": "MSD, CDC, HID, WebUSB",
    }


def test_the_first_boards_tell_a_version_only() -> None:
    """0234 wrote two lines, without a number."""
    assert read_details(OLDEST) == {"interface_version": "0234"}


def test_what_was_cut_is_never_half_believed() -> None:
    """After any byte: each value is the whole one, or missing."""
    whole = read_details(details())
    for count in range(len(details()) + 1):
        assert read_details(details()[:count]).items() <= whole.items(), count


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        (details(version="02555"), "interface_version"),
        (details(version="02 5"), "interface_version"),
        (details(version="-255"), "interface_version"),
        (details(version="NNNN").replace(b"NNNN", "٠٢٥٥".encode()), "interface_version"),
        (details(unique_id="9904; rm -rf /"), "unique_id"),
        (details(unique_id="99043602\x1b[2J"), "unique_id"),
        (details(mode="interface, surely"), "mode"),
        (details() + b"Interface Version: 0258\r\n", "interface_version"),
        (b"\r\n" * 5000 + details(), "unique_id"),
        (details().replace(b": ", b" = "), "unique_id"),
    ],
)
def test_a_value_of_another_shape_is_none(content: bytes, missing: str) -> None:
    """Wrong digits, other text, control characters, two values for one name, a file too long: not told."""
    assert missing not in read_details(content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str) -> None:
    """An editor or a system may have written the file anew."""
    text = details().decode("ascii").replace("\r\n", end)
    assert read_details(text.encode(encoding))["unique_id"] == V2_ID


@given(st.binary(max_size=600))
def test_any_bytes_are_harmless(content: bytes) -> None:
    """Nothing raises, and what is told has the shape that DAPLink writes."""
    told = read_details(content)
    assert all(value.isascii() and value.isprintable() for value in told.values())
    failed = read_failure(content)
    assert failed is None or (failed.cause in CAUSES and failed.text.isprintable() and len(failed.text) <= MOST_TEXT)


@given(st.integers(0, 500), st.integers(1, 60))
def test_lost_bytes_never_make_another_number(place: int, gone: int) -> None:
    """Wherever bytes are lost, the board's number is the whole one or none."""
    whole = details(V1_ID, "0249")
    assert read_details(whole[:place] + whole[place + gone :]).get("unique_id", V1_ID) == V1_ID


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("The interface firmware FAILED to reset/halt the target MCU", "processor"),
        ("Failed to reset/halt the target MCU", "processor"),
        ("The interface firmware FAILED to download the flash data contents to be programmed", "processor"),
        ("Failed to uninitialize the target MCU", "processor"),
        ("Flash algorithm write verify command FAILURE", "processor"),
        ("The interface firmware ABORTED programming. Image is trying to set security bits", "locked"),
        ("Programming aborted: image would lock target MCU", "locked"),
        ("The transfer timed out.", "transfer"),
        ("File sent out of order by PC. Target might not be programmed correctly.", "transfer"),
        ("The hex file cannot be decoded. Checksum calculation failure occurred.", "file-damaged"),
        (
            "The hex file you dropped isn't compatible with this mode or device. Are you in MAINTENANCE mode? "
            "See HELP FAQ.HTM",
            "file-foreign",
        ),
        ("The application image is not compatible with the target.", "file-foreign"),
        ("In application programming aborted due to an out of bounds address.", "updater"),
        ("The starting address for the interface update is wrong.", "updater"),
        ("Something that DAPLink 0300 may say", "unknown"),
    ],
)
def test_failures_are_known_by_what_they_are_about(message: str, cause: str) -> None:
    """Every message of error.c, in its old words and its new ones; the text itself is kept."""
    failed = read_failure(failure(message, "target, interface"))
    assert failed is not None
    assert failed.cause == cause and message in failed.text and failed.types == ("target", "interface")
    assert read_failure(message.encode("ascii")) is not None  # before 0247 there was nothing but the message


def test_an_empty_file_is_no_failure() -> None:
    """Only a text is a failure; and each cause has its words."""
    assert read_failure(b"") is None and read_failure(b"\r\n \r\n") is None
    assert [
        cause for cause in CAUSES for language in LANGUAGES if not has(language, f"reason.copy-failed-{cause}")
    ] == []
