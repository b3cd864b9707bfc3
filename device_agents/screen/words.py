"""What is said of a device on the screen: a word, a shape and a tone (never a colour alone), a sentence, what to do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from device_agents.cli import message_of
from device_agents.errors import Scalar
from device_agents.kinds import kind_by_slug
from device_agents.kitlist import Row, Status
from device_agents.messages import has, text
from device_agents.say import sentence_and_next
from device_agents.station.devices import Device, Phase, View
from firmware_checks.verdicts import Verdict

SHAPES: Final = {
    Verdict.PASS: ("✔", "good"),
    Verdict.FAIL: ("✖", "bad"),
    Verdict.OUTDATED: ("▲", "warn"),
    Verdict.UNKNOWN: ("◇", "warn"),
    Verdict.MISMATCH: ("≠", "bad"),
    Verdict.DAMAGED: ("◆", "bad"),
    Verdict.INCONCLUSIVE: ("○", "warn"),
}
STATUS_SHAPES: Final = {
    Status.FOUND: "✔",
    Status.MISSING: "·",
    Status.FOREIGN: "≠",
    Status.TWICE: "‖",
    Status.WITHOUT_NUMBER: "#",
    Status.UNUSABLE: "!",
}
TROUBLE: Final = (Status.FOREIGN, Status.TWICE, Status.WITHOUT_NUMBER)


@dataclass(frozen=True)
class Said:
    """A device in words. `extra` is what the kit's list says against it; `done` of `steps` while it is checked."""

    name: str
    serial: str
    shape: str
    word: str
    tone: str
    sentence: str = ""
    next: str = ""
    extra: str = ""
    done: int = 0
    steps: int = 0
    gone: bool = False


def capital(words: str) -> str:
    """With a capital first letter."""
    return words[:1].upper() + words[1:]


def short(serial: str, room: int = 14) -> str:
    """A long number by its ends: people compare the last digits."""
    return serial if len(serial) <= room else f"{serial[:4]}…{serial[-(room - 5) :]}"


def verdict_word(verdict: Verdict, language: str) -> str:
    """A verdict where there is little room."""
    brief = f"station.brief-{verdict}"
    return text(language, brief if has(language, brief) else f"verdict.{verdict}.word")


def kind_name(device: Device, row: Row | None, language: str) -> str:
    """What it is: as the list calls it, else its kind, as far as that is known."""
    slug = device.kind or (device.target.kind.filed if device.target.kind is not None else "")
    report = device.report
    slug = (report.kind if report is not None and report.kind else slug) or slug
    if not slug:
        product = device.sighting.candidate.properties.get("product", "")
        return product or capital(text(language, "ui.unknown-device"))
    name = text(language, f"kind.{slug}")
    if row is not None and row.line is not None:
        name = row.line.name.el if language == "el" else row.line.name.en
    board = report.identity.get("board") if report is not None else None
    return f"{name} {board}" if isinstance(board, str) and len(board) <= 3 and board not in name else name


def serial_of(device: Device, row: Row | None) -> str:
    """The number that it goes by."""
    found = device.checked.found.serial if device.checked is not None else ""
    usb = device.sighting.candidate.properties.get("serial_number", "")
    return (row.serial if row is not None else "") or device.target.label or found or usb


def say_device(view: View, device: Device, language: str) -> Said:
    """What to say of a device now."""
    row = view.row_of(device)
    name, serial = kind_name(device, row, language), serial_of(device, row)

    def words(key: str, **params: Scalar) -> str:
        return text(language, f"station.{key}", params)

    def said(shape: str, word: str, tone: str, sentence: str = "", after: str = "") -> Said:
        return Said(name, serial, shape, word, tone, capital(sentence), capital(after), gone=not device.plugged)

    if device.question is not None:
        question = text(language, f"question.{device.question.kind}.{device.question.key}")
        return said("?", words("asks"), "ask", question, words("enter-answers"))
    if device.phase is Phase.CONFIRM:
        params: dict[str, Scalar] = {"port": device.target.place, "usb_id": device.sighting.candidate.usb_id}
        return said(
            "?", words("what-is-it"), "ask", text(language, f"reason.{device.reason}", params), words("enter-says")
        )
    if device.phase is Phase.WAITING:
        return said("…", words("waits"), "busy", words("held-back") if device.held_back else "")
    if device.phase is Phase.CHECKING:
        step = text(language, f"step.{device.kind}.{device.step}") if device.step else words("opening")
        done = said("▶", words("checking"), "busy", step)
        return replace(done, done=max(0, device.step_number - 1), steps=device.steps)
    if device.phase is Phase.UNUSABLE:
        return said("!", words("not-checked"), "bad", _why_not(device, language), words("unusable-next"))
    return _say_verdict(device, row, said, language)


def _say_verdict(device: Device, row: Row | None, said: Callable[..., Said], language: str) -> Said:
    report = device.report
    assert report is not None
    shape, tone = SHAPES[report.verdict]
    sentence, after = sentence_and_next(report, language)
    done = said(shape, capital(verdict_word(report.verdict, language)), tone, sentence, after)
    if device.unfiled is not None:
        return replace(
            done, extra=text(language, "station.unfiled"), next=message_of(device.unfiled, language), tone="bad"
        )
    if row is None or row.status not in TROUBLE:
        return done
    after = text(language, f"station.next-{row.status}")
    good = report.verdict is Verdict.PASS
    return replace(
        done,
        extra=text(language, f"station.status-{row.status}"),
        sentence=after if good else done.sentence,
        next=after if good else f"{done.next} {after}",
        tone="warn" if good else tone,
    )


def _why_not(device: Device, language: str) -> str:
    if device.fault is not None:
        return message_of(device.fault, language)
    params: dict[str, Scalar] = {"port": device.target.place, "usb_id": device.sighting.candidate.usb_id}
    key = f"reason.{device.not_opened}"
    return text(language, key, params) if has(language, key) else ""


def choice_name(slug: str, language: str) -> str:
    """A kind as an answer to “what is it?”: naming what may be at work is the word that it is not."""
    kind = kind_by_slug(slug)
    name = text(language, f"kind.{slug}")
    idle = kind.opening.value == "when-named"
    return text(language, "station.idle", {"kind": name}) if idle else name
