"""What stands on the screen: the header's figures, a device's tile, the kit's list."""

from collections.abc import Iterable

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Digits, Label, Static

from device_agents.kitlist import Line, Row, Status
from device_agents.messages import text
from device_agents.screen.words import SHAPES, STATUS_SHAPES, TROUBLE, Said, capital, short, verdict_word
from device_agents.station.devices import View

_BAR = 10
FIGURES = ("expected", "found", "missing", "foreign", "twice", "faulty")
_TONES = {"found": "good", "missing": "warn", "foreign": "bad", "twice": "bad", "faulty": "bad"}


def figures(view: View) -> dict[str, int]:
    """The header's figures by name."""
    return {
        "expected": view.quantity,
        "found": view.count(Status.FOUND),
        "missing": view.count(Status.MISSING),
        "foreign": view.count(Status.FOREIGN),
        "twice": view.count(Status.TWICE),
        "faulty": view.faulty,
    }


class Figure(Vertical):
    """A number that can be read from across the room, and what it counts."""

    def __init__(self, name: str) -> None:
        super().__init__(classes="figure", id=f"figure-{name}")
        self.counts = name

    def compose(self) -> ComposeResult:
        """The number over its word."""
        yield Digits("0")
        yield Label("")

    def show(self, value: int, language: str) -> None:
        """The number now."""
        self.query_one(Digits).update(str(value))
        self.query_one(Label).update(text(language, f"station.figure-{self.counts}"))
        self.set_class(not value, "zero")
        for tone in ("good", "warn", "bad"):
            self.set_class(bool(value) and _TONES.get(self.counts) == tone, tone)


class Tile(Horizontal):
    """One device: its number, what it is, how it is."""

    def __init__(self, number: int) -> None:
        super().__init__(id=f"device-{number}")
        self.number = number
        self._shown: tuple[Said, bool, str, int, bool] | None = None

    def compose(self) -> ComposeResult:
        """The number beside the words."""
        yield Digits(str(self.number))
        yield Static("", classes="words")

    def show(self, said: Said, selected: bool, language: str, dense: bool = False) -> None:
        """The device now; `dense` in two lines, its number in the first."""
        state = (said, selected, language, self.size.width, dense)
        if self._shown == state:
            return
        self._shown = state
        room = self.query_one(".words").size.width or 26
        words = dense_text(self.number, said, language, room) if dense else tile_text(said, language, room)
        self.query_one(".words", Static).update(words)
        for tone in ("good", "warn", "bad", "ask", "busy"):
            self.set_class(tone == said.tone and not said.gone, tone)
        self.set_class(said.gone, "gone")
        self.set_class(selected, "selected")


def tile_text(said: Said, language: str, room: int) -> Text:
    """The four lines of a tile; `room` is the width of a line."""
    words = Text()
    head = Text(short(said.serial), "bold")
    head.append(("  " if said.serial else "") + said.name, "" if said.serial else "bold")
    head.truncate(room, overflow="ellipsis")
    words.append_text(head)
    words.append("\n")
    words.append(f" {said.shape} {said.word} ", "bold reverse")
    if said.gone:
        words.append(f"  {text(language, 'station.gone')}", "italic")
    words.append("\n")
    if said.extra:
        words.append(f" {said.extra} ", "bold reverse")
        words.append("\n")
    if said.steps:
        full = round(_BAR * said.done / said.steps)
        words.append("▰" * full + "▱" * (_BAR - full))
        words.append(f" {said.done + 1}/{said.steps}\n")
    words.append(said.sentence)
    return words


def dense_text(number: int, said: Said, language: str, room: int) -> Text:
    """The two lines of a tile where there are many: which it is, and how it is. Why stands below, for the selected."""
    words = Text(no_wrap=True)
    head = Text(f"{number} ", "bold")
    head.append(short(said.serial) or said.name, "bold")
    head.append(f"  {said.name}" if said.serial else "")
    head.truncate(room, overflow="ellipsis")
    state = Text(f" {said.shape} {said.word} ", "bold reverse")
    rest = text(language, "station.gone") if said.gone else said.extra
    if said.steps:
        rest = f"{said.done + 1}/{said.steps}"
    state.append(f" {rest or said.sentence}", "not bold not reverse")
    state.truncate(room, overflow="ellipsis")
    return words.append_text(head).append("\n").append_text(state)


def list_text(view: View, language: str, room: int) -> Text:
    """The kit's list as it fills up, then what does not belong to it; `room` is the width of a line."""
    words = Text(no_wrap=True, overflow="ellipsis")
    for line in view.expected.lines:
        _line(words, line, [row for row in view.rows if row.line == line], language, room)
    for status in TROUBLE:
        rows = [row for row in view.rows if row.status is status]
        if rows:
            title = capital(text(language, f"station.status-{status}"))
            words.append(f"\n{STATUS_SHAPES[status]} {title} ({len(rows)})\n", "bold")
            for row in rows:
                words.append(f"  {_device(row, language, room - 2)}\n")
    return words


def _line(words: Text, line: Line, rows: Iterable[Row], language: str, room: int) -> None:
    rows = list(rows)
    found = sum(row.status is Status.FOUND for row in rows)
    name = line.name.el if language == "el" else line.name.en
    count = f"{found}/{line.quantity}"
    title = name if len(name) + len(count) + 1 <= room else name[: room - len(count) - 2] + "…"
    words.append(f"{title}{' ' * max(1, room - len(title) - len(count))}{count}\n", "bold")
    full = round(room * found / line.quantity)
    words.append("━" * full, "#7ee2a0")
    words.append("━" * (room - full) + "\n", "#3a4858")
    for row in rows:
        report = row.found.report if row.found is not None else None
        if row.status is Status.MISSING or report is None:
            missing = text(language, "station.missing-number") if not row.serial else row.serial
            words.append(f"· {short(missing, room - 2)}\n", "#aebccb")
        else:
            style = {"good": "#7ee2a0", "bad": "bold #ff8f7d", "warn": "#ffcf66"}[SHAPES[report.verdict][1]]
            words.append(f"{SHAPES[report.verdict][0]} ", style)
            words.append(f"{_device(row, language, room - 2)}\n")
    words.append("\n")


def _device(row: Row, language: str, room: int) -> str:
    report = row.found.report if row.found is not None else None
    verdict = verdict_word(report.verdict, language) if report is not None else ""
    name = row.serial or (text(language, f"kind.{row.kind}") if row.kind else "")
    left = max(8, room - len(verdict) - 2)
    return f"{short(name, left):<{left}}  {verdict}"
