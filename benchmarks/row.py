"""What a benchmark reports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    A machine's speed says little, so what counts is a ratio to something that everybody knows, measured in the
    same run: `ratio`, and `mark`, the ratio that it should not exceed.
    """

    what: str
    measured: str
    ratio: float | None = None
    against: str = ""
    mark: float | None = None

    @property
    def verdict(self) -> str:
        if self.ratio is None or self.mark is None:
            return ""
        return "ok" if self.ratio <= self.mark else "SLOW"
