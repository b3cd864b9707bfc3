"""A school's application by its link: kept step by step, signed, sent in time and once, confirmed by a receipt."""

import asyncio
import hashlib
import json
import re
import zlib
from typing import Any

from httpx import AsyncClient as Client
from litestar import Litestar

from stem_logistics import files
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.inventory import definitions
from stem_logistics.registry.merging import merge
from stem_logistics.waves import invitations
from tests.support import OPERATOR, acting_as, browser, post_form
from tests.waves.by_link import ANSWERS, PDF, a_photo, apply_by_link, fill, seen_in, send_it, sign
from tests.waves.scene import kit, make_school, open_wave
from tests.waves.test_pages import look


async def a_link(*kits: dict[str, Any], code: str = "0100001", **values: Any) -> str:
    """A school with the link to an open call; the link's path."""
    with acting_as(OPERATOR):
        await make_school(code, **values)
        # others of the registry: a call is refused whose kits no school at all can take
        await make_school("0900001", level="kindergarten")
        await make_school("0900002")
        wave = await open_wave(*kits)
        return (await invitations.application_link(wave.slug, code)).removeprefix("http://testserver.local")


async def the_application() -> dict[str, Any]:
    row = await fetch_one(
        """SELECT a.*, s.name, s.post, s.act_digest, r.facts_digest, r.document_digest FROM application a
           LEFT JOIN application_signature s ON s.application_id = a.id
           LEFT JOIN application_receipt r ON r.application_id = a.id ORDER BY a.submission DESC LIMIT 1"""
    )
    assert row is not None
    return row


