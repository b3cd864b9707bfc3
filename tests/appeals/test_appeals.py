"""From provisional to final results by the services, on a real database."""

import io
import json
from decimal import Decimal

import pytest

from stem_logistics import jobs
from stem_logistics.accounts.policy import Principal
from stem_logistics.allocation import queries
from stem_logistics.allocation import service as allocation
from stem_logistics.allocation.publication import publish_provisional
from stem_logistics.allocation.standing import chain_of, files_of, give_back
from stem_logistics.allocation.verify import Wave as PublishedInput
from stem_logistics.allocation.verify import verify
from stem_logistics.allocation.verify_final import verify_final
from stem_logistics.appeals import committees
from stem_logistics.appeals import service as appeals
from stem_logistics.appeals.rules import Correction, members_of
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.errors import Conflict, FieldErrors, Forbidden, Invalid
from stem_logistics.settings import Settings
from stem_logistics.waves import scores
from stem_logistics.waves.service import get_wave
from stem_logistics.worker import load_handlers
from tests.appeals.scene import APPEALS, EVALUATION, end_window, file, grant, link_of, more, provisional_wave
from tests.support import OPERATOR
from tests.waves.scene import application, apply, decide, kit, make_school, open_wave


async def awarded(wave_id: int) -> dict[str, str]:
    return {award.code: award.line for award in await allocation.awards_of_wave(wave_id)}


async def test_three_steps_with_two_appeals_and_a_withdrawal(service: Settings) -> None:
    """Provisional, one kit of those held back, one re-run, a school that leaves, final: each step is in the final file,
    which the independent program verifies; nobody receives anything before the end."""
    wave = await provisional_wave()
    assert wave.phase == "provisional" and wave.is_out and not wave.is_over
    first = await file(wave, "0100003")
    second = await file(wave, "0100004")
    third = await file(wave, "0100005", "exclusion", "head-signature")
    wave = await end_window(wave)
    assert wave.phase == "appeals"
    assert await grant(wave, first, more(90)) == "supernumerary"
    assert await grant(wave, second, more(95)) == "rerun"
    await appeals.decide(wave.slug, third, decision="rejected", reason="Δεν υπογράφηκε.")
    await give_back(wave.slug, "0100002", "Το σχολείο συγχωνεύεται.")
    assert await awarded(wave.id) == {}
    run = await appeals.publish_final_results(wave.slug)
    assert (await get_wave(wave.slug)).phase == "published"
    received = await awarded(wave.id)
    assert {"0100003", "0100004"} <= received.keys() and "0100002" not in received
    files = await files_of(run)
    assert len(files) == 2
    final = await allocation.file_of(run, "final")
    verify_final(final, files)
    document = json.loads(final)
    assert document["allocation"].keys() == received.keys()
    assert [change["change"] for change in document["changes"]][:2] == ["supernumerary", "rerun"]
    assert [appeal["decision"] for appeal in document["appeals"]] == ["accepted", "accepted", "rejected"]
    last = "given_back" if "0100002" in json.loads(files[1][1])["allocation"] else "withdrawn"
    assert [each.step for each in await chain_of(run)] == ["run", "supernumerary", "rerun", last]


async def test_the_effect_that_was_shown_is_the_one_that_is_decided(service: Settings) -> None:
    """Two appeals for one kit held back: the second sees another effect once the first is decided, and is not
    decided unseen; what it then would do is a re-run."""
    wave = await provisional_wave()
    one, two = await file(wave, "0100003"), await file(wave, "0100004")
    appeal = await appeals.get_appeal(wave, two, OPERATOR)
    shown = await appeals.weigh(wave, appeal, more(90))
    assert (shown.effect.kind, [m.id for m in shown.effect.moved]) == ("supernumerary", ["0100004"])
    assert await grant(wave, one, more(90)) == "supernumerary"
    with pytest.raises(Conflict, match="appeal-effect-changed"):
        await appeals.decide(wave.slug, two, decision="accepted", reason="Ναι.", correction=more(90), seen=shown.seen)
    assert (await appeals.weigh(wave, appeal, more(90))).effect.kind == "rerun"
    assert (await appeals.weigh(wave, appeal, more(1))).effect.kind == "none"


