"""A wave's rules held against the registry: places that nobody can take are found before the call opens."""

from stem_logistics.errors import FieldErrors
from stem_logistics.registry.words import LEVELS
from stem_logistics.waves import rules_queries
from stem_logistics.waves.rules_document import KNOWN_LEVELS, Kit, WaveRules
from stem_logistics.waves.rules_reading import RulesFault
from stem_logistics.waves.wording import N_, Message
from stem_logistics.waves.words import CATEGORIES, told, word

NO_SCHOOL = N_(
    "Kit %(kit)s: no active school of the registry has one of its levels (%(levels)s), so nobody can receive it."
    " Correct the levels."
)
NOBODY = N_(
    "Kit %(kit)s: no active school of its levels is of a category of “%(line)s” (%(categories)s), so nobody can take"
    " these %(places)s guaranteed places. Correct categories or levels, or enter the categories in the registry first."
)
FEWER = N_(
    "Kit %(kit)s: only %(schools)s active schools can take the %(places)s guaranteed places “%(line)s”. Those left"
    " over become open places."
)


async def registry_faults(rules: WaveRules) -> tuple[list[RulesFault], list[RulesFault]]:
    """What the registry says of the rules: faults that stop the call, and remarks that do not."""
    faults: list[RulesFault] = []
    remarks: list[RulesFault] = []
    if not await rules_queries.fitting_schools(KNOWN_LEVELS, None):
        return faults, remarks  # a registry that is still empty says nothing about any rule
    for index, kit in enumerate(rules.kits):
        # a kit that goes to departments only is bound by no level
        for_schools = kit.stock - kit.university_blocks * rules.block_size
        if for_schools and not await rules_queries.fitting_schools(kit.levels, None):
            levels = ", ".join(str(word(LEVELS, level)) for level in kit.levels)
            faults.append(
                RulesFault(f"kits.{index}.levels", Message(NO_SCHOOL, {"kit": kit.title.el, "levels": levels}))
            )
            continue
        await _lines(f"kits.{index}", kit, faults, remarks)
    return faults, remarks


async def _lines(place: str, kit: Kit, faults: list[RulesFault], remarks: list[RulesFault]) -> None:
    for number, line in enumerate(kit.reserves):
        if not line.places:
            continue
        schools = await rules_queries.fitting_schools(kit.levels, line.any_of)
        if schools >= line.places:
            continue
        where = f"{place}.reserves.{number}.any_of"
        params: dict[str, object] = {"kit": kit.title.el, "line": line.title.el, "places": line.places}
        if schools:
            remarks.append(RulesFault(where, Message(FEWER, {**params, "schools": schools})))
        else:
            categories = ", ".join(str(word(CATEGORIES, category)) for category in line.any_of)
            faults.append(RulesFault(where, Message(NOBODY, {**params, "categories": categories})))


async def registry_findings(rules: WaveRules) -> list[tuple[bool, str]]:
    """What the registry says of the rules in the reader's language: whether it stops the call, and the sentence."""
    faults, remarks = await registry_faults(rules)
    return [(True, told(f.message)) for f in faults] + [(False, told(f.message)) for f in remarks]


async def require_fillable(rules: WaveRules) -> None:
    """Refuse rules of which a part can reach nobody.

    Raises:
        FieldErrors: each fault at its place in the document.
    """
    faults, _remarks = await registry_faults(rules)
    if faults:
        errors = [{"field": f.place, "slug": f.message.text, "params": dict(f.message.params)} for f in faults]
        raise FieldErrors("wave-rules-invalid", errors=errors)
