"""Prizes and direct grants: a fixed list checked row by row, published by its digest, sent and received as a wave's."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from stem_logistics import jobs
from stem_logistics.allocation import service as allocation
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries import from_wave
from stem_logistics.errors import Conflict, FieldErrors, NotFound
from stem_logistics.grants import service
from stem_logistics.grants.list_file import Line
from stem_logistics.grants.rules import Entry, faults_of
from stem_logistics.inventory import definitions
from stem_logistics.inventory import service as inventory
from stem_logistics.nouns import load
from stem_logistics.settings import Settings
from stem_logistics.waves import queries as wave_queries
from stem_logistics.waves import service as waves
from tests.support import OPERATOR, acting_as, browser, csrf_token, make_person, post_form, sign_in
from tests.waves.scene import make_school, open_wave


@pytest.fixture
def service_(service: Settings) -> Settings:
    """A running service; the name of ours is the noun's."""
    return service


async def kits() -> None:
    await definitions.save_item("tablet", name_el="Τάμπλετ", name_en="Tablet")
    await definitions.save_definition("tablet", "Τάμπλετ", "Tablet", ("primary",), [definitions.BomEntry("tablet", 1)])


async def prizes(**values: Any) -> str:
    """A list, empty."""
    given = {"reason": "contest", "ground": "20ός Εθνικός Διαγωνισμός eTwinning", **values}
    return (await service.create_list("Βραβεία 20ού Διαγωνισμού", "", 2025, **given)).wave.slug


def lines_of(*lines: str) -> bytes:
    head = "Κωδικός;Σχολείο;Έπαθλο;Τεμάχια;Κατηγορία;Βραβείο"
    return "\n".join([head, *lines]).encode("utf-8-sig")


async def refused(slug: str, *lines: str) -> list[tuple[int, str]]:
    with pytest.raises(FieldErrors) as caught:
        await service.import_file(slug, lines_of(*lines))
    return [(error["row"], error["column"]) for error in caught.value.errors]


async def test_wrong_rows_are_refused_by_row_and_nothing_is_taken(service_: Settings) -> None:
    """Unknown, twice, closed, more than there is: each row named, the list as it was; a good file replaces it."""
    await kits()
    await make_school("0100001", name="1ο Δημοτικό Σχολείο Βόλου")
    await make_school("0100002", state="closed")
    await make_school("0100003", state="suspended")
    slug = await prizes()
    assert slug == "prizes-2025"
    await service.set_stock(slug, {"tablet": 10})
    await service.import_file(slug, lines_of("0100001;;tablet;3;;"))
    wrong = await refused(
        slug,
        "0999999;;Τάμπλετ;1;;",
        "100001;;Τάμπλετ;6;;",
        "0100001;;Τάμπλετ;6;;",
        "0100002;;Τάμπλετ;1;;",
        "0100003;;Τάμπλετ;1;;",
        "0100001;3ο Γυμνάσιο Λαμίας;Τάμπλετ;1;;",
    )
    assert wrong == [
        (2, "code"),
        (4, "code"),
        (4, "pieces"),
        (5, "code"),
        (5, "pieces"),
        (6, "code"),
        (6, "pieces"),
        (7, "code"),
    ]
    assert [(e.code, e.units) for e in (await service.get_list(slug)).entries] == [("0100001", 3)]
    taken = await service.import_file(slug, lines_of("100001;;ΤΑΜΠΛΕΤ;7;Δημοτικά;1ο βραβείο"))
    assert taken.matched == [(2, "zeros", "100001", "0100001")]
    assert [(e.code, e.units, e.rank) for e in (await service.get_list(slug)).entries] == [("0100001", 7, "1ο βραβείο")]


async def test_a_recipient_by_hand_is_held_to_the_same(service_: Settings) -> None:
    """No code, an unknown one, no kit, the kit twice, a closed school: each beside its field."""
    await kits()
    await make_school("0100001")
    await make_school("0100002", state="closed")
    slug = await prizes()
    await service.add_entry(slug, Line(0, "0100001", "", "tablet", 1))
    for line, field in (
        (Line(0, "", "", "tablet", 1), "code"),
        (Line(0, "0999999", "", "tablet", 1), "code"),
        (Line(0, "0100001", "", "tablet", 1), "code"),
        (Line(0, "0100002", "", "tablet", 1), "code"),
        (Line(0, "0100001", "", "submarine", 1), "kit"),
        (Line(0, "0100001", "", "tablet", 0), "pieces"),
    ):
        with pytest.raises(FieldErrors) as caught:
            await service.add_entry(slug, line)
        assert [error["field"] for error in caught.value.errors] == [field], line
    entry = (await service.get_list(slug)).entries[0]
    await service.remove_entry(slug, entry.id)
    with pytest.raises(NotFound):
        await service.remove_entry(slug, entry.id)
    with pytest.raises(Conflict, match="grant-list-empty"):
        await service.publish(slug)


