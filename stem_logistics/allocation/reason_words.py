"""Every reason of the allocation as a plain sentence with its figures, in the reader's language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from stem_logistics.allocation.model import CLOSED, OPEN, UNIVERSITY, Code
from stem_logistics.web.formats import number
from stem_logistics.web.i18n import LazyText, _, gettext

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Names:
    """What the sentences call things.

    Args:
        kits: the kits' titles by slug.
        lines: the titles of guaranteed places by (kit, line).
        region: the school's region.
        level: the school's level in words.
    """

    kits: Mapping[str, str]
    lines: Mapping[tuple[str, str], str]
    region: str
    level: str

    def kit(self, slug: str | None) -> str:
        """A kit's title."""
        return "" if slug is None else self.kits.get(slug, slug)

    def line(self, kit: str | None, line: str | None) -> str:
        """The title of guaranteed places."""
        return self.lines.get((kit or "", line or ""), line or "")


def points(value: object) -> str:
    """Points as the language writes them: 47,5."""
    return number(Decimal(str(value)))


def _tied(row: Row) -> bool:
    cutoff = row["cutoff"]
    return isinstance(cutoff, Mapping) and Decimal(str(cutoff["score"])) == Decimal(str(row["score"]))


def _cutoff(row: Row) -> str:
    return points(row["cutoff"]["score"])


def _no_preference(row: Row, names: Names) -> str:
    return gettext("The application names no kit, so none could be given.")


def _not_suitable(row: Row, names: Names) -> str:
    return gettext("%(kit)s: not meant for this level (%(level)s).", kit=names.kit(row["kit_slug"]), level=names.level)


def _reserve(row: Row, names: Names) -> str:
    values = {
        "kit": names.kit(row["kit_slug"]),
        "line": names.line(row["kit_slug"], row["line"]),
        "score": points(row["score"]),
    }
    if isinstance(row["cutoff"], Mapping):
        return gettext(
            "%(kit)s: received on the guaranteed places “%(line)s” with %(score)s points. Their cut-off is %(cutoff)s.",
            **values,
            cutoff=_cutoff(row),
        )
    return gettext(
        "%(kit)s: received on the guaranteed places “%(line)s” with %(score)s points."
        " They were enough for every school of the category.",
        **values,
    )


def _open(row: Row, names: Names) -> str:
    values = {"kit": names.kit(row["kit_slug"]), "score": points(row["score"])}
    if isinstance(row["cutoff"], Mapping):
        return gettext(
            "%(kit)s: received with %(score)s points. The cut-off is %(cutoff)s.", **values, cutoff=_cutoff(row)
        )
    return gettext("%(kit)s: received with %(score)s points. There were enough for every school that asked.", **values)


def _no_stock(row: Row, names: Names) -> str:
    return gettext("%(kit)s: there was none for schools in this wave.", kit=names.kit(row["kit_slug"]))


def _region_cap(row: Row, names: Names) -> str:
    values = {"kit": names.kit(row["kit_slug"]), "region": names.region, "score": points(row["score"])}
    if row["cutoff"] == CLOSED:
        return gettext("%(kit)s: the rules give the region %(region)s no open place of this kit.", **values)
    if _tied(row):
        return gettext(
            "%(kit)s: the region %(region)s had reached its limit. The last school chosen there has as many points"
            " (%(score)s); the draw decided between them.",
            **values,
        )
    return gettext(
        "%(kit)s: the region %(region)s had reached its limit. The last school chosen there has %(cutoff)s points,"
        " yours %(score)s.",
        **values,
        cutoff=_cutoff(row),
    )


def _lottery(row: Row, names: Names) -> str:
    return gettext(
        "%(kit)s: tie at %(score)s points with the last school chosen. The draw decided, and it fell to the other"
        " school.",
        kit=names.kit(row["kit_slug"]),
        score=points(row["score"]),
    )


