"""A stocktake: counted on a telephone, by several at once, signed, and decided by staff."""

import asyncio
import io
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from PIL import Image

from stem_logistics import jobs
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.settings import Settings
from stem_logistics.stocktakes import counting, decisions
from stem_logistics.stocktakes import service as stocktakes
from stem_logistics.stocktakes.rules import count_of, totals
from stem_logistics.worker import load_handlers
from tests.custody.scene import OTHER, SCHOOL, kit_at_school, place_of, places, serials
from tests.deliveries.parcels import last_mail
from tests.stocktakes.scene import SOON, YEAR, mailed_token, opened
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def test_the_year_is_opened_once_at_each_school_with_kits(service: Settings) -> None:
    """Opening again opens what is missing and nothing twice; schools without kits are left alone."""
    await kit_at_school()
    await kit_at_school(OTHER)
    assert await stocktakes.open_year(YEAR, SOON) == 2
    assert await stocktakes.open_year(YEAR, SOON) == 0
    assert await fetch_value("SELECT count(*) FROM mail_message") == 2
    assert await fetch_value("SELECT sum(expected) FROM stocktake_line") == 18
    assert await stocktakes.remind() == 0  # three weeks are left
    await execute(
        """UPDATE stocktake SET due_on = current_date - 3
           WHERE institution_id = (SELECT min(institution_id) FROM stocktake)"""
    )
    assert [await stocktakes.remind(), await stocktakes.remind()] == [1, 0]
    reminder = await last_mail(f"mail@{SCHOOL}.example")
    assert reminder["subject"].startswith("Υπενθύμιση") and "/s/" in reminder["body"]
    for year, day in ((YEAR, SOON - timedelta(days=30)), (YEAR + 3, SOON)):
        with pytest.raises(Invalid, match="stocktake-day-unusable"):
            await stocktakes.open_year(year, day)


async def test_scans_count_once_and_strangers_are_kept(service: Settings) -> None:
    """Found, again (who and when), look-alike letters, a device of another school, an unknown one, a kit's code."""
    kit = await kit_at_school()
    foreign = (await serials(await kit_at_school(OTHER)))[0]
    await execute("UPDATE device SET serial_number = 'MB-0O1' WHERE serial_number = $1", (await serials(kit))[0])
    _, act = await opened()

    async def scan(text: str, who: str = "Άννα") -> dict[str, Any]:
        return await act(counting.scan(text, counter=who, key=f"{who}{text}"))  # type: ignore[no-any-return]

    assert (await scan("ΜΒ-ΟΟ1"))["result"] == "found", "Greek letters, and O for 0"
    again = await scan("mb0o1", "Βασίλης")
    assert (again["result"], again["who"]) == ("repeat", "Άννα")
    assert (await scan(foreign))["result"] == "elsewhere"
    assert (await scan(foreign))["result"] == "repeat-stranger"
    assert (await scan("XYZ-77"))["result"] == "unknown"
    assert (await scan(kit))["result"] == "kit"
    await execute("UPDATE device SET serial_number = 'MB-001' WHERE serial_number = $1", (await serials(kit))[1])
    assert (await scan("MBOOl"))["result"] == "ambiguous"
    for text, who, slug in ((" - ", "Άννα", "stocktake-scan-empty"), ("MB-001", " ", "counter-missing")):
        with pytest.raises(Invalid, match=slug):
            await act(counting.scan(text, counter=who, key="k"))
    assert await fetch_value("SELECT count(*) FROM stocktake_stranger") == 2