async def test_from_the_first_question_to_the_receipt(app: Litestar) -> None:
    """Every page reads well in both languages; what is sent is what was answered, and the mail proves it."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await definitions.save_item("microbit-v2", "Πλακέτα micro:bit", "micro:bit board", device_kind="microbit")
            await definitions.save_definition(
                "robot",
                "Ρομπότ",
                "Robot",
                ["lower_secondary"],
                [definitions.BomEntry("microbit-v2", 5)],
                purpose_el="Για πρώτα βήματα.",
            )
        link = await a_link(kit(), kit("robot"), kit("bee-bot", levels=["kindergarten"]))
        await look(client, link)
        answer = await client.get(f"{link}/form", follow_redirects=False)
        assert answer.headers["location"] == f"{link}/steps/choice-1"
        page = await look(client, f"{link}/steps/choice-1")
        assert "Για πρώτα βήματα." in page and "5 × Πλακέτα micro:bit" in page and "kit-picture" in page
        assert "bee-bot" not in page, "a kit of another level is not offered"
        assert await fill(client, link, "choice-1", "robot") == f"{link}/steps/choice-2"
        page = await look(client, f"{link}/steps/choice-2")
        assert 'value="robot"' not in page and 'value="none"' in page
        for step, value in (("choice-2", "printer"), ("project", "Το έργο μας"), ("condition-undertaking", "yes")):
            await fill(client, link, step, value)
            await look(client, f"{link}/steps/{step}")
        await look(client, f"{link}/steps/evidence")
        assert await fill(client, link, "evidence", "") == f"{link}/check"
        page = await look(client, f"{link}/check")
        assert "Υπογραφή του διευθυντή" in page, "what is missing is named"
        await look(client, f"{link}/steps/sign")
        await sign(client, link)
        assert "Λείπουν" not in await look(client, f"{link}/check")
        assert await send_it(client, link) == f"{link}?sent=yes"
        assert "Λάβαμε την αίτησή σας" in await look(client, f"{link}?sent=yes")

        stored = await the_application()
        assert stored["preferences"] == ["robot", "printer"] and stored["project_title"] == "Το έργο μας"
        assert json.loads(stored["declarations"]) == {
            "undertaking": True,
            "assembly-act": True,
            "head-signature": True,
        }
        assert (stored["name"], stored["post"]) == ("Μαρία Παπαδοπούλου", "head")
        assert (await files.load(stored["act_digest"])).content == PDF
        mail = await fetch_one("SELECT to_address, body, attachments::text AS attachments FROM mail_message")
        assert mail is not None and mail["to_address"] == "mail@0100001.sch.example"
        facts = (await client.get(f"{link}/files/facts")).content
        digest = hashlib.sha256(facts).hexdigest()
        assert digest in mail["body"] and "1. Ρομπότ\n2. Εκτυπωτής 3D" in mail["body"]
        assert {each["digest"] for each in json.loads(mail["attachments"])} == {
            digest,
            stored["document_digest"].hex(),
        }
        told = json.loads(facts)
        assert told["preferences"] == ["robot", "printer"] and told["missing"] == []
        assert told["signature"]["act_sha256"] == hashlib.sha256(PDF).hexdigest()
        assert (await client.get(f"{link}/files/receipt")).content.startswith(b"%PDF-")
        assert await fetch_value("SELECT count(*) FROM application_draft") == 0


async def test_answers_are_kept_as_they_come(app: Litestar) -> None:
    """A telephone that loses its page loses nothing: whoever opens the link again goes on at the open question."""
    async with browser(app) as client:
        link = await a_link(kit(), kit("robot"))
        await fill(client, link, "choice-1", "printer")
        await fill(client, link, "choice-2", "none")
        await fill(client, link, "project", "Μισό έργο")
    async with browser(app) as client:
        answer = await client.get(f"{link}/form", follow_redirects=False)
        assert answer.headers["location"] == f"{link}/steps/condition-undertaking"
        assert "Μισό έργο" in (await client.get(f"{link}/steps/project")).text
        assert "δεν την έχετε στείλει" in await look(client, link)
        assert await fetch_value("SELECT count(*) FROM application") == 0, "kept is not sent"


async def test_two_tabs_at_once(app: Litestar) -> None:
    """The tab that comes second is told, loses nothing that it typed, and overwrites only when it says so again."""
    async with browser(app) as client:
        link = await a_link(kit(), kit("robot"))
        first = second = seen_in((await client.get(f"{link}/steps/project")).text)
        await fill(client, link, "project", "Από το κινητό", seen=first)
        page = await fill(client, link, "project", "Από τον υπολογιστή", 409, seen=second)
        assert "άλλη οθόνη" in page and "Από το κινητό" in page and "Από τον υπολογιστή" in page
        draft = await fetch_value("SELECT answers->>'project' FROM application_draft")
        assert draft == "Από το κινητό"
        await fill(client, link, "project", "Από τον υπολογιστή", seen=seen_in(page))
        assert await fetch_value("SELECT answers->>'project' FROM application_draft") == "Από τον υπολογιστή"
        # another question in the other tab is no quarrel
        other = seen_in((await client.get(f"{link}/steps/choice-1")).text)
        await fill(client, link, "project", "Τρίτος τίτλος")
        await fill(client, link, "choice-1", "robot", seen=other)
        # what is sent is what was shown
        shown = seen_in((await client.get(f"{link}/check")).text)
        await fill(client, link, "project", "Τέταρτος τίτλος")
        assert "άλλη οθόνη" in await send_it(client, link, 409, seen=shown)
        assert await fetch_value("SELECT count(*) FROM application") == 0


async def test_sent_twice_counts_once(app: Litestar) -> None:
    """A finger that presses twice, at the same moment or later, makes one application and one receipt."""
    async with browser(app) as client:
        link = await a_link()
        for step, answer in ANSWERS.items():
            await fill(client, link, step, answer)
        await sign(client, link)
        seen = seen_in((await client.get(f"{link}/check")).text)
        await asyncio.gather(*(send_it(client, link, seen=seen) for _ in range(3)))
        await send_it(client, link, seen=seen)
        assert await fetch_value("SELECT count(*) FROM application") == 1
        assert await fetch_value("SELECT count(*) FROM mail_message") == 1


async def test_the_last_second_counts_and_the_next_does_not(app: Litestar) -> None:
    """By the server's clock: sent before the deadline it is in; after it nothing is taken or half kept, and the answer
    says when the deadline was and what the clock shows."""
    async with browser(app) as client:
        link = await a_link(kit(), kit("robot"))
        for step, answer in {**ANSWERS, "choice-2": "none"}.items():
            await fill(client, link, step, answer)
        await sign(client, link)
        seen = seen_in((await client.get(f"{link}/check")).text)
        await execute("UPDATE wave SET deadline_at = clock_timestamp() + interval '30 seconds'")
        await send_it(client, link, seen=seen)
        await fill(client, link, "project", "Αλλαγή")
        await sign(client, link)
        late = seen_in((await client.get(f"{link}/check")).text)
        before = await fetch("SELECT answers::text, updated_at FROM application_draft")
        await execute("UPDATE wave SET deadline_at = clock_timestamp() - interval '1 millisecond'")
        page = await send_it(client, link, 409, seen=late)
        clock = r"Το ρολόι του διακομιστή δείχνει \d+ \w+ \d{4}, \d\d:\d\d:\d\d"
        assert "έληξε στις" in page and re.search(clock, page), page
        assert "<h1>Η προθεσμία έληξε</h1>" in page and f'href="{link}"' in page, "what happened, and the way back"
        await fill(client, link, "choice-1", "robot", 409, seen="")
        for path in ("form", "check", "steps/project"):
            assert (await client.get(f"{link}/{path}")).status_code == 409
        await look(client, link)
        stored = await the_application()
        assert (stored["submission"], stored["preferences"]) == (1, ["printer"])
        assert await fetch("SELECT answers::text, updated_at FROM application_draft") == before


async def test_who_waited_past_the_deadline_is_late(app: Litestar) -> None:
    """A request that was in the queue when the deadline passed is judged by the moment of writing."""
    async with browser(app) as client:
        link = await a_link()
        seen = seen_in((await client.get(f"{link}/steps/choice-1")).text)
        holder = await fetch_value("SELECT 1")
        assert holder == 1
        from stem_logistics.db.engine import unit_of_work
        from stem_logistics.waves.service import lock_wave

        await execute("UPDATE wave SET deadline_at = clock_timestamp() + interval '1 second'")
        async with unit_of_work():
            await lock_wave("stem-6")
            waiting = asyncio.create_task(fill(client, link, "choice-1", "printer", 409, seen=seen), context=_fresh())
            await asyncio.sleep(1.2)
        assert "έληξε" in await waiting
        assert await fetch_value("SELECT count(*) FROM application_draft") == 0


def _fresh() -> Any:
    """A context of its own: the task must not write inside this test's transaction."""
    import contextvars

    from stem_logistics.db.engine import ENGINE

    context = contextvars.copy_context()
    context.run(ENGINE.current_transaction.set, None)
    return context


