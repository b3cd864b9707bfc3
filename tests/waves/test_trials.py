"""What if: changed figures on the last wave's applicants move whom the rule moves, and write nothing."""

from decimal import Decimal

import pytest
from litestar import Litestar

from stem_logistics.db.engine import fetch, fetch_value
from stem_logistics.errors import Conflict, FieldErrors, Invalid
from stem_logistics.settings import Settings
from stem_logistics.waves import scores, trials
from stem_logistics.waves import service as waves
from stem_logistics.waves.importing import no_report
from stem_logistics.waves.scoring import score_wave
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.waves.scene import application, apply, decide, kit, make_school, open_wave, prize
from tests.waves.test_pages import look, send, work

PAYLOAD = {"slug": "stem-7", "use_draft": False}


async def scene() -> None:
    """STEM 6, decided: one printer went to the school with the prize; a special school and one of Crete got none."""
    await make_school("0100001")
    await make_school("0100002", categories=["special"])
    await make_school("0900003", region="crete")
    wave = await open_wave(kit(stock=1))
    await apply(wave, application("0100001", evidence=(prize("0100001", "P1"), prize("0100001", "P2"))))
    await apply(wave, application("0100002"), application("0900003"))
    await decide(wave)
    await waves.create_wave("stem-7", "Δράση STEM 7", "STEM 7", 2027, 2028)


async def _rows() -> list[tuple[str, int]]:
    tables = [
        row["t"]
        for row in await fetch(
            "SELECT relname AS t FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
        )
    ]
    return [(table, await fetch_value(f'SELECT count(*) FROM "{table}"')) for table in tables]


async def test_a_weight_moves_whom_the_rule_moves(service: Settings) -> None:
    """Without the prize's points the special school stands first; the result names both, and nothing is written."""
    with acting_as(OPERATOR):
        await scene()
        before = await _rows()
        changes = {"criteria.national-prize.points.rank-1": "0", "criteria.national-prize.points.stem-bonus": "0"}
        found = await trials.run({**PAYLOAD, "changes": changes}, no_report)
        assert await _rows() == before
        assert {row["code"]: (row["before"], row["after"]) for row in found["moved"]} == {
            "0100001": ("printer", ""),
            "0100002": ("", "printer"),
        }
        assert (found["gain"], found["lose"], found["other_kit"]) == (1, 1, 0)
        assert found["counts"]["category"] == {"none": [1, 0], "special": [0, 1]}
        assert found["counts"]["region"] == {"attica": [1, 1]}


async def test_the_side_before_is_what_was_published(service: Settings) -> None:
    """With one kit more nobody loses (one more kit harms nobody), and the side before equals the awards."""
    with acting_as(OPERATOR):
        await scene()
        found = await trials.run({**PAYLOAD, "changes": {"kits.printer.stock": "2"}}, no_report)
        assert (found["received_before"], found["received_after"], found["lose"], found["gain"]) == (1, 2, 0, 1)
        published = {row["code"] for row in await fetch(_AWARDED)}
        assert published == {"0100001"}


async def test_each_side_is_what_scoring_anew_would_say(service: Settings) -> None:
    """What both sides have in common is worked out once; the points are those of each side's own rules."""
    with acting_as(OPERATOR):
        await scene()
        reported: list[tuple[int, int]] = []

        async def report(done: int, total: int) -> None:
            reported.append((done, total))

        found = await trials.run({**PAYLOAD, "changes": {"kits.printer.stock": "3"}}, report)
        assert (found["points_changed"], found["received_after"]) == (0, 3)
        assert reported == [(done, 5) for done in range(6)]
        ceiling = {"criteria.national-prize.ceiling": "0.5"}
        found = await trials.run({**PAYLOAD, "changes": ceiling}, no_report)
        assert found["points_changed"] == 1
        base, document = await trials.starting_document("stem-7", use_draft=False)
        known = await scores.facts_of(base.id)
        for changes, name in (({}, "points_before"), (ceiling, "points_after")):
            rules = trials.with_changes(document, changes)
            right = score_wave(rules, base.deadline_day, known.applications, known.evidence, known.teachers)
            due = {a.school: right.applications[a.id].total for a in known.applications}
            assert all(Decimal(row[name]) == due[row["code"]] for row in found["moved"]) and found["moved"]


_AWARDED = "SELECT i.code FROM award a JOIN institution i ON i.id = a.institution_id"


async def test_wrong_figures_are_refused_at_their_field(service: Settings) -> None:
    """Reserves above the stock, text for a number, no change at all, no wave to try on: refused before any work."""
    with acting_as(OPERATOR):
        await waves.create_wave("stem-8", "Δράση STEM 8", "STEM 8", 2028, 2029)
        with pytest.raises(Conflict, match="trial-without-wave"):
            await trials.start("stem-8", {}, use_draft=False)
        await scene()
        with pytest.raises(Invalid, match="trial-without-change"):
            await trials.start("stem-7", {}, use_draft=False)
        for place, value in (("kits.printer.stock", "δύο"), ("criteria.national-prize.ceiling", "-1")):
            with pytest.raises(FieldErrors) as caught:
                await trials.start("stem-7", {place: value}, use_draft=False)
            assert [error["field"] for error in caught.value.errors] == [place]
        assert not await fetch_value("SELECT count(*) FROM job WHERE kind = 'rules-trial'")


async def test_the_pages_of_a_trial(app: Litestar) -> None:
    """Form, job, result with its file; a wrong figure comes back beside its field with what was typed."""
    async with browser(app) as client:
        await make_person("staff")
        await sign_in(client, "staff@nso.example")
        with acting_as(OPERATOR):
            await waves.create_wave("stem-5", "Δράση STEM 5", "STEM 5", 2025, 2025)
            assert "Δεν υπάρχει προηγούμενη Δράση" in await look(client, "/waves/stem-5/what-if")
            await make_school("0100009", remote=True)
            await scene()
            held = await waves.require_rules((await waves.get_wave("stem-6")).id)
            await waves.save_rules("stem-7", held.rules.as_json())
        await look(client, "/waves/stem-7/what-if?start=draft")
        path = "/waves/stem-7/what-if"
        page = await send(client, path, {"start": "last", "criteria.national-prize.ceiling": "πολλά"}, 422)
        assert "πολλά" in page
        form = {"start": "last", "criteria.national-prize.ceiling": "0,5", "kits.printer.stock": "1"}
        result = await send(client, path, form)
        await work()
        shown = await look(client, result)
        assert "τίποτε δεν άλλαξε" in shown and "Ποιοι θα άλλαζαν θέση" in shown
        answer = await client.get(f"{result}?format=csv")
        assert answer.status_code == 200 and "0100001" in answer.text and "0100002" in answer.text
        await look(client, result.replace("stem-7", "stem-6"), 404)
