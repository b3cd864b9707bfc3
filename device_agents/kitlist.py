"""What a kit should hold, and how what was found matches it.

The service gives the list as `{"format": "stem-kit-list/1", "kit", "title": {el, en}, "lines": [{"item", "name":
{el, en}, "kind", "quantity", "serials": […], "optional", "board"}], "school", "firmware": [{"kind", "product",
"minimum"}], "bundle"}`: only what a check can see, so each line has a kind of device.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from device_agents.errors import NotTheService
from device_agents.report import Report, Slug
from firmware_checks.expectations import Expectation
from firmware_checks.verdicts import Verdict, worst

_Text = Annotated[str, StringConstraints(max_length=256)]
Serial = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # a newer service may say more


class Names(_Part):
    """A name in both languages."""

    el: _Text
    en: _Text


class Line(_Part):
    """Devices of one kind; `serials` may name fewer than `quantity`, or none."""

    item: _Text
    name: Names
    kind: Slug
    quantity: Annotated[int, Field(gt=0, le=1000)]
    serials: Annotated[tuple[Serial, ...], Field(max_length=1000)] = ()
    optional: bool = False
    """The kit is whole without it."""
    board: _Text = ""
    """What the baseline of its kind calls this model; empty where the catalogue does not say."""


class KitList(_Part):
    """The list of one kit."""

    format: Literal["stem-kit-list/1"]
    kit: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{4,16}$")]
    title: Names
    lines: Annotated[tuple[Line, ...], Field(max_length=200)]
    school: _Text = ""
    """Whose kit it is or will be, for the person in front of the box; empty while it is in the store."""
    firmware: Annotated[tuple[Expectation, ...], Field(max_length=200)] = ()
    """What the kit's wave expects of firmware, beyond what is known."""
    bundle: int = 0
    """The version of the service's bundle of known firmware; 0: it has none, or is older than bundles."""


def read_list(content: bytes, server: str) -> KitList:
    """The list from the service's answer.

    Raises:
        NotTheService: it is none.
    """
    try:
        return KitList.model_validate_json(content)
    except ValidationError:
        raise NotTheService(server=server) from None


class Status(StrEnum):
    """How something on the list or on the table stands to the other."""

    FOUND = "found"
    MISSING = "missing"
    FOREIGN = "foreign"
    TWICE = "twice"
    """It goes by a number that another device on the table has already: one of the two is not what it says."""
    WITHOUT_NUMBER = "without-number"
    """Of a kind that is still missing, but nothing says which one: its label has to be given."""
    UNUSABLE = "unusable"
    """Its port could not be used, or was not opened."""


@dataclass(frozen=True)
class Found:
    """A device that was checked: where, what, the numbers that it goes by (none where it has none), its report.

    The first number is the one under which it is filed where none is on the list.
    """

    port: str
    kind: str | None
    serials: tuple[str, ...]
    report: Report | None

    @property
    def serial(self) -> str:
        """The first number, or an empty text."""
        return self.serials[0] if self.serials else ""


@dataclass(frozen=True)
class Row:
    """One line of the outcome."""

    status: Status
    kind: str | None
    serial: str
    line: Line | None = None
    found: Found | None = None

    @property
    def verdict(self) -> Verdict:
        """What this row means for the kit."""
        if self.status in (Status.FOREIGN, Status.TWICE):
            return Verdict.MISMATCH
        if self.status is Status.MISSING and self.line is not None and self.line.optional:
            return Verdict.PASS
        if self.status is Status.FOUND and self.found is not None and self.found.report is not None:
            return self.found.report.verdict
        if self.status is Status.WITHOUT_NUMBER and self.found is not None and self.found.report is not None:
            return worst((Verdict.INCONCLUSIVE, self.found.report.verdict))
        return Verdict.INCONCLUSIVE


def match(expected: KitList, found: Sequence[Found]) -> list[Row]:
    """Match what was found to the list, by kind and serial number.

    Returns:
        A row for each device that was found, in their order, then one for each that is missing. A device with the
        number of another one before it is there TWICE.
    """
    numbered = {(line.kind, _fold(serial)): line for line in expected.lines for serial in line.serials}
    shown = {(line.kind, _fold(serial)): serial for line in expected.lines for serial in line.serials}
    unnumbered = {index: line.quantity - len(line.serials) for index, line in enumerate(expected.lines)}
    rows: list[Row | None] = [None] * len(found)
    for place, device in enumerate(found):
        keys = [(device.kind or "", _fold(serial)) for serial in device.serials]
        key = next((key for key in keys if key in numbered), None)
        if device.report is None:
            rows[place] = Row(Status.UNUSABLE, device.kind, device.serial, None, device)
        elif key is not None:
            rows[place] = Row(Status.FOUND, device.kind, shown[key], numbered.pop(key), device)
    taken = set(shown) - set(numbered)
    waiting = {kind for kind, _ in numbered}
    for place, device in enumerate(found):
        if rows[place] is not None:
            taken.add((device.kind or "", _fold(device.serial)))
            continue
        own = {(device.kind or "", _fold(serial)) for serial in device.serials[:1]}
        own |= {key for serial in device.serials if (key := (device.kind or "", _fold(serial))) in shown}
        if own & taken:
            rows[place] = Row(Status.TWICE, device.kind, device.serial, None, device)
        else:
            rows[place] = _by_quantity(expected, device, unnumbered, waiting)
            taken |= own
    missing = [Row(Status.MISSING, kind, shown[kind, serial], line) for (kind, serial), line in numbered.items()]
    for index, line in enumerate(expected.lines):
        missing.extend(Row(Status.MISSING, line.kind, "", line) for _ in range(max(0, unnumbered[index])))
    return [row for row in rows if row is not None] + missing


def _by_quantity(expected: KitList, device: Found, unnumbered: dict[int, int], waiting: set[str]) -> Row:
    for index, line in enumerate(expected.lines):
        if line.kind == device.kind and unnumbered[index] > 0:
            unnumbered[index] -= 1
            return Row(Status.FOUND, device.kind, device.serial, line, device)
    if not device.serial and device.kind in waiting:
        return Row(Status.WITHOUT_NUMBER, device.kind, "", None, device)
    return Row(Status.FOREIGN, device.kind, device.serial, None, device)


def verdict_of(rows: Iterable[Row]) -> Verdict:
    """The verdict of the whole kit; of an empty list with nothing found INCONCLUSIVE."""
    return worst(row.verdict for row in rows)


_PROPERTY_KEYS: Final = ("serial_number", "details.unique_id")
_IDENTITY_KEYS: Final = ("serial_number", "unique_id", "uuid")


def serials_of(report: Report) -> tuple[str, ...]:
    """The numbers by which a device tells itself apart: USB's first, then what it says itself.

    A printer's UUID of zeros is the firmware's default and no number.
    """
    told = [report.evidence.properties.get(key) for key in _PROPERTY_KEYS]
    told += [report.identity.get(key) for key in _IDENTITY_KEYS]
    numbers = [value.strip()[:128] for value in told if isinstance(value, str) and value.strip("0- ")]
    return tuple(dict.fromkeys(numbers))


def _fold(serial: str) -> str:
    return "".join(serial.split()).casefold()
