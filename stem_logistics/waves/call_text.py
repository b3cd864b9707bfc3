"""The text of a call, made from the wave's rules: the page, the command and the document say the same words. Pure.

Everything that decides is in it: what is given to whom, conditions apart from points, how evidence counts, the
guaranteed places and limits, how ties are broken and how anybody can check the draw, the dates, the appeals.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from stem_logistics.registry.words import LEVELS
from stem_logistics.waves.criteria import all_criteria
from stem_logistics.waves.rules_document import CriterionFigures, Kit, WaveRules
from stem_logistics.waves.service import Wave
from stem_logistics.waves.words import CATEGORIES, criterion_title, key_title, word
from stem_logistics.web.formats import format_date, format_datetime, number
from stem_logistics.web.i18n import current_locale, gettext, ngettext


@dataclass(frozen=True)
class Section:
    """A part of the text: paragraphs, then points, then a table (headings and rows), then parts of its own."""

    title: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    parts: "tuple[Section, ...]" = ()

    def as_json(self) -> dict[str, Any]:
        """The section as plain JSON values."""
        return asdict(self)


def call_text(wave: Wave, rules: WaveRules, regions: Mapping[str, str]) -> list[Section]:
    """The text of a call in the reader's language.

    Args:
        wave: its dates and the promise of the lottery, as far as they are known.
        rules: a version of its rules.
        regions: the regional directorates' names by code.
    """
    return [
        _equipment(rules, regions),
        _conditions(rules),
        _criteria(wave, rules),
        _evidence(rules),
        _allocation(rules),
        _ties(wave),
        _dates(wave, rules),
        _appeals(wave, rules),
    ]


def _equipment(rules: WaveRules, regions: Mapping[str, str]) -> Section:
    total = sum(kit.stock for kit in rules.kits)
    whole = ngettext("%(num)s kit is given out in all.", "%(num)s kits are given out in all.", total)
    return Section(gettext("What is given out"), (whole,), parts=tuple(_kit(kit, rules, regions) for kit in rules.kits))


def _kit(kit: Kit, rules: WaveRules, regions: Mapping[str, str]) -> Section:
    language = current_locale.get()
    levels = ", ".join(str(word(LEVELS, level)) for level in kit.levels)
    paragraphs = [
        ngettext("%(num)s kit is given out.", "%(num)s kits are given out.", kit.stock),
        gettext("It suits: %(levels)s. A school of another level cannot receive it.", levels=levels),
    ]
    if kit.held_back:
        paragraphs.append(
            ngettext(
                "%(num)s more kit is kept for appeals that are accepted.",
                "%(num)s more kits are kept for appeals that are accepted.",
                kit.held_back,
            )
        )
    items = [
        gettext(
            "%(places)s guaranteed places, “%(title)s”: for schools of any of the categories %(categories)s.",
            places=number(line.places),
            title=line.title.in_language(language),
            categories=", ".join(str(word(CATEGORIES, category)) for category in line.any_of),
        )
        for line in kit.reserves
    ]
    if kit.university_blocks:
        items.append(
            ngettext(
                "%(num)s university department receives a block of %(size)s kits, from places of its own: a department"
                " never competes with a school. A block that nobody takes goes to the schools.",
                "Up to %(num)s university departments receive a block of %(size)s kits each, from places of their"
                " own: a department never competes with a school. Blocks that nobody takes go to the schools.",
                kit.university_blocks,
                size=number(rules.block_size),
            )
        )
    items += [
        gettext(
            "At most %(cap)s of the open places go to schools of the regional directorate %(region)s.",
            cap=number(cap),
            region=regions.get(region, region),
        )
        for region, cap in sorted(kit.open_region_cap.items(), key=lambda pair: regions.get(pair[0], pair[0]))
    ]
    return Section(kit.title.in_language(language), tuple(paragraphs), tuple(items))


def _conditions(rules: WaveRules) -> Section:
    if not rules.conditions:
        return Section(gettext("Conditions of admission"), (gettext("There are none: every school may take part."),))
    said = gettext(
        "They are met or not, and give no points. Who does not meet one of them takes no part, whatever its points;"
        " the exclusion is published with its reason and can be appealed."
    )
    language = current_locale.get()
    items = tuple(
        condition.title.in_language(language)
        if condition.source == "declared"
        else gettext("%(title)s (looked up in the registry of schools)", title=condition.title.in_language(language))
        for condition in rules.conditions
    )
    return Section(gettext("Conditions of admission"), (said,), items)


def _criteria(wave: Wave, rules: WaveRules) -> Section:
    total = sum((figures.ceiling for figures in rules.criteria), Decimal(0))
    said = gettext("A school's points are the sum of its points by criterion, at most %(total)s.", total=number(total))
    headings = (gettext("Criterion"), gettext("Points for each"), gettext("At most"), gettext("What counts"))
    rows = tuple(_criterion(wave, figures) for figures in rules.criteria)
    return Section(gettext("Criteria and points"), (said,), headings=headings, rows=rows)


def _criterion(wave: Wave, figures: CriterionFigures) -> tuple[str, ...]:
    points = " · ".join(f"{key_title(figures.slug, key)} {number(worth)}" for key, worth in figures.points.items())
    return (criterion_title(figures.slug), points, number(figures.ceiling), _window(wave, figures))


def _window(wave: Wave, figures: CriterionFigures) -> str:
    criterion = all_criteria().get(figures.slug)
    if criterion is None or not criterion.windowed:
        return gettext("on the day of the deadline")
    if figures.valid_years is None:
        return gettext("of any year")
    if wave.deadline_at is None:
        return ngettext(
            "of the deadline's year and %(num)s year before it",
            "of the deadline's year and the %(num)s years before it",
            figures.valid_years,
        )
    last = wave.deadline_day.year
    return gettext("of the years %(first)s to %(last)s", first=str(last - figures.valid_years), last=str(last))


def _evidence(rules: WaveRules) -> Section:
    counts_for = (
        gettext("Prizes, labels and projects count for the school where the project was done, once.")
        if rules.evidence_counts_for == "project_school"
        else gettext("Prizes, labels and projects count for the school where the teacher serves at the deadline, once.")
    )
    return Section(
        gettext("How evidence counts"),
        items=(
            counts_for,
            gettext("The same prize, label or project counts once, however many teachers or files name it."),
            gettext("Of a teacher's projects, at most four a year count for a Quality Label."),
            gettext("A teacher is active who has signed in to eTwinning within three years before the deadline."),
            gettext("What a school enters itself counts after the National Support Organisation has confirmed it."),
        ),
    )


def _allocation(rules: WaveRules) -> Section:
    items = [
        gettext("Each school makes one application; of several the last counts. It lists the kits in its own order."),
        gettext("Schools are ordered by points, the highest first, then by the lottery ticket."),
    ]
    if any(kit.reserves for kit in rules.kits):
        items.append(
            gettext(
                "First the guaranteed places of a kit are filled, by the strongest schools that fit them; as many are"
                " filled as can be. A guaranteed place that nobody can take is an open place."
            )
        )
    items.append(gettext("Then the open places go to the strongest of the others."))
    if any(kit.open_region_cap for kit in rules.kits):
        items.append(gettext("The limit of a regional directorate binds open places only, never guaranteed ones."))
    items += [
        gettext("Each school gets the best kit of its list for which it is strong enough, and at most one."),
        gettext("No school gains by hiding a preference or putting it in another order."),
    ]
    return Section(gettext("How the kits are allocated"), items=tuple(items))


def _ties(wave: Wave) -> Section:
    items = list(_draw(wave))
    items += [
        gettext("The seed is the SHA-256 (in hexadecimal) of the secret, a colon and the numbers of the draw."),
        gettext(
            "A school's ticket is the SHA-256 (in hexadecimal) of the seed, a colon and its Ministry code. Of schools"
            " with the same points the one with the smaller ticket comes first."
        ),
        gettext("Nobody can know the tickets before the draw, and afterwards everybody can compute them."),
    ]
    return Section(gettext("Ties and the lottery"), items=tuple(items))


def _draw(wave: Wave) -> Iterator[str]:
    if wave.seed_commitment is None:
        yield gettext("The call will publish the SHA-256 of a secret and name a public draw after the deadline.")
        return
    yield gettext("Promise, the SHA-256 of the secret: %(commitment)s", commitment=wave.seed_commitment)
    drawn = format_date(wave.draw_on)
    yield gettext("Draw: %(draw)s, on %(day)s.", draw=wave.draw_description.rstrip("."), day=drawn)
    if wave.seed is None:
        yield gettext("After the draw the secret is revealed.")
    else:
        yield gettext("Numbers drawn: %(numbers)s", numbers=wave.draw_numbers or "")
        yield gettext("Revealed secret: %(nonce)s", nonce=wave.nonce or "")
        yield gettext("Seed: %(seed)s", seed=wave.seed)


def _dates(wave: Wave, rules: WaveRules) -> Section:
    if wave.opens_at is None:
        return Section(gettext("Dates"), (gettext("They are set when the call opens."),))
    draw: date | None = wave.draw_on
    rows = [
        (gettext("Applications from"), format_datetime(wave.opens_at)),
        (gettext("Deadline"), format_datetime(wave.deadline_at)),
        (gettext("Draw"), format_date(draw)),
    ]
    if wave.provisional_at is not None:
        rows.append((gettext("Provisional results"), format_datetime(wave.provisional_at)))
    if wave.appeals_last is not None:
        rows.append((gettext("Appeals until"), format_datetime(wave.appeals_last)))
    said = [gettext("Times are those of Athens. What comes after the deadline is not taken, not even by a second.")]
    if rules.correction_days:
        said.append(
            ngettext(
                "A school that the NSO asks to correct its application may do so for %(num)s day after the deadline.",
                "A school that the NSO asks to correct its application may do so for %(num)s days after the deadline.",
                rules.correction_days,
            )
        )
    return Section(gettext("Dates"), tuple(said), headings=(gettext("Step"), gettext("When")), rows=tuple(rows))


def _appeals(wave: Wave, rules: WaveRules) -> Section:
    window = ngettext(
        "Appeals are taken for %(num)s working day after the provisional results are published.",
        "Appeals are taken for %(num)s working days after the provisional results are published.",
        rules.appeal_days,
    )
    if wave.appeals_last is not None:
        window = gettext("Appeals are taken until %(moment)s.", moment=format_datetime(wave.appeals_last))
    return Section(
        gettext("Results and appeals"),
        items=(
            gettext("Every school is told its points by criterion, its place and why it received or did not receive."),
            window,
            gettext(
                "A school appeals from its own page, by the link in the letter of its result, on one named point: a"
                " criterion, an exclusion, a category or a preference."
            ),
            gettext("Appeals are decided by a committee of other people than the evaluation's, with a reason."),
            gettext("The final results come with every decision and the files by which anyone can check them."),
        ),
    )


def as_plain_text(sections: list[Section], depth: int = 0) -> Iterator[str]:
    """The text for a terminal, line by line."""
    for position, section in enumerate(sections, 1):
        yield f"{'  ' * depth}{f'{position}. ' if not depth else ''}{section.title}"
        inset = "  " * (depth + 1)
        yield from (f"{inset}{paragraph}" for paragraph in section.paragraphs)
        yield from (f"{inset}- {item}" for item in section.items)
        for row in section.rows:
            yield f"{inset}- {row[0]}: " + "; ".join(
                cell if len(row) == 2 else f"{heading}: {cell}"
                for heading, cell in zip(section.headings[1:], row[1:], strict=True)
            )
        yield from as_plain_text(list(section.parts), depth + 1)
