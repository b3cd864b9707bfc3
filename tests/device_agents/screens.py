"""The station's screen in front of a box (tests/device_agents/boxes.py), driven by Textual's pilot."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from textual.pilot import Pilot
from textual.widgets import Digits, Input, Static

from device_agents.discovery.presence import Presence, Sighting
from device_agents.discovery.watching import Watcher
from device_agents.errors import KitListMissing
from device_agents.home import Enrolment, Home
from device_agents.kitlist import KitList
from device_agents.screen.app import StationApp
from device_agents.screen.bench import Bench, OpenKit
from device_agents.screen.parts import Tile
from device_agents.station.courier import Courier
from device_agents.station.engine import Station
from tests.device_agents.boxes import Box

NOBODY = "http://127.0.0.1:9"


@dataclass
class Plugs:
    """A source: what is plugged in now."""

    there: list[Sighting] = field(default_factory=list)

    def look(self) -> Sequence[Sighting]:
        return list(self.there)


@dataclass
class Screen:
    """The screen under test, what is plugged in, and the pilot's hands."""

    app: StationApp
    pilot: Pilot[int]
    plugs: Plugs
    station: Station

    def tile(self, number: int) -> str:
        """A tile's words, with a colour's name in front."""
        tile = next(tile for tile in self.app.screen_stack[0].query(Tile) if tile.number == number)
        tones = [tone for tone in ("good", "bad", "warn", "ask", "busy", "gone") if tile.has_class(tone)]
        return " ".join((*tones, str(tile.query_one(".words", Static).content)))

    def text(self, where: str) -> str:
        return str(self.app.screen_stack[0].query_one(where, Static).content)

    def dialog(self) -> str:
        """Title, text and hint of the dialog, or an empty text."""
        if len(self.app.screen_stack) == 1:
            return ""
        return "\n".join(str(part.render()) for part in self.app.screen.query("#title, #text, #hint").results(Static))

    def figure(self, name: str) -> int:
        return int(self.app.screen_stack[0].query_one(f"#figure-{name}").query_one(Digits).value)

    async def until(self, so: Callable[[], object], what: str = "", limit_s: float = 15.0) -> None:
        """Wait until it is so; fails with what stands on the screen."""
        for _ in range(int(limit_s / 0.05)):
            if so():
                await self.pilot.pause(0.15)  # everything else that is drawn with it
                return
            await self.pilot.pause(0.05)
        tiles = [self.tile(tile.number) for tile in self.app.screen_stack[0].query(Tile)]
        raise AssertionError(f"{what or 'it'} did not come: {tiles} {self.dialog()!r} {self.text('#notice')!r}")

    async def scan(self, typed: str) -> None:
        """A bar-code reader: characters at once, then Enter."""
        await self.pilot.press(*(named(character) for character in typed), "enter")
        await self.pilot.pause(0.05)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause(0.05)

    @property
    def typed(self) -> str:
        return self.app.screen_stack[0].query_one("#scan", Input).value


def named(character: str) -> str:
    return {"-": "minus", " ": "space", "/": "slash", ".": "full_stop", "_": "underscore"}.get(character, character)


@asynccontextmanager
async def screen(
    box: Box,
    expected: KitList,
    *,
    language: str = "el",
    size: tuple[int, int] = (140, 44),
    server: str = NOBODY,
    send: bool = False,
    others: Sequence[KitList] = (),
) -> AsyncIterator[Screen]:
    """The screen of a station for `expected`; `others` are kits whose code may be scanned."""
    plugs = Plugs()
    watcher = Watcher([plugs], Presence(settle_s=0.0, gone_s=0.15), every_s=0.05)

    def open_kit(code: str) -> OpenKit:
        found = next((each for each in others if each.kit == code), None)
        if found is None:
            raise KitListMissing(kit=code, server=server)
        return OpenKit(box.station(found, presence=watcher.presence), "2026-11-21T09:30:00Z")

    station = box.station(expected, presence=watcher.presence)
    courier = Courier(Home(box.folder), Enrolment("AAAA2222", server, "box", ""), box.outbox, send=send)
    app = StationApp(Bench(OpenKit(station), watcher, courier, open_kit), language)
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.pause(0.1)
            yield Screen(app, pilot, plugs, station)
    finally:
        app.stop.set()
        await asyncio.to_thread(app.bench.station.close)
        courier.stop()
