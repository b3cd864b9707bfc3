"""Every refusal of stock and deliveries has its sentence, in both languages, with all its figures."""

import ast
from pathlib import Path

import pytest

import stem_logistics
from stem_logistics.db.errors import CONSTRAINTS
from stem_logistics.web.i18n import use_locale
from stem_logistics.web.sentences import catalogue, sentence

PACKAGE = Path(stem_logistics.__file__).parent
ERRORS = {"Conflict", "Invalid", "NotFound", "Forbidden", "TooLarge", "TooMany", "Gone", "FieldErrors"}


def raised() -> list[tuple[str, str, tuple[str, ...]]]:
    """Each refusal in the source: where, its slug, the names of its figures."""
    found = []
    for noun in ("inventory", "deliveries"):
        for path in sorted((PACKAGE / noun).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
                    slug = node.args[0] if node.args else None
                    if isinstance(slug, ast.Constant):
                        names = tuple(word.arg for word in node.keywords if word.arg and word.arg != "errors")
                        found.append((f"{path.name}:{node.lineno}", str(slug.value), names))
    return found


@pytest.mark.parametrize(("where", "slug", "names"), raised())
def test_a_refusal_speaks(where: str, slug: str, names: tuple[str, ...]) -> None:
    """The slug has a sentence whose places are all filled by what the refusal carries."""
    text = catalogue()[slug]
    assert text % dict.fromkeys(names, "1")
    for language in ("el", "en"):
        with use_locale(language):
            assert "%(" not in sentence(slug, dict.fromkeys(names, "1"))


def test_what_the_database_refuses_speaks() -> None:
    """The constraints of stock and deliveries end as sentences too."""
    for name in ("holding_not_overdrawn", "device_in_one_place", "consignment_kit_active", "receipt_within_shipped"):
        assert CONSTRAINTS[name] in catalogue()
