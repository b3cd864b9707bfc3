"""Two versions of a wave's rules, told apart figure by figure, in words. Pure.

Every figure of a document has one line, whose key says what it is and never where it stands: a kit or criterion that
only moved in its list is no difference.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stem_logistics.registry.words import LEVELS
from stem_logistics.waves.rules_document import Kit, Reserve, WaveRules
from stem_logistics.waves.words import CATEGORIES, criterion_title, key_title, word
from stem_logistics.web.formats import number
from stem_logistics.web.i18n import gettext

ABSENT = "–"
Key = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One figure that differs: what it is, and its two values in words (a dash where it is not there)."""

    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Figure:
    """One figure of a document: what it is, and its value in words."""

    what: str
    value: str


def differences(before: WaveRules, after: WaveRules, regions: Mapping[str, str] | None = None) -> list[Difference]:
    """What differs, in the reader's language, in the order of the documents.

    Args:
        before: the earlier version.
        after: the later one.
        regions: names by code, for the regions' limits.
    """
    old, new = figures_of(before, regions), figures_of(after, regions)
    keys = dict.fromkeys([*old, *new])
    return [
        Difference(
            (new.get(key) or old[key]).what,
            old[key].value if key in old else ABSENT,
            new[key].value if key in new else ABSENT,
        )
        for key in keys
        if key not in old or key not in new or old[key].value != new[key].value
    ]


def figures_of(rules: WaveRules, regions: Mapping[str, str] | None = None) -> dict[Key, Figure]:
    """Every figure of a document by what it is."""
    found = dict(_general(rules))
    for place, kit in enumerate(rules.kits):
        found |= dict(_kit(kit, regions or {}))
        # kits are offered, and listed, in this order
        found[("kit", kit.slug, "place")] = Figure(_of(kit, gettext("place in the list")), number(place + 1))
    for condition in rules.conditions:
        source = (
            gettext("declared in the application")
            if condition.source == "declared"
            else gettext("active in the registry")
        )
        what = gettext("Condition of admission: %(title)s", title=condition.title.el)
        titles = f"{condition.title.el} / {condition.title.en}" if condition.title.en else condition.title.el
        found[("condition", condition.slug)] = Figure(what, f"{titles} ({source})")
    for criterion in rules.criteria:
        name = criterion_title(criterion.slug)
        for key, worth in criterion.points.items():
            label = f"{name}: {key_title(criterion.slug, key)}"
            found[("criterion", criterion.slug, "points", key)] = Figure(label, number(worth))
        ceiling, window = gettext("at most"), gettext("years back")
        found[("criterion", criterion.slug, "ceiling")] = Figure(f"{name}: {ceiling}", number(criterion.ceiling))
        years = gettext("all years") if criterion.valid_years is None else number(criterion.valid_years)
        found[("criterion", criterion.slug, "years")] = Figure(f"{name}: {window}", years)
    return found


def _general(rules: WaveRules) -> Iterator[tuple[Key, Figure]]:
    counts_for = (
        gettext("the school where the project was done")
        if rules.evidence_counts_for == "project_school"
        else gettext("the school where the teacher serves at the deadline")
    )
    yield ("evidence",), Figure(gettext("Prizes, labels and projects count for"), counts_for)
    yield ("block",), Figure(gettext("Kits in a block for a university department"), number(rules.block_size))
    yield ("corrections",), Figure(gettext("Days for corrections after the deadline"), number(rules.correction_days))
    yield ("appeals",), Figure(gettext("Working days for appeals"), number(rules.appeal_days))


def _of(kit: Kit, what: str) -> str:
    return f"{kit.title.el}: {what}"


def _kit(kit: Kit, regions: Mapping[str, str]) -> Iterator[tuple[Key, Figure]]:
    at = ("kit", kit.slug)
    levels = ", ".join(str(word(LEVELS, level)) for level in sorted(kit.levels))
    titles = f"{kit.title.el} / {kit.title.en}" if kit.title.en else kit.title.el
    yield (*at, "title"), Figure(gettext("Title of the kit %(slug)s", slug=kit.slug), titles)
    yield (*at, "definition"), Figure(_of(kit, gettext("kit definition")), kit.definition)
    yield (*at, "stock"), Figure(_of(kit, gettext("how many are given out")), number(kit.stock))
    yield (*at, "held_back"), Figure(_of(kit, gettext("kept for appeals")), number(kit.held_back))
    yield (*at, "levels"), Figure(_of(kit, gettext("suitable levels")), levels)
    blocks = gettext("blocks for university departments")
    yield (*at, "blocks"), Figure(_of(kit, blocks), number(kit.university_blocks))
    for region, cap in sorted(kit.open_region_cap.items()):
        limit = gettext("open places at most in %(region)s", region=regions.get(region, region))
        yield (*at, "cap", region), Figure(_of(kit, limit), number(cap))
    for place, line in enumerate(kit.reserves):
        yield from _reserve((*at, "line", line.id), kit, line, place)


def _reserve(at: Key, kit: Kit, line: Reserve, place: int) -> Iterator[tuple[Key, Figure]]:
    name = gettext("guaranteed places “%(title)s”", title=line.title.el)
    categories = ", ".join(str(word(CATEGORIES, category)) for category in sorted(line.any_of))
    titles = f"{line.title.el} / {line.title.en}" if line.title.en else line.title.el
    of_categories, of_title, in_list = gettext("categories"), gettext("title"), gettext("place in the list")
    yield at, Figure(_of(kit, name), number(line.places))
    yield (*at, "categories"), Figure(_of(kit, f"{name}, {of_categories}"), categories)
    yield (*at, "title"), Figure(_of(kit, f"{name}, {of_title}"), titles)
    # the published order of the lines decides on which of them a school counts
    yield (*at, "place"), Figure(_of(kit, f"{name}, {in_list}"), number(place + 1))
