"""The last mile: each hand-over signed, the ledger knows who holds what, and a person sees their region only."""

import asyncio
import re

import pytest
from litestar import Litestar

from stem_logistics.accounts.links import principal_of_link
from stem_logistics.accounts.policy import Grant
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries import last_mile, legs, queries, reminding, returning, service
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock
from stem_logistics.settings import Settings
from tests.deliveries.parcels import Parcel, last_mail
from tests.deliveries.test_documents import assert_pdf_a_2b, text_of
from tests.inventory.stock import kit_id, make_definition, make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def _packed(school: str = "0501659", *, region: str = "B") -> Parcel:
    institution = await make_institution(school, region=region)
    (kit,) = await receive(await make_definition(), 1)
    code = await service.create_consignment(school)
    await service.pick(code, kit)
    await service.pack(code, parcels=2)
    number = await fetch_value("SELECT id FROM consignment WHERE code = $1", code)
    return Parcel(code, number, institution, kit, "", "")


async def _stop(kind: str, name: str, *, region: str = "B", account: str = "") -> str:
    email = f"{name.lower()}@stop.example"
    return await last_mile.add_stop(kind, region, title=name, email=email, phone="2310", account=account)


async def _token(to: str) -> str:
    found = re.search(r"/h/(\S+)", (await last_mail(to))["body"])
    assert found is not None
    return found[1]


async def _held(parcel: Parcel) -> dict[str, int]:
    rows = await fetch(
        """SELECT coalesce(s.title, p.kind) AS at, sum(h.quantity)::int AS n FROM holding h
           JOIN place p ON p.id = h.place_id LEFT JOIN stop s ON s.id = p.stop_id
           WHERE h.kit_id = $1 AND h.quantity > 0 GROUP BY 1""",
        await kit_id(parcel.kit),
    )
    return {row["at"]: row["n"] for row in rows}


async def test_what_a_stop_signed_for_is_not_taken_back(service: Settings) -> None:
    """Its mail may still wait when somebody signs in and signs: from then on it has left."""
    parcel = await _packed()
    await last_mile.plan_way(parcel.code, [await _stop("regional-store", "Depot")])
    await _dispatch(parcel)
    assert await last_mile.take_over([parcel.code], name="Νίκος", post="Αποθηκάριος") == 1
    with pytest.raises(Conflict, match="stop-has-signed"):
        await service_take_back(parcel.code)
    assert set(await _held(parcel)) == {"Depot"}


async def test_each_hand_over_is_signed_until_the_school_confirms(service: Settings) -> None:
    """Store, then ambassador, then school: each is written to when the one before signed; the ledger says who has it;
    the school's receipt is as ever, and nothing is lost on the way.
    """
    parcel = await _packed()
    await last_mile.plan_way(parcel.code, [await _stop("regional-store", "Depot"), await _stop("ambassador", "Eleni")])
    await _dispatch(parcel)
    school = "mail@0501659.example"
    assert await fetch_value("SELECT count(*) FROM mail_message WHERE to_address = $1", school) == 0
    pieces = sum((await _held(parcel)).values())
    with acting_as(await principal_of_link(await _token("depot@stop.example"))):
        assert await last_mile.take_over([parcel.code], name="Νίκος", post="Αποθηκάριος", remark="βρεγμένο") == 1
        assert await last_mile.take_over([parcel.code], name="Νίκος", post="Αποθηκάριος") == 0
    assert await _held(parcel) == {"Depot": pieces}
    with acting_as(await principal_of_link(await _token("eleni@stop.example"))):
        assert await last_mile.take_over([parcel.code], name="Ελένη", post="Πρέσβειρα") == 1
    assert await _held(parcel) == {"Eleni": pieces}
    assert (await stock.get_kit(parcel.kit))["held_by"] == "Eleni"
    way = [(leg["state"], leg["taken_by"], leg["remark"]) for leg in await legs.legs_of(parcel.id)]
    assert way == [("taken", "Νίκος", "βρεγμένο"), ("taken", "Ελένη", "")]
    found = re.search(r"/r/(\S+)", (await last_mail(school))["body"])
    assert found is not None
    parcel.token = found[1]
    await parcel.confirm()
    assert set(await parcel.balances()) == {"institution"}
    assert (await ledger.verify()).faults == ()
    with pytest.raises(Conflict, match="history-is-append-only"):
        await execute("UPDATE consignment_leg SET remark = '' WHERE consignment_id = $1", parcel.id)