def _below_open(row: Row, names: Names) -> str:
    return gettext(
        "%(kit)s: the cut-off is %(cutoff)s points, your school has %(score)s.",
        kit=names.kit(row["kit_slug"]),
        cutoff=_cutoff(row),
        score=points(row["score"]),
    )


def _below_reserve(row: Row, names: Names) -> str:
    values = {"kit": names.kit(row["kit_slug"]), "score": points(row["score"])}
    if _tied(row):
        return gettext(
            "%(kit)s: tie at %(score)s points on the guaranteed places of your category. The draw decided, and it fell"
            " to the other school.",
            **values,
        )
    return gettext(
        "%(kit)s: the cut-off of the guaranteed places of your category is %(cutoff)s points, your school has"
        " %(score)s.",
        **values,
        cutoff=_cutoff(row),
    )


def _not_eligible(row: Row, names: Names) -> str:
    return gettext(
        "%(kit)s: all were guaranteed to categories of schools to which yours does not belong.",
        kit=names.kit(row["kit_slug"]),
    )


def _block(row: Row, names: Names) -> str:
    return gettext(
        "%(kit)s: received a block of %(units)s with %(score)s points.",
        kit=names.kit(row["kit_slug"]),
        units=number(row["units"]),
        score=points(row["score"]),
    )


def _no_block(row: Row, names: Names) -> str:
    return gettext(
        "%(kit)s: no whole block was left; departments that come before in the ranking took them.",
        kit=names.kit(row["kit_slug"]),
    )


def _superseded(row: Row, names: Names) -> str:
    return gettext("An earlier application: a later one of the same school took its place.")


def _supernumerary(row: Row, names: Names) -> str:
    return gettext("%(kit)s: received after an appeal, from the kits held back.", kit=names.kit(row["kit_slug"]))


def _next_in_order(row: Row, names: Names) -> str:
    return gettext("%(kit)s: received as the next in order, as another gave it back.", kit=names.kit(row["kit_slug"]))


def _gave_back(row: Row, names: Names) -> str:
    return gettext("%(kit)s: it was received and given back.", kit=names.kit(row["kit_slug"]))


# What changes after the first publication make of a row; the published outcome does not know these codes.
AFTERWARDS: Mapping[str, Callable[[Row, Names], str]] = {
    "SUPERNUMERARY": _supernumerary,
    "NEXT_IN_ORDER": _next_in_order,
    "GAVE_BACK": _gave_back,
}
SENTENCES: Mapping[Code, Callable[[Row, Names], str]] = {
    Code.NO_PREFERENCE: _no_preference,
    Code.NOT_SUITABLE_LEVEL: _not_suitable,
    Code.ALLOCATED_RESERVE: _reserve,
    Code.ALLOCATED_OPEN: _open,
    Code.NO_STOCK: _no_stock,
    Code.REGION_CAP: _region_cap,
    Code.TIE_LOST_LOTTERY: _lottery,
    Code.BELOW_OPEN_CUTOFF: _below_open,
    Code.BELOW_RESERVE_CUTOFF: _below_reserve,
    Code.NOT_ELIGIBLE_FOR_RESERVE: _not_eligible,
    Code.ALLOCATED_BLOCK: _block,
    Code.NO_WHOLE_BLOCK: _no_block,
    Code.SUPERSEDED: _superseded,
}
# The rows on which `needed` means something: null there says that no points would have been enough.
WITH_NEED = (
    Code.REGION_CAP,
    Code.TIE_LOST_LOTTERY,
    Code.BELOW_OPEN_CUTOFF,
    Code.BELOW_RESERVE_CUTOFF,
    Code.NOT_ELIGIBLE_FOR_RESERVE,
)


def reason_sentence(row: Row, names: Names) -> str:
    """The sentence of one row: `kit_slug`, `code`, `line`, `units`, `score`, `ticket`, `cutoff`, `needed`."""
    if row["code"] in AFTERWARDS:
        return AFTERWARDS[row["code"]](row, names)
    return SENTENCES[Code(row["code"])](row, names)


