"""Photographs: what is taken, what is refused, and that nothing but the picture stays."""

import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stem_logistics.deliveries import photos
from stem_logistics.errors import DomainError, Invalid, TooLarge


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), exif: bytes | None = None) -> bytes:
    out = io.BytesIO()
    mode = "RGBA" if kind == "PNG" else "RGB"
    Image.new(mode, size, "red").save(out, kind, **({"exif": exif} if exif else {}))
    return out.getvalue()


def exif(orientation: int = 6) -> bytes:
    """What a phone writes: orientation, maker, and where it was."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "SecretPhoneMaker"
    tags[0x8825] = {1: "N", 2: (40.0, 16.0, 11.0), 3: "E", 4: (22.0, 30.0, 9.0)}
    return tags.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_kind_becomes_a_jpeg(kind: str) -> None:
    """What phones and browsers make is taken, and one kind is kept."""
    assert photos.kind_of(photos.cleaned(picture(kind))) == "JPEG"


def test_place_maker_and_orientation_are_gone() -> None:
    """The picture is turned upright, and nothing of where or by what it was taken is left."""
    content = picture(exif=exif())
    assert b"SecretPhoneMaker" in content
    clean = photos.cleaned(content)
    with Image.open(io.BytesIO(clean)) as opened:
        assert opened.size == (40, 60)
        assert not dict(opened.getexif())
        assert set(opened.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"SecretPhoneMaker" not in clean and b"Exif" not in clean


def test_large_pictures_are_made_smaller() -> None:
    """A camera's picture is kept at a size that shows the damage and fits a mail."""
    with Image.open(io.BytesIO(photos.cleaned(picture(size=(5000, 2500))))) as opened:
        assert opened.size == (2000, 1000)


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7 not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + bytes(40), b"MZ" * 40],
)
def test_what_is_no_photograph_is_refused(content: bytes) -> None:
    """The bytes decide, not the name: a document, a drawing or a program is not a photograph."""
    with pytest.raises(Invalid, match="photo-of-unknown-kind"):
        photos.cleaned(content)


def test_a_broken_photograph_is_refused() -> None:
    """A picture that was cut off on its way is named as broken."""
    with pytest.raises(Invalid, match="photo-broken"):
        photos.cleaned(picture(size=(400, 400))[:300])


def test_words_in_place_of_numbers_are_refused() -> None:
    """What the photograph tells of itself is anybody's: the maker's name in the field of a number breaks nothing."""
    told = Image.Exif()
    told[0x0112], told[0x010F] = 6, "x"
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=told)
    changed = out.getvalue().replace(b"\x01\x0f\x00\x02", b"\x01\x01\x00\x02")
    assert changed != out.getvalue()
    with pytest.raises(Invalid, match="photo-broken"):
        photos.cleaned(changed)


def test_too_many_bytes_are_refused() -> None:
    """The limit is told in the message."""
    with pytest.raises(TooLarge, match="photo-too-large") as refused:
        photos.cleaned(b"\xff\xd8\xff" + bytes(photos.LARGEST_BYTES))
    assert refused.value.params["limit"] == 15


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """A tiny file that claims a huge picture is refused by its head alone."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    with pytest.raises(TooLarge, match="photo-has-too-many-pixels"):
        photos.cleaned(bomb)


@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_never_break_the_service(kind: str, data: st.DataObject) -> None:
    """Any change of a picture's bytes gives a clean picture or a refusal, never another exception."""
    content = bytearray(picture(kind))
    for _ in range(data.draw(st.integers(1, 12))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        kept = photos.kind_of(photos.cleaned(cut))
    except DomainError as refused:
        kept = refused.slug.partition("-")[0]
    assert kept in ("JPEG", "photo")