async def test_an_exclusion_that_falls(service: Settings) -> None:
    """An excluded school that is admitted on appeal is weighed with its points; it has its place in the final file."""
    wave = await provisional_wave()
    number = await file(wave, "0100005", "exclusion", "head-signature")
    assert await grant(wave, number, Correction(admit=True)) == "none"
    other = await file(wave, "0100005", "criterion", "national-prize")
    granted = Correction(criterion="national-prize", points=Decimal(99), admit=True)
    assert await grant(wave, other, granted) == "supernumerary"
    run = await allocation.head_run(wave)
    codes = await queries.rows_of_institution(
        run.id, await fetch_value("SELECT id FROM institution WHERE code = '0100005'")
    )
    assert [row["code"] for row in codes] == ["SUPERNUMERARY"]


async def test_the_window(service: Settings) -> None:
    """The last moment counts, the next does not; one appeal a point however often it is sent; staff may enter a late
    one, which can only be found out of time."""
    wave = await provisional_wave()
    assert await file(wave, "0100003") == await file(wave, "0100003")
    assert await fetch_value("SELECT count(*) FROM appeal") == 1
    await execute("UPDATE wave SET appeals_until = clock_timestamp() + interval '1 second' WHERE id = $1", wave.id)
    number = await file(wave, "0100004")
    wave = await end_window(wave)
    with pytest.raises(Conflict, match="appeals-closed"):
        await file(wave, "0100001")
    late = await appeals.file_appeal(
        wave.slug, "0100001", point="criterion", detail="x", body="Με το ταχυδρομείο", principal=OPERATOR
    )
    with pytest.raises(Conflict, match="appeal-late"):
        await grant(wave, late.number, more(90))
    assert await appeals.decide(wave.slug, late.number, decision="out-of-time", reason="Εκπρόθεσμη.") == "none"
    with pytest.raises(Conflict, match="appeals-undecided"):
        await appeals.publish_final_results(wave.slug)
    await appeals.decide(wave.slug, number, decision="rejected", reason="Μετρήθηκε.")
    with pytest.raises(Conflict, match="appeal-decided"):
        await appeals.decide(wave.slug, number, decision="rejected", reason="Ξανά.")


async def test_who_may_appeal(service: Settings) -> None:
    """A school for itself alone, after provisional results alone, with a point and a text, with known documents."""
    wave = await provisional_wave()
    other = await link_of("0100001", wave)
    with pytest.raises(Forbidden):
        await appeals.file_appeal(wave.slug, "0100003", point="criterion", body="x", principal=other)
    with pytest.raises(FieldErrors) as refused:
        await appeals.file_appeal(wave.slug, "0100001", point="weather", body=" ", principal=other)
    assert [error["field"] for error in refused.value.errors] == ["point", "body"]
    with pytest.raises(Invalid, match="document-kind"):
        await appeals.file_appeal(
            wave.slug, "0100001", point="criterion", body="x", documents=[("a.exe", b"MZ")], principal=other
        )
    assert await fetch_value("SELECT count(*) FROM appeal") == 0, "nothing half-done"
    with pytest.raises(Invalid, match="appeal-of-nobody"):
        await appeals.file_appeal(wave.slug, "9999999", point="criterion", body="x", principal=OPERATOR)


async def test_the_committees_are_different_people(service: Settings) -> None:
    """Nobody sits in both, however the name is written; three at least, each with a post; without one nothing is
    decided."""
    wave = await provisional_wave()
    for members, slug in (
        (APPEALS + "\nΑΡΒΑΝΙΤΗ Αννα, μέλος", "committee-member-in-both"),
        ("Δήμος Δούκας, πρόεδρος", "committee-too-small"),
        ("Α, πρόεδρος\nΒ\nΓ, μέλος", "committee-member-incomplete"),
        ("Α Β, πρόεδρος\nΒ Α, μέλος\nΓ, μέλος", "committee-member-twice"),
    ):
        with pytest.raises(FieldErrors) as refused:
            await committees.appoint(wave.slug, "appeals", "Α-2", members_of(members))
        assert [error["slug"] for error in refused.value.errors] == [slug]
    await execute("DELETE FROM committee WHERE kind = 'appeals'")
    number = await file(wave, "0100003")
    with pytest.raises(Conflict, match="appeals-committee-missing"):
        await appeals.decide(wave.slug, number, decision="rejected", reason="Όχι.")
    assert len(members_of(EVALUATION)) == 3


