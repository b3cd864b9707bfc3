"""Orders and batches: what is scanned is checked as it comes, what arrives is counted against what was ordered."""

import io
import re

import pytest
import xlsxwriter
from litestar import Litestar

from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.deliveries import service as deliveries
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger, purchasing
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.serial_rules import against_others, suggested, without_look_alikes
from stem_logistics.settings import Settings
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def _order(
    kits: int = 3, *, supplier: str = "Προμηθευτής ΑΕ", funding: str = "erasmus-plus", title: str = "use"
) -> str:
    return await purchasing.place_order(
        contract="24ΣΥΜΒ1",
        supplier=supplier,
        funding=funding,
        funding_reference="2024-1-EL01",
        definition="microbit-set",
        kits=kits,
        unit_cents=12_345,
        title=title,
    )


@pytest.mark.parametrize(
    ("typed", "cents"), [("12,5", 1250), ("1.234,50", 123450), ("12.50", 1250), ("0", 0), ("7 €", 700)]
)
def test_prices_are_read_as_people_type_them(typed: str, cents: int) -> None:
    """Comma or point, thousands with a full stop, no cent lost to floating point."""
    assert purchasing.read_cents(typed) == cents


@pytest.mark.parametrize("typed", ["", "-1", "1,234,5", "12,345", "1e3", "½", "٣", "12,", "9999999999"])
def test_what_is_no_price_is_refused(typed: str) -> None:
    """A price that could be read two ways is not guessed."""
    with pytest.raises(Invalid, match="price-unusable"):
        purchasing.read_cents(typed)


def test_look_alike_letters_are_found() -> None:
    """Greek and Cyrillic letters that look Latin are named; truly Greek numbers and clean ones are left alone."""
    assert without_look_alikes("ΑΒ12") == "AB12" == without_look_alikes("АВ12")
    assert without_look_alikes("AB12") is without_look_alikes("ΣΔ12") is without_look_alikes("ΣΑ1") is None
    assert against_others("PR0OO4", ["PR0001", "PR0002", "PR0003"]) == "PR0004"
    assert against_others("PR0OO4", ["PR0001", "PR0002"]) is None
    assert suggested("PR0ΟΟ4", ["PR0001", "PR0002", "PR0003"]) == "PR0004"
    assert against_others("OX0004", ["AX0001", "BX0002", "CX0003"]) is None


async def test_a_batch_is_scanned_received_and_partly_rejected(service: Settings) -> None:
    """Bad scans are refused with where the number is; kits come in; the order counts received and rejected."""
    definition = await make_definition()
    (old,) = await receive(definition)
    theirs = (await stock.get_kit(old))["contents"][0]["serial_number"]
    order = await _order()
    batch = await purchasing.open_batch(order, name="Π-1", document="ΔΑ 9", to_check=2)
    await purchasing.scan(batch, " AB10001 ")
    for wrong, slug in (("AB10001", "scan-twice"), (theirs, "scan-in-kit"), ("ΑΒ10001", "scan-twice")):
        with pytest.raises(Conflict, match=slug):
            await purchasing.scan(batch, wrong, sure=True)
    for wrong in ("", " ", "x" * 81, "a\x00b"):
        with pytest.raises(Invalid, match="scan-unusable"):
            await purchasing.scan(batch, wrong)
    with pytest.raises(Invalid) as odd:
        await purchasing.scan(batch, "ΑΒ10002")
    assert odd.value.params["suggestion"] == "AB10002"
    with pytest.raises(Invalid, match="batch-nothing-complete"):
        await purchasing.receive_scanned(batch)
    for serial in ("AB10002", "AB10003", "AB10004", "AB10005"):
        await purchasing.scan(batch, serial)
    await purchasing.undo_scan(batch)
    assert (await purchasing.get_batch(batch))["complete"] == 2
    codes = await purchasing.receive_scanned(batch)
    assert len(codes) == 2 and (await purchasing.get_batch(batch))["scans"] == []
    serials = [x["serial_number"] for x in (await stock.get_kit(codes[0]))["contents"] if x["serial_number"]]
    assert serials == ["AB10001", "AB10002"]
    await purchasing.reject(batch, codes[1], why="σπασμένα")
    with pytest.raises(Conflict, match="reject-not-in-store"):
        await purchasing.reject(batch, codes[1], why="σπασμένα")
    with pytest.raises(NotFound, match="kit-of-another-batch"):
        await purchasing.reject(batch, old, why="x")
    (row,) = await purchasing.list_orders()
    assert (row["ordered"], row["received"], row["rejected"], row["outstanding"]) == (3, 2, 1, 2)
    assert row["value_cents"] == 37_035
    assert (await ledger.verify()).faults == ()


