"""What a count meets in life: labels, mistakes, kits that come and go meanwhile, a signature that was wrong."""

import io
import re
from typing import Any

import pytest
from litestar import Litestar
from PIL import Image

from stem_logistics.custody import disposal, moving
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value
from stem_logistics.deliveries.photos import LARGEST_BYTES
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import labels, ledger, life_queries
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.label_rules import SHEETS
from stem_logistics.settings import Settings
from stem_logistics.stocktakes import counting, decisions
from stem_logistics.stocktakes import service as stocktakes
from tests.custody.scene import OTHER, SCHOOL, arrived, kit_at_school, place_of, places, serials
from tests.deliveries.parcels import last_mail
from tests.inventory.stock import kit_id, make_definition, receive
from tests.stocktakes.scene import YEAR, Act, count_all, mailed_token, opened
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults

WHY = "δοκιμή"


async def _label(*typed: str) -> list[str]:
    """Labels of things, printed; their codes."""
    things = await labels.find(typed)
    await labels.print_labels(things, SHEETS["a4-3x7"], 1)
    return [str(thing["code"]) for thing in await labels.find(typed)]


async def _scan(act: Act, text: str, who: str = "Άννα") -> str:
    return str((await act(counting.scan(text, counter=who, key=f"{who}{text}")))["result"])


async def _besides(act: Act) -> list[dict[str, Any]]:
    found = await act(counting.mine())
    return [row for row in found["strangers"] if not row["taken_off_at"] and not row["listed"]]


async def test_our_own_labels_are_understood(service: Settings) -> None:
    """A kit's and a device's label, by address or code, replaced or in force; those of places are no thing to count."""
    kit, other = await kit_at_school(), await kit_at_school(OTHER)
    first, second = await serials(kit)
    (kit_label,), (device_label,) = await _label(kit), await _label(first)
    (foreign_label,) = await _label(other)
    again = await labels.reissue(second, why=WHY)
    renewed = await labels.reissue(kit, why=WHY)
    (place_label,) = await _label("central-store")
    _, act = await opened()
    assert await _scan(act, f"http://stem.example/l/{device_label}") == "found"
    assert await _scan(act, device_label.lower(), "Βασίλης") == "repeat"
    assert await _scan(act, again) == "found"
    for label in (kit, kit_label, renewed, f"https://stem.example/l/{renewed}"):
        assert await _scan(act, label) == "kit"
    assert await _scan(act, place_label) == "no-thing"
    assert await _besides(act) == []
    assert await _scan(act, f"http://stem.example/l/{foreign_label}") == "elsewhere"
    assert [row["kit_code"] for row in await _besides(act)] == [other]


async def test_the_same_thing_stands_besides_once_and_a_mistake_is_taken_off(service: Settings) -> None:
    """Cases, look-alikes and labels of one device make one entry; what was a mistake stays on record, off the paper."""
    await kit_at_school()
    (foreign, _), _ = await serials(await kit_at_school(OTHER)), None
    await execute("UPDATE device SET serial_number = '9904000000051592C' WHERE serial_number = $1", foreign)
    (label,) = await _label("9904000000051592C")
    _, act = await opened()
    assert await _scan(act, "9904OOOOOOO5I592C") == "elsewhere", "O for 0, I for 1: the number is ours"
    for same in ("9904000000051592c", label, "99040000000-51592С"):
        assert await _scan(act, same) == "repeat-stranger", same
    assert await _scan(act, "xyz-77") == "unknown"
    assert await _scan(act, "XYZ 77") == "repeat-stranger"
    ours, unknown = await _besides(act)
    assert ours["serial_number"] == "9904000000051592C"
    with pytest.raises(Invalid, match="counter-missing"):
        await act(counting.take_off(unknown["id"], counter=" "))
    await act(counting.take_off(unknown["id"], counter="Βασίλης"))
    await act(counting.take_off(unknown["id"], counter="Άννα"))  # the network lost the answer
    with pytest.raises(NotFound):
        await act(counting.take_off(999_999, counter="Βασίλης"))
    assert [row["id"] for row in await _besides(act)] == [ours["id"]]
    assert await fetch_value("SELECT taken_off_by FROM stocktake_stranger WHERE id = $1", unknown["id"]) == "Βασίλης"
    assert await _scan(act, "xyz-77") == "unknown", "it may be noted again"
    await count_all(act)
    await act(counting.sign(name="Μαρία", post="Διευθύντρια"))
    with pytest.raises(Conflict, match="stocktake-signed"):
        await act(counting.take_off(ours["id"], counter="Άννα"))


