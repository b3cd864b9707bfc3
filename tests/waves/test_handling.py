"""What staff do with applications: see what is missing, send back, withdraw, note; and what the school sees of it."""

from datetime import UTC, datetime, timedelta

import pytest
from litestar import Litestar

from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.errors import Conflict
from stem_logistics.waves import calls, invitations, scores, service
from stem_logistics.waves.windows import last_moment
from stem_logistics.web.formats import local
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.waves.by_link import ANSWERS, apply_by_link, fill, sign
from tests.waves.by_link import send_it as send_again
from tests.waves.scene import application, apply, kit, make_school, open_wave
from tests.waves.test_pages import look, send


def moment(when: datetime) -> str:
    return local(when).strftime("%Y-%m-%dT%H:%M")


async def test_who_lacks_what(app: Litestar) -> None:
    """The list shows and filters by what is missing, in the page and in the file; an application says it by name."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            for number in (1, 2, 3):
                await make_school(f"010000{number}")
            wave = await open_wave()
            await apply(wave, application("0100001"), application("0100002", declarations={"undertaking": True}))
            link = (await invitations.application_link(wave.slug, "0100003")).removeprefix("http://testserver.local")
        await fill(client, link, "choice-1", "printer")
        await send_again(client, link)
        await sign_in(client, await make_person("staff"))
        base = f"/waves/{wave.slug}/applications"
        for standing, found in (
            ("complete", ["0100001"]),
            ("incomplete", ["0100002", "0100003"]),
            ("returned", []),
            ("withdrawn", []),
            ("", ["0100001", "0100002", "0100003"]),
        ):
            page = await look(client, f"{base}?standing={standing}")
            rows = (await client.get(f"{base}?standing={standing}&format=json")).json()
            assert sorted(row["code"] for row in rows) == found, standing
            assert all((code in page) == (code in found) for code in ("0100001", "0100002", "0100003"))
        second = next(row for row in rows if row["code"] == "0100002")
        assert second["missing"] == "assembly-act, head-signature"
        number = await fetch_value("SELECT max(id) FROM application")
        assert "Λείπουν" in await look(client, f"{base}/{number}")


async def test_sent_back_and_corrected_after_the_deadline(app: Litestar) -> None:
    """The school gets the reason by mail and on its page, corrects within its window though the call is over, and not a
    moment longer; a school that was not asked stays out."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            await make_school("0100002")
            wave = await open_wave(correction_days=5)
            await execute("UPDATE wave SET draw_on = $1", local(datetime.now(UTC)).date() + timedelta(days=20))
            link, other = [
                (await invitations.application_link(wave.slug, code)).removeprefix("http://testserver.local")
                for code in ("0100001", "0100002")
            ]
        await apply_by_link(client, link)
        await apply_by_link(client, other)
        await execute("UPDATE wave SET opens_at = now() - interval '2 days', deadline_at = now() - interval '1 hour'")
        await sign_in(client, await make_person("staff"))
        first = await fetch_value("SELECT min(id) FROM application")
        path = f"/waves/{wave.slug}/applications/{first}"
        now = datetime.now(UTC)
        page = await send(client, f"{path}/send-back", {"why": "", "until": moment(now + timedelta(days=2))}, 422)
        assert 'id="why-error"' in page
        for until, words in ((now + timedelta(days=9), "διόρθωση γίνεται έως"), (now - timedelta(days=1), "μέλλον")):
            page = await send(
                client, f"{path}/send-back", {"why": "Η πράξη δεν διαβάζεται", "until": moment(until)}, 422
            )
            assert words in page and "Η πράξη δεν διαβάζεται" in page
        page = await send(client, f"{path}/send-back", {"why": "x", "until": ""}, 422)
        assert "μέλλον" in page, "the call's own deadline is over"
        await send(
            client, f"{path}/send-back", {"why": "Η πράξη δεν διαβάζεται", "until": moment(now + timedelta(days=2))}
        )
        assert "Η πράξη δεν διαβάζεται" in await look(client, path)
        codes = [
            row["code"]
            for row in (await client.get(f"/waves/{wave.slug}/applications?standing=returned&format=json")).json()
        ]
        assert codes == ["0100001"]
        body = str(await fetch_value("SELECT body FROM mail_message ORDER BY id DESC LIMIT 1"))
        assert "Η πράξη δεν διαβάζεται" in body
        fresh = next(line for line in body.splitlines() if "/application/" in line).removeprefix(
            "http://testserver.local"
        )
        assert "Η πράξη δεν διαβάζεται" in await look(client, fresh)
        assert "έληξε" in await fill(client, other, "project", "Νέο", 409)
        await fill(client, fresh, "project", "Διορθωμένο")
        await sign(client, fresh)
        await send_again(client, fresh)
        assert await fetch_value("SELECT project_title FROM application ORDER BY id DESC LIMIT 1") == "Διορθωμένο"
        assert "έληξε" in await fill(client, fresh, "project", "Δεύτερη φορά", 409), "one request, one correction"
        with acting_as(OPERATOR), pytest.raises(Conflict):
            await calls.reveal_seed(wave.slug, "1 2 3")


