"""A published list is corrected as the ledger is: a new row with its reason, the old one and its file staying."""

import hashlib
import json
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from litestar import Litestar

from stem_logistics import files, jobs, runtime
from stem_logistics.accounts.policy import Principal
from stem_logistics.db.engine import execute, fetch, fetch_value, pool
from stem_logistics.db.migrating import migrate
from stem_logistics.deliveries import from_wave
from stem_logistics.errors import Conflict, DomainError, FieldErrors, Forbidden, NotFound
from stem_logistics.grants import correcting
from stem_logistics.grants import service as grants
from stem_logistics.grants.list_file import Line
from stem_logistics.grants.model import GrantList
from stem_logistics.inventory import definitions
from stem_logistics.inventory import service as inventory
from stem_logistics.nouns import load
from stem_logistics.settings import Settings
from tests.grants.test_lists import kits, lines_of, prizes
from tests.support import (
    OPERATOR,
    acting_as,
    browser,
    create_database,
    drop_database,
    make_person,
    post_form,
    settings_for,
    sign_in,
)
from tests.waves.scene import make_school
from tests.web.accessibility import faults


async def published(*, kits_in_store: int = 9, delivered: bool = False) -> GrantList:
    """A list that is out: three tablets for one school, two for another."""
    await kits()
    for code in ("0100001", "0100002", "0100003"):
        await make_school(code, name=f"Δημοτικό {code[-1]}")
    slug = await prizes(delivered=delivered)
    await grants.import_file(slug, lines_of("0100001;;Τάμπλετ;3;Δημοτικά;1ο βραβείο", "0100002;;Τάμπλετ;2;;"))
    if not delivered:
        await grants.set_stock(slug, {"tablet": 5})
        definition = await definitions.get_definition("tablet")
        await inventory.receive_kits(definition, [{}] * kits_in_store, key="t", batch="t", document="d")
    return await grants.publish(slug)


async def awards() -> list[tuple[str, int]]:
    rows = await fetch(
        "SELECT i.code, a.units FROM award a JOIN institution i ON i.id = a.institution_id ORDER BY i.code"
    )
    return [(row["code"], row["units"]) for row in rows]


def line(code: str, pieces: int, **more: str) -> Line:
    return Line(0, code, "", "tablet", pieces, **more)


async def test_what_stands_since_and_what_stood(service: Settings) -> None:
    """Other pieces, another school, none any more, one that was left out: rows, awards and file follow; the old rows
    stay on record, each file of before can still be had, and a digest of today proves the chain."""
    first = await published()
    slug = first.wave.slug
    one, two = first.entries
    content = [await grants.published_file(first)]
    now = await correcting.correct(slug, one.id, line("0100001", 4, rank="1ο βραβείο"), "Γράφτηκαν 3 αντί για 4.")
    assert [(e.code, e.units) for e in now.entries] == [("0100002", 2), ("0100001", 4)]
    assert now.stock == {"tablet": 6}, "what there is to give follows"
    content.append(await grants.published_file(now))
    now = await correcting.correct(slug, two.id, line("0100003", 2), "Άλλο σχολείο εννοούσε η απόφαση.")
    now = await correcting.correct(slug, 0, line("0100002", 1), "Έλειπε.")
    third = next(e for e in now.entries if e.code == "0100003")
    now = await correcting.correct(slug, third.id, line("0100003", 0), "Παραιτήθηκε.")
    assert await awards() == [("0100001", 4), ("0100002", 1)]
    assert [(c.was.code if c.was else "", c.now.code if c.now else "", c.why.split()[0]) for c in now.corrections] == [
        ("0100001", "0100001", "Γράφτηκαν"),
        ("0100002", "0100003", "Άλλο"),
        ("", "0100002", "Έλειπε."),
        ("0100003", "", "Παραιτήθηκε."),
    ]
    assert now.corrections[0].was == one, "what was published stays as it was"
    digests = [c.former_sha256 for c in now.corrections]
    assert digests[:2] == [hashlib.sha256(each).hexdigest() for each in content]
    assert [await grants.published_file(now, digest) for digest in digests[:2]] == content
    document = json.loads(await grants.published_file(now))
    assert [each["former_sha256"] for each in document["corrections"]] == digests
    assert document["corrections"][0]["was"]["units"] == 3 and document["corrections"][3]["is"] is None
    assert sorted((r["code"], r["units"]) for r in document["recipients"]) == [("0100001", 4), ("0100002", 1)]
    with pytest.raises(NotFound):
        await grants.published_file(now, "0" * 64)
    assert await fetch_value("SELECT count(*) FROM audit_entry WHERE action = 'grant-list-corrected'") == 4
    load("jobs")
    while await jobs.run_next():
        continue
    told = await fetch("SELECT institution_id FROM mail_message WHERE body LIKE '%διορθώθηκε%'")
    assert len(told) == 1 + 2 + 1 + 1