async def test_what_comes_and_leaves_is_counted_until_it_is_signed(service: Settings) -> None:
    """A kit that comes is asked for, one that leaves is not; a former stranger is on the list; signed, all stands."""
    kit, coming = await kit_at_school(), await kit_at_school(OTHER)
    _, act = await opened()
    device = (await serials(coming))[0]
    assert await _scan(act, device) == "elsewhere"
    assert await _scan(act, coming) == "elsewhere"
    await count_all(act)
    await moving.transfer([coming], SCHOOL, why=WHY)
    await arrived(SCHOOL)
    found = await act(counting.mine())
    assert (found["totals"]["expected"], found["totals"]["open"]) == (18, 9)
    assert {line["kit_code"] for line in found["came"]} == {coming} and await _besides(act) == []
    with pytest.raises(Invalid, match="stocktake-not-counted"):
        await act(counting.sign(name="Μαρία", post="Διευθύντρια"))
    assert await _scan(act, device) == "found"
    # two cables of the first kit leave: what was counted of them speaks of three
    cable = next(part for part in await stock.contents_of([await kit_id(kit)]) if part["slug"] == "usb-cable")
    store = await ledger.place(ledger.STORE)
    move = ledger.Move(cable["item_id"], 2, cable["place_id"], store, cable["kit_id"])
    await ledger.post([move], reason="return", key="cables")
    await moving.transfer([coming], moving.STORE, why=WHY)
    code = found["code"]
    staff = await stocktakes.get_stocktake(code)
    assert staff["totals"] == {"expected": 7, "found": 6, "broken": 0, "missing": 0, "open": 1}
    assert sorted(line["pieces"] for line in staff["left"]) == [2], "what came and left again is neither"
    gone = next(line for line in staff["lines"] if line["state"] == "gone")
    with pytest.raises(NotFound):
        await act(counting.answer(gone["id"], "found", counter="Άννα", key="x"))
    line = next(each for each in staff["lines"] if each["state"] == "open")
    await act(counting.answer(line["id"], "found", counter="Άννα", key="again"))
    await act(counting.sign(name="Μαρία", post="Διευθύντρια"))
    last = ledger.Move(cable["item_id"], 1, cable["place_id"], store, cable["kit_id"])
    await ledger.post([last], reason="return", key="the last cable")
    assert (await stocktakes.get_stocktake(code))["totals"]["expected"] == 7


async def test_a_whole_kit_is_taken_in_and_anything_besides_can_be_closed(service: Settings) -> None:
    """The kit's parts come from where they are; nothing is offered that the ledger refuses; each is decided once."""
    await kit_at_school()
    other, scrapped = await kit_at_school(OTHER), await kit_at_school("0501661")
    _, act = await opened()
    assert await _scan(act, other) == "elsewhere"
    assert await _scan(act, "άγνωστο 12") == "unknown"
    assert await _scan(act, scrapped) == "elsewhere"
    await disposal.dispose(scrapped, method="Ανακύκλωση", why=WHY)
    found = await count_all(act)
    await act(counting.sign(name="Μαρία", post="Διευθύντρια"))
    rows = {
        row["kit_code"] or row["typed"]: row for row in (await stocktakes.get_stocktake(found["code"]))["strangers"]
    }
    with pytest.raises(Conflict, match="stranger-cannot-move"):
        await decisions.take_in(found["code"], rows[scrapped]["id"], why=WHY)
    with pytest.raises(Conflict, match="stranger-not-ours"):
        await decisions.take_in(found["code"], rows["άγνωστο 12"]["id"], why=WHY)
    with pytest.raises(Invalid, match="reason-missing"):
        await decisions.close_stranger(found["code"], rows["άγνωστο 12"]["id"], why=" ")
    await decisions.take_in(found["code"], rows[other]["id"], why=WHY)
    assert {await place_of(serial) for serial in await serials(other)} == {f"institution-{SCHOOL}"}
    assert await places(other) == {"institution": 9}
    for name in (scrapped, "άγνωστο 12"):
        await decisions.close_stranger(found["code"], rows[name]["id"], why=WHY)
        with pytest.raises(Conflict, match="stocktake-line-decided"):
            await decisions.close_stranger(found["code"], rows[name]["id"], why=WHY)
    with pytest.raises(Conflict, match="stocktake-line-decided"):
        await decisions.take_in(found["code"], rows[other]["id"], why=WHY)
    assert (await ledger.verify()).faults == ()


