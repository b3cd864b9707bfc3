"""The station's screen: shows what the engine says, and passes on what the person says.

The engine, the watcher and the courier work in threads of their own; the screen looks at them ten times a second and
draws what has changed. No key of it touches a device. The field at the bottom always listens, so keys that type are
never commands: commands are function keys, arrows, Tab and Enter on an empty field.
"""

import asyncio
import contextlib
import signal
import threading
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, ItemGrid, Vertical, VerticalScroll
from textual.widgets import Input, Static

from device_agents.cli import message_of
from device_agents.discovery.refused import refused_devices
from device_agents.kitlist import verdict_of
from device_agents.readable import shown_code, shown_time
from device_agents.screen.bench import Bench
from device_agents.screen.dialogs import Dialog, Help
from device_agents.screen.face import Face
from device_agents.screen.parts import FIGURES, Figure, Tile, figures, list_text
from device_agents.screen.talking import Talking
from device_agents.screen.words import Said, say_device
from device_agents.station.courier import Post
from device_agents.station.devices import Phase, View

_DRAW_S = 0.1
_LOOK_S = 2.0
TILE_ROWS = 6
NARROWEST, WIDEST = 30, 56
_OTHER = {"el": "en", "en": "el"}


class StationApp(Face):
    """See the module. It ends with the exit code of the kit's verdict."""

    CSS_PATH = "station.tcss"
    TITLE = "stem-check station"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "select('up')", priority=True),
        Binding("down", "select('down')", priority=True),
        Binding("left", "select('left')", priority=True),
        Binding("right", "select('right')", priority=True),
        Binding("pageup", "page(-1)", priority=True),
        Binding("pagedown", "page(1)", priority=True),
        Binding("tab,f6", "next_asking", priority=True),
        Binding("f1", "help", priority=True),
        Binding("f2", "language", priority=True),
        Binding("f3", "again", priority=True),
        Binding("f4", "listing", priority=True),
        Binding("f5", "send", priority=True),
        Binding("f7", "by_hand", priority=True),
        Binding("f8", "sound", priority=True),
        Binding("escape", "clear", priority=True),
        Binding("f10,ctrl+q,ctrl+c", "leave", priority=True),
    ]

    def __init__(self, bench: Bench, language: str) -> None:
        super().__init__(bench, language)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (96, "-middle"), (124, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-high")]
        self.sound = True
        self.stop = threading.Event()
        self.talking = Talking(self)
        self._phases: dict[int, Phase] = {}
        self._drawn: tuple[object, ...] = ()
        self._refused = 0
        self._filed = 0

    # --- life

    def compose(self) -> ComposeResult:
        """Header; devices beside the list; the selected one's words; the field; the keys."""
        with Horizontal(id="head"):
            yield Static(id="who", markup=False)
            with Horizontal(id="figures"):
                yield from (Figure(name) for name in FIGURES)
        yield Static(id="line", markup=False)
        yield Static(id="notice", markup=False)
        with Horizontal(id="body"):
            with VerticalScroll(id="table", can_focus=False):
                yield Static(id="empty", markup=False)
                yield ItemGrid(id="tiles", min_column_width=38)
            with VerticalScroll(id="side", can_focus=False):
                yield Static(id="list", markup=False)
        yield Static(id="detail", markup=False)
        with Vertical(id="foot"):
            yield Input(id="scan")
            yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        """Begin to watch, send and draw."""
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        self.bench.courier.start(lambda: self.bench.station.refile())
        self.query_one("#scan", Input).focus()
        self.set_interval(_DRAW_S, self._draw)
        self.set_interval(_LOOK_S, self._look)
        for name in ("SIGTERM", "SIGHUP"):
            with contextlib.suppress(AttributeError, NotImplementedError, ValueError, RuntimeError):
                # Another thread's loop, or Windows: there the program ends as programs do.
                self._loop_signal(getattr(signal, name))
        self._draw()

    def _loop_signal(self, number: signal.Signals) -> None:
        asyncio.get_running_loop().add_signal_handler(number, lambda: self.exit(self.exit_code))

    def _watch(self) -> None:
        for event in self.bench.watcher.events(self.stop):
            self.bench.station.take(event)

    def _look(self) -> None:
        self._refused = len(refused_devices())

    @property
    def exit_code(self) -> int:
        """The kit's verdict as an exit code."""
        return verdict_of(self.bench.station.view().rows).exit_code

    # --- drawing

    def _draw(self) -> None:
        scan = self.screen_stack[0].query("#scan").results(Input) if self.screen_stack else ()
        field = next(iter(scan), None)
        table = next(iter(self.screen_stack[0].query("#table")), None) if self.screen_stack else None
        if field is None or table is None:
            return  # it is ending
        if len(self.screen_stack) == 1 and not field.value:
            self.talking.ask_on()
        view, post = self.bench.station.view(), self.bench.courier.post
        faults = len(self.bench.ports_file.faults) if self.bench.ports_file else 0
        # The table's size follows the window's a little later.
        chosen = (self.language, self.selected, self.sound, table.size, self.size)
        resized = bool(self._drawn) and self._drawn[-1] != self.size
        state = (view.version, view.expected.kit, post, self._refused, faults, *chosen)
        if state == self._drawn or not self.screen_stack:
            return
        self._drawn = state
        if resized:
            self.call_after_refresh(self._bring_into_sight)
        self._react(view)
        self._draw_head(view, post)
        self._draw_devices(view)
        side = self.screen_stack[0].query_one("#side")
        room = max(20, side.size.width - 3 if side.size.width else 36)
        self._static("#list", list_text(view, self.language, room))

    def _static(self, where: str, content: object) -> None:
        self.screen_stack[0].query_one(where, Static).update(content)  # type: ignore[arg-type] # a text of either kind

    def _react(self, view: View) -> None:
        """What a change calls for: something to send, a sound."""
        for device in view.devices:
            before, self._phases[device.number] = self._phases.get(device.number), device.phase
            ended = before is not device.phase and device.phase in (Phase.DONE, Phase.UNUSABLE)
            if ended and self.sound and say_device(view, device, self.language).tone != "good":
                self.bell()
        filed = sum(device.filed for device in view.devices)
        if filed != self._filed:  # only now are there reports to send: a check ends before its report is kept
            self.bench.courier.wake(max(0, filed - self._filed))  # fewer: another kit has been opened
            self._filed = filed
        if view.devices and self.selected not in self._phases:
            self.selected = view.devices[0].number

    def _draw_head(self, view: View, post: Post) -> None:
        names = view.expected.title
        title = names.el if self.language == "el" else names.en
        title = " · ".join(part for part in (view.expected.school, title) if part)
        who = self.words("kit", kit=shown_code(view.expected.kit))
        self._static("#who", f"{who}\n{title}\n{self._post_words(view, post)}")
        counted = figures(view)
        for name, value in counted.items():
            self.screen_stack[0].query_one(f"#figure-{name}", Figure).show(value, self.language)
        line = " · ".join(f"{self.words(f'figure-{name}')} {value}" for name, value in counted.items())
        self._static("#line", line)
        notice = self.screen_stack[0].query_one("#notice", Static)
        notes = self._notes(view, post)
        notice.update("\n".join(notes))
        notice.set_class(bool(notes), "shown")
        self._static("#keys", self.words("keys"))
        self.screen_stack[0].query_one("#scan", Input).placeholder = self.words("scan")

    def _post_words(self, view: View, post: Post) -> str:
        # What has ended and is not kept, and what is kept and not counted, is not sent: the last figures say otherwise.
        waiting = post.waiting + self.bench.courier.uncounted + view.unkept
        if waiting:
            return self.words("post-sending" if post.sending else "post-waiting", waiting=waiting)
        return self.words("post-all-sent" if post.online else "post-nothing")

    def _notes(self, view: View, post: Post) -> list[str]:
        notes = []
        unfiled = sum(device.unfiled is not None for device in view.devices)
        if unfiled:
            notes.append(self.words("note-unfiled", count=unfiled))
        if self._refused:
            notes.append(self.words("note-refused", count=self._refused))
        if post.refused:
            notes.append(self.words("note-post-refused", count=post.refused))
        if post.fault is not None and post.fault.slug not in ("service-unreachable", "service-busy"):
            notes.append(message_of(post.fault, self.language))
        if self.bench.kit.kept_since:
            notes.append(self.words("note-kept", when=shown_time(self.bench.kit.kept_since, self.language)))
        notes.extend(self.bench.kit.notes(self.language))
        for number, fault in self.bench.ports_file.faults if self.bench.ports_file else ():
            notes.append(self.words("note-ports-file", number=number, fault=message_of(fault, self.language)))
        return notes

    def _draw_devices(self, view: View) -> None:
        grid = self.screen_stack[0].query_one("#tiles", ItemGrid)
        tiles = {tile.number: tile for tile in grid.query(Tile)}
        there = {device.number for device in view.devices}
        for number in tiles.keys() - there:
            tiles.pop(number).remove()
        new = [Tile(device.number) for device in view.devices if device.number not in tiles]
        if new:
            grid.mount_all(new)
            tiles |= {tile.number: tile for tile in new}
        grid.min_column_width = self._column_width(len(view.devices))
        dense = self._dense(len(view.devices))
        grid.set_class(dense, "dense")
        said = {device.number: say_device(view, device, self.language) for device in view.devices}
        for number, words in said.items():
            tile = tiles[number]
            if tile.is_mounted and tile.children:
                tile.show(words, number == self.selected, self.language, dense)
            else:
                self.call_after_refresh(self.redraw)
        empty = self.screen_stack[0].query_one("#empty", Static)
        empty.display = not view.devices
        empty.update(self.words("empty"))
        self._static("#detail", self._detail_words(said.get(self.selected)))

    def _column_width(self, count: int) -> int:
        """As wide as lets all devices be seen at once; never so narrow that a verdict does not fit."""
        table = self.screen_stack[0].query_one("#table")
        rows = max(1, (table.size.height - 1) // TILE_ROWS)
        columns = max(1, -(-count // rows))
        return max(NARROWEST, min(WIDEST, (table.size.width - 3) // columns))

    def _dense(self, count: int) -> bool:
        """Whether so many devices are only to be seen at once, or at least more of them, in two lines each."""
        table = self.screen_stack[0].query_one("#table").size
        return count > max(1, (table.height - 1) // TILE_ROWS) * max(1, (table.width - 3) // NARROWEST)

    def redraw(self) -> None:
        """Draw everything anew."""
        self._drawn = ()
        self._draw()

    def _detail_words(self, said: Said | None) -> str:
        if said is None:
            return self.words("hint")
        head = " · ".join(part for part in (f"{self.selected}", said.name, said.serial) if part)
        state = " · ".join(part for part in (f"{said.shape} {said.word}", said.extra, said.sentence) if part)
        after = self.words("next", what=said.next) if said.next else ""
        return f"{head}\n{state}" + (f"\n{after}" if after else "")

    # --- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a dialog is open its own keys are the only ones; in a typed line left and right move in it."""
        if len(self.screen_stack) > 1 and action in _OURS:
            return False
        sideways = action == "select" and parameters[:1] in (("left",), ("right",))
        return not (sideways and self.query_one("#scan", Input).value)

    def action_select(self, way: str) -> None:
        """Move to the device beside, above or below."""
        view = self.bench.station.view()
        numbers = [device.number for device in view.devices]
        if not numbers:
            return
        columns = max(1, self._columns())
        step = {"left": -1, "right": 1, "up": -columns, "down": columns}[way]
        place = numbers.index(self.selected) if self.selected in numbers else 0
        if 0 <= place + step < len(numbers):
            self.show(numbers[place + step])

    def _columns(self) -> int:
        rows = [tile.region.y for tile in self.query(Tile)]
        return rows.count(rows[0]) if rows else 1

    def show(self, number: int) -> None:
        """Select a device and bring it into sight."""
        self.selected = number
        self._draw()
        self._bring_into_sight()

    def _bring_into_sight(self) -> None:
        for tile in self.screen_stack[0].query(Tile):
            if tile.number == self.selected:
                tile.scroll_visible(animate=False)

    def action_page(self, ways: int) -> None:
        """A page of the list up or down."""
        side = self.query_one("#side", VerticalScroll)
        (side.scroll_page_down if ways > 0 else side.scroll_page_up)(animate=False)

    def action_next_asking(self) -> None:
        """The next device that waits for the person."""
        view = self.bench.station.view()
        order = sorted(view.devices, key=lambda device: (device.number <= self.selected, device.number))
        wanting = next((device for device in order if say_device(view, device, self.language).tone == "ask"), None)
        if wanting is not None:
            self.show(wanting.number)

    def action_help(self) -> None:
        """The keys."""
        self.push_screen(Help(self.language))

    def action_language(self) -> None:
        """Greek or English."""
        self.language = _OTHER[self.language]
        self._draw()

    def action_listing(self) -> None:
        """In a narrow window: the devices or the list."""
        self.screen.toggle_class("listing")

    def action_again(self) -> None:
        """Check the selected device once more."""
        self.bench.station.again(self.selected)

    def action_send(self) -> None:
        """Send what waits, now."""
        self.bench.courier.wake()

    def action_by_hand(self) -> None:
        """Go through the list of a device that has no port."""
        self.talking.by_hand()

    def action_sound(self) -> None:
        """With or without a sound."""
        self.sound = not self.sound
        self.notify(self.words("sound-on" if self.sound else "sound-off"), timeout=2)

    def action_clear(self) -> None:
        """Empty the field."""
        self.query_one("#scan", Input).value = ""

    def action_leave(self) -> None:
        """Leave; while something is being checked, only when the person says so."""
        busy = self.bench.station.busy
        if not busy:
            self.exit(self.exit_code)
            return
        options = [("stay", self.words("quit-stay")), ("quit", self.words("quit-now"))]
        dialog = Dialog(self.words("quit-title"), self.words("quit-text", count=busy), self.words("arrows"), options)
        self.push_screen(dialog, lambda chosen: self.exit(self.exit_code) if chosen == "quit" else None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A scan, or Enter on the empty field: whatever the selected device waits for."""
        if event.input.id == "scan":
            typed, event.input.value = event.value.strip(), ""
            self.talking.scanned(typed) if typed else self.talking.open_selected()


_OURS = frozenset(
    binding.action.partition("(")[0] for binding in StationApp.BINDINGS if isinstance(binding, Binding)
) - {"quit"}
