"""Kits that nobody uses: offered in the order of the published results, each offer with a day for its answer."""

from datetime import timedelta

import pytest
from litestar import Litestar

from stem_logistics import jobs
from stem_logistics.allocation import standing
from stem_logistics.custody import idle
from stem_logistics.custody.jobs import LAPSE_JOB
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move
from stem_logistics.settings import Settings
from stem_logistics.waves.service import Wave
from tests.custody.scene import arrived
from tests.inventory.stock import kit_id, make_definition, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in, today
from tests.waves.scene import application, apply, decide, kit, make_school, open_wave, prize
from tests.web.accessibility import faults

SOON = today() + timedelta(days=9)
HOLDER, FIRST, SECOND, LAST = "0100009", "0100008", "0100001", "0100002"


async def _wave() -> Wave:
    """One kit for the school with the latest code; of three that wait the one with the latest code has most points."""
    for code in (HOLDER, FIRST, SECOND, LAST):
        await make_school(code, name=f"Γυμνάσιο {code}")
    wave = await open_wave(kit("microbit-set", stock=1))
    await apply(
        wave,
        application(
            HOLDER,
            "microbit-set",
            evidence=(prize(HOLDER, "P1", teacher="T1"), prize(HOLDER, "P2", teacher="T1")),
        ),
        application(FIRST, "microbit-set", evidence=(prize(FIRST, "P3", teacher="T2"),)),
        application(SECOND, "microbit-set"),
        application(LAST, "microbit-set"),
    )
    await decide(wave)
    return wave


async def _idle_kit() -> tuple[int, str]:
    """A kit of the wave at the school that was given it, which nobody uses; the entry's number and the kit's code."""
    (code,) = await receive(await make_definition())
    school = await fetch_value("SELECT id FROM institution WHERE code = $1", HOLDER)
    place = await ledger.institution_place(school)
    parts = await stock.contents_of([await kit_id(code)])
    moves = [Move(p["item_id"], p["quantity"], p["place_id"], place, p["kit_id"], p["device_id"]) for p in parts]
    await ledger.post(moves, reason="transfer", key=f"to-school:{code}")
    return await idle.mark_idle(code, why="Άδειο τμήμα"), code


async def _next() -> list[str]:
    ((row),) = await idle.list_idle()
    return [school["code"] for school in row["next"]]


async def test_the_next_is_who_has_most_points(service: Settings) -> None:
    """The order is the published one, points and then the lot; who was given one, or withdrew, is not in it."""
    wave = await _wave()
    await _idle_kit()
    order = await _next()
    lots = await fetch(
        """SELECT i.code FROM allocation_row r JOIN institution i ON i.id = r.institution_id
           WHERE i.code IN ($1, $2) ORDER BY r.score DESC, r.ticket""",
        SECOND,
        LAST,
    )
    assert order == [FIRST, *(row["code"] for row in lots)]
    await standing.give_back(wave.slug, FIRST, "δεν το θέλουν πια")
    assert await _next() == order[1:]


async def test_another_than_the_next_needs_a_reason(service: Settings) -> None:
    """It is kept with the offer and in the record; the next in order needs none."""
    await _wave()
    number, _kit = await _idle_kit()
    with pytest.raises(Invalid, match="offer-out-of-order") as refused:
        await idle.offer(number, LAST, SOON)
    assert refused.value.params["code"] == FIRST
    await idle.offer(number, LAST, SOON, why="Μόνο αυτό έχει αίθουσα")
    (row,) = await idle.list_idle()
    assert row["out_of_order"] == "Μόνο αυτό έχει αίθουσα"
    await idle.answer_offer(number, accept=False)
    await idle.offer(number, FIRST, SOON)
    (row,) = await idle.list_idle()
    assert row["out_of_order"] == ""


async def test_an_offer_lapses_and_passes_on(service: Settings) -> None:
    """After its day it is not accepted any more; the job ends it, and the school is not the next again."""
    await _wave()
    number, _kit = await _idle_kit()
    await idle.offer(number, FIRST, SOON)
    await execute("UPDATE idle_kit SET answer_by = current_date - 2")
    with pytest.raises(Conflict, match="offer-lapsed"):
        await idle.answer_offer(number, accept=True)
    await jobs.enqueue(LAPSE_JOB, {})
    while await jobs.run_next():
        pass
    assert FIRST not in await _next() and len(await _next()) == 2
    assert await fetch_value("SELECT lapsed FROM idle_refusal")
    (row,) = await idle.waiting()
    assert row["next"]["code"] == (await _next())[0]


async def test_who_was_given_an_idle_kit_does_not_wait_for_another(service: Settings) -> None:
    """Of two idle kits the second is offered to the second school."""
    await _wave()
    number, _kit = await _idle_kit()
    await idle.offer(number, FIRST, SOON)
    await idle.answer_offer(number, accept=True)
    await idle.give(number)
    await arrived_of_wave(FIRST)
    await _idle_kit()
    assert FIRST not in await _next()


async def arrived_of_wave(school: str) -> None:
    """The school confirms what is on its way to it."""
    await execute("UPDATE institution SET email = $2 WHERE code = $1", school, f"mail@{school}.example")
    await execute("UPDATE mail_message SET to_address = $2 WHERE to_address = $1", f"mail@{school}.sch.example",
                  f"mail@{school}.example")  # fmt: skip
    await arrived(school)


async def test_today_leads_to_the_offer(app: Litestar) -> None:
    """The first page names the next school; one tap on what it leads to offers the kit; a refused form keeps all."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await _wave()
            number, _kit = await _idle_kit()
        await sign_in(client, await make_person("staff"))
        page = (await client.get("/")).text
        assert f"/moves#idle-{number}" in page and f"Γυμνάσιο {FIRST}" in page
        moves = (await client.get("/moves")).text
        assert faults(moves) == [] and moves.index(f"({FIRST})") < moves.index(f"({LAST})")
        assert f'value="{FIRST}"' in moves
        fields = {"school": LAST, "answer_by": SOON.isoformat(), "why": ""}
        refused = await post_form(client, f"/moves/idle/{number}/offer", fields)
        assert refused.status_code == 422 and f'value="{LAST}"' in refused.text and FIRST in refused.text
        fields["school"] = FIRST
        await post_form(client, f"/moves/idle/{number}/offer", fields)
        assert await fetch_value("SELECT state FROM idle_kit") == "offered"
