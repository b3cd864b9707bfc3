"""What is odd about a serial number as it was scanned or typed, and when two are one. Pure."""

from collections.abc import Mapping, Sequence

# Letters of other alphabets that look like Latin ones: a keyboard left in Greek under a scanner types them.
_LOOK_ALIKE = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχАВЕКМНОРСТХаеорсух", "ABEZHIKMNOPTYXaikvoptuxABEKMHOPCTXaeopcyx")
# What the eye takes for one another between letters and figures.
_AS_DIGIT = str.maketrans("OoIlS", "00115")
# A serial number's key: capitals, Latin ones where the Greek or Cyrillic ones look so, no blanks. The database has the
# same table (`serial_key` in its migrations); those at the end of the first line have nothing below them and go.
KEY_FROM = "abcdefghijklmnopqrstuvwxyzΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβγδεζηθικλμνξοπρσςτυφχψωАВЕКМНОРСТХУавекмнорстху \t\u00a0"
KEY_TO = "ABCDEFGHIJKLMNOPQRSTUVWXYZABEZHIKMNOPTYXABΓΔEZHΘIKΛMNΞOΠPΣΣTYΦXΨΩABEKMHOPCTXYABEKMHOPCTXY"
_KEY = str.maketrans(dict(zip(KEY_FROM, KEY_TO, strict=False)) | dict.fromkeys(KEY_FROM[len(KEY_TO) :]))
# What divides the cells of a list is no part of a serial number.
SEPARATORS = ";,\t"


def serial_key(serial: str) -> str:
    """What two serial numbers have in common that are one: neither case nor blanks nor the alphabet of letters that
    look alike make another device."""
    return serial.translate(_KEY)


def without_look_alikes(serial: str) -> str | None:
    """The serial number in Latin letters where every foreign letter in it only looks Latin; None where none is odd.

    A number that holds a truly Greek letter (Σ, Δ) is meant to be Greek.
    """
    folded = serial.translate(_LOOK_ALIKE)
    return folded if folded != serial and folded.isascii() else None


# For each length of serial numbers, where those of an item have figures.
Figures = Mapping[int, Sequence[bool]]


def figures_of(serials: Sequence[str], *, most: int = 0) -> Figures:
    """Where the serial numbers of an item have figures.

    Args:
        most: of so many, one may have a letter there that looks like a figure; 0: none may.
    """
    by_length: dict[int, list[str]] = {}
    for serial in serials:
        by_length.setdefault(len(serial), []).append(serial)
    return {
        length: [_is_figure([serial[at] for serial in like], most) for at in range(length)]
        for length, like in by_length.items()
        if len(like) >= 3  # fewer say nothing
    }


def _is_figure(letters: Sequence[str], most: int) -> bool:
    odd = [letter for letter in letters if not letter.isdigit()]
    return not odd or (len(odd) * most <= len(letters) and all(each.translate(_AS_DIGIT).isdigit() for each in odd))


def _as_figures(serial: str, figures: Figures) -> str | None:
    places = figures.get(len(serial))
    if places is None:
        return None
    meant = "".join(
        letter.translate(_AS_DIGIT) if figure else letter for letter, figure in zip(serial, places, strict=True)
    )
    return meant if meant != serial else None


def against_others(serial: str, others: Sequence[str]) -> str | None:
    """The serial number with a figure where all others of its item have one and it has a letter like it; else None.

    Args:
        others: serial numbers of the same item; fewer than three say nothing.
    """
    return _as_figures(serial, figures_of([other for other in others if len(other) == len(serial)]))


def odd_ones(serials: Sequence[str], others: Sequence[str]) -> list[tuple[str, str]]:
    """Those of a list that look mistyped, with what was probably meant: beside the others of their item, or beside
    nearly all of the list itself (nine of ten)."""
    known, own = figures_of(others), figures_of(serials, most=10)
    found = [(serial, _as_figures(serial, known) or _as_figures(serial, own)) for serial in serials]
    return [(serial, meant) for serial, meant in found if meant]


def suggested(serial: str, others: Sequence[str]) -> str | None:
    """What was probably meant, by both; None where nothing is odd."""
    folded = without_look_alikes(serial) or serial
    meant = against_others(folded, others) or folded
    return meant if meant != serial else None