async def test_two_people_count_at_once_and_nothing_is_lost(service: Settings) -> None:
    """Both answer every line at once, some taps twice: each line has both answers once, and the last one counts."""
    await kit_at_school()
    _, act = await opened()
    lines = [row["id"] for row in await fetch("SELECT id FROM stocktake_line ORDER BY id")]
    await asyncio.gather(
        *(
            act(counting.answer(line, state, counter=who, key=f"{who}{line}"))
            for line in lines
            for who, state in (("Άννα", "found"), ("Βασίλης", "missing"), ("Άννα", "found"))
        )
    )
    assert await fetch_value("SELECT count(*) FROM stocktake_answer") == 2 * len(lines)
    found = await act(counting.mine())
    for line in found["lines"]:
        last = await fetch_value(
            "SELECT counter FROM stocktake_answer WHERE line_id = $1 ORDER BY id DESC LIMIT 1", line["id"]
        )
        assert (line["counter"], line["people"], line["answers"]) == (last, 2, 2)


async def test_a_signed_stocktake_moves_nothing_until_staff_decide(service: Settings) -> None:
    """Missing becomes lost, broken a repair, a stranger is taken in: each once, with a reason, by staff."""
    kit, other = await kit_at_school(), await kit_at_school(OTHER)
    foreign = (await serials(other))[0]
    _, act = await opened()
    first, second = await serials(kit)
    await act(counting.scan(foreign, counter="Άννα", key="f"))
    found = await act(counting.mine())
    with pytest.raises(Invalid, match="stocktake-not-counted"):
        await act(counting.sign(name="Α", post="Β"))
    for line in found["lines"]:
        state = {first: "missing", second: "broken"}.get(line["serial_number"], "found")
        await act(counting.answer(line["id"], state, counter="Άννα", key=str(line["id"]), note="Σπασμένη θύρα"))
    for name, post, slug in ((" ", "Β", "stocktake-signer-missing"), ("Α", "", "stocktake-post-missing")):
        with pytest.raises(Invalid, match=slug):
            await act(counting.sign(name=name, post=post))
    by_serial = {line["serial_number"]: line["id"] for line in found["lines"]}
    with pytest.raises(Conflict, match="stocktake-not-signed"):
        await decisions.decide(found["code"], by_serial[first], "lost", why="x")
    number = await act(counting.sign(name="Μαρία Ανδρέου", post="Διευθύντρια"))
    assert number.startswith("ΑΓ-")
    for late in (counting.sign(name="Α", post="Β"), counting.scan(second, counter="Α", key="l")):
        with pytest.raises(Conflict, match="stocktake-signed"):
            await act(late)
    assert await places(kit) == {"institution": 9}
    with pytest.raises(Invalid, match="stocktake-decision-unknown"):
        await decisions.decide(found["code"], by_serial[second], "lost", why="x")
    with pytest.raises(Invalid, match="reason-missing"):
        await decisions.decide(found["code"], by_serial[first], "lost", why=" ")
    with pytest.raises(Forbidden):
        await act(decisions.decide(found["code"], by_serial[first], "lost", why="x"))
    await decisions.decide(found["code"], by_serial[first], "lost", why="Δήλωση διευθύντριας")
    with pytest.raises(Conflict, match="stocktake-line-decided"):
        await decisions.decide(found["code"], by_serial[first], "lost", why="πάλι")
    await decisions.decide(found["code"], by_serial[second], "repair", why="Βλάβη")
    assert await place_of(first) == "lost"
    assert await fetch_value("SELECT fault FROM repair") == "Σπασμένη θύρα"
    stranger = await fetch_value("SELECT id FROM stocktake_stranger")
    await decisions.take_in(found["code"], stranger, why="Βρέθηκε εδώ")
    assert await place_of(foreign) == f"institution-{SCHOOL}"
    with pytest.raises(NotFound):
        await decisions.decide(found["code"], 999_999, "lost", why="x")
    assert (await ledger.verify()).faults == ()


@given(st.integers(1, 500), st.integers(-3, 600), st.integers(-3, 600))
def test_a_count_adds_up_or_is_none(expected: int, broken: int, missing: int) -> None:
    """Whatever is typed: found, broken and missing make what was expected, and none is below nothing."""
    counted = count_of("counted", expected, broken, missing)
    fits = broken >= 0 and missing >= 0 and broken + missing <= expected
    assert (counted is not None) == fits
    if counted is not None:
        assert counted.found + counted.broken + counted.missing == expected and counted.found >= 0
    line = {"expected": expected, "found": None}
    assert totals([line])["open"] == expected