async def test_contracts_and_batches_keep_their_names(service: Settings) -> None:
    """A contract's number is one supplier's; a batch's name is no other purchase's; what is missing is refused."""
    (old,) = await receive(await make_definition())
    order = await _order()
    with pytest.raises(Conflict, match="contract-of-another"):
        await _order(supplier="Άλλος")
    with pytest.raises(Conflict, match="batch-name-taken"):
        await purchasing.open_batch(order, name=(await stock.get_kit(old))["batch"])
    for wrong in (_order(supplier=" "), _order(funding="loan"), _order(title="gift")):
        with pytest.raises(Invalid, match="order-incomplete"):
            await wrong
    with pytest.raises(Invalid, match="order-count-out-of-range"):
        await _order(0)
    assert await fetch_value("SELECT count(*) FROM purchase_order") == 1


async def test_a_batch_comes_in_by_the_browser(app: Litestar) -> None:
    """Without JavaScript: order, batch, scans with a suggestion taken, kits received, and the files for the books."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            await make_definition()
        form: dict[str, object] = {
            "contract": "24ΣΥΜΒ1",
            "supplier": "Προμηθευτής ΑΕ",
            "funding": "wave",
            "funding_reference": "stem-6",
            "definition": "microbit-set",
            "kits": "2",
            "price": "12,5O",
            "title": "ownership",
        }
        refused = await post_form(client, "/stock/orders", form)
        assert refused.status_code == 422 and "12,5O" in refused.text and faults(refused.text) == []
        order = (await post_form(client, "/stock/orders", form | {"price": "12,50"})).headers["location"]
        page = await client.get(order)
        assert page.status_code == 200 and faults(page.text) == []
        bad = await post_form(client, f"{order}/batches", {"name": "", "to_check": "x"})
        assert bad.status_code == 422 and faults(bad.text) == []
        answer = await post_form(client, f"{order}/batches", {"name": "Π-7", "to_check": "1"})
        batch = answer.headers["location"]
        assert (await post_form(client, batch, {"serial": "SN-1"})).status_code == 303
        odd = await post_form(client, batch, {"serial": "ΝΝ-2"})
        assert odd.status_code == 422 and 'value="NN-2"' in odd.text and faults(odd.text) == []
        assert (await post_form(client, batch, {"serial": "ΝΝ-2", "action": "keep"})).status_code == 303
        full = (await client.get(batch)).text
        assert "Παραλαβή 1 πλήρους σετ" in full and faults(full) == []
        assert (await post_form(client, batch, {"action": "receive"})).status_code == 303
        kit = str(await fetch_value("SELECT code FROM kit"))
        assert (await post_form(client, batch, {"action": "reject", "kit": kit, "why": ""})).status_code == 422
        assert (await post_form(client, batch, {"action": "reject", "kit": kit, "why": "καμένο"})).status_code == 303
        for address in (batch, "/stock/orders", f"/stock/kits/{kit}"):
            assert faults((await client.get(address)).text) == []
        (told,) = (await client.get("/api/v1/orders")).json()
        assert (told["ordered"], told["received"], told["rejected"], told["value_cents"]) == (2, 1, 1, 2500)
        (row,) = (await client.get("/stock/orders/export?format=json")).json()
        assert (row["received"], row["rejected"], row["outstanding"], row["value_cents"]) == (1, 1, 2, 2500)


async def test_a_list_comes_as_a_spreadsheet(app: Litestar) -> None:
    """An XLSX of serial numbers is read as a pasted list is; its faults name the spreadsheet's rows."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            await make_definition()

        async def send(*serials: object) -> tuple[int, str]:
            file = io.BytesIO()
            with xlsxwriter.Workbook(file) as book:
                sheet = book.add_worksheet()
                for at, serial in enumerate(serials):
                    sheet.write(at, 0, serial)
            form: dict[str, object] = {"definition": "microbit-set", "count": "1", "key": "k"}
            answer = await post_form(client, "/stock/receive", form, files={"file": ("s.xlsx", file.getvalue())})
            return answer.status_code, answer.text

        status, said = await send("A1", "Α2")
        assert status == 422 and re.search("Γραμμή 2: .*«A2»", said)
        assert (await send("A1", 1234567))[0] == 303
        assert await fetch_value("SELECT count(*) FROM device WHERE serial_number IN ('A1', '1234567')") == 2
        form: dict[str, object] = {"definition": "microbit-set", "count": "1", "key": "z"}
        broken = await post_form(client, "/stock/receive", form, files={"file": ("s.xlsx", b"PK\x03\x04 broken")})
        assert broken.status_code == 422 and "υπολογιστικό φύλλο" in broken.text


async def _batch_of(kits: int, *, to_check: int, most_faulty: int = 0) -> tuple[str, list[str]]:
    await make_definition(devices=1)
    batch = await purchasing.open_batch(await _order(kits), name="Π-9", to_check=to_check, most_faulty=most_faulty)
    for number in range(kits):
        await purchasing.scan(batch, f"ZX{number:04}")
    return batch, await purchasing.receive_scanned(batch)