async def test_a_kit_given_back_after_the_final_results(service: Settings) -> None:
    """It goes to the next in order, who has it as an award; nobody else moves; once gone, nobody gives back again."""
    wave = await end_window(await provisional_wave())
    await appeals.publish_final_results(wave.slug)
    before = await awarded(wave.id)
    assert before.keys() == {"0100001", "0100002"}
    run = await give_back(wave.slug, "0100001", "Δεν υπάρχει χώρος.")
    after = await awarded(wave.id)
    assert "0100001" not in after and after["0100002"] == before["0100002"] and len(after) == 2
    verify_final(await allocation.file_of(run, "final"), await files_of(run))
    assert (await allocation.published_run(wave)).id == run.id
    with pytest.raises(Invalid, match="applicant-unknown"):
        await give_back(wave.slug, "0100001", "Πάλι.")
    with pytest.raises(Invalid, match="giving-back-needs-reason"):
        await give_back(wave.slug, "0100002", " ")


async def test_the_window_is_as_long_as_the_call_promised(service: Settings) -> None:
    """Fewer working days than the call says are refused, and nothing is published."""
    await make_school("0100001")
    wave = await open_wave(kit(), appeal_days=7)
    await apply(wave, application("0100001"))
    run = await decide(wave, out=False)
    with pytest.raises(Invalid, match="window-shorter-than-call"):
        await publish_provisional(wave.slug, run, working_days=6)
    assert not (await get_wave(wave.slug)).is_out
    await publish_provisional(wave.slug, run, working_days=7)
    assert (await get_wave(wave.slug)).phase == "provisional"


async def test_out_of_order(service: Settings) -> None:
    """Nothing twice and nothing early: a second provisional publication, new scores, a final one before the window's
    end, appeals against final results."""
    wave = await provisional_wave()
    run = await allocation.published_run(wave)
    with pytest.raises(Conflict, match="wave-already-published"):
        await publish_provisional(wave.slug, run.id)
    with pytest.raises(Conflict, match="wave-already-published"):
        await scores.score_applications(wave.slug)
    with pytest.raises(Conflict, match="wave-already-published"):
        await allocation.allocate(wave.slug)
    with pytest.raises(Conflict, match="appeals-window-open"):
        await appeals.publish_final_results(wave.slug)
    wave = await end_window(wave)
    await appeals.publish_final_results(wave.slug)
    with pytest.raises(Conflict, match="wave-already-published"):
        await appeals.publish_final_results(wave.slug)
    with pytest.raises(Conflict, match="appeals-not-open"):
        await appeals.file_appeal(wave.slug, "0100001", point="criterion", body="x", principal=OPERATOR)


async def test_minutes_and_mails(service: Settings) -> None:
    """Minutes are PDF/A for both committees; every school is told of both results once, of its appeal and decision."""
    wave = await provisional_wave()
    number = await file(wave, "0100003")
    await grant(wave, number, more(90))
    for kind in ("evaluation", "appeals"):
        ident = await committees.write_minutes(wave.slug, kind, wave.now.date(), "Η συνεδρίαση έγινε με τηλεδιάσκεψη.")
        pdf = await committees.minutes_file(wave, ident)
        assert pdf.startswith(b"%PDF-") and b"pdfaid" in pdf
    wave = await end_window(wave)
    await appeals.publish_final_results(wave.slug)
    load_handlers()
    while await jobs.run_next():
        pass
    subjects = [row["subject"] for row in await fetch("SELECT subject FROM mail_message ORDER BY id")]
    assert len(subjects) == 2 + 5 + 5
    before = await awarded(wave.id)
    await give_back(wave.slug, "0100001", "Το σχολείο δεν έχει χώρο.")
    while await jobs.run_next():
        pass
    after = await awarded(wave.id)
    told = await fetch("SELECT i.code FROM mail_message m JOIN institution i ON i.id = m.institution_id ORDER BY m.id")
    moved = {"0100001", *(after.keys() - before.keys())}
    assert len(moved) == 2 and {row["code"] for row in told[len(subjects) :]} == moved, "they are told, nobody else"
    run = await allocation.published_run(wave)
    chain = await files_of(run)
    for given, outcome in chain:
        verify(PublishedInput(given), io.BytesIO(outcome))


async def test_a_school_takes_its_appeal_back(service: Settings) -> None:
    """Its own, while nobody has decided; then it may appeal on the point again."""
    wave = await provisional_wave()
    number = await file(wave, "0100003")
    with pytest.raises(Exception, match="appeal-not-found"):
        await appeals.withdraw_appeal(wave.slug, number, await link_of("0100001", wave))
    await appeals.withdraw_appeal(wave.slug, number, await link_of("0100003", wave))
    assert await file(wave, "0100003") == number + 1
    assert Principal("system").kind == "system"
