"""Firmware files: what is whole is read, what is not is refused with a reason, nothing else ever happens."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intelhex import IntelHex

from firmware_checks.errors import ImageUnreadable
from firmware_checks.images import FORMS, Image, read
from firmware_checks.images.image import MAX_BYTES, MAX_FILE
from firmware_checks.images.intel_hex import MAX_HEX_BYTES
from tests.conftest import require_file
from tests.firmware_checks.hexfiles import END, data_records, intel_hex, record, uf2, universal_hex

BOOTLOADERS = "/usr/share/arduino/hardware/arduino/avr/bootloaders"
PIECES = [(0x7E00, bytes(range(200))), (0x17FF0, bytes(range(100, 140)))]

# A few separate segments at multiples of 64 KB, each of at most 2 KB.
segments = st.lists(
    st.tuples(st.integers(0, 20).map(lambda n: n * 0x10000 + 0x100), st.binary(min_size=1, max_size=2048)),
    min_size=1,
    max_size=4,
    unique_by=lambda piece: piece[0],
)


@given(segments)
def test_intel_hex_gives_back_what_was_written(pieces: list[tuple[int, bytes]]) -> None:
    """Address and bytes survive the way through a file."""
    file = read(intel_hex(pieces))
    assert (file.form, file.images) == ("intel-hex", (Image.of(pieces),))


@given(segments)
def test_uf2_gives_back_what_was_written(pieces: list[tuple[int, bytes]]) -> None:
    """A UF2 of one family gives one image whose target is the family."""
    start, data = pieces[0]
    file = read(uf2(start, data))
    assert (file.form, file.images) == ("uf2", (Image.of([(start, data)], "0x1b57745f"),))


def test_universal_hex_gives_each_board_its_own() -> None:
    """A universal hex gives V1 and V2 their own bytes, in whatever record types these came."""
    boards = {"9900": [(0x0, bytes(range(256)) * 3)], "9903": [(0x1C000, bytes(reversed(range(256))) * 3)]}
    file = read(universal_hex(boards))
    assert file.form == "universal-hex"
    assert file.images == tuple(Image.of(pieces, board) for board, pieces in boards.items())


def test_one_content_has_one_digest_in_every_form() -> None:
    """The digest is of the content: the file's form, its line ends and the order of its records do not count."""
    start, data = 0x7E00, bytes(range(256)) * 2
    digests = {
        read(intel_hex([(start, data)])).images[0].digest,
        read(intel_hex([(start + 256, data[256:]), (start, data[:256])])).images[0].digest,
        read(intel_hex([(start, data)]).replace(b"\n", b"\r\n")).images[0].digest,
        read(uf2(start, data)).images[0].digest,
        read(data, "raw", start).images[0].digest,
    }
    assert len(digests) == 1
    assert read(intel_hex([(start + 1, data)])).images[0].digest not in digests


@given(st.binary(max_size=3000), st.sampled_from([None, *FORMS]))
def test_garbage_is_refused_and_never_more(data: bytes, form: str | None) -> None:
    """Any bytes, read as any form, give an image or `ImageUnreadable`."""
    with contextlib.suppress(ImageUnreadable):
        assert read(data, form).images


