"""What the person says: scans, words about a device, answers to a check's questions, another kit."""

from pathlib import Path

from device_agents.answers import checked_answer
from device_agents.cli import message_of
from device_agents.conversation import Answer, Question
from device_agents.errors import AgentError, BadArguments
from device_agents.kinds import kind_by_slug
from device_agents.kinds.base import Opening
from device_agents.kitlist import Status
from device_agents.messages import text
from device_agents.readable import shown_code
from device_agents.screen.dialogs import Dialog
from device_agents.screen.face import Face
from device_agents.screen.scanning import meaning, without_port
from device_agents.screen.words import capital, choice_name, say_device
from device_agents.station.devices import Device, Phase
from firmware_checks.errors import FirmwareError
from firmware_checks.texts import text as firmware_text


class Talking:
    """The conversation with the person, beside the screen that shows it.

    The questions of a device come up by themselves once the person has begun to answer them, and never while something
    is being typed; Escape leaves a question open, and its tile goes on asking.
    """

    def __init__(self, app: Face) -> None:
        self._app = app
        self._words = app.words
        self._engaged: set[int] = set()

    def _device(self, number: int) -> Device | None:
        return next((each for each in self._app.bench.station.view().devices if each.number == number), None)

    def open_selected(self) -> None:
        """Whatever the selected device waits for."""
        device = self._device(self._app.selected)
        if device is None:
            return
        if device.question is not None:
            self._engaged.add(device.number)
            self._ask(device, device.question)
        elif device.phase is Phase.CONFIRM:
            self._confirm(device)

    def by_hand(self) -> None:
        """Offer the devices of the list that have no port and have not been gone through."""
        language, options = self._app.language, {}
        for row in self._app.bench.station.view().rows:
            if row.status is Status.MISSING and row.kind and without_port(row.kind):
                number = row.serial or self._words("missing-number")
                options[f"{row.kind}\n{row.serial}"] = f"{text(language, f'kind.{row.kind}')}  {number}"
        if not options:
            self._app.notify(self._words("by-hand-none"), timeout=4)
            return

        def chosen(name: str | None) -> None:
            if name:
                self._begin(*name.split("\n"))

        dialog = Dialog(self._words("by-hand"), "", self._words("arrows"), list(options.items()))
        self._app.push_screen(dialog, chosen)

    def _begin(self, kind: str, label: str) -> None:
        number = self._app.bench.station.checklist(kind, label)
        self._engaged.add(number)
        self._app.show(number)

    def scanned(self, typed: str) -> None:
        """Do what a scanned or typed line means."""
        meant = meaning(typed, self._app.bench.station.view(), self._app.selected)
        if meant.act == "checklist":
            self._begin(meant.kind, meant.value)
        elif meant.act == "label":
            self._app.bench.station.label(meant.number, meant.value)
            self._app.notify(self._words("labelled", number=meant.number, label=meant.value), timeout=4)
            self._app.show(meant.number)
        elif meant.act == "show":
            self._app.show(meant.number)
        elif meant.act == "kit":
            self._offer_kit(meant.value)
        else:
            self._app.notify(self._words("not-understood", typed=meant.value), severity="warning", timeout=6)

    def _offer_kit(self, code: str) -> None:
        busy = self._app.bench.station.busy
        words = self._words("kit-busy", count=busy) if busy else self._words("kit-text")
        options = [("stay", self._words("kit-stay"))]
        if not busy:
            options.insert(0, ("open", self._words("kit-open", kit=shown_code(code))))

        def opened(chosen: str | None) -> None:
            if chosen == "open":
                self._app.run_worker(lambda: self._open_kit(code), thread=True, exclusive=True)

        self._app.push_screen(
            Dialog(self._words("kit", kit=shown_code(code)), words, self._words("arrows"), options), opened
        )

    def _open_kit(self, code: str) -> None:
        """In a thread: the service may take its time."""
        try:
            kit = self._app.bench.open_kit(code)
        except (AgentError, FirmwareError) as fault:
            language = self._app.language
            if isinstance(fault, AgentError):
                told = message_of(fault, language)
            else:
                told = firmware_text(fault.slug, fault.params, language)
            self._app.call_from_thread(self._app.notify, told, severity="error", timeout=10)
            return
        self._app.bench.kit = kit
        self._engaged = set()
        self._app.call_from_thread(self._app.redraw)

    def _confirm(self, device: Device) -> None:
        options = []
        for slug in device.may_be:
            options.append((slug, choice_name(slug, self._app.language)))
            alike = self._alike(device)
            if kind_by_slug(slug).opening is Opening.FREELY and len(alike) > 1:
                options.append(
                    (
                        f"{slug} all",
                        self._words("all-alike", kind=text(self._app.language, f"kind.{slug}"), count=len(alike)),
                    )
                )
        title = self._words("device", number=device.number) + ": " + self._words("what-is-it")

        def confirmed(chosen: str | None) -> None:
            if chosen:
                slug, _, every = chosen.partition(" ")
                for each in self._alike(device) if every else [device]:
                    self._app.bench.station.confirm(each.number, slug)

        said = say_device(self._app.bench.station.view(), device, self._app.language)
        still = lambda: (now := self._device(device.number)) is not None and now.phase is Phase.CONFIRM  # noqa: E731
        self._app.push_screen(Dialog(title, said.sentence, self._words("arrows"), options, open_still=still), confirmed)

    def _alike(self, device: Device) -> list[Device]:
        """Those of the same USB identity that wait for the same word."""
        usb_id = device.sighting.candidate.usb_id
        return [
            each
            for each in self._app.bench.station.view().devices
            if each.phase is Phase.CONFIRM and each.sighting.candidate.usb_id == usb_id
        ]

    def ask_on(self) -> None:
        """The next question of a device whose questions the person is answering."""
        for device in self._app.bench.station.view().devices:
            if device.number in self._engaged and device.question is not None:
                self._ask(device, device.question)
                return

    def _ask(self, device: Device, question: Question) -> None:
        key = f"question.{question.kind}.{question.key}"
        options = [(choice, capital(text(self._app.language, f"choice.{choice}"))) for choice in question.choices]
        options += [("", self._words("leave-open"))] if options and question.optional else []
        said = say_device(self._app.bench.station.view(), device, self._app.language)
        title = " · ".join(part for part in (str(device.number), said.name, said.serial) if part)

        def read(typed: str) -> Answer | None:
            return checked_answer(question, typed, Path())

        def wrong(typed: str) -> str:
            try:
                read(typed)
            except BadArguments as fault:
                return message_of(fault, self._app.language)
            return ""

        def answered(value: str | None) -> None:
            now = self._device(device.number)
            if value is None:
                self._engaged.discard(device.number)  # left open: the tile goes on asking
            elif now is not None and now.question == question:
                self._app.bench.station.answer(device.number, question, read(value))

        still = lambda: (now := self._device(device.number)) is not None and now.question == question  # noqa: E731
        hint = self._words("arrows" if options else "field")
        self._app.push_screen(
            Dialog(title, text(self._app.language, key), hint, options, open_still=still, check=wrong), answered
        )
