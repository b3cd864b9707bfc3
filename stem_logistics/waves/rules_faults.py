"""What can be wrong with a wave's rules beyond their shape, and how each fault is said."""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from stem_logistics.waves.criteria import all_criteria
from stem_logistics.waves.rules_document import Kit, WaveRules
from stem_logistics.waves.wording import N_, Message

Fault = tuple[str, Message]

OVER_STOCK = N_(
    "Kit %(kit)s: %(places)s guaranteed places and %(blocks)s blocks of %(size)s make %(needed)s,"
    " but the stock is %(stock)s. Lower the places or the blocks, or raise the stock."
)
REPEATED = N_("%(what)s stands twice: give each its own.")
NO_KITS = N_("The wave has no kit: add at least one.")
NO_LEVELS = N_("Kit %(kit)s has no level: name at least one level of school that it suits.")
NO_CATEGORY = N_("The guaranteed places %(line)s of kit %(kit)s have no category: name at least one.")
RESERVED_LINE = N_("The guaranteed places of kit %(kit)s may not be called %(line)s: choose another name.")
UNKNOWN_CRITERION = N_("There is no criterion %(slug)s. There are: %(known)s.")
UNKNOWN_KEY = N_("Criterion %(slug)s knows no figure %(key)s. It knows: %(known)s.")
NO_WINDOW = N_("Criterion %(slug)s has no years: leave the field empty.")
NOTHING_COUNTS = N_(
    "The criteria add up to nothing: every school would have the same points. Give at least one criterion points and"
    " a ceiling above 0."
)
CEILING_ZERO = N_(
    "Criterion %(slug)s has points but the ceiling 0, so it gives none: raise the ceiling or leave it out."
)
POINTS_ZERO = N_(
    "Criterion %(slug)s has a ceiling but no points above 0, so it gives none: add points or leave it out."
)
DECIMAL_COMMA = N_("“%(value)s” has a comma: in files and over the interface the decimal mark is a point, as 12.5.")
TOO_MANY_POINTS = N_("All ceilings together make %(total)s, more than a score can hold (999.999.999).")
SHAPES: Mapping[str, str] = {
    "missing": N_("This is missing."),
    "extra_forbidden": N_("There is no such field."),
    "literal_error": N_("Choose one of: %(expected)s."),
    "string_pattern_mismatch": N_("Use small Latin letters, figures and hyphens, starting with a letter or figure."),
    "string_too_short": N_("Fill this in."),
    "string_too_long": N_("This is too long: at most %(max_length)s characters."),
    "greater_than_equal": N_("This must be at least %(ge)s."),
    "less_than_equal": N_("This must be at most %(le)s."),
    "decimal_max_places": N_("At most %(decimal_places)s decimal places."),
    "decimal_parsing": N_("This must be a number, as 12,5."),
    "decimal_type": N_("This must be a number, as 12,5."),
    "finite_number": N_("This must be a number, as 12,5."),
    "int_type": N_("This must be a whole number."),
    "int_parsing": N_("This must be a whole number."),
    "int_from_float": N_("This must be a whole number."),
}
OTHER = N_("This cannot be read (%(type)s).")


def shape_message(error: Mapping[str, Any]) -> Message:
    """The message for one fault that pydantic found."""
    text = SHAPES.get(error["type"])
    given = error.get("input")
    if error["type"] == "decimal_parsing" and isinstance(given, str) and "," in given:
        return Message(DECIMAL_COMMA, {"value": given[:40]})
    if text is None:
        return Message(OTHER, {"type": error["type"]})
    context = {key: value for key, value in error.get("ctx", {}).items() if not isinstance(value, Exception)}
    return Message(text, context)


def rules_faults(rules: WaveRules) -> Iterator[Fault]:
    """Every fault of a document whose shape is right."""
    if not rules.kits:
        yield "kits", Message(NO_KITS)
    yield from _repeated("kits", [kit.slug for kit in rules.kits])
    yield from _repeated("conditions", [condition.slug for condition in rules.conditions])
    yield from _repeated("criteria", [criterion.slug for criterion in rules.criteria])
    for index, kit in enumerate(rules.kits):
        yield from _kit_faults(f"kits.{index}", kit, rules.block_size)
    yield from _criteria_faults(rules)


def _repeated(place: str, slugs: list[str]) -> Iterator[Fault]:
    for slug, times in sorted(Counter(slugs).items()):
        if times > 1:
            yield place, Message(REPEATED, {"what": slug})


def _kit_faults(place: str, kit: Kit, block_size: int) -> Iterator[Fault]:
    if not kit.levels:
        yield f"{place}.levels", Message(NO_LEVELS, {"kit": kit.title.el or kit.slug})
    yield from _repeated(f"{place}.levels", list(kit.levels))
    yield from _repeated(f"{place}.reserves", [line.id for line in kit.reserves])
    for number, line in enumerate(kit.reserves):
        where = f"{place}.reserves.{number}"
        if not line.any_of:
            yield f"{where}.any_of", Message(NO_CATEGORY, {"line": line.id, "kit": kit.title.el or kit.slug})
        if line.id in ("open", "university"):
            yield f"{where}.id", Message(RESERVED_LINE, {"line": line.id, "kit": kit.title.el or kit.slug})
        yield from _repeated(f"{where}.any_of", list(line.any_of))
    places = sum(line.places for line in kit.reserves)
    needed = places + kit.university_blocks * block_size
    if needed > kit.stock:
        figures = {
            "kit": kit.title.el or kit.slug,
            "places": places,
            "blocks": kit.university_blocks,
            "size": block_size,
            "needed": needed,
            "stock": kit.stock,
        }
        yield f"{place}.stock", Message(OVER_STOCK, figures)


def _criteria_faults(rules: WaveRules) -> Iterator[Fault]:
    known = all_criteria()
    for index, figures in enumerate(rules.criteria):
        place = f"criteria.{index}"
        criterion = known.get(figures.slug)
        if criterion is None:
            yield (
                f"{place}.slug",
                Message(UNKNOWN_CRITERION, {"slug": figures.slug, "known": ", ".join(known)}),
            )
            continue
        for key in figures.points:
            if key not in criterion.keys:
                params = {"slug": figures.slug, "key": key, "known": ", ".join(criterion.keys)}
                yield f"{place}.points.{key}", Message(UNKNOWN_KEY, params)
        if figures.valid_years is not None and not criterion.windowed:
            yield f"{place}.valid_years", Message(NO_WINDOW, {"slug": figures.slug})
        if bool(figures.ceiling) != any(figures.points.values()):
            yield f"{place}.ceiling", Message(POINTS_ZERO if figures.ceiling else CEILING_ZERO, {"slug": figures.slug})
    if not any(figures.ceiling for figures in rules.criteria):
        yield "criteria", Message(NOTHING_COUNTS)
    total = sum((figures.ceiling for figures in rules.criteria), start=Decimal(0))
    if total > 999_999_999:
        yield "criteria", Message(TOO_MANY_POINTS, {"total": total})
