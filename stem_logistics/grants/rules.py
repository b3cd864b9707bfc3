"""A fixed list: what it holds, and everything that stands in the way of publishing it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stem_logistics.web.i18n import N_

CLOSED = N_("%(name)s (%(code)s) is closed in the registry. Write the school that took its place, or take the row out.")
SUSPENDED = N_("%(name)s (%(code)s) is suspended and has nobody to receive. Take the row out until it works again.")
TWICE = N_("%(name)s (%(code)s) has this kit in row %(first)s too: make one row of both, with the pieces of both.")
OVER_STOCK = N_(
    "With this row the list gives %(given)s of “%(kit)s”; there are %(stock)s to give. Lower the pieces, or say that"
    " there are more."
)
NO_STOCK = N_("The list does not say how many of “%(kit)s” there are to give.")
MERGED = N_("%(code)s stands for another school since. Take the row out and enter it again with the right code.")


@dataclass(frozen=True)
class Entry:
    """One recipient of a list: who, what, how many, and the reason in its parts.

    Args:
        id: 0 while it is not kept.
        position: the row of the file that it came from, as the spreadsheet counts.
        state: of the institution in the registry.
        levels: what the kit's definition is meant for; empty for every level.
    """

    id: int
    position: int
    institution_id: int
    code: str
    name: str
    kind: str
    level: str
    state: str
    merged: bool
    region: str
    region_el: str
    region_en: str
    kit: str
    units: int
    category: str = ""
    rank: str = ""
    project: str = ""
    note: str = ""


@dataclass(frozen=True)
class Fault:
    """Why a row cannot be published: its number, the column, the sentence and what it names."""

    row: int
    column: str
    text: str
    params: Mapping[str, object]


def faults_of(
    entries: Sequence[Entry], stock: Mapping[str, int], titles: Mapping[str, str], *, delivered: bool
) -> list[Fault]:
    """Everything that is wrong with a list, row by row.

    Args:
        entries: the rows.
        stock: how many of each kit there are to give.
        titles: what the kits are called.
        delivered: whether it was given out already: a school that closed since received it all the same, and there is
            no stock to hold it against.
    """
    found: list[Fault] = []
    seen: dict[tuple[int, str], int] = {}
    given: dict[str, int] = {}
    for entry in sorted(entries, key=lambda each: (each.position, each.id)):
        who = {"name": entry.name, "code": entry.code}
        if entry.merged:
            found.append(Fault(entry.position, "code", MERGED, who))
        if entry.state != "active" and not delivered:
            found.append(Fault(entry.position, "code", CLOSED if entry.state == "closed" else SUSPENDED, who))
        first = seen.setdefault((entry.institution_id, entry.kit), entry.position)
        if first != entry.position:
            found.append(Fault(entry.position, "code", TWICE, {**who, "first": first}))
        if delivered:
            continue
        given[entry.kit] = given.get(entry.kit, 0) + entry.units
        title = titles.get(entry.kit, entry.kit)
        if entry.kit not in stock:
            found.append(Fault(entry.position, "kit", NO_STOCK, {"kit": title}))
        elif given[entry.kit] > stock[entry.kit]:
            over = {"kit": title, "given": given[entry.kit], "stock": stock[entry.kit]}
            found.append(Fault(entry.position, "pieces", OVER_STOCK, over))
    return found


def units_by_kit(entries: Sequence[Entry]) -> dict[str, int]:
    """How many of each kit a list gives."""
    given: dict[str, int] = {}
    for entry in entries:
        given[entry.kit] = given.get(entry.kit, 0) + entry.units
    return dict(sorted(given.items()))


def why_of(ground: str, year: int, entry: Entry) -> str:
    """The reason of one recipient in the words of the list: contest and year, category, place, project."""
    named = f"{ground} ({year})" if str(year) not in ground else ground
    parts = [named, entry.category, entry.rank, f"«{entry.project}»" if entry.project else ""]
    return ", ".join(part for part in parts if part)