async def _check(kit: str, verdict: str) -> None:
    """A report of a kit's device, as it lies in the database once a laptop has filed it."""
    await execute(
        """INSERT INTO agent (code, name, public_key) VALUES ('L', 'l', decode(repeat('00', 32), 'hex'))
           ON CONFLICT DO NOTHING"""
    )
    await execute(
        """INSERT INTO check_report (report_id, agent_id, sequence, digest, signature, schema_name, kit_id, device_id,
             device_kind, verdict, chain, observed_at, envelope)
           SELECT gen_random_uuid(), (SELECT max(id) FROM agent), d.id, decode(repeat('00', 32), 'hex'),
             decode(repeat('00', 64), 'hex'), 'stem-check/1', k.id, d.id, 'microbit', $2, 'whole', now(), ''
           FROM kit k JOIN device d ON d.kit_id = k.id WHERE k.code = $1""",
        kit,
        verdict,
    )


async def test_a_batch_leaves_the_store_only_when_its_sample_suffices(service: Settings) -> None:
    """Two of four to check, one may be faulty: kits stay until it is accepted, by the sample or with a reason."""
    batch, codes = await _batch_of(4, to_check=2, most_faulty=1)
    await make_institution()
    consignment = await deliveries.create_consignment("0501659")
    with pytest.raises(Conflict, match="kit-of-unaccepted-batch"):
        await deliveries.pick(consignment, codes[0])
    assert (await stock.free_counts()).get("microbit-set", 0) == 0
    with pytest.raises(Conflict, match="batch-sample-short"):
        await purchasing.decide(batch, accept=True)
    drawn = (await purchasing.get_batch(batch))["sample"]
    assert len(drawn) == 2 and drawn == (await purchasing.get_batch(batch))["sample"]
    await _check(codes[0], "PASS")
    await _check(codes[1], "FAIL")
    found = await purchasing.get_batch(batch)
    assert (found["checked"], found["faulty"], found["suffices"]) == (2, 1, True)
    assert {row["verdict"]: row["devices"] for row in found["verdicts"]} == {"PASS": 1, "FAIL": 1, None: 2}
    assert await purchasing.decide(batch, accept=True) == 0
    with pytest.raises(Conflict, match="batch-decided"):
        await purchasing.decide(batch, accept=False, why="x")
    await deliveries.pick(consignment, codes[0])
    assert (await stock.free_counts())["microbit-set"] == 3


async def test_a_rejected_batch_goes_back_as_a_whole(service: Settings) -> None:
    """With a reason; what lay in the store is the supplier's again, and the order waits for all of it."""
    batch, codes = await _batch_of(3, to_check=1)
    await _check(codes[0], "DAMAGED")
    with pytest.raises(Conflict, match="batch-sample-short"):
        await purchasing.decide(batch, accept=True)
    with pytest.raises(Invalid, match="reason-missing"):
        await purchasing.decide(batch, accept=False, why=" ")
    assert await purchasing.decide(batch, accept=False, why="λάθος υλικολογισμικό") == 3
    (row,) = await purchasing.list_orders()
    assert (row["received"], row["rejected"], row["outstanding"]) == (3, 3, 3)
    assert await fetch_value("SELECT count(*) FROM holding WHERE quantity > 0") == 0
    assert (await ledger.verify()).faults == ()


async def test_acceptance_in_the_browser(app: Litestar) -> None:
    """The page opens with what is left to do; a refusal stands beside the decision and keeps its reason."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            batch, codes = await _batch_of(4, to_check=2)
        await sign_in(client, await make_person("staff"))
        page = f"/stock/batches/{batch}"
        shown = (await client.get(page)).text
        assert faults(shown) == [] and "Πρέπει να ελεγχθούν ακόμη 2 συσκευές" in shown
        early = await post_form(client, page, {"action": "accept", "decided_why": ""})
        assert early.status_code == 422 and faults(early.text) == []
        assert 'href="#decided_why"' in early.text and 'href="#serial"' not in early.text
        unknown = await post_form(client, page, {"action": "reject", "kit": "K2345678", "why": "καμένο"})
        assert unknown.status_code == 422 and 'href="#kit"' in unknown.text and 'value="καμένο"' in unknown.text
        with acting_as(OPERATOR):
            drawn = [row["kit"] for row in (await purchasing.get_batch(batch))["sample"]]
        for code in drawn:
            await _check(code, "FAIL")
        many = (await client.get(page)).text
        assert "περισσότερες από όσες συμφωνήθηκαν" in many and set(drawn) <= set(codes)
        accepted = await post_form(client, page, {"action": "accept", "decided_why": "θα ενημερωθούν"})
        assert accepted.status_code == 303
        done = (await client.get(page)).text
        assert faults(done) == [] and "Έγινε δεκτή" in done and "θα ενημερωθούν" in done
