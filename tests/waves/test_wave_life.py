"""A wave from draft to published results, by its services, on a real database."""

import asyncio
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from stem_logistics import jobs, runtime
from stem_logistics.accounts.policy import Grant, Permission, Principal
from stem_logistics.allocation import results
from stem_logistics.allocation import service as allocation
from stem_logistics.allocation.verify import Wave as PublishedInput
from stem_logistics.allocation.verify import verify
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.errors import Conflict, FieldErrors, Forbidden, Invalid, NotFound
from stem_logistics.settings import Settings
from stem_logistics.waves import applications, calls, evidence, scores
from stem_logistics.waves import service as waves
from stem_logistics.worker import load_handlers
from tests.support import OPERATOR
from tests.waves.scene import (
    PRIORITY,
    application,
    apply,
    close,
    decide,
    kit,
    make_school,
    open_wave,
    prize,
    rules,
)


async def three_schools() -> None:
    await make_school("0100001")
    await make_school("0100002", categories=["special"], region="crete")
    await make_school("0100003")


async def test_the_whole_life(service: Settings) -> None:
    """Created, opened, applied to, closed, drawn, scored, allocated, published: each step shows in the next."""
    await three_schools()
    wave = await open_wave(kit(stock=2, reserves=[PRIORITY]))
    assert wave.phase == "open"
    assert wave.seed_commitment is not None and wave.nonce is None and wave.seed is None
    await apply(
        wave,
        application("0100001", evidence=(prize("0100001", "P1"),)),
        application("0100002"),
        application("0100003"),
    )
    wave = await close(wave)
    assert wave.phase == "closed"
    wave = await calls.reveal_seed(wave.slug, "3  14 15")
    assert wave.phase == "drawn" and wave.nonce is not None
    assert hashlib.sha256(wave.nonce.encode()).hexdigest() == wave.seed_commitment
    assert wave.seed == hashlib.sha256(f"{wave.nonce}:3 14 15".encode()).hexdigest()
    assert (await scores.score_applications(wave.slug))["admitted"] == 3
    run = await allocation.allocate(wave.slug)
    run = await allocation.publish(wave.slug, run.id)
    assert run.published_at is not None
    awards = {award.code: award.line for award in await allocation.awards_of_wave(wave.id)}
    # 0100001 has a prize; 0100002 the guaranteed place; 0100003 neither
    assert awards == {"0100001": "open", "0100002": "priority"}
    files = [await allocation.file_of(run, which) for which in ("input", "outcome")]
    assert [hashlib.sha256(f).hexdigest() for f in files] == [run.input_sha256, run.outcome_sha256]
    assert verify(PublishedInput(files[0]), io.BytesIO(files[1])) == run.outcome_sha256
    assert b"T1" not in files[0], "no teacher in a published file"
    actions = await fetch("SELECT action FROM audit_entry ORDER BY id")
    assert [row["action"] for row in actions if row["action"] != "application-submitted"] == [
        "wave-created",
        "wave-rules-saved",
        "call-opened",
        "deadline-changed",
        "seed-revealed",
        "applications-scored",
        "kits-allocated",
        "results-published",
    ]


async def test_every_school_is_told_once(service: Settings) -> None:
    """Each applicant gets one mail with its own link, however often the job runs; one without mail is named."""
    await three_schools()
    await make_school("0100004", email="")
    wave = await open_wave()
    await apply(wave, *(application(f"010000{n}") for n in range(1, 5)))
    await decide(wave)
    load_handlers()
    assert await jobs.run_next()
    job = await jobs.get(int(await fetch_value("SELECT max(id) FROM job")))
    assert job.result == {"told": 3, "without_email": ["0100004"]}
    await jobs.HANDLERS["allocation-notify"](job.payload, jobs.Progress(job.id))
    mails = await fetch("SELECT to_address, body FROM mail_message ORDER BY to_address")
    assert [m["to_address"] for m in mails] == [f"mail@010000{n}.sch.example" for n in range(1, 4)]
    links = {line for m in mails for line in m["body"].splitlines() if "/result/" in line}
    assert len(links) == 3
    assert await fetch_value("SELECT count(*) FROM school_link WHERE purpose = 'result'") == 3


