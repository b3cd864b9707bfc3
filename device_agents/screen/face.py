"""What the parts of the screen know of the whole."""

from textual.app import App

from device_agents.messages import text
from device_agents.screen.bench import Bench


class Face(App[int]):
    """An application in front of a bench, in a language, with one device selected (0: none)."""

    def __init__(self, bench: Bench, language: str) -> None:
        super().__init__()
        self.bench = bench
        self.language = language
        self.selected = 0

    def words(self, key: str, **params: str | int) -> str:
        """A message of the station in the language of the moment."""
        return text(self.language, f"station.{key}", params)

    def show(self, number: int) -> None:
        """Select a device and bring it into sight."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw everything anew."""
        raise NotImplementedError
