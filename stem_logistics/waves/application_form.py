"""The application's form: its fields as an entry, evidence as a piece, the columns of a file. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from stem_logistics.waves.application_columns import COLUMNS
from stem_logistics.waves.application_file import ApplicationEntry, EvidenceEntry
from stem_logistics.waves.rules_document import WaveRules


def _text(form: Mapping[str, Any], name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _whole(form: Mapping[str, Any], name: str) -> int | None:
    value = _text(form, name)
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 4 else None


def _day(form: Mapping[str, Any], name: str) -> str:
    try:
        return date.fromisoformat(_text(form, name)).isoformat()
    except ValueError:
        return ""


def entry_of_form(form: Mapping[str, Any], school_code: str, rules: WaveRules) -> ApplicationEntry:
    """An application out of its form: choices in order, conditions ticked, the project's title."""
    choices = [_text(form, f"preference_{number}") for number in range(1, len(rules.kits) + 1)]
    return ApplicationEntry(
        row=1,
        school_code=school_code,
        preferences=tuple(choice for choice in choices if choice),
        declarations={
            c.slug: bool(_text(form, f"condition_{c.slug}")) for c in rules.conditions if c.source == "declared"
        },
        project_title=_text(form, "project_title")[:300],
    )


def piece_of_form(form: Mapping[str, Any], school_code: str) -> EvidenceEntry:
    """A piece of evidence out of its form."""
    kind = _text(form, "kind")
    return EvidenceEntry(
        row=1,
        kind=kind,
        school_code=school_code,
        reference=_text(form, "reference")[:120] or (kind if kind in ("school-label", "ite-label") else ""),
        year=_whole(form, "year") or 0,
        title=_text(form, "title")[:300],
        category=_text(form, "category")[:100],
        rank=_whole(form, "rank") or None,
        stem=bool(_text(form, "stem")),
        awarded_on=_day(form, "awarded_on"),
        teacher_code="" if kind in ("school-label", "ite-label") else _text(form, "teacher")[:60],
    )


def sample_columns(rules: WaveRules) -> list[tuple[str, str]]:
    """The columns of a file for this wave: the name, and the Greek words that may stand for it."""
    columns = [(column, " · ".join(word for word in words if not word.isascii())) for column, words in COLUMNS.items()]
    declared = [(c.slug, c.title.el) for c in rules.conditions if c.source == "declared"]
    return columns[:3] + declared + columns[3:]