async def test_out_of_time(service: Settings) -> None:
    """Before the opening and after the deadline nothing is taken, by the server's clock; the refusal says when."""
    await three_schools()
    wave = await open_wave()
    await execute("UPDATE wave SET opens_at = now() + interval '1 minute' WHERE id = $1", wave.id)
    with pytest.raises(Conflict) as refused:
        await apply(wave, application("0100001"))
    assert refused.value.slug == "wave-opens-later"
    await execute("UPDATE wave SET opens_at = now() - interval '1 day' WHERE id = $1", wave.id)
    await close(wave)
    with pytest.raises(Conflict) as refused:
        await apply(wave, application("0100001"))
    assert refused.value.slug == "wave-closed"
    assert refused.value.params["deadline"]
    assert await fetch_value("SELECT count(*) FROM application") == 0


async def test_a_draft_takes_no_applications(service: Settings) -> None:
    """A wave whose call has not opened is not applied to."""
    await make_school("0100001")
    wave = await waves.create_wave("stem-7", "Δράση STEM 7", "", 2027, 2027)
    with pytest.raises(Conflict, match="wave-not-open"):
        await apply(wave, application("0100001"))


async def test_rules_freeze_with_the_call(service: Settings) -> None:
    """Rules change as often as need be before the call, each change a version, and never after it."""
    await waves.create_wave("stem-6", "Δράση STEM 6", "", 2026, 2026)
    assert await waves.save_rules("stem-6", rules(kit(stock=5))) == 1
    assert await waves.save_rules("stem-6", rules(kit(stock=5))) == 1, "the same rules are no new version"
    assert await waves.save_rules("stem-6", rules(kit(stock=6))) == 2
    now = datetime.now(UTC)
    await calls.open_call(
        "stem-6",
        opens_at=now,
        deadline_at=now + timedelta(days=1),
        draw_description="ΛΟΤΤΟ",
        draw_on=(now + timedelta(days=2)).date(),
    )
    with pytest.raises(Conflict, match="wave-rules-frozen"):
        await waves.save_rules("stem-6", rules(kit(stock=7)))
    stored = await waves.require_rules((await waves.get_wave("stem-6")).id)
    assert stored.frozen_at is not None and stored.rules.kits[0].stock == 6


async def test_reserves_above_the_stock(service: Settings) -> None:
    """Guaranteed places above the stock are refused with the kit and the figures; nothing is written."""
    await waves.create_wave("stem-6", "Δράση STEM 6", "", 2026, 2026)
    with pytest.raises(FieldErrors) as refused:
        await waves.save_rules("stem-6", rules(kit(stock=2, reserves=[{**PRIORITY, "places": 3}])))
    (error,) = refused.value.errors
    assert error["field"] == "kits.0.stock"
    assert error["params"] == {"kit": "Εκτυπωτής 3D", "places": 3, "blocks": 0, "size": 10, "needed": 3, "stock": 2}
    assert await fetch_value("SELECT count(*) FROM wave_rules") == 0


async def test_a_call_without_sense(service: Settings) -> None:
    """No rules, a deadline in the past, a draw before the deadline, no draw named: the call does not open."""
    await waves.create_wave("stem-6", "Δράση STEM 6", "", 2026, 2026)
    now = datetime.now(UTC)
    with pytest.raises(FieldErrors) as refused:
        await calls.open_call(
            "stem-6",
            opens_at=now,
            deadline_at=now - timedelta(days=1),
            draw_description=" ",
            draw_on=now.date() - timedelta(days=9),
        )
    assert [(e["field"], e["slug"]) for e in refused.value.errors] == [
        ("deadline_at", "deadline-not-in-future"),
        ("deadline_at", "deadline-before-opening"),
        ("draw_on", "draw-before-deadline"),
        ("draw_description", "draw-description-missing"),
    ]
    later = now + timedelta(days=1)
    with pytest.raises(Conflict, match="wave-has-no-rules"):
        await calls.open_call(
            "stem-6",
            opens_at=now,
            deadline_at=later,
            draw_description="ΛΟΤΤΟ",
            draw_on=later.date() + timedelta(days=1),
        )