async def test_a_change_after_the_signature_needs_a_new_one(app: Litestar) -> None:
    """A signature stands for the answers that were signed: changed ones are unsigned, and never take the place of a
    signed application."""
    async with browser(app) as client:
        link = await a_link(kit(), kit("robot"))
        await apply_by_link(client, link, {**ANSWERS, "choice-2": "none"})
        await fill(client, link, "choice-1", "robot")
        page = await look(client, f"{link}/check")
        assert "/send" not in page and "δεν έχει υπογραφεί" in page
        assert "υπογραφεί ξανά" in await send_it(client, link, 409, seen=_whole(page) or await _whole_now(client, link))
        assert (await the_application())["preferences"] == ["printer"]
        # the act that is attached stays; the name is given again
        await sign(client, link, act=None)
        await fill(client, link, "project", "Άλλος τίτλος")
        assert "χρειάζεται νέα υπογραφή" in await look(client, f"{link}/check")
        await sign(client, link, act=None)
        await send_it(client, link)
        stored = await the_application()
        assert (stored["submission"], stored["preferences"]) == (2, ["robot"])
        assert (await files.load(stored["act_digest"])).content == PDF


def _whole(page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]*)"', page)
    return found[1] if found else ""


async def _whole_now(client: Client, link: str) -> str:
    """The fingerprint of all answers, as the form of the signature carries it."""
    return seen_in((await client.get(f"{link}/steps/sign")).text)


async def test_an_unsigned_application_is_taken_and_says_what_is_missing(app: Litestar) -> None:
    """In the last minute, without the head: it is on record, and school and receipt name what it lacks."""
    async with browser(app) as client:
        link = await a_link()
        await fill(client, link, "choice-1", "printer")
        await send_it(client, link)
        page = await look(client, link)
        for words in ("Πράξη του Συλλόγου Διδασκόντων", "Δέσμευση υλοποίησης"):
            assert words in page
        assert "Λείπουν" in str(await fetch_value("SELECT body FROM mail_message"))
        assert json.loads((await the_application())["declarations"])["assembly-act"] is False


LOCKED = PDF + b"\n/Encrypt 5 0 R\nstartxref\n%%EOF"
NOT_TAKEN = {
    "program": (b"MZ\x90\x00", "PDF, JPEG ή PNG"),
    "cut off": (b"%PDF-1.7 cut off", "δεν ήρθε ολόκληρο"),
    "javascript": (PDF.replace(b"/Type", b"/OpenAction<</S/JavaScript/JS(app.alert())>>/Type", 1), "προγράμματα"),
    "javascript, hidden": (PDF.replace(b"/Type", b"/A<</S/J#61vaScript>>/Type", 1), "προγράμματα"),
    "javascript, compressed": (
        PDF.replace(
            b"%PDF-1.7",
            b"%PDF-1.7\n9 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\n"
            + zlib.compress(b"<</S/JavaScript>>")
            + b"\nendstream endobj",
            1,
        ),
        "προγράμματα",
    ),
    "carries files": (PDF.replace(b"/Type", b"/EmbeddedFile/Type", 1), "προγράμματα"),
    "locked": (LOCKED, "κλειδωμένο"),
    "photo cut off": (a_photo()[:200], "δεν ήρθε ολόκληρ"),
    "large": (b"%PDF-1.7" + b"0" * 10_000_001, "10 MB"),
}