async def test_the_database_keeps_what_was_published(service: Settings) -> None:
    """Neither a correction nor a published row can be altered or removed by any statement; a draft's rows can."""
    found = await published()
    await correcting.correct(found.wave.slug, found.entries[0].id, line("0100001", 1), "λάθος")
    for statement in (
        "UPDATE grant_correction SET why = 'x'",
        "DELETE FROM grant_correction",
        "DELETE FROM grant_entry",
        "UPDATE grant_entry SET units = 9",
        "UPDATE grant_entry SET corrected = false",
    ):
        with pytest.raises(DomainError):
            await execute(statement)
    with pytest.raises(DomainError):
        await execute(
            """INSERT INTO grant_entry (wave_id, position, institution_id, kit_slug)
               SELECT wave_id, 99, institution_id, kit_slug FROM grant_entry WHERE NOT corrected LIMIT 1"""
        )


async def test_what_cannot_be_corrected(service: Settings) -> None:
    """No reason, no change, a stranger, the kit twice, a row that stands no more, a draft, fewer than were sent."""
    found = await published()
    slug, (one, two) = found.wave.slug, found.entries
    for given, why, fields in (
        (line("0100001", 4), " ", ["why"]),
        (line("0999999", 4), "λάθος", ["code"]),
        (line("0100002", 4), "λάθος", ["code"]),
        (line("0100001", -1), "λάθος", ["pieces"]),
        (replace(line("0100001", 4), kit="submarine"), "λάθος", ["kit"]),
    ):
        with pytest.raises(FieldErrors) as refused:
            await correcting.correct(slug, one.id, given, why)
        assert [error["field"] for error in refused.value.errors] == fields
    with pytest.raises(FieldErrors):
        await correcting.correct(slug, 0, line("0100003", 0), "κανένα")
    same = line("0100001", 3, category="Δημοτικά", rank="1ο βραβείο")
    with pytest.raises(Conflict, match="grant-correction-none"):
        await correcting.correct(slug, one.id, same, "λάθος")
    await from_wave.make_consignments(slug)
    for given in (line("0100001", 2), line("0100001", 0), line("0100003", 3)):
        with pytest.raises(Conflict, match="award-under-way"):
            await correcting.correct(slug, one.id, given, "λάθος")
    assert await awards() == [("0100001", 3), ("0100002", 2)]
    await correcting.correct(slug, one.id, line("0100001", 5), "λάθος")
    with pytest.raises(NotFound):
        await correcting.correct(slug, one.id, line("0100001", 6), "λάθος")
    draft = await prizes()
    with pytest.raises(Conflict, match="grant-list-draft"):
        await correcting.correct(draft, 0, line("0100003", 1), "λάθος")
    with acting_as(Principal("account", id=1)), pytest.raises(Forbidden):
        await correcting.correct(slug, two.id, line("0100002", 5), "λάθος")