async def test_the_seed_follows_from_the_promise(service: Settings) -> None:
    """Another nonce or another seed than promised is refused; the draw comes after the deadline, and once."""
    wave = await open_wave()
    with pytest.raises(Conflict, match="wave-still-open"):
        await calls.reveal_seed(wave.slug, "1 2 3")
    await close(wave)
    with pytest.raises(Invalid, match="seed-not-from-commitment"):
        await calls.reveal_seed(wave.slug, "1 2 3", nonce="another")
    with pytest.raises(Invalid, match="seed-not-from-commitment"):
        await calls.reveal_seed(wave.slug, "1 2 3", seed="0" * 64)
    assert (await waves.get_wave(wave.slug)).seed is None
    await calls.reveal_seed(wave.slug, "1 2 3")
    with pytest.raises(Conflict, match="seed-already-revealed"):
        await calls.reveal_seed(wave.slug, "4 5 6")


async def test_the_draw_is_not_before_its_day(service: Settings) -> None:
    """The numbers of a draw cannot be entered before the day that the call named."""
    wave = await open_wave()
    await close(wave)
    await execute("UPDATE wave SET draw_on = current_date + 2 WHERE id = $1", wave.id)
    with pytest.raises(Conflict, match="draw-not-yet"):
        await calls.reveal_seed(wave.slug, "1 2 3")


async def test_the_nonce_is_not_in_the_database(service: Settings) -> None:
    """Who reads the database alone learns nothing of the tickets before the draw."""
    wave = await open_wave()
    row = (await fetch("SELECT nonce, seed, nonce_sealed FROM wave WHERE id = $1", wave.id))[0]
    assert row["nonce"] is None and row["seed"] is None
    nonce = runtime.keys().unseal(calls.NONCE, row["nonce_sealed"])
    assert nonce not in row["nonce_sealed"]
    assert hashlib.sha256(nonce).hexdigest() == wave.seed_commitment


async def test_allocation_waits_for_all_that_decides(service: Settings) -> None:
    """No allocation before the deadline, without the draw, without scores, or with scores that are out of date."""
    await three_schools()
    wave = await open_wave()
    await apply(wave, application("0100001"))
    with pytest.raises(Conflict, match="allocation-before-deadline"):
        await allocation.allocate(wave.slug)
    await scores.score_applications(wave.slug)
    await close(wave)
    with pytest.raises(Conflict, match="allocation-without-seed"):
        await allocation.allocate(wave.slug)
    wave = await calls.reveal_seed(wave.slug, "1 2 3")
    with pytest.raises(Conflict, match="scores-before-deadline"):
        await allocation.allocate(wave.slug)
    await scores.score_applications(wave.slug)
    await evidence.add_evidence(wave, prize("0100001", "P9"), principal=OPERATOR)
    with pytest.raises(Conflict, match="scores-out-of-date"):
        await allocation.allocate(wave.slug)
    await scores.score_applications(wave.slug)
    run = await allocation.allocate(wave.slug)
    ident = await fetch_value("SELECT min(id) FROM evidence")
    await evidence.withdraw_evidence(ident, "λάθος")
    with pytest.raises(Conflict, match="scores-out-of-date"):
        await allocation.publish(wave.slug, run.id)


async def test_what_is_published_stays(service: Settings) -> None:
    """After publication nothing is scored, allocated or published again."""
    await three_schools()
    wave = await open_wave()
    await apply(wave, application("0100001"))
    run = await decide(wave)
    for again in (
        lambda: scores.score_applications(wave.slug),
        lambda: allocation.allocate(wave.slug),
        lambda: allocation.publish(wave.slug, run),
    ):
        with pytest.raises(Conflict, match="wave-already-published"):
            await again()


