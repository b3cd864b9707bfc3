"""The receipt's form beyond its lines: quality, committee, what came unasked. Knows no request."""

from collections.abc import Mapping, Sequence

from stem_logistics.deliveries.committee import (
    MEMBERS,
    MOST_EXTRAS,
    Committee,
    Extra,
    Member,
    check_committee,
    check_extras,
)
from stem_logistics.deliveries.rules import ReceiptProblem
from stem_logistics.web.i18n import LazyText, _

QUALITY_WORDS: tuple[tuple[str, LazyText], ...] = (
    ("looked", _("We opened the parcels and looked at everything")),
    ("tried", _("We also tried the devices")),
    ("later", _("Not yet; it will follow")),
)
RECEIVES: tuple[tuple[str, LazyText], ...] = (
    ("one", _("One person for the school")),
    ("committee", _("The receiving committee of three")),
)
APPOINTED_BY: tuple[tuple[str, LazyText], ...] = (
    ("school", _("The school")),
    ("directorate", _("The directorate (the school has one or two teachers)")),
)
EXTRA_KINDS: tuple[tuple[str, LazyText], ...] = (
    ("surplus", _("More than the list says")),
    ("wrong", _("Another thing than the list says")),
)


def quality_of(typed: Mapping[str, str]) -> str:
    """How far the quality was looked at; looked at, where nothing was said (the form has it chosen)."""
    return typed.get("quality", "") or "looked"


def committee_of(typed: Mapping[str, str]) -> Committee | None:
    """The committee, where one receives."""
    if typed.get("receives") != "committee":
        return None
    members = tuple(
        Member(
            typed.get(f"member-{number}-name", ""),
            typed.get(f"member-{number}-post", ""),
            bool(typed.get(f"member-{number}-confirms")),
            typed.get(f"member-{number}-drawn", "") if typed.get(f"member-{number}-confirms") else "",
        )
        for number in range(1, MEMBERS + 1)
    )
    by = typed.get("appointed_by", "")
    return Committee(members, typed.get("committee_act", ""), "directorate" if by == "directorate" else "school")


def extras_of(typed: Mapping[str, str], photos: Mapping[str, Sequence[bytes]] | None = None) -> tuple[Extra, ...]:
    """What came without having been sent; an empty row is none. A number that is none is 0, which is refused.

    Args:
        photos: digests of stored photographs, by the row (`extra-1`).
    """
    found = []
    for number in range(1, MOST_EXTRAS + 1):
        what, count, serial = (
            typed.get(f"extra-{number}-{name}", "").strip() for name in ("what", "quantity", "serial")
        )
        shown = tuple((photos or {}).get(f"extra-{number}", ()))
        if what or count or serial or shown:
            pieces = int(count) if count.isascii() and count.isdigit() and len(count) <= 6 else 0
            kind = typed.get(f"extra-{number}-kind", "")
            found.append(Extra("wrong" if kind == "wrong" else "surplus", what, pieces, serial, shown, number))
    return tuple(found)


def problems(typed: Mapping[str, str]) -> list[ReceiptProblem]:
    """What is wrong beyond the lines."""
    committee = committee_of(typed)
    return check_extras(extras_of(typed)) + (check_committee(committee) if committee else [])