async def test_published_it_goes_the_way_of_a_wave_and_leaves_the_waves_figures(service_: Settings) -> None:
    """Awards with their reason, a mail each, consignments from the store; no wave, no grant, no later change."""
    await kits()
    school = await make_school("0100001")
    department = await make_school("ΤΕΠΑΕΣ", kind="department", level="university", name="Τμήμα Α")
    slug = await prizes(protocol="ΕΟΥ/2025/220")
    await service.import_file(slug, lines_of("0100001;;Τάμπλετ;3;Δημοτικά;1ο βραβείο", "ΤΕΠΑΕΣ;;Τάμπλετ;2;;"))
    with pytest.raises(FieldErrors, match="grant-list-invalid"):
        await service.publish(slug)  # nobody has said how many there are
    await service.set_stock(slug, {"tablet": 5})
    await inventory.receive_kits(
        await definitions.get_definition("tablet"), [{} for _ in range(5)], key="t", batch="t", document="d"
    )
    found = await service.publish(slug)
    content = await service.published_file(found)
    assert hashlib.sha256(content).hexdigest() == found.sha256
    document = json.loads(content)
    assert [(r["code"], r["kit"], r["units"]) for r in document["recipients"]] == [
        ("0100001", "tablet", 3),
        ("ΤΕΠΑΕΣ", "tablet", 2),
    ]
    assert document["recipients"][0]["why"] == "20ός Εθνικός Διαγωνισμός eTwinning (2025), Δημοτικά, 1ο βραβείο"
    load("jobs")
    while await jobs.run_next():
        continue
    bodies = await fetch("SELECT body FROM mail_message ORDER BY id")
    assert len(bodies) == 2 and f"/results/prizes/{slug}/0100001" in bodies[0]["body"]
    # the waves know nothing of it
    assert await waves.list_waves() == []
    assert await allocation.awards_of_institution(school) == []
    with pytest.raises(NotFound):
        await waves.get_wave(slug)
    following = await open_wave()
    await execute(
        "INSERT INTO application (wave_id, institution_id, channel) VALUES ($1, $2, 'form')", following.id, school
    )
    assert await wave_queries.received_years(following.id) == {}
    # the deliveries do
    assert [wave["slug"] for wave in await from_wave.waves_to_ship()] == [slug]
    made = await from_wave.make_consignments(slug)
    assert (made["consignments"], made["kits"], made["lacking"]) == (2, 5, {})
    assert department in {row["institution_id"] for row in await fetch("SELECT institution_id FROM consignment")}
    for change in (service.set_stock(slug, {}), service.import_file(slug, lines_of("0100001;;tablet;1;;"))):
        with pytest.raises(Conflict, match="grant-list-published"):
            await change
    with pytest.raises(Conflict, match="grant-list-published"):
        await service.publish(slug)
    await service.number_decision(slug, "ΕΟΥ/2025/221", "")
    assert (await service.get_list(slug)).wave.decision_protocol == "ΕΟΥ/2025/221"


async def test_what_was_given_before_is_of_record_and_is_not_sent(service_: Settings) -> None:
    """A contest of the past: a school that closed since stands in it, no stock is asked for, nobody is told."""
    await kits()
    await make_school("0100001", state="closed")
    slug = await prizes(delivered=True)
    await service.import_file(slug, lines_of("0100001;;Τάμπλετ;10;;"))
    found = await service.publish(slug)
    assert found.is_out and found.wave.state == "historic"
    assert await from_wave.waves_to_ship() == []
    assert not await jobs.run_next()
    assert not await fetch_value("SELECT count(*) FROM mail_message")


ENTRIES = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(["a", "b"]), st.integers(1, 5), st.sampled_from(["active", "closed"])),
    max_size=8,
)