async def _dispatch(parcel: Parcel) -> None:
    await service_dispatch(parcel.code, courier="ΕΛΤΑ", tracking_number="RF1")


service_dispatch, service_take_back = service.dispatch, service.take_back


async def test_only_whom_it_comes_to_signs_and_only_once(service: Settings) -> None:
    """Another stop's link finds nothing; eight at once sign once; a name and a post are asked for."""
    parcel, other = await _packed(), await _packed("0501660")
    stop, stranger = await _stop("ambassador", "Eleni"), await _stop("ambassador", "Other")
    await last_mile.plan_way(parcel.code, [stop])
    await last_mile.plan_way(other.code, [stranger])
    with pytest.raises(Conflict, match="hand-over-not-possible"):
        await last_mile.take_over([parcel.code], name="Α", post="Β")
    await _dispatch(parcel)
    await _dispatch(other)
    with acting_as(await principal_of_link(await _token("other@stop.example"))):
        with pytest.raises(NotFound):
            await last_mile.take_over([parcel.code], name="Α", post="Β")
        assert [each["code"] for each in (await last_mile.my_stops())[0]["parcels"]] == [other.code]
    with acting_as(await principal_of_link(await _token("eleni@stop.example"))):
        for codes, name, slug in (([], "Α", "hand-over-of-nothing"), ([parcel.code], " ", "hand-over-unsigned")):
            with pytest.raises(Invalid, match=slug):
                await last_mile.take_over(codes, name=name, post="Β")
        with pytest.raises(NotFound):
            await last_mile.take_over([other.code], name="Α", post="Β")
        counts = await asyncio.gather(
            *(last_mile.take_over([parcel.code], name="Ελένη", post="Πρέσβειρα") for _ in range(8))
        )
    assert sum(counts) == 1
    assert (
        await fetch_value("SELECT count(*) FROM movement WHERE reason = 'hand-over'")
        == len({row["item_id"]: 0 for row in await stock.contents_of([await kit_id(parcel.kit)])}) + 1
    )  # two devices of one item
    assert (await ledger.verify()).faults == ()


async def test_a_cancelled_consignment_comes_back_from_whoever_holds_it(service: Settings) -> None:
    """Cancelled in a stop's hands: it is there until it is counted at the store, and nobody can sign any more."""
    parcel = await _packed()
    await last_mile.plan_way(parcel.code, [await _stop("regional-store", "Depot"), await _stop("ambassador", "Eleni")])
    await _dispatch(parcel)
    await last_mile.take_over([parcel.code], name="Α", post="Β")
    await cancel(parcel.code, why="λάθος σχολείο")
    assert set(await _held(parcel)) == {"Depot"}
    with pytest.raises(Conflict, match="hand-over-not-possible"):
        await last_mile.take_over([parcel.code], name="Α", post="Β")
    assert await returning.confirm(parcel.code, None)
    assert set(await _held(parcel)) == {"store"}
    assert (await ledger.verify()).faults == ()


cancel = service.cancel
take_back = service.take_back


