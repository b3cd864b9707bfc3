"""The record of changes speaks in words."""

import ast
from collections.abc import Iterator
from pathlib import Path

from stem_logistics.web.record_words import ACTIONS, CHANNELS, SUBJECTS, action_words

PACKAGE = Path(__file__).parents[2] / "stem_logistics"


def recorded() -> Iterator[tuple[str, str, str]]:
    """Every action and subject that the service writes into its record, and where."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if not isinstance(node.func.value, ast.Name) or node.func.value.id != "audit":
                continue
            if node.func.attr not in ("record", "record_each"):
                continue
            action, subject = node.args[:2]
            where = f"{path.relative_to(PACKAGE)}:{node.lineno}"
            for action_value in _literals(action):
                for subject_value in _literals(subject):
                    yield action_value, subject_value, where


def _literals(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return _literals(node.body) + _literals(node.orelse)
    assert isinstance(node, ast.Constant) and isinstance(node.value, str), ast.unparse(node)
    return [node.value]


def test_every_action_has_its_words() -> None:
    """Nothing is recorded that an auditor would have to read as a program's word."""
    found = list(recorded())
    assert len(found) > 10
    assert [f"{where}: {action}" for action, _subject, where in found if action not in ACTIONS] == []
    assert [f"{where}: {subject}" for _action, subject, where in found if subject not in SUBJECTS] == []


def test_an_action_nobody_knows_any_more_is_still_shown() -> None:
    """The record outlives the program that wrote it."""
    assert action_words("long-gone") == "long-gone"
    assert set(CHANNELS) == {"web", "api", "cli", "job"}
