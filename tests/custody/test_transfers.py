"""A kit that goes from school to school: on its way until the school that gets it confirms it by its link."""

import pytest
from litestar import Litestar

from stem_logistics.custody import moving
from stem_logistics.db.engine import execute, fetch_one, fetch_value
from stem_logistics.deliveries import discrepancies, returning
from stem_logistics.deliveries import service as deliveries
from stem_logistics.deliveries.rules import LineAnswer
from stem_logistics.errors import Conflict
from stem_logistics.inventory import definitions
from stem_logistics.settings import Settings
from tests.custody.scene import OTHER, SCHOOL, arrived, kit_at_school, place_of, places, serials
from tests.deliveries.parcels import assert_ledger_holds, last_mail, parcel_of
from tests.inventory.stock import make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.web.accessibility import faults


async def _sent(kit: str) -> tuple[str, str]:
    """The kit leaves for the other school; the consignment's code and the number of the paper that both sign."""
    ((_paper, number),) = await moving.transfer([kit], OTHER, why="Συγχώνευση τμημάτων")
    return str(await fetch_value("SELECT code FROM consignment ORDER BY id DESC LIMIT 1")), number


async def test_it_is_settled_when_the_other_school_confirms(service: Settings) -> None:
    """Until then it is at neither school; the receipt's protocol names the school that gave it, and the paper."""
    kit = await kit_at_school()
    await make_institution(OTHER, "Γειτονικό")
    code, number = await _sent(kit)
    assert await places(kit) == {"consignment": 9}
    row = await deliveries.get_consignment(code)
    assert (row["state"], row["supplier_document"], row["late"]) == ("dispatched", number, False)
    assert (SCHOOL in row["courier"] and SCHOOL in row["from_title"]) or row["from_title"]
    mail = await last_mail(f"mail@{OTHER}.example")
    assert "/r/" in mail["body"] and SCHOOL in mail["body"]
    await arrived(OTHER)
    assert await place_of((await serials(kit))[0]) == f"institution-{OTHER}"
    receipt = await fetch_one("SELECT * FROM receipt")
    assert receipt is not None and receipt["protocol_digest"] is not None and receipt["is_final"]
    # and on it goes to a third one, out of the same hands
    await make_institution("0501662", "Τρίτο")
    await moving.transfer([kit], "0501662", why="Ξανά")
    await arrived("0501662")
    assert await place_of((await serials(kit))[0]) == "institution-0501662"
    await assert_ledger_holds()


async def test_what_does_not_arrive_is_a_case(service: Settings) -> None:
    """A piece that was lost between two schools is reported as any other one, and can be found again."""
    kit = await kit_at_school()
    other = await make_institution(OTHER, "Γειτονικό")
    code, _number = await _sent(kit)
    parcel = await parcel_of(code, other, kit, f"mail@{OTHER}.example")
    line = await parcel.line("usb-cable")
    await parcel.confirm({line.key: LineAnswer(received=2, missing=1, missing_reason="not-in-parcel")})
    assert await places(kit) == {"institution": 8, "lost": 1}
    (case,), _total = await discrepancies.list_discrepancies({})
    assert case["institution_code"] == OTHER
    await discrepancies.close(case["code"], "found", why="Ήταν στο παλιό ντουλάπι")
    assert await places(kit) == {"institution": 9}


async def test_cancelled_it_is_where_it_was(service: Settings) -> None:
    """A transfer that does not take place brings the kit back to the school that has it, not to the store."""
    kit = await kit_at_school()
    await make_institution(OTHER, "Γειτονικό")
    code, _number = await _sent(kit)
    with pytest.raises(Conflict, match="kit-not-at-school"):
        await moving.transfer([kit], OTHER, why="δεύτερη φορά")
    await deliveries.cancel(code, why="Το κρατάει")
    await returning.confirm(code, None)
    assert await place_of((await serials(kit))[0]) == f"institution-{SCHOOL}"
    code, _number = await _sent(kit)
    await deliveries.take_back(code)
    await deliveries.unpack(code)
    (spare,) = await receive(await definitions.get_definition("microbit-set"))
    with pytest.raises(Conflict, match="consignment-of-a-transfer"):
        await deliveries.pick(code, spare)
    await deliveries.unpick(code, kit)
    assert await place_of((await serials(kit))[0]) == f"institution-{SCHOOL}"
    await assert_ledger_holds()


async def test_a_school_without_a_mailbox_is_sent_nothing(service: Settings) -> None:
    """It could not confirm: nothing moves, and no paper is made."""
    kit = await kit_at_school()
    await make_institution(OTHER, "Γειτονικό", email="")
    with pytest.raises(Conflict, match="school-without-mailbox"):
        await moving.transfer([kit], OTHER, why="Συγχώνευση")
    assert await places(kit) == {"institution": 9}
    assert await fetch_value("SELECT count(*) FROM paper") == 0


async def test_the_pages_say_that_it_is_on_its_way(app: Litestar) -> None:
    """The kit's page, its consignment, and the link of the school that gets it."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            kit = await kit_at_school()
            other = await make_institution(OTHER, "Γειτονικό")
            code, number = await _sent(kit)
            parcel = await parcel_of(code, other, kit, f"mail@{OTHER}.example")
        await sign_in(client, await make_person("staff"))
        page = await client.get(f"/stock/kits/{kit}")
        assert faults(page.text) == [] and code in page.text and number in page.text
        assert "Πηγαίνει οριστικά σε άλλο σχολείο" in page.text and "Συγχώνευση τμημάτων" in page.text
        shown = await client.get(f"/consignments/{code}")
        assert faults(shown.text) == [] and "Σε αποστολή" in page.text and number in shown.text
        mine = await client.get(f"/r/{parcel.token}")
        assert faults(mine.text) == [] and SCHOOL in mine.text
        await execute("UPDATE consignment SET expected_on = current_date - 3")
        assert code in (await client.get("/consignments/late")).text
