"""What a run of scoring stores: each part and note of each school, whole, as the pure rule gave it."""

import gc
import json

from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.much import no_search_for_circles
from stem_logistics.settings import Settings
from stem_logistics.waves import scores
from stem_logistics.waves.scoring import score_wave
from stem_logistics.waves.service import require_rules
from tests.waves.scene import application, apply, close, make_school, open_wave, prize


async def test_what_is_stored_is_what_the_rule_says(service: Settings) -> None:
    """Points, reasons with what goes into them, evidence, and to each school the notes on its own pieces alone."""
    for code, values in (("0100001", {}), ("0100002", {"categories": ["special"]}), ("0900003", {"region": "crete"})):
        await make_school(code, **values)
    wave = await open_wave()
    own = (prize("0100001", "P1"), prize("0100001", "P1", teacher="T2"), prize("0100001", "P«3»", rank=2))
    await apply(wave, application("0100001", evidence=own), application("0100002"))
    await apply(wave, application("0900003", evidence=(prize("0900003", "P1", teacher="T1"),)))
    wave = await close(wave)
    ran = await scores.score_applications(wave.slug)
    known = await scores.facts_of(wave.id)
    right = score_wave(
        (await require_rules(wave.id)).rules, wave.deadline_day, known.applications, known.evidence, known.teachers
    )
    stored = {each.application_id: each for each in await scores.scores_of_run(ran["run"])}
    assert stored.keys() == right.applications.keys() and len(stored) == 3
    school_of = {piece.id: piece.school for piece in known.evidence}
    for ident, scored in right.applications.items():
        found = stored[ident]
        assert (found.admitted, found.exclusions, found.total) == (
            scored.admitted,
            list(scored.exclusions),
            scored.total,
        )
        assert found.parts["criteria"] == [
            {
                "criterion": part.criterion,
                "points": str(part.points),
                "ceiling": str(part.ceiling),
                "reason": {"text": part.reason.text, "params": dict(part.reason.params)},
                "evidence": list(part.evidence),
            }
            for part in scored.parts
        ]
        assert found.parts["notes"] == {
            str(piece): {"text": note.text, "params": dict(note.params)}
            for piece, note in right.counted.notes.items()
            if school_of[piece] == found.code
        }
    assert sum(len(each.parts["notes"]) for each in stored.values()) == len(right.counted.notes) == 2
    narrow = await scores.facts_of_run(ran["run"])
    assert [(each.code, each.parts) for each in narrow] == [
        (each.code, {"facts": each.parts["facts"]}) for each in stored.values()
    ]
    assert await fetch_value("SELECT count(*) FROM application_score WHERE jsonb_typeof(exclusions) = 'array'") == 3
    assert all(json.loads(row["parts"]) for row in await fetch("SELECT parts::text AS parts FROM application_score"))


def test_the_search_for_circles_comes_back_on() -> None:
    """It is off inside, however deep, and back on when the outermost ends."""
    assert gc.isenabled()
    with no_search_for_circles():
        with no_search_for_circles():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