@given(st.data())
def test_a_spoilt_file_is_refused_or_differs(data: st.DataObject) -> None:
    """A changed byte, a cut or a doubled stretch never gives the same image with other bytes told as the old ones.

    Intel HEX sums each record, so a changed character shows; a UF2 block has no sum, so there the digest differs.
    """
    whole = data.draw(st.sampled_from([intel_hex(PIECES), universal_hex({"9900": PIECES, "9903": PIECES})]))
    spoilt = bytearray(whole)
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        spoilt[place] = data.draw(st.integers(0, 255))
    else:
        del spoilt[place:]
    if bytes(spoilt).split() == whole.split() or bytes(spoilt).lower() == whole.lower():
        return
    with_reason = False
    try:
        images = read(bytes(spoilt)).images
    except ImageUnreadable:
        with_reason = True
    if not with_reason:
        # only white space, or a record that carries no bytes of the image, may go unnoticed
        assert {i.digest for i in images} <= {i.digest for i in read(whole).images}


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"", "file-empty"),
        (b"x" * (MAX_FILE + 1), "file-too-big"),
        (b"\x7fELF" + bytes(100), "elf-other-machine"),
        (b"\x7fELF" + bytes(20), "elf-cut"),
        (b"GIF89a" + bytes(100), "form-unknown"),
        (b":" + b"00" * 4, "hex-not-a-record"),
        (b":00000001FF\n:00000001FF\n", "hex-after-end"),
        (b"\n".join(intel_hex(PIECES).split(b"\n")[:-2]), "hex-cut"),
        (intel_hex(PIECES).replace(b":10", b":1G", 1), "hex-not-a-record"),
        (intel_hex([(0, bytes(16))]).replace(b":10", b":11", 1), "hex-not-a-record"),
        ((record(0, 0, b"\1\2")[:-2] + "00\n" + END).encode(), "hex-checksum"),
        (intel_hex([(0, bytes(16)), (8, bytes(16))]), "image-overlap"),
        (b":00000001FF\n", "image-empty"),
        (":020000040000FA\nπρόγραμμα\n".encode(), "hex-not-text"),
        (intel_hex([(0, bytes(MAX_HEX_BYTES + 16))]), "image-too-big"),
        (("\n".join(record(0, 4 * n, b"\1") for n in range(5000)) + "\n" + END).encode(), "image-too-many-segments"),
        (uf2(0, bytes(MAX_BYTES + 256)), "image-too-big"),
        (uf2(0, bytes(600))[:-1], "uf2-cut"),
        (uf2(0, bytes(600))[512:], "uf2-blocks-missing"),
        (uf2(0, bytes(600)) + uf2(0, bytes(600)), "uf2-blocks-missing"),
        (uf2(0, bytes(600))[:-4] + bytes(4), "uf2-block-wrong"),
        (uf2(0, bytes(600))[:16] + b"\xff" * 4 + uf2(0, bytes(600))[20:], "uf2-payload-too-big"),
        (
            "\n".join([record(4, 0, b"\0\0"), record(10, 0, b"\x99\0\xc0\xde"), *data_records(0, b"x")]).encode(),
            "hex-cut",
        ),
        (
            "\n".join([*data_records(0, b"x"), record(10, 0, b"\x99\0\xc0\xde"), END]).encode(),
            "universal-outside-block",
        ),
        ("\n".join([record(10, 0, b"\x99\0\xff\xff"), END]).encode(), "universal-block-wrong"),
        (
            "\n".join([record(10, 0, bytes([n, 0]) + b"\xc0\xde") for n in range(17)] + [END]).encode(),
            "universal-too-many-boards",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # not sixteen megabytes of it
)
def test_each_fault_has_its_name(data: bytes, slug: str) -> None:
    """What is wrong with a file is told by a key of its own."""
    with pytest.raises(ImageUnreadable) as caught:
        read(data)
    assert caught.value.slug == slug


def test_the_packaged_optiboot_does_not_fit_its_slot() -> None:
    """Debian's Optiboot writes over its own version word: the reader says where."""
    path = require_file(f"{BOOTLOADERS}/optiboot/optiboot_atmega328.hex", "arduino-core-avr")
    with pytest.raises(ImageUnreadable) as caught:
        read(path.read_bytes())
    assert (caught.value.slug, caught.value.params) == ("image-overlap", {"address": "0x7ffe"})


def test_a_real_image_is_read_as_the_library_reads_it() -> None:
    """MicroPython for the micro:bit comes out as intelhex itself gives it, the UICR's segment included."""
    path = require_file("/usr/share/firmware-microbit-micropython/firmware.hex", "firmware-microbit-micropython")
    image = read(path.read_bytes()).images[0]
    reference = IntelHex(str(path))
    assert [(s.start, s.end) for s in image.segments] == reference.segments()
    assert image.region(0, 0x3B88C) == reference.tobinstr(start=0, size=0x3B88C)
