"""A question to the person, over everything else. Arrows and Enter; Escape leaves it open.

A bar-code reader types and presses Enter at any moment: in a choice, what was typed before an Enter is a scan and not
an answer, so nothing is chosen by it; and nothing is chosen before somebody has moved to it.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from device_agents.messages import text


class Choices(OptionList):
    """Options, none of which is chosen by a bar-code reader."""

    typed = ""

    def on_mount(self) -> None:
        """Nothing is highlighted until somebody moves."""
        self.highlighted = None

    def on_key(self, event: events.Key) -> None:
        """Remember that something was typed."""
        if event.is_printable:
            self.typed += event.character or ""
            event.stop()
        elif event.key in ("up", "down", "home", "end"):
            self.typed = ""

    def action_select(self) -> None:
        """Choose, unless this Enter ends a scan."""
        if self.typed:
            self.typed = ""
            self.highlighted = None
            return
        super().action_select()


class Dialog(ModalScreen[str | None]):
    """A title, a text, and either options or a field; the chosen option's id or the text; None for Escape.

    Args:
        title, words, hint: what is said.
        options: id and words of each; without any there is a field.
        open_still: whether the question still stands; the dialog closes itself when it does not.
        check: looks at what was typed; returns what is wrong with it, or "".
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", priority=True)]

    def __init__(
        self,
        title: str,
        words: str,
        hint: str,
        options: Sequence[tuple[str, str]] = (),
        *,
        open_still: Callable[[], bool] = lambda: True,
        check: Callable[[str], str] = lambda _typed: "",
    ) -> None:
        super().__init__(classes="dialog")
        self._title = title
        self._words = words
        self._hint = hint
        self._options = options
        self._open_still = open_still
        self._check = check

    def compose(self) -> ComposeResult:
        """The box."""
        with Vertical(id="box"):
            yield Label(self._title, id="title", markup=False)
            if self._words:
                yield Static(self._words, id="text", markup=False)
            if self._options:
                yield Choices(*(Option(words, id=name) for name, words in self._options), markup=False)
            else:
                yield Input()
            yield Static(self._hint, id="hint", markup=False)

    def on_mount(self) -> None:
        """Watch whether it is still asked."""
        self.set_interval(0.2, self._look)

    def _look(self) -> None:
        if self.is_current and not self._open_still():
            self.dismiss(None)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Chosen."""
        event.stop()
        self.dismiss(event.option.id)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Typed."""
        event.stop()
        wrong = self._check(event.value.strip())
        if wrong:
            self.query_one("#hint", Static).update(wrong)
        else:
            self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        """Leave it open."""
        self.dismiss(None)


class Help(ModalScreen[None]):
    """The keys, and how the station is used."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,f1,f10", "leave", priority=True)]

    def __init__(self, language: str) -> None:
        super().__init__(classes="dialog")
        self._language = language

    def compose(self) -> ComposeResult:
        """The box."""
        with Vertical(id="box"):
            yield Label(text(self._language, "station.help-title"), id="title", markup=False)
            yield Static(text(self._language, "station.help"), id="text", markup=False)
            yield Static(text(self._language, "station.help-hint"), id="hint", markup=False)

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)
