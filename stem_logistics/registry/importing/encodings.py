"""Which encoding a CSV file has. Greek offices still write Windows-1253 and ISO-8859-7; Excel writes UTF-16 too.

Windows-1253 and ISO-8859-7 are one alphabet but for a few places: the capital Ά (0xA2 and 0xB6), and the quotation
marks and dashes that Windows keeps at 0x80 to 0x9F, where ISO has controls.
"""

import codecs
import re

from stem_logistics.registry.importing.faults import FileRefused

# Enough to tell an encoding by; the file is checked to its end where it says UTF-8.
SAMPLE = 1_000_000

_UTF8_SEQUENCE = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_GREEK = rb"[\xb8-\xba\xbc\xbe-\xfe]"
# An accented capital begins a word: no letter before it, one after it.
_CAPITAL_ALPHA_1253 = re.compile(rb"(?<!" + _GREEK + rb")\xa2(?=" + _GREEK + rb")")
_CAPITAL_ALPHA_8859 = re.compile(rb"(?<!" + _GREEK + rb")\xb6(?=" + _GREEK + rb")")
_APOSTROPHE_8859 = re.compile(rb"(?<=" + _GREEK + rb")[\xa1\xa2]")
_WINDOWS_ONLY = re.compile(rb"[\x80-\x9f]")


def encoding_of(data: bytes) -> str:
    """The codec to read a file with: utf-8-sig, utf-16, utf-16-le, utf-16-be, windows-1253 or iso-8859-7.

    Raises:
        FileRefused: empty, UTF-8 with broken bytes, or none of these encodings.
    """
    if not data.strip():
        raise FileRefused("file-empty")
    if data.startswith(codecs.BOM_UTF8):
        _check_utf8(data)
        return "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _checked(data, "utf-16")
    unmarked = _utf16_without_mark(data)
    if unmarked:
        return _checked(data, unmarked)
    try:
        _check_utf8(data)
    except FileRefused:
        # A few broken bytes among many good sequences are a damaged UTF-8 file, not another encoding.
        sequences = len(_UTF8_SEQUENCE.findall(data))
        strays = sum(byte >= 0x80 for byte in _UTF8_SEQUENCE.sub(b"", data))
        if sequences > strays:
            raise
        return _greek_eight_bit(data)
    return "utf-8-sig"


def _check_utf8(data: bytes) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), SAMPLE):
            decoder.decode(data[start : start + SAMPLE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        position = _first_broken(data)
        line = data.count(b"\n", 0, position) + 1
        raise FileRefused("encoding-broken", row=line, position=position + 1, line=line) from None


def _first_broken(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return len(data)


def _utf16_without_mark(data: bytes) -> str | None:
    """Every second byte of Greek or Latin text in UTF-16 is 0 or 3."""
    sample = data[: 4096 & ~1]
    if len(sample) < 4:
        return None
    high = [sum(byte in (0, 3) for byte in sample[offset::2]) / len(sample[offset::2]) for offset in (0, 1)]
    if high[1] > 0.8 and high[0] < 0.2:
        return "utf-16-le"
    if high[0] > 0.8 and high[1] < 0.2:
        return "utf-16-be"
    return None


def _checked(data: bytes, encoding: str) -> str:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, errors="ignore").count("\n") + 1
        raise FileRefused("encoding-broken", row=line, position=error.start + 1, line=line) from None
    return encoding


def _greek_eight_bit(data: bytes) -> str:
    windows = len(_CAPITAL_ALPHA_1253.findall(data)) + len(_WINDOWS_ONLY.findall(data))
    iso = len(_CAPITAL_ALPHA_8859.findall(data)) + len(_APOSTROPHE_8859.findall(data))
    encoding = "iso-8859-7" if iso > windows else "windows-1253"
    try:
        sample = data.decode(encoding)
    except UnicodeDecodeError:
        raise FileRefused("encoding-unknown") from None
    foreign = [character for character in sample[:SAMPLE] if ord(character) >= 0x80]
    greek = sum("Ά" <= character <= "ώ" for character in foreign)
    if greek < 0.8 * len(foreign):
        raise FileRefused("encoding-unknown")
    return encoding