async def test_of_one_line_the_missing_and_the_broken_are_both_decided(service: Settings) -> None:
    """After the missing ones are written off, the broken ones become repairs, one a piece, at the school."""
    kit = await kit_at_school()
    _, act = await opened()
    found = await count_all(act, battery={"state": "counted", "broken": 2, "missing": 1, "note": "Διαρροή"})
    await act(counting.sign(name="Μαρία", post="Διευθύντρια"))
    line = next(each["id"] for each in found["lines"] if each["slug"] == "battery")
    await decisions.decide(found["code"], line, "lost", why=WHY, about="missing")
    rows, total = await stocktakes.list_stocktakes(YEAR, "", "to-decide", limit=50, offset=0)
    assert (len(rows), total) == (1, 1), "the broken ones are still to be decided"
    await decisions.decide(found["code"], line, "repair", why=WHY, about="broken")
    assert await fetch_value("SELECT count(*) FROM repair WHERE fault = 'Διαρροή'") == 2
    assert await places(kit) == {"institution": 8, "lost": 1}
    for about, decision in (("missing", "nothing"), ("broken", "nothing")):
        with pytest.raises(Conflict, match="stocktake-line-decided"):
            await decisions.decide(found["code"], line, decision, why=WHY, about=about)
    assert (await stocktakes.list_stocktakes(YEAR, "", "to-decide", limit=50, offset=0))[1] == 0


async def test_what_was_signed_wrongly_is_opened_again(service: Settings) -> None:
    """With a reason and a letter; the counts and the former statement stay; what staff decided is not asked again."""
    kit = await kit_at_school()
    first, second = await serials(kit)
    _, act = await opened()
    found = await act(counting.mine())
    by_serial = {line["serial_number"]: line["id"] for line in found["lines"]}
    for serial in (first, second):
        await act(counting.answer(by_serial[serial], "missing", counter="Άννα", key=serial))
    await count_all(act)
    code = found["code"]
    with pytest.raises(Conflict, match="stocktake-not-signed"):
        await decisions.reopen(code, why=WHY)
    former = await act(counting.sign(name="Μαρία", post="Διευθύντρια"))
    await decisions.decide(code, by_serial[first], "lost", why=WHY)
    with pytest.raises(Invalid, match="reason-missing"):
        await decisions.reopen(code, why=" ")
    await decisions.reopen(code, why="Μετρήθηκε άλλη αίθουσα")
    letter = await last_mail(f"mail@{SCHOOL}.example")
    assert "άνοιξε ξανά" in letter["subject"] and "άλλη αίθουσα" in letter["body"] and "/s/" in letter["body"]
    now = await act(counting.mine())
    assert (now["signed_at"], now["totals"]["open"], now["totals"]["missing"]) == (None, 0, 2)
    with pytest.raises(Conflict, match="stocktake-line-decided"):
        await act(counting.answer(by_serial[first], "found", counter="Άννα", key="after"))
    await act(counting.answer(by_serial[second], "found", counter="Άννα", key="after"))
    again = await act(counting.sign(name="Μαρία", post="Διευθύντρια"))
    assert again != former
    (kept,) = (await stocktakes.get_stocktake(code))["reopenings"]
    assert (kept["paper_number"], kept["why"]) == (former, "Μετρήθηκε άλλη αίθουσα")
    assert await fetch_value("SELECT count(*) FROM paper WHERE kind = 'stocktake'") == 2
    with pytest.raises(Conflict, match="stocktake-line-decided"):
        await decisions.decide(code, by_serial[first], "found", why=WHY)
    life = await life_queries.life(await kit_id(kit))
    assert {(row["word"], row["pieces"]) for row in life if row["kind"] == "counted"} == {("reopened", 2), (None, 1)}


