"""Text as the documents' fonts can print it, and Greek dates.

A PDF/A must not contain a character that its fonts lack, so text from outside is reduced to what they have.
The ranges are those of the fonts inside typst; a test prints every character of them.
"""

import unicodedata
from datetime import date, datetime

_PRINTABLE = (
    (0x0020, 0x007E),  # ASCII
    (0x00A1, 0x00AC),  # Latin-1, without the no-break space and the soft hyphen
    (0x00AE, 0x017F),  # Latin of Europe's languages
    (0x0386, 0x0386),  # Greek
    (0x0388, 0x038A),
    (0x038C, 0x038C),
    (0x038E, 0x03A1),
    (0x03A3, 0x03CE),
    (0x0401, 0x040C),  # Cyrillic
    (0x040E, 0x044F),
    (0x0451, 0x045C),
    (0x045E, 0x045F),
    (0x2010, 0x2015),  # dashes
    (0x2018, 0x201E),  # quotation marks
    (0x2020, 0x2022),
    (0x2026, 0x2026),
    (0x2030, 0x2030),
    (0x2039, 0x203A),
    (0x20AC, 0x20AC),  # euro
    (0x2116, 0x2116),  # numero
    (0x2122, 0x2122),
    (0x2212, 0x2212),  # minus
)
# The mark of a Greek numeral (Διεύθυνση Π.Ε. Α΄ Αθήνας) however it was typed: the fonts have the acute accent alone.
_NUMERAL_MARKS = dict.fromkeys((0x0384, 0x02B9, 0x0374, 0x2032), "\N{ACUTE ACCENT}")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
MONTHS = (
    "Ιανουαρίου",
    "Φεβρουαρίου",
    "Μαρτίου",
    "Απριλίου",
    "Μαΐου",
    "Ιουνίου",
    "Ιουλίου",
    "Αυγούστου",
    "Σεπτεμβρίου",
    "Οκτωβρίου",
    "Νοεμβρίου",
    "Δεκεμβρίου",
)


def printable_ranges() -> tuple[tuple[int, int], ...]:
    """The code points that `printable` lets through, as inclusive ranges."""
    return _PRINTABLE


def printable(text: str) -> str:
    """`text` composed (NFC), white space made single blanks, what cannot be printed marked.

    Characters that only steer (line direction, joining) are left out: in a name on an official document they
    can only mislead. Characters the fonts lack become U+FFFD: a reader sees that something stood there.
    """
    kept = []
    for character in " ".join(unicodedata.normalize("NFC", text).translate(_NUMERAL_MARKS).split()):
        code = ord(character)
        if any(first <= code <= last for first, last in _PRINTABLE):
            kept.append(character)
        elif unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Mn"):
            kept.append(REPLACEMENT)
    return " ".join("".join(kept).split())


def greek_date(day: date) -> str:
    """21 Νοεμβρίου 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def greek_weight(grams: int | None) -> str:
    """2,45 kg: all that was weighed; empty where nobody did."""
    return f"{grams / 1000:.3f}".rstrip("0").rstrip(".").replace(".", ",") + " kg" if grams else ""


def greek_time(moment: datetime) -> str:
    """14:30, in the zone that the moment carries."""
    return moment.strftime("%H:%M")