@given(ENTRIES, st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 12)))
def test_what_has_no_fault_is_within_the_stock_and_each_once(
    rows: list[tuple[int, str, int, str]], stock: dict[str, int]
) -> None:
    """No list without faults gives more than there is, twice the same, or to who cannot receive; and the other way."""
    entries = [
        Entry(n, n, school, str(school), "x", "school", "primary", state, False, "r", "r", "r", kit, units)
        for n, (school, kit, units, state) in enumerate(rows, 1)
    ]
    sound = (
        all(entry.state == "active" for entry in entries)
        and len({(entry.institution_id, entry.kit) for entry in entries}) == len(entries)
        and all(
            kit in stock and sum(e.units for e in entries if e.kit == kit) <= stock[kit]
            for kit in {e.kit for e in entries}
        )
    )
    assert (faults_of(entries, stock, {}, delivered=False) == []) is sound


async def test_staff_make_publish_and_everybody_reads(app: Litestar) -> None:
    """The whole way by its pages: made, a bad file, a good one, published; then page, CSV, file, the school's page."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await kits()
            await make_school("0100001", name="1ο Δημοτικό Σχολείο Βόλου")
        await sign_in(client, await make_person("staff"))
        answer = await post_form(
            client, "/grants/new", {"reason": "contest", "title_el": "", "ground": "", "year": "0"}
        )
        assert answer.status_code == 422
        fields = {"reason": "contest", "title_el": "Βραβεία", "ground": "20ός Διαγωνισμός", "year": "2025"}
        answer = await post_form(client, "/grants/new", fields)
        assert answer.headers["location"] == "/grants/prizes-2025"
        for content, status, said in ((b"", 422, "αρχείο"), (lines_of("0999999;;tablet;1;;"), 422, "0999999")):
            files = {"file": ("nikites.csv", content)}
            answer = await client.post(
                "/grants/prizes-2025/file", files=files, data={"_csrf_token": await csrf_token(client)}
            )
            assert answer.status_code == status and said in answer.text
        files = {"file": ("nikites.csv", lines_of("0100001;;tablet;2;Δημοτικά;1ο βραβείο"))}
        answer = await client.post(
            "/grants/prizes-2025/file", files=files, data={"_csrf_token": await csrf_token(client)}
        )
        assert answer.status_code == 200, answer.text
        assert (await client.get("/results/prizes/prizes-2025")).status_code == 404
        assert (await client.get("/api/v1/grant-lists")).json() == []
        assert "/grants/prizes-2025" in (await client.get("/")).text, "a draft waits for somebody"
        answer = await post_form(client, "/grants/prizes-2025/publish", {"sure": "yes"})
        assert answer.status_code == 422
        answer = await post_form(client, "/grants/prizes-2025/stock", {"stock-tablet": "δύο"})
        assert answer.status_code == 422
        await post_form(client, "/grants/prizes-2025/stock", {"stock-tablet": "2"})
        answer = await post_form(client, "/grants/prizes-2025/publish", {"sure": "yes"})
        assert answer.status_code == 303, answer.text
        school = await client.get("/schools/0100001")
        assert "20ός Διαγωνισμός (2025), Δημοτικά, 1ο βραβείο" in school.text
        client.cookies.clear()
        page = await client.get("/results/prizes-2025", follow_redirects=True)
        assert "1ο Δημοτικό Σχολείο Βόλου" in page.text
        assert (await client.get("/results")).text.count("/results/prizes/prizes-2025") == 1
        digest = hashlib.sha256((await client.get("/results/prizes/prizes-2025/list.json")).content).hexdigest()
        assert digest in page.text
        export = (await client.get("/results/prizes/prizes-2025?format=csv")).text
        assert "0100001" in export and "1ο βραβείο" in export
        told = (await client.get("/api/v1/grant-lists")).json()
        assert [(each["slug"], each["schools"], each["units"]) for each in told] == [("prizes-2025", 1, 2)]
        whole = (await client.get("/api/v1/grant-lists/prizes-2025")).json()
        assert whole["sha256"] == digest and whole["recipients"][0]["why"].startswith("20ός Διαγωνισμός (2025)")
        own = await client.get("/results/prizes/prizes-2025/0100001")
        assert "1ο βραβείο" in own.text
        assert (await client.get("/results/prizes/prizes-2025/0900009")).status_code == 404