async def test_a_correction_that_comes_too_late(app: Litestar) -> None:
    """After its window the school is told when it ended and what the clock shows; what it sent before counts."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            wave = await open_wave(correction_days=5)
            await execute("UPDATE wave SET draw_on = $1", local(datetime.now(UTC)).date() + timedelta(days=20))
            link = (await invitations.application_link(wave.slug, "0100001")).removeprefix("http://testserver.local")
        await apply_by_link(client, link)
        await sign_in(client, await make_person("staff"))
        path = f"/waves/{wave.slug}/applications/{await fetch_value('SELECT min(id) FROM application')}"
        await send(client, f"{path}/send-back", {"why": "Λείπει η ημερομηνία", "until": ""})
        await execute("UPDATE wave SET opens_at = now() - interval '2 days', deadline_at = now() - interval '1 second'")
        await execute("UPDATE application_return SET until_at = clock_timestamp() - interval '1 millisecond'")
        page = await fill(client, link, "project", "Αργά", 409, seen="")
        assert "Ο χρόνος για τη διόρθωση έληξε" in page and "ρολόι του διακομιστή" in page
        await look(client, link)
        assert await fetch_value("SELECT count(*) FROM application") == 1


async def test_windows_follow_the_calendar_and_never_reach_the_draw(app: Litestar) -> None:
    """Five days after a deadline at 14:00 end at 14:00 in Athens, over the end of summer time too; the draw's day ends
    every window."""
    async with browser(app):
        with acting_as(OPERATOR):
            wave = await open_wave(correction_days=5)
            rules = (await service.require_rules(wave.id)).rules
            # summer time ends on 25 October 2026: five days of the calendar are 121 hours
            await execute(
                "UPDATE wave SET opens_at = '2026-10-01', deadline_at = '2026-10-23 11:00+00', draw_on = '2026-11-20'"
            )
            wave = await service.get_wave(wave.slug)
            end = last_moment(wave, rules)
            assert (end.strftime("%d/%m %H:%M"), end.astimezone(UTC).hour) == ("28/10 14:00", 12)
            await execute("UPDATE wave SET draw_on = '2026-10-26'")
            assert last_moment(await service.get_wave(wave.slug), rules).strftime("%d/%m %H:%M") == "26/10 00:00"
            await execute("UPDATE wave SET draw_on = '2026-10-23'")
            wave = await service.get_wave(wave.slug)
            assert last_moment(wave, rules) == wave.deadline_at


async def test_withdrawn_by_school_and_by_staff(app: Litestar) -> None:
    """With a reason, on record and by mail; scores that counted it are out of date; the school may apply again."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            await make_school("0100002")
            wave = await open_wave()
            link = (await invitations.application_link(wave.slug, "0100001")).removeprefix("http://testserver.local")
            await apply(wave, application("0100002"))
        await apply_by_link(client, link)
        await send(client, f"{link}/withdraw", {"why": " "}, 422)
        await send(client, f"{link}/withdraw", {"why": "Δεν έχουμε χώρο"})
        page = await look(client, link)
        assert (
            "δεν έχει κάνει αίτηση" not in page
            and "αποσύρθηκε στις" in page
            and "Δεν έχουμε χώρο" in page
            and "νέα αίτηση" in page
        )
        await send(client, f"{link}/withdraw", {"why": "Ξανά"}, 409)
        await sign_in(client, await make_person("staff"))
        number, other = [
            await fetch_value(
                "SELECT a.id FROM application a JOIN institution i ON i.id = institution_id WHERE code = $1", c
            )
            for c in ("0100001", "0100002")
        ]
        assert "Δεν έχουμε χώρο" in await look(client, f"/waves/{wave.slug}/applications/{number}")
        await apply_by_link(client, link, ANSWERS)
        with acting_as(OPERATOR):
            await scores.score_applications(wave.slug)
        path = f"/waves/{wave.slug}/applications/{other}"
        await send(client, f"{path}/withdraw", {"withdraw-why": ""}, 422)
        await send(client, f"{path}/withdraw", {"withdraw-why": "Διπλή αίτηση"})
        await look(client, path)
        await send(client, f"{path}/withdraw", {"withdraw-why": "Πάλι"}, 409)
        run = await scores.latest_run(wave.id)
        changed = await fetch_value("SELECT max(withdrawn_at) FROM application")
        assert run is not None and changed > run["created_at"]
        rows = (await client.get(f"/waves/{wave.slug}/applications?standing=withdrawn&format=json")).json()
        assert [row["code"] for row in rows] == ["0100002"]
        whys = await fetch_value(
            "SELECT array_agg(why ORDER BY id) FROM audit_entry WHERE action = 'application-withdrawn'"
        )
        assert whys == ["Δεν έχουμε χώρο", "Διπλή αίτηση"]
        assert "Διπλή αίτηση" in str(await fetch_value("SELECT body FROM mail_message ORDER BY id DESC LIMIT 1"))


async def test_notes_are_for_colleagues(app: Litestar) -> None:
    """A note stands with its writer beside the application, and nowhere where the school reads."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            wave = await open_wave(kit())
            link = (await invitations.application_link(wave.slug, "0100001")).removeprefix("http://testserver.local")
        await apply_by_link(client, link)
        await sign_in(client, await make_person("staff"))
        path = f"/waves/{wave.slug}/applications/{await fetch_value('SELECT max(id) FROM application')}"
        await send(client, f"{path}/comments", {"comment": " "}, 422)
        await send(client, f"{path}/comments", {"comment": "Να ρωτήσουμε τη Διεύθυνση"})
        assert "Να ρωτήσουμε τη Διεύθυνση" in await look(client, path)
        assert "Να ρωτήσουμε" not in await look(client, link)
        for what in ("act", "receipt"):
            answer = await client.get(f"{path}/files/{what}")
            assert answer.content.startswith(b"%PDF-") and answer.headers["content-disposition"].startswith(
                "attachment"
            )
        assert (await client.get(f"{path}/files/other")).status_code == 404
