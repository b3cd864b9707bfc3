"""What is odd about a serial number as it was scanned or typed. Pure."""

from collections.abc import Sequence

# Letters of other alphabets that look like Latin ones: a keyboard left in Greek under a scanner types them.
_LOOK_ALIKE = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχАВЕКМНОРСТХаеорсух", "ABEZHIKMNOPTYXaikvoptuxABEKMHOPCTXaeopcyx")
# What the eye takes for one another between letters and figures.
_AS_DIGIT = str.maketrans("OoIlS", "00115")


def without_look_alikes(serial: str) -> str | None:
    """The serial number in Latin letters where every foreign letter in it only looks Latin; None where none is odd.

    A number that holds a truly Greek letter (Σ, Δ) is meant to be Greek.
    """
    folded = serial.translate(_LOOK_ALIKE)
    return folded if folded != serial and folded.isascii() else None


def against_others(serial: str, others: Sequence[str]) -> str | None:
    """The serial number with a figure where all others of its item have one and it has a letter like it; else None.

    Args:
        others: serial numbers of the same item; fewer than three say nothing.
    """
    like = [other for other in others if len(other) == len(serial)]
    if len(like) < 3:
        return None
    figures = [all(other[at].isdigit() for other in like) for at in range(len(serial))]
    suggested = "".join(
        letter.translate(_AS_DIGIT) if figure else letter for letter, figure in zip(serial, figures, strict=True)
    )
    return suggested if suggested != serial else None


def suggested(serial: str, others: Sequence[str]) -> str | None:
    """What was probably meant, by both; None where nothing is odd."""
    folded = without_look_alikes(serial) or serial
    meant = against_others(folded, others) or folded
    return meant if meant != serial else None