def needed_sentence(row: Row) -> str:
    """What would have sufficed for this kit; empty where the question does not arise.

    A school's ticket is its own: where it comes after the cut-off's, as many points are not enough.
    """
    if row["code"] not in WITH_NEED:
        return ""
    needed = row["needed"]
    if needed is None:
        return gettext("No number of points would have been enough.")
    wanted, own = Decimal(str(needed["score"])), Decimal(str(row["score"]))
    if wanted == own:
        return gettext("With as many points, an earlier place in the draw was needed.")
    values = {"points": number(wanted), "more": number(wanted - own)}
    if row["ticket"] <= needed["ticket"]:
        return gettext("It needed %(points)s points: %(more)s more than it has.", **values)
    return gettext("It needed more than %(points)s points (the draw decided at %(points)s).", **values)


def otherwise_needed(codes: Sequence[str]) -> str:
    """What would have sufficed where points decided nothing: another wish, or a better place among departments."""
    if Code.NO_WHOLE_BLOCK in codes:
        return gettext("A better place among the departments that asked for the same block.")
    if Code.NO_STOCK in codes:
        return gettext("No number of points would have been enough.")
    if Code.NOT_SUITABLE_LEVEL in codes:
        return gettext("An application for a kit that is meant for your level.")
    return gettext("An application that names a kit.") if Code.NO_PREFERENCE in codes else ""


def headline(rows: Sequence[Row], names: Names, exclusions: Sequence[str]) -> str:
    """The one sentence that a school comes for.

    Args:
        rows: its reasons, in order, without superseded submissions.
        names: what things are called.
        exclusions: titles of the conditions of admission that it does not meet.
    """
    if exclusions and not any(row["units"] for row in rows):
        return gettext(
            "Your school was not admitted to the ranking. Conditions not met: %(conditions)s.",
            conditions=", ".join(exclusions),
        )
    got = next((row for row in rows if row["units"]), None)
    if got is not None:
        kit = names.kit(got["kit_slug"])
        if got["line"] == UNIVERSITY:
            return gettext("Your department receives %(units)s of: %(kit)s.", units=number(got["units"]), kit=kit)
        if got["line"] == OPEN or got["code"] in AFTERWARDS:
            return gettext("Your school receives: %(kit)s.", kit=kit)
        return gettext(
            "Your school receives: %(kit)s, on the guaranteed places “%(line)s”.",
            kit=kit,
            line=names.line(got["kit_slug"], got["line"]),
        )
    if not rows:
        return gettext("Your school receives no kit in this wave.")
    # of the kits that it could have received the one most wanted speaks
    telling = next((row for row in rows if row["code"] != Code.NOT_SUITABLE_LEVEL), rows[0])
    return gettext("Your school receives no kit in this wave. %(reason)s", reason=reason_sentence(telling, names))


# Each reason in a few words, for tables.
CODE_WORDS: Mapping[str, LazyText] = {
    "NO_PREFERENCE": _("no kit named"),
    "NOT_SUITABLE_LEVEL": _("not for its level"),
    "ALLOCATED_RESERVE": _("guaranteed place"),
    "ALLOCATED_OPEN": _("by points"),
    "NO_STOCK": _("none for schools"),
    "REGION_CAP": _("limit of the region"),
    "TIE_LOST_LOTTERY": _("tie, by lot"),
    "BELOW_OPEN_CUTOFF": _("below the cut-off"),
    "BELOW_RESERVE_CUTOFF": _("below the cut-off of the guaranteed places"),
    "NOT_ELIGIBLE_FOR_RESERVE": _("guaranteed to other categories"),
    "ALLOCATED_BLOCK": _("block for a department"),
    "NO_WHOLE_BLOCK": _("no whole block left"),
    "SUPERSEDED": _("replaced by a later application"),
    "SUPERNUMERARY": _("after an appeal, of those held back"),
    "NEXT_IN_ORDER": _("next in order"),
    "GAVE_BACK": _("given back"),
}
