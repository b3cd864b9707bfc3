"""The papers of a selection: a committee's minutes and the letter to each school, as PDF/A in Greek."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from stem_logistics.appeals.rules import Member
from stem_logistics.appeals.words import DECISIONS, EFFECTS, POINTS
from stem_logistics.deliveries.documents.render import render
from stem_logistics.deliveries.documents.text import greek_date
from stem_logistics.deliveries.protocols import sender
from stem_logistics.web.formats import format_datetime
from stem_logistics.web.i18n import use_locale

_TITLES = {"evaluation": "Επιτροπή αξιολόγησης", "appeals": "Επιτροπή ενστάσεων"}


@dataclass(frozen=True)
class Minutes:
    """What a session's minutes say.

    Args:
        awards: kit, schools and departments, units.
        appeals: the decided ones, for the committee of appeals.
        applied: how many applications were evaluated; 0 where the session was not about them.
        excluded: school and the conditions that it does not meet, for the committee of evaluation.
    """

    wave: str
    kind: str
    number: int
    session_on: date
    act_number: str
    members: tuple[Member, ...]
    remarks: str
    outcome_sha256: str
    awards: Sequence[tuple[str, int, int]]
    appeals: Sequence[Mapping[str, Any]]
    made_at: datetime
    applied: int = 0
    excluded: Sequence[tuple[str, str]] = ()


def minutes_pdf(minutes: Minutes) -> bytes:
    """The minutes, with a line for each member's signature."""
    with use_locale("el"):
        rows = [
            {
                "number": f"Ε-{appeal['number']}",
                "school": f"{appeal['name']} ({appeal['code']})",
                "point": str(POINTS[appeal["point"]]),
                "decision": str(DECISIONS[appeal["decision"]]),
                "effect": str(EFFECTS[appeal["effect"] or "none"]),
                "reason": appeal["reason"],
            }
            for appeal in minutes.appeals
        ]
    data = {
        "sender": sender().data(),
        "wave": minutes.wave,
        "committee": _TITLES[minutes.kind],
        "number": str(minutes.number),
        "date": greek_date(minutes.session_on),
        "act": minutes.act_number,
        "members": [{"name": member.name, "post": member.post} for member in minutes.members],
        "remarks": minutes.remarks,
        "digest": minutes.outcome_sha256,
        "awards": [{"kit": kit, "recipients": str(who), "units": str(units)} for kit, who, units in minutes.awards],
        "appeals": rows,
        "applied": str(minutes.applied) if minutes.applied else "",
        "excluded": [{"school": school, "why": why} for school, why in minutes.excluded],
        "kind": minutes.kind,
    }
    return render("minutes.typ", data, minutes.made_at)


@dataclass(frozen=True)
class Letter:
    """What the letter to a school says.

    Args:
        sentences: why, choice by choice; `needed` what would have sufficed.
        parts: criterion, points, the most they can be.
        until: the end of the appeals window; None where none is open.
        link: where the school reads more and appeals.
    """

    wave: str
    school: str
    code: str
    headline: str
    sentences: Sequence[str]
    needed: Sequence[str]
    total: str
    parts: Sequence[tuple[str, str, str]]
    provisional: bool
    protocol: str
    ada: str
    until: datetime | None
    link: str
    made_at: datetime


def letter_pdf(letter: Letter) -> bytes:
    """The letter, one page for most schools."""
    with use_locale("el"):
        until = format_datetime(letter.until) if letter.until else ""
    data = {
        "sender": sender().data(),
        "title": "Προσωρινά αποτελέσματα" if letter.provisional else "Οριστικά αποτελέσματα",
        "wave": letter.wave,
        "school": letter.school,
        "code": letter.code,
        "date": greek_date(letter.made_at),
        "protocol": letter.protocol,
        "ada": letter.ada,
        "headline": letter.headline,
        "sentences": list(letter.sentences),
        "needed": list(letter.needed),
        "total": letter.total,
        "parts": [
            {"criterion": title, "points": points, "ceiling": ceiling} for title, points, ceiling in letter.parts
        ],
        "until": until,
        "link": letter.link,
    }
    return render("result_letter.typ", data, letter.made_at)