async def test_the_files_tell_models_values_and_what_was_found_besides(app: Litestar) -> None:
    """The register names models as their makers do, a kit's value once, and what stands besides; so does staff's."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await kit_at_school()
            foreign = (await serials(await kit_at_school(OTHER)))[0]
            await execute("UPDATE item SET manufacturer = 'BBC', model_number = 'V2.21' WHERE slug = 'microbit'")
            _, act = await opened()
            await _scan(act, foreign)
            await _scan(act, "XYZ-77")
            await _scan(act, "λάθος 1")
            await act(counting.take_off((await _besides(act))[-1]["id"], counter="Άννα"))
            await count_all(act)
            await act(counting.sign(name="Μαρία", post="Διευθύντρια"))
            code = (await act(counting.mine()))["code"]
            await _priced()
        await sign_in(client, await make_person("staff"))
        rows = (await client.get(f"/stocktakes/register?code={code}&format=json")).json()
        besides = {row["serial_number"]: row for row in rows if row["condition"] == "Βρέθηκαν επιπλέον"}
        assert set(besides) == {foreign, "XYZ-77"} and besides[foreign]["model"] == "BBC V2.21"
        assert {row["model"] for row in rows} == {"BBC V2.21", ""}
        assert [row["kit_value_cents"] for row in rows if row["kit_value_cents"]] == [12_300]
        told = (await client.get(f"/stocktakes/{code}/export?format=csv")).text
        assert foreign in told and "XYZ-77" in told and "λάθος 1" not in told


async def _priced() -> None:
    """The kits' batch belongs to an order with a price."""
    source = await fetch_value("INSERT INTO funding_source (kind, reference) VALUES ('wave', 'X') RETURNING id")
    contract = await fetch_value("INSERT INTO contract (number, supplier) VALUES ('1', 'Α') RETURNING id")
    await execute("INSERT INTO contract_funding (contract_id, funding_source_id) VALUES ($1, $2)", contract, source)
    order = await fetch_value(
        """INSERT INTO purchase_order (code, contract_id, funding_source_id, kit_definition_id, kits, unit_cents, title)
           SELECT 'P2222222', $1, $2, min(id), 9, 12300, 'ownership' FROM kit_definition RETURNING id""",
        contract,
        source,
    )
    await execute("INSERT INTO purchase_batch (code, purchase_order_id, name) VALUES ('B2222222', $1, '2026-Α')", order)