async def test_ways_that_cannot_be_are_refused(service: Settings) -> None:
    """Another region's stop, one twice, one retired, a consignment that has left, a stop that is incomplete."""
    parcel = await _packed()
    far, near = (
        await _stop("ambassador", "Far", region="A") if await _region("A") else "",
        await _stop("ambassador", "Near"),
    )
    for stops, slug in (([far], "stop-of-another-region"), ([near, near], "way-unusable")):
        with pytest.raises(Conflict, match=slug):
            await last_mile.plan_way(parcel.code, stops)
    with pytest.raises(NotFound):
        await last_mile.plan_way(parcel.code, ["SXXXXXXX"])
    await last_mile.set_active(near, False)
    with pytest.raises(Conflict, match="stop-of-another-region"):
        await last_mile.plan_way(parcel.code, [near])
    await last_mile.set_active(near, True)
    for wrong in ({"title": " "}, {"email": "x"}, {"kind": "shop"}):
        given = {"kind": "ambassador", "title": "Α", "email": "a@b.example", **wrong}
        with pytest.raises(Invalid):
            await last_mile.add_stop(given["kind"], "B", title=given["title"], email=given["email"])
    with pytest.raises(Conflict, match="stop-known"):
        await _stop("ambassador", "Near")
    await last_mile.plan_way(parcel.code, [near])
    await _dispatch(parcel)
    with pytest.raises(Conflict, match="way-of-what-has-left"):
        await last_mile.plan_way(parcel.code, [])


async def _region(code: str) -> bool:
    await make_institution("0900001", "1ο ΔΗΜΟΤΙΚΟ", region=code)
    return True


async def test_a_stop_that_does_not_sign_is_reminded_and_can_be_left_out(service: Settings) -> None:
    """The stop is reminded in the school's place; left out with a reason, the school gets its link at once."""
    parcel = await _packed()
    await last_mile.plan_way(parcel.code, [await _stop("ambassador", "Eleni")])
    await _dispatch(parcel)
    await execute("UPDATE consignment SET expected_on = CURRENT_DATE - 60 WHERE id = $1", parcel.id)
    assert (await reminding.remind())["sent"] == 1
    assert "δεν έχετε υπογράψει" in (await last_mail("eleni@stop.example"))["body"]
    (row,) = await reminding.board()
    assert (row["waits_for_stop"], row["stop_title"]) == (True, "Eleni")
    with pytest.raises(Invalid, match="reason-missing"):
        await last_mile.go_straight(parcel.code, why=" ")
    await last_mile.go_straight(parcel.code, why="ασθένεια")
    assert "/r/" in (await last_mail("mail@0501659.example"))["body"]
    with pytest.raises(Conflict, match="way-without-stops"):
        await last_mile.go_straight(parcel.code, why="ξανά")


async def test_all_of_a_region_goes_through_one_stop(service: Settings) -> None:
    """What has not left and has no way yet goes through the stop; another region's and what is planned stay."""
    near, planned, far = await _packed(), await _packed("0501660"), await _packed("0900001", region="A")
    first, second = await _stop("ambassador", "Eleni"), await _stop("regional-store", "Depot")
    await last_mile.plan_way(planned.code, [second])
    assert await last_mile.plan_region(first) == 1
    assert await last_mile.plan_region(first) == 0
    ways = [[leg["stop_title"] for leg in await legs.legs_of(each.id)] for each in (near, planned, far)]
    assert ways == [["Eleni"], ["Depot"], []]


async def test_a_dispatch_that_was_a_slip_is_taken_back_with_its_way(service: Settings) -> None:
    """While the stop's mail waits, the consignment is packed again and its way is planned as before."""
    parcel = await _packed()
    await last_mile.plan_way(parcel.code, [await _stop("ambassador", "Eleni")])
    await service_dispatch(parcel.code, courier="ΕΛΤΑ", mail_waits_minutes=10)
    await take_back(parcel.code)
    assert [leg["state"] for leg in await legs.legs_of(parcel.id)] == ["planned"]
    row = await queries.consignment_by_id(parcel.id)
    assert row is not None and row["state"] == "packed"