async def test_by_its_pages(app: Litestar) -> None:
    """From the list to the row, its faults beside their fields; then both versions, reason and who, for staff and,
    without a name, for everybody; a school that receives nothing any more reads why."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            found = await published(delivered=True)
        slug, (one, two) = found.wave.slug, found.entries
        await sign_in(client, await make_person("staff"))
        where = f"/grants/{slug}/entries/{one.id}/correct"
        assert where in (await client.get(f"/grants/{slug}")).text
        page = (await client.get(where)).text
        assert faults(page) == [] and 'value="1ο βραβείο"' in page
        fields = {"code": "0100001", "kit": "tablet", "pieces": "7", "category": "Δημοτικά", "rank": "1ο βραβείο"}
        answer = await post_form(client, where, {**fields, "why": ""})
        assert answer.status_code == 422 and 'id="why-error"' in answer.text and 'value="7"' in answer.text
        answer = await post_form(client, where, {**fields, "why": "Επτά έδωσε η απόφαση."})
        assert answer.headers["location"] == f"/grants/{slug}#corrections"
        where = f"/grants/{slug}/entries/{two.id}/correct"
        answer = await post_form(client, where, {**fields, "code": "0100002", "pieces": "0", "why": "Δεν έλαβε."})
        assert answer.status_code == 303
        page = (await client.get(f"/grants/{slug}")).text
        assert faults(page) == [] and "Επτά έδωσε" in page and "Staff" in page and "<del>" in page
        assert faults((await client.get(f"/grants/{slug}/entries/0/correct")).text) == []
        client.cookies.clear()
        page = (await client.get(f"/results/prizes/{slug}")).text
        assert faults(page) == [] and "Επτά έδωσε" in page and "Staff" not in page
        for code, said in (("0100001", "Λάμβ"), ("0100002", "δεν λαμβάνει τίποτε")):
            page = (await client.get(f"/results/prizes/{slug}/{code}")).text
            assert faults(page) == [] and "Διορθώσεις" in page and (code == "0100001" or said in page)
        assert (await client.get(f"/results/prizes/{slug}/0100003")).status_code == 404
        before = await client.get(f"/results/prizes/{slug}/list.json?sha256={found.sha256}")
        assert hashlib.sha256(before.content).hexdigest() == found.sha256
        assert (await client.get(f"/results/prizes/{slug}/list.json?sha256=x")).status_code == 404
        whole = (await client.get(f"/api/v1/grant-lists/{slug}")).json()
        assert [each["why"] for each in whole["corrections"]] == ["Επτά έδωσε η απόφαση.", "Δεν έλαβε."]
        assert whole["corrections"][1]["now"] is None and whole["corrections"][0]["was"]["units"] == 3


BEFORE = "2026-11-29T23:20:00:000097"


async def test_lists_of_before_can_be_corrected_since(postgres_server: str, tmp_path: Path) -> None:
    """From an earlier schema with a published list on: nothing of it changes, and it can be corrected."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    url = await create_database(postgres_server, name)
    runtime.start(settings_for(url, tmp_path))
    async with pool(url):
        with acting_as(OPERATOR):
            await migrate(BEFORE)
            await kits()
            school = await make_school("0100001")
            digest = await files.store(b"{}", "application/json")
            await execute(
                """INSERT INTO wave (slug, title_el, title_en, year_from, year_to, state, published_at, kind)
                   VALUES ('prizes-2024', 'Βραβεία', '', 2024, 2024, 'published', now(), 'list')"""
            )
            await execute("INSERT INTO grant_list SELECT id, 'contest', 'Δ', false, '{}', $1 FROM wave", digest)
            await execute(
                """INSERT INTO grant_entry (wave_id, position, institution_id, kit_slug)
                   SELECT id, 2, $1, 'tablet' FROM wave""",
                school,
            )
            await execute(
                """INSERT INTO award (wave_id, institution_id, kit_slug, source) SELECT id, $1, 'tablet', 'direct'
                   FROM wave""",
                school,
            )
            await migrate()
            (entry,) = (await grants.get_list("prizes-2024")).entries
            now = await correcting.correct("prizes-2024", entry.id, line("0100001", 2), "δύο")
            assert [(e.units, len(now.corrections)) for e in now.entries] == [(2, 1)]
    await drop_database(postgres_server, name)