async def test_acts_that_are_not_taken(app: Litestar) -> None:
    """A hostile or broken file is refused beside its field with a remedy; what was typed stays, nothing is kept."""
    async with browser(app) as client:
        link = await a_link()
        await fill(client, link, "choice-1", "printer")
        before = await fetch_value("SELECT count(*) FROM stored_file")
        for name, (content, words) in NOT_TAKEN.items():
            page = await sign(client, link, 413 if name == "large" else 422, act=content)
            assert words in page and "Μαρία Παπαδοπούλου" in page, name
        assert await fetch_value("SELECT count(*) FROM stored_file") == before
        assert await fetch_value("SELECT answers ? 'sign.name' FROM application_draft") is False


async def test_a_photographed_act_loses_what_the_telephone_wrote(app: Litestar) -> None:
    """Of a photograph only the picture is kept; it comes back as a download, never as a page."""
    async with browser(app) as client:
        link = await a_link()
        await fill(client, link, "choice-1", "printer")
        await sign(client, link, act=a_photo())
        answer = await client.get(f"{link}/files/act")
        assert answer.content.startswith(b"\xff\xd8\xff") and b"Secret telephone" not in answer.content
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_signatures_that_are_none(app: Litestar) -> None:
    """Each thing that a signature lacks is named at its field, and nothing of it is kept."""
    async with browser(app) as client:
        link = await a_link()
        await fill(client, link, "choice-1", "printer")
        for field, value in (
            ("name", ""),
            ("post", "king"),
            ("agreed", ""),
            ("act_on", "31/31/2026"),
            ("name", "x" * 400),
        ):
            page = await sign(client, link, 422, act=None, **{field: value})
            assert f'id="{field}-error"' in page
        assert await fetch_value("SELECT answers ? 'sign.name' FROM application_draft") is False


async def test_answers_that_are_none(app: Litestar) -> None:
    """Choices not offered, answers that are neither, texts too long, steps that are none: refused with words."""
    async with browser(app) as client:
        link = await a_link(kit(), kit("robot", levels=["kindergarten"]))
        for step, answer in (
            ("choice-1", "robot"),
            ("choice-1", "none"),
            ("condition-undertaking", "ίσως"),
            ("project", "x" * 301),
        ):
            await fill(client, link, step, answer, 422)
        for step in ("choice-2", "condition-assembly-act", "nothing"):
            got = await post_form(client, f"{link}/steps/{step}", {"answer": "yes", "seen": ""})
            assert got.status_code == 404, step
        assert await fetch_value("SELECT count(*) FROM application_draft") == 0
        assert (await client.get(f"{link}/files/act")).status_code == 404
        assert (await client.get(f"{link}/files/other")).status_code == 404


async def test_a_department_asks_for_blocks(app: Litestar) -> None:
    """A department is offered what is given in blocks, whole, whatever the level; its assembly decides."""
    async with browser(app) as client:
        link = await a_link(
            kit(stock=30, university_blocks=2), kit("robot"), code="D-01", kind="department", level="university"
        )
        page = await look(client, f"{link}/steps/choice-1")
        assert "10 × Εκτυπωτής 3D" in page and "Ρομπότ" not in page
        await apply_by_link(client, link)
        assert json.loads((await client.get(f"{link}/files/facts")).content)["units"] == 10
        body = str(await fetch_value("SELECT body FROM mail_message"))
        assert "10 × Εκτυπωτής 3D" in body


async def test_a_school_merged_while_it_applies(app: Litestar) -> None:
    """The link that a double registration was sent goes on for the school that it stands for, with its answers."""
    async with browser(app) as client:
        link = await a_link()
        await fill(client, link, "choice-1", "printer")
        with acting_as(OPERATOR):
            kept = await make_school("0100009")
            await merge(OPERATOR, "0100001", "0100009", why="ίδιο σχολείο")
        assert "Γυμνάσιο 0100009" in await look(client, f"{link}/steps/project")
        assert "Εκτυπωτής 3D" in await look(client, f"{link}/check")
        await apply_by_link(client, link, {k: v for k, v in ANSWERS.items() if k != "choice-1"})
        stored = await the_application()
        assert (stored["institution_id"], stored["preferences"]) == (kept, ["printer"])
        piece = {"kind": "school-label", "year": "2025"}
        assert (await post_form(client, f"{link}/evidence", piece)).status_code == 303


async def test_nothing_is_for_schools_of_this_level(app: Litestar) -> None:
    """A school for which no kit is meant is told so at once, before any question."""
    async with browser(app) as client:
        link = await a_link(kit(levels=["kindergarten"]))
        assert "Κανένα σετ" in await look(client, f"{link}/form")