async def test_an_ambassador_sees_and_signs_for_their_region_only(app: Litestar) -> None:
    """Every page that staff can open with something of another region in its address is closed to an ambassador, and
    none that is open shows that region's schools, consignments, kits or stops.
    """
    async with browser(app) as client:
        with acting_as(OPERATOR):
            mine, theirs = await _packed("0501659", region="B"), await _packed("0900002", region="A")
            await execute("UPDATE institution SET name = 'ΣΧΟΛΕΙΟ ΑΛΛΗΣ ΠΕΡΙΦΕΡΕΙΑΣ' WHERE code = '0900002'")
        region = await fetch_value("SELECT id FROM regional_directorate WHERE code = 'B'")
        email = await make_person("ambassador", scope=Grant("ambassador", "region", region))
        with acting_as(OPERATOR):
            own = await _stop("ambassador", "Eleni", account=email)
            far = await _stop("ambassador", "Farhand", region="A")
            for parcel, stop in ((mine, own), (theirs, far)):
                await last_mile.plan_way(parcel.code, [stop])
                await _dispatch(parcel)
        staff = await make_person("staff")
        await sign_in(client, staff)
        secrets = ("ΑΛΛΗΣ ΠΕΡΙΦΕΡΕΙΑΣ", "0900002", theirs.code, theirs.kit, "Farhand")
        seen: set[str] = set()
        todo = [
            "/",
            "/stock",
            "/stock/kits",
            "/schools",
            "/consignments",
            "/consignments/late",
            "/last-mile",
            "/consignments/stops",
            "/repairs",
            "/loans",
            "/moves",
            "/recalls",
            "/stocktakes",
            "/stock/as-of",
            "/stock/definitions",
            "/discrepancies",
            "/stock/orders",
            f"/stock/kits/{theirs.kit}",
            f"/stock/kits/{theirs.kit}/custody",
            f"/consignments/{theirs.code}",
            f"/consignments/{theirs.code}/packing-list.pdf",
            f"/consignments/{theirs.code}/label.pdf",
            "/schools/0900002",
            "/consignments/export?format=csv",
            "/stock/kits/export?format=csv",
            "/api/v1/kits",
            "/api/v1/movements",
            "/api/v1/consignments",
            f"/api/v1/kits/{theirs.kit}",
            f"/api/v1/consignments/{theirs.code}",
            "/api/v1/institutions",
            "/stock/items/microbit",
        ]
        for address in todo:
            answer = await client.get(address)
            seen |= {each for each in secrets if each in answer.text}
        assert {"0900002", theirs.code, "Farhand"} <= seen, "staff see all of it: the test looks in the right places"
        client.cookies.clear()
        await sign_in(client, email)
        for address in todo:
            answer = await client.get(address, follow_redirects=False)
            assert answer.status_code < 500, address
            shown = [each for each in secrets if each in answer.text and each not in address]
            assert shown == [], (address, answer.status_code, shown)
            if theirs.code in address or theirs.kit in address or "0900002" in address:
                assert answer.status_code in (403, 404), (address, answer.status_code)
        assert (await client.get("/stock/orders")).status_code == 403
        page = (await client.get("/last-mile")).text
        assert faults(page) == [] and mine.code in page.replace("-", "")
        form = {"codes": mine.code, "name": "Ελένη", "post": "Πρέσβειρα", "remark": ""}
        assert (await post_form(client, "/last-mile", {**form, "codes": theirs.code})).status_code == 422
        assert (await post_form(client, "/last-mile", form)).status_code == 303
        assert (await post_form(client, f"/consignments/{mine.code}/way", {"stop-1": own})).status_code == 403
        way = await fetch("SELECT l.state, l.channel FROM consignment_leg l WHERE consignment_id = $1", mine.id)
        assert [dict(row) for row in way] == [{"state": "taken", "channel": "account"}]
        client.cookies.clear()
        await sign_in(client, staff)
        opened = (await client.get(f"/consignments/{mine.code}")).text
        assert faults(opened) == [] and "Eleni" in opened
        assert faults((await client.get("/consignments/stops")).text) == []