async def test_a_changed_outcome_is_not_published(service: Settings) -> None:
    """The independent verifier stands between a run and its publication: an altered file is refused."""
    await three_schools()
    wave = await open_wave(kit(stock=1))
    await apply(wave, application("0100001"), application("0100003"))
    run_id = await decide(wave, out=False)
    run = await allocation.latest_run(wave)
    assert run is not None
    outcome = json.loads(await allocation.file_of(run, "outcome"))
    ((winner, award),) = outcome["allocation"].items()
    loser = ({"0100001", "0100003"} - {winner}).pop()
    outcome["allocation"] = {loser: award}
    forged = json.dumps(outcome, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    await execute(
        "INSERT INTO stored_file (digest, media_type, size, content) VALUES (sha256($1), 'application/json', $2, $1)",
        forged,
        len(forged),
    )
    await execute("UPDATE allocation_run SET outcome_file = sha256($1) WHERE id = $2", forged, run_id)
    with pytest.raises(Conflict, match="allocation-not-verified"):
        await allocation.publish(wave.slug, run_id)
    assert await fetch_value("SELECT count(*) FROM award") == 0


async def test_a_later_application_takes_the_place(service: Settings) -> None:
    """A school may apply again until the deadline: the last one counts, the same one again changes nothing."""
    await three_schools()
    wave = await open_wave(kit(), kit("robot"))
    await apply(wave, application("0100001", "printer"), application("0100001", "printer"))
    await apply(wave, application("0100001", "robot"))
    school = await fetch_value("SELECT id FROM institution WHERE code = '0100001'")
    assert [s["submission"] for s in await applications.submissions_of(wave.id, school)] == [2, 1]
    run_id = await decide(wave)
    run = await allocation.published_run(await waves.get_wave(wave.slug))
    assert run.id == run_id
    shown = await applications.school_by_code("0100001")
    assert shown is not None
    result = await results.school_result(await waves.get_wave(wave.slug), run, shown, with_evidence=False)
    assert [(r.kit, r.received) for r in result.reasons] == [("robot", True)]
    outcome = json.loads(await allocation.file_of(run, "outcome"))
    assert [row["code"] for row in outcome["reasons"]] == ["ALLOCATED_OPEN", "SUPERSEDED"]


async def test_applications_at_once(service: Settings) -> None:
    """Ten submissions of one school at the same moment become submissions 1 to 10, none lost, none twice."""
    await make_school("0100001")
    wave = await open_wave(kit(), kit("robot"))
    entries = [
        application("0100001", *(("printer", "robot") if n % 2 else ("robot",)), declarations={"undertaking": n > 5})
        for n in range(10)
    ]
    done = await asyncio.gather(
        *(applications.submit(wave.slug, entry, channel="form", principal=OPERATOR) for entry in entries)
    )
    numbers = sorted(d.submission for d in done if d.changed)
    assert numbers == list(range(1, len(numbers) + 1))


async def test_excluded_schools_take_no_part(service: Settings) -> None:
    """A school that does not meet a condition is not in the input, and its page names the condition."""
    await three_schools()
    await make_school("0100009", state="closed")
    wave = await open_wave()
    await apply(wave, application("0100001"), application("0100003", declarations={"undertaking": True}))
    await apply(wave, application("0100009"))
    await decide(wave)
    wave = await waves.get_wave(wave.slug)
    run = await allocation.published_run(wave)
    data = json.loads(await allocation.file_of(run, "input"))
    assert [a["id"] for a in data["applicants"]] == ["0100001"]
    school = await applications.school_by_code("0100003")
    assert school is not None
    result = await results.school_result(wave, run, school, with_evidence=False)
    assert len(result.score.exclusions) == 2
    assert not result.received
    rows, total = await results.results_of(run, outcome="excluded")
    assert total == 2 and {row["code"] for row in rows} == {"0100003", "0100009"}


async def test_departments_take_whole_blocks(service: Settings) -> None:
    """A university department receives a block, apart from the schools."""
    await make_school("0100001")
    await make_school("ite-uoa", kind="department", level="university", name="ΤΕΑΠΗ")
    wave = await open_wave(kit(stock=11, university_blocks=1))
    await apply(wave, application("0100001"), application("ite-uoa"))
    await decide(wave)
    awards = {a.code: (a.line, a.units) for a in await allocation.awards_of_wave(wave.id)}
    assert awards == {"0100001": ("open", 1), "ite-uoa": ("university", 10)}


async def test_who_may_see_and_act(service: Settings) -> None:
    """A region's reader sees its schools only; a link speaks for its own school and wave only."""
    ids = {
        code: await make_school(code, region=region) for code, region in (("0100001", "attica"), ("0100002", "crete"))
    }
    wave = await open_wave()
    await apply(wave, application("0100001"), application("0100002"))
    crete = await fetch_value("SELECT id FROM regional_directorate WHERE code = 'crete'")
    reader = Principal("account", 1, grants=(Grant("auditor", "region", crete),))
    rows, total = await applications.list_applications(wave, reader)
    assert total == 1 and rows[0]["code"] == "0100002"
    everything, all_of_them = await applications.list_applications(wave, OPERATOR)
    assert all_of_them == 2
    hidden = next(row["id"] for row in everything if row["code"] == "0100001")
    with pytest.raises(NotFound):
        await applications.get_application(wave, hidden, reader)
    with pytest.raises(Forbidden):
        await applications.submit(wave.slug, application("0100002"), channel="form", principal=reader)
    link = Principal("link", 1, permission=Permission.LINK_APPLICATION, institution_id=ids["0100001"], wave_id=wave.id)
    with pytest.raises(Forbidden):
        await applications.submit(wave.slug, application("0100002"), channel="link", principal=link)
    await applications.submit(wave.slug, application("0100001"), channel="link", principal=link)
    other = Principal(
        "link", 1, permission=Permission.LINK_APPLICATION, institution_id=ids["0100001"], wave_id=wave.id + 1
    )
    with pytest.raises(Forbidden):
        await applications.submit(wave.slug, application("0100001"), channel="link", principal=other)


async def test_a_moved_deadline_needs_its_reason(service: Settings) -> None:
    """The deadline moves with a reason, into the future, not past the draw."""
    wave = await open_wave()
    now = datetime.now(UTC)
    with pytest.raises(Invalid, match="deadline-needs-reason"):
        await calls.change_deadline(wave.slug, now + timedelta(hours=2), " ")
    with pytest.raises(Invalid, match="deadline-not-in-future"):
        await calls.change_deadline(wave.slug, now - timedelta(hours=2), "παράταση")
    with pytest.raises(Invalid, match="draw-before-deadline"):
        await calls.change_deadline(wave.slug, now + timedelta(days=20), "παράταση")
    moved = await calls.change_deadline(wave.slug, now + timedelta(hours=2), "παράταση")
    assert moved.deadline_at == now + timedelta(hours=2)
    assert await fetch_value("SELECT why FROM audit_entry WHERE action = 'deadline-changed'") == "παράταση"


async def test_historic_waves_stand_beside_the_others(service: Settings) -> None:
    """A wave without a run shows its published totals in the same list, and counts as equipment received."""
    first = await make_school("0100001")
    await waves.record_historic_wave("stem-4", "Δράση STEM 4", "STEM 4", 2023, 2023, datetime(2023, 6, 1, tzinfo=UTC))
    await allocation.record_historic_awards("stem-4", [(first, "robot", 1, "")])
    wave = await open_wave()
    await apply(wave, application("0100001"))
    await close(wave)
    await scores.score_applications(wave.slug)
    lines = {line.wave.slug: line for line in await waves.list_waves()}
    assert (lines["stem-4"].grants, lines["stem-4"].units, lines["stem-4"].wave.phase) == (1, 1, "historic")
    shown = (await applications.list_applications(wave, OPERATOR))[0][0]
    score = await scores.score_of_application(shown["id"])
    assert score is not None
    parts = {part["criterion"]: part for part in score["parts"]["criteria"]}
    assert parts["never-received-before"]["points"] == "0"
    assert parts["never-received-before"]["reason"]["params"] == {"year": 2023}
