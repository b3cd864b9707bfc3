"""docs/devices.md promises something for each kind of device: every promise has a test that exists and runs in CI."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from device_agents.kinds import all_kinds

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "devices.md"
COLUMNS = ["kind", "transport", "firmware it was proven on", "what is checked", "what is not, and why", "test"]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@dataclass(frozen=True)
class Line:
    """A row of the table."""

    slug: str
    cells: tuple[str, ...]

    @property
    def tests(self) -> list[tuple[str, str]]:
        return _TEST.findall(self.cells[-1])


def lines() -> list[Line]:
    """The table's rows; every row begins with its kind's slug in backticks."""
    table = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert rows[0] == COLUMNS and set("".join(rows[1])) == {"-"}
    found = []
    for cells in rows[2:]:
        assert len(cells) == len(COLUMNS), f"{len(cells)} cells instead of {len(COLUMNS)}: {cells[0]}"
        slug = re.match(r"`([a-z0-9-]+)`", cells[0])
        assert slug is not None, f"no slug in backticks at the beginning of {cells[0]!r}"
        found.append(Line(slug[1], tuple(cells)))
    return found


@cache
def functions(path: str) -> dict[str, bool]:
    """The test functions of a file, and whether each is switched off by its own decorators."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {
        node.name: any("mark.skip" in ast.unparse(mark) or "mark.xfail" in ast.unparse(mark) for mark in marks)
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for marks in [node.decorator_list]
    }


def test_every_kind_has_its_row() -> None:
    """No kind without a promise, and no promise of a kind that is not there."""
    assert {line.slug for line in lines()} == {kind.slug for kind in all_kinds()}


@pytest.mark.parametrize("line", lines(), ids=lambda line: line.cells[0])
def test_every_row_is_backed(line: Line) -> None:
    """Each cell says something, and each named test exists, is not switched off, and there is at least one."""
    assert all(line.cells)
    assert line.tests, f"{line.cells[0]}: no test in the form `tests/….py::test_…`"
    named = re.findall(r"`([^`]+)`", line.cells[-1])
    assert len(named) == len(line.tests), f"not in the form `tests/….py::test_…`: {named}"
    for path, function in line.tests:
        assert (ROOT / path).is_file(), f"{line.cells[0]}: there is no {path}"
        assert function in functions(path), f"{line.cells[0]}: {path} has no {function}"
        assert not functions(path)[function], f"{line.cells[0]}: {path}::{function} is skipped or expected to fail"