async def test_a_hand_over_has_its_paper(app: Litestar) -> None:
    """Whoever holds the parcels prints it: for the next on the way, then for the school; others find none."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            parcel, other = await _packed(), await _packed("0501660", region="E")
            await last_mile.plan_way(
                parcel.code, [await _stop("regional-store", "Depot"), await _stop("ambassador", "Eleni")]
            )
            await last_mile.plan_way(other.code, [await _stop("ambassador", "Maria", region="E")])
            await _dispatch(parcel)
            await _dispatch(other)
            tokens = {name: await _token(f"{name}@stop.example") for name in ("depot", "maria")}
        address = f"/h/{tokens['depot']}"
        assert (await client.get(f"{address}/paper/{parcel.code}")).status_code == 404, "nothing is held yet"
        signed = {"codes": parcel.code, "name": "Νίκος Κ.", "post": "Αποθηκάριος", "remark": "βρεγμένο κουτί"}
        assert (await post_form(client, address, signed)).status_code == 303
        page = await client.get(address)
        assert faults(page.text) == [] and f"{address}/paper/{parcel.code}" in page.text
        first = await client.get(f"{address}/paper/{parcel.code}")
        assert first.headers["content-type"] == "application/pdf"
        said = text_of(first.content)
        for words in ("Depot", "Παραλαμβάνει Eleni", "Νίκος Κ., Αποθηκάριος", "βρεγμένο κουτί", "Micro:bit V2"):
            assert words in said, words
        assert first.content == (await client.get(f"{address}/paper/{parcel.code}")).content
        with acting_as(OPERATOR):
            eleni = f"/h/{await _token('eleni@stop.example')}"
        assert (await client.get(f"{eleni}/paper/{parcel.code}")).status_code == 404, "it is not hers yet"
        ours = {"codes": parcel.code, "name": "Ελένη Δ.", "post": "Πρέσβειρα", "remark": ""}
        assert (await post_form(client, eleni, ours)).status_code == 303
        last = await client.get(f"{eleni}/paper/{parcel.code}")
        assert_pdf_a_2b(last.content)
        assert "(0501659)" in text_of(last.content) and "σχολική μονάδα" in text_of(last.content)
        assert (await client.get(f"/h/{tokens['maria']}/paper/{parcel.code}")).status_code == 404
        region = await fetch_value("SELECT id FROM regional_directorate WHERE code = 'E'")
        await sign_in(client, await make_person("ambassador", scope=Grant("ambassador", "region", region)))
        for path in (f"/last-mile/paper/{parcel.code}", f"/consignments/{parcel.code}/hand-over.pdf"):
            assert (await client.get(path)).status_code == 404
        await sign_in(client, await make_person("staff"))
        shown = await client.get(f"/consignments/{parcel.code}")
        assert faults(shown.text) == [] and "hand-over.pdf" in shown.text
        assert (await client.get(f"/consignments/{parcel.code}/hand-over.pdf")).content == last.content


async def test_staff_read_whom_the_link_went_to(app: Litestar) -> None:
    """Sent through a stop, the page names the stop, not the school; so does the button that writes again."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            parcel = await _packed()
            await last_mile.plan_way(parcel.code, [await _stop("ambassador", "Eleni")])
        await sign_in(client, await make_person("staff"))
        page = f"/consignments/{parcel.code}"
        for action in ("dispatch", "resend"):
            sent = await post_form(client, f"{page}/{action}", {"courier": "ΕΛΤΑ"})
            shown = await client.get(sent.headers["location"])
            said = re.findall(r"notice-good.*?</div>", shown.text, re.DOTALL)[0]
            assert "Eleni" in said and "στάλθηκε στο σχολείο" not in said
            assert "Νέο μήνυμα προς: Eleni" in shown.text