async def test_a_school_counts_on_its_telephone_and_staff_see_it(app: Litestar) -> None:
    """Opened by a form and a job, counted, photographed, signed by the link; region, board and file agree."""
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(picture, "JPEG")
    async with browser(app) as client:
        with acting_as(OPERATOR):
            kit = await kit_at_school()
        await sign_in(client, await make_person("staff"))
        form = {"year": YEAR, "due_on": "χθες", "region": ""}
        assert (await post_form(client, "/stocktakes", form)).status_code == 422
        assert (await post_form(client, "/stocktakes", {**form, "due_on": SOON.isoformat()})).status_code == 303
        load_handlers()
        while await jobs.run_next():
            pass
        page = f"/s/{await mailed_token()}"
        first = await client.get(page)
        assert "Μένει να καταμετρηθούν 9 τεμάχια" in first.text and faults(first.text) == []
        scanned = {"counter": "Άννα", "scan": (await serials(kit))[0], "key": "1"}
        told = await post_form(client, f"{page}/scan", scanned)
        assert "scanned=found" in told.headers["location"]
        assert (await post_form(client, f"{page}/scan", {**scanned, "counter": ""})).status_code == 422
        lines = await fetch("SELECT id, expected, device_id FROM stocktake_line ORDER BY id")
        broken = next(row["id"] for row in lines if row["expected"] == 3)
        answer = {"counter": "Άννα", "state": "counted", "broken": "1", "missing": "1", "note": "Κομμένο", "key": "2"}
        photo = {"photo": ("a.jpg", picture.getvalue(), "image/jpeg")}
        bad = {"photo": ("a.jpg", b"no picture", "image/jpeg")}
        assert (await post_form(client, f"{page}/line/{broken}", answer, files=bad)).status_code == 422
        assert (await post_form(client, f"{page}/line/{broken}", {**answer, "missing": "9"})).status_code == 422
        assert (await post_form(client, f"{page}/line/{broken}", answer, files=photo)).status_code == 303
        for row in lines:
            if row["id"] != broken:
                here = {"counter": "Άννα", "state": "found", "key": f"h{row['id']}"}
                assert (await post_form(client, f"{page}/line/{row['id']}", here)).status_code == 303
        assert (await post_form(client, f"{page}/sign", {"name": "Μαρία", "post": "Διευθύντρια"})).status_code == 303
        assert (await client.get(f"{page}/statement")).content.startswith(b"%PDF")
        code = await fetch_value("SELECT code FROM stocktake")
        board = await client.get(f"/stocktakes/{code}")
        assert "Κομμένο" in board.text and faults(board.text) == []
        assert (await client.get(f"/stocktakes/{code}/photo/{broken}")).content.startswith(b"\xff\xd8")
        overview = await client.get("/stocktakes?state=to-decide")
        assert code in overview.text and faults(overview.text) == []
        assert "Κομμένο" in (await client.get(f"/stocktakes/{code}/export?format=csv")).text
        for asked in (f"code={code}", f"year={YEAR}&region=B"):
            rows = (await client.get(f"/stocktakes/register?{asked}&format=json")).json()
            states = sorted((row["condition"], row["pieces"]) for row in rows if row["note"] == "Κομμένο")
            assert states == [("Λείπει", 1), ("Λειτουργεί", 1), ("Με βλάβη", 1)], rows
            assert sum(row["pieces"] for row in rows) == 9 and {row["property_number"] for row in rows} == {kit}
        assert (await client.get(f"/stocktakes/register?year={YEAR}&region=I&format=json")).json() == []
        assert (await client.get("/stocktakes/register?code=S222-2222")).status_code == 404
        decided = {"line": broken, "decision": "lost", "why": "Χάθηκε"}
        assert (await post_form(client, f"/stocktakes/{code}/decide", decided)).status_code == 303
        assert await places(kit) == {"institution": 8, "lost": 1}
