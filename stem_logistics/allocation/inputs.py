"""The input file of a wave's allocation, from its rules and scores. Pure."""

from collections.abc import Sequence

from stem_logistics.allocation.model import UNIVERSITY, Applicant, Kit, Line, Wave, score_value
from stem_logistics.allocation.parsing import canonical_input
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.scores import ApplicationScore

RESERVE_RULE = "minimum_guarantee"
TIE_BREAK = "ascending sha256(seed + ':' + school_id) hex"
DUPLICATES = "highest submission number stays"


def build_input(seed: str, rules: WaveRules, scores: Sequence[ApplicationScore]) -> bytes:
    """The file that is published and that the core reads: nothing in it names a person.

    Args:
        seed: the revealed seed of the lottery.
        rules: the wave's frozen rules.
        scores: of a run of scoring. Schools that do not meet the conditions of admission are left out, with
            all their submissions: the one that counts is the last.
    """
    wave = Wave(
        seed=seed,
        kits=tuple(
            Kit(
                id=kit.slug,
                stock=kit.stock,
                levels=frozenset(kit.levels),
                reserves=tuple(Line(line.id, frozenset(line.any_of), line.places) for line in kit.reserves),
                open_region_cap=dict(kit.open_region_cap),
                university_blocks=kit.university_blocks,
            )
            for kit in rules.kits
        ),
        block_size=rules.block_size,
        reserve_rule=RESERVE_RULE,
        tie_break=TIE_BREAK,
        duplicates=DUPLICATES,
    )
    last = {score.code: score for score in sorted(scores, key=lambda s: s.submission)}
    admitted = {code for code, score in last.items() if score.admitted}
    applicants = [
        Applicant(
            id=score.code,
            submission=score.submission,
            level=UNIVERSITY if score.kind == "department" else score.parts["facts"]["level"],
            region=score.parts["facts"]["region"],
            categories=tuple(score.parts["facts"]["categories"]),
            score=score_value(format(score.total, "f")),
            preferences=tuple(score.preferences),
        )
        for score in sorted(scores, key=lambda s: (s.code, s.submission))
        if score.code in admitted
    ]
    return canonical_input(wave, applicants)