async def test_a_school_without_numbers_is_asked_once_who_counts_and_only_ticks(app: Litestar) -> None:
    """No script, nothing to scan: the name is given once and stands beside every tick; another person can take over."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await kit_at_school()
            await execute("UPDATE device SET serial_number = 'SN' || id")
            await opened()
        page = f"/s/{await mailed_token()}"
        first = await client.get(page)
        assert "Έναρξη καταμέτρησης" in first.text and "Είναι εδώ" not in first.text and faults(first.text) == []
        unsaid = await post_form(client, f"{page}/counter", {"counter": " "})
        assert unsaid.status_code == 422 and "Πείτε πρώτα ποιος καταμετρά." in unsaid.text
        assert (await post_form(client, f"{page}/counter", {"counter": "Άννα Ρήγα"})).status_code == 303
        asked = await client.get(page)
        assert "Άννα Ρήγα" in asked.text and faults(asked.text) == []
        lines = re.findall(rf'action="({page}/line/\d+)" data-queue', asked.text)
        for at, line in enumerate(lines):
            assert (await post_form(client, line, {"state": "found", "key": str(at)})).status_code == 303
        assert {row["counter"] for row in await fetch("SELECT counter FROM stocktake_answer")} == {"Άννα Ρήγα"}
        assert "Όλα καταμετρήθηκαν" in (await client.get(page)).text
        other = await client.get(f"{page}?change")
        assert "Έναρξη καταμέτρησης" in other.text and 'value="Άννα Ρήγα"' in other.text
        nobody = await post_form(client, f"{page}/sign", {"name": "", "post": "Διευθύντρια", "remarks": "Όλα καλά"})
        assert nobody.status_code == 422 and "Δώστε το όνομα όποιου υπογράφει την απογραφή." in nobody.text
        assert "Διευθύντρια" in nobody.text and "Όλα καλά" in nobody.text and faults(nobody.text) == []


async def test_what_is_refused_is_said_beside_its_line_and_nothing_is_lost(app: Litestar) -> None:
    """A photograph that is too large, numbers that do not add up: the page again, with the note, and the photograph."""
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(picture, "JPEG")
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await kit_at_school()
            await opened()
        page = f"/s/{await mailed_token()}"
        await post_form(client, f"{page}/counter", {"counter": "Άννα"})
        line = await fetch_value("SELECT id FROM stocktake_line WHERE expected = 3")
        typed = {"state": "counted", "broken": "1", "missing": "", "note": "Κομμένο", "key": "k"}
        huge = {"photo": ("a.jpg", b"\xff\xd8\xff" + b"0" * 40_000_000, "image/jpeg")}
        assert len(huge["photo"][1]) > 2 * LARGEST_BYTES
        refused = await post_form(client, f"{page}/line/{line}", typed, files=huge)
        assert refused.status_code == 413 and f'href="#line-{line}"' in refused.text and "15 MB" in refused.text
        assert "Κομμένο" in refused.text and faults(refused.text) == []
        good = {"photo": ("a.jpg", picture.getvalue(), "image/jpeg")}
        refused = await post_form(client, f"{page}/line/{line}", {**typed, "missing": "9"}, files=good)
        kept = re.search(r'name="kept" value="([^"]+)"', refused.text)
        assert refused.status_code == 422 and kept and 'value="9"' in refused.text
        again = {**typed, "missing": "1", "kept": kept[1]}
        assert (await post_form(client, f"{page}/line/{line}", again)).status_code == 303
        assert await fetch_value("SELECT photo_digest IS NOT NULL FROM stocktake_answer") is True
        stranger = await post_form(client, f"{page}/scan", {"scan": "ΧΨΩ 1", "key": "1"})
        assert "scanned=unknown" in stranger.headers["location"]
        shown = (await client.get(page)).text
        off = re.search(rf'action="({page}/besides/\d+)"', shown)
        assert off and faults(shown) == []
        assert (await post_form(client, off[1], {})).status_code == 303
        assert "ΧΨΩ 1" not in (await client.get(page)).text


async def test_staff_decide_open_again_and_turn_pages(app: Litestar) -> None:
    """On staff's pages: what cannot be moved is not offered; reasons that were typed stay; the year is paged."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await kit_at_school()
            (in_store,) = await receive(await make_definition())
            rejected = await kit_at_school(OTHER)
            _, act = await opened()
            for text in (in_store, rejected, "XYZ-77"):
                await _scan(act, text)
            await disposal.dispose(rejected, method="Ανακύκλωση", why=WHY)
            found = await count_all(act, usb_cable={"state": "counted", "broken": 1, "missing": 2})
            await act(counting.sign(name="Μαρία", post="Διευθύντρια"))
        await sign_in(client, await make_person("staff"))
        page = f"/stocktakes/{found['code']}"
        shown = (await client.get(page)).text
        assert shown.count('value="take-in"') == 1 and shown.count('value="close"') == 3 and faults(shown) == []
        assert "Λείπουν 2" in shown and "Έχει βλάβη 1" in shown
        wrong = await post_form(
            client, f"{page}/decide", {"line": "1", "about": "besides", "decision": "x", "why": "ναι"}
        )
        assert wrong.status_code == 422
        stranger = await fetch_one("SELECT id FROM stocktake_stranger WHERE kit_id IS NULL")
        assert stranger is not None
        close = {"line": stranger["id"], "about": "besides", "decision": "close", "why": "Δικό τους"}
        assert (await post_form(client, f"{page}/decide", close)).status_code == 303
        assert (await post_form(client, f"{page}/reopen", {"why": ""})).status_code == 422
        assert (await post_form(client, f"{page}/reopen", {"why": "Λάθος αίθουσα"})).status_code == 303
        shown = (await client.get(page)).text
        assert "Άνοιξε ξανά" in shown and "Λάθος αίθουσα" in shown and faults(shown) == []
        assert "Λάθος αίθουσα" in (await client.get(f"/s/{await mailed_token()}")).text
        await execute(
            """WITH made AS (INSERT INTO institution (code, name, level, regional_directorate_id, email, search_key)
                 SELECT 'T' || n, 'Σχολείο ' || n, 'kindergarten', r.id, '', 't' || n
                 FROM generate_series(1, 120) n, (SELECT min(id) AS id FROM regional_directorate) r RETURNING id)
               INSERT INTO stocktake (code, year, institution_id, due_on)
               SELECT 'S' || id, $1, id, current_date + 9 FROM made""",
            YEAR,
        )
        pages = [(await client.get(f"/stocktakes?year={YEAR}&page={number}")).text for number in (1, 2, 3)]
        assert "Σελίδα 1 από 3" in pages[0] and faults(pages[0]) == []
        listed = [set(re.findall(r'href="/stocktakes/([^"?/]+)"', text)) - {"register"} for text in pages]
        assert len(set.union(*listed)) == sum(map(len, listed)) >= 121
