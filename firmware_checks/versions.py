"""Parse and order the version strings that firmware reports.

They come in many dialects: Optiboot `4.4`, MicroPython `1.0.1` and `v1.9.2-34-gd64154c73`, Marlin `2.0.9.3`,
`2.1.3-b2` and the rolling branch `bugfix-2.1.x`, DAPLink's four digits `0253`, a whole `FIRMWARE_NAME` such
as `Marlin 2.1.2.1 (Jun 10 2023 12:00:00)`. One order holds for all of them:

    2.0-alpha < 2.0-beta < 2.0-rc1 < 2.0 = 2.0.0 < 2.0-34-gd64154c < 2.0.1 < 2.0.x < 2.1

A rolling branch is the tip of its line, so it follows every release of that line and precedes the next one.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from firmware_checks.errors import VersionUnreadable

MAX_TEXT: Final = 200
MAX_PARTS: Final = 6
MAX_DIGITS: Final = 9
ROLLING: Final = 10**MAX_DIGITS  # greater than any number that parses
FINAL: Final = 3
_STAGES: Final = {"alpha": 0, "a": 0, "beta": 1, "b": 1, "pre": 1, "rc": 2}

# The prefix may name a product ("Marlin ") or a branch ("bugfix-"); the number must not continue a longer
# word with digits in it ("mk3 2.0" would otherwise be version 3), hence the look-behind.
_VERSION: Final = re.compile(
    r"(?<![A-Za-z0-9.])(?P<prefix>[vV])?(?P<release>\d+(?:\.\d+)*(?:\.[xX](?![A-Za-z0-9]))?)"
    r"(?:[-_.]?(?P<stage>alpha|beta|pre|rc|a|b)[-_.]?(?P<number>\d*)(?![A-Za-z0-9]))?"
    r"(?:-(?P<commits>\d+)-g(?P<commit>[0-9a-f]{4,40}))?",
    re.ASCII,
)


@dataclass(frozen=True, order=True)
class Version:
    """A version that can be ordered; `text` is what the device said and takes no part in the order."""

    release: tuple[int, ...]  # without trailing zeros, so that 4.4 equals 4.4.0
    stage: int = FINAL
    stage_number: int = 0
    commits: int = 0
    text: str = field(default="", compare=False)

    @property
    def rolling(self) -> bool:
        """Whether this is a moving branch (`bugfix-2.1.x`) and not one release."""
        return ROLLING in self.release

    def __str__(self) -> str:
        return self.text


def parse(text: str) -> Version:
    """Read the first version in a text.

    Args:
        text: what a device reported; a product's name before it and a date after it do no harm.

    Returns:
        The version, ordered as the module says.

    Raises:
        VersionUnreadable: where there is none, or its numbers are beyond reason.
    """
    if len(text) > MAX_TEXT:
        raise VersionUnreadable("version-too-long", length=len(text), limit=MAX_TEXT)
    match = _VERSION.search(text)
    if match is None:
        raise VersionUnreadable("version-missing", text=text)
    words = match["release"].split(".")
    numbers = [match["number"] or "0", match["commits"] or "0", *(w for w in words if w.isdigit())]
    if len(words) > MAX_PARTS or any(len(number) > MAX_DIGITS for number in numbers):
        raise VersionUnreadable("version-beyond-reason", text=text)
    release = [int(word) if word.isdigit() else ROLLING for word in words]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    return Version(
        release=tuple(release),
        stage=_STAGES[match["stage"]] if match["stage"] else FINAL,
        stage_number=int(match["number"] or 0),
        commits=int(match["commits"] or 0),
        text=match[0],
    )


def find(text: str) -> Version | None:
    """The first version in a text, or None where `parse` would refuse."""
    try:
        return parse(text)
    except VersionUnreadable:
        return None
