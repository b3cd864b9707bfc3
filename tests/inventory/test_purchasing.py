"""Orders and batches: what is scanned is checked as it comes, what arrives is counted against what was ordered."""

import hashlib
import io
import re

import pytest
import xlsxwriter
from litestar import Litestar

from stem_logistics.codes import shown_code
from stem_logistics.custody import papers
from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.deliveries import service as deliveries
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import acceptance, definitions, ledger, purchasing, scanning
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.life import life_of
from stem_logistics.inventory.serial_rules import against_others, suggested, without_look_alikes
from stem_logistics.settings import Settings
from tests.deliveries.test_documents import text_of
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
    await scanning.scan(batch, " AB10001 ")
    for wrong, slug in (("AB10001", "scan-twice"), (theirs, "scan-in-kit"), ("ΑΒ10001", "scan-twice")):
        with pytest.raises(Conflict, match=slug):
            await scanning.scan(batch, wrong, sure=True)
    for wrong in ("", " ", "x" * 81, "a\x00b"):
        with pytest.raises(Invalid, match="scan-unusable"):
            await scanning.scan(batch, wrong)
    with pytest.raises(Invalid) as odd:
        await scanning.scan(batch, "ΑΒ10002")
    assert odd.value.params["suggestion"] == "AB10002"
    with pytest.raises(Invalid, match="batch-nothing-complete"):
        await scanning.receive_scanned(batch)
    for serial in ("AB10002", "AB10003", "AB10004", "AB10005"):
        await scanning.scan(batch, serial)
    await scanning.undo_scan(batch)
    assert (await purchasing.get_batch(batch))["complete"] == 2
    codes = await scanning.receive_scanned(batch)
    assert len(codes) == 2 and (await purchasing.get_batch(batch))["scans"] == []
    serials = [x["serial_number"] for x in (await stock.get_kit(codes[0]))["contents"] if x["serial_number"]]
    assert serials == ["AB10001", "AB10002"]
    await acceptance.reject(batch, codes[1], why="σπασμένα")
    with pytest.raises(Conflict, match="reject-not-in-store"):
        await acceptance.reject(batch, codes[1], why="σπασμένα")
    with pytest.raises(NotFound, match="kit-of-another-batch"):
        await acceptance.reject(batch, old, why="x")
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
            "funding": "budget-line",
            "funding_reference": "2026-9471",
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
        await scanning.scan(batch, f"ZX{number:04}")
    return batch, await scanning.receive_scanned(batch)


async def _drawn(batch: str) -> list[str]:
    """The kits whose devices are in the batch's sample now, in the order of the draw."""
    sample = (await purchasing.get_batch(batch))["sample"]
    return [row["kit"] for row in sorted(sample, key=lambda row: int(row["position"])) if not row["replaced_at"]]


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
    """Two of four to check, one may be faulty: kits stay until it is accepted, by those drawn or with a reason."""
    batch, codes = await _batch_of(4, to_check=2, most_faulty=1)
    await make_institution()
    consignment = await deliveries.create_consignment("0501659")
    with pytest.raises(Conflict, match="kit-of-unaccepted-batch"):
        await deliveries.pick(consignment, codes[0])
    assert (await stock.free_counts()).get("microbit-set", 0) == 0
    with pytest.raises(Conflict, match="batch-sample-not-drawn"):
        await acceptance.decide(batch, accept=True)
    assert await acceptance.draw_sample(batch) == 2
    drawn = await _drawn(batch)
    for other in set(codes) - set(drawn):
        await _check(other, "PASS")
    found = await purchasing.get_batch(batch)
    assert (found["checked"], found["suffices"]) == (0, False), "devices that were not drawn count"
    with pytest.raises(Conflict, match="batch-sample-short"):
        await acceptance.decide(batch, accept=True)
    await _check(drawn[0], "PASS")
    await _check(drawn[1], "FAIL")
    found = await purchasing.get_batch(batch)
    assert (found["checked"], found["faulty"], found["suffices"]) == (2, 1, True)
    assert {row["verdict"]: row["devices"] for row in found["verdicts"]} == {"PASS": 3, "FAIL": 1}
    assert await acceptance.decide(batch, accept=True) == 0
    with pytest.raises(Conflict, match="batch-decided"):
        await acceptance.decide(batch, accept=False, why="x")
    await deliveries.pick(consignment, codes[0])
    assert (await stock.free_counts())["microbit-set"] == 3


async def test_a_rejected_batch_goes_back_as_a_whole(service: Settings) -> None:
    """With a reason; what lay in the store is the supplier's again, and the order waits for all of it."""
    batch, _codes = await _batch_of(3, to_check=1)
    await acceptance.draw_sample(batch)
    await _check((await _drawn(batch))[0], "DAMAGED")
    with pytest.raises(Conflict, match="batch-sample-short"):
        await acceptance.decide(batch, accept=True)
    with pytest.raises(Invalid, match="reason-missing"):
        await acceptance.decide(batch, accept=False, why=" ")
    assert await acceptance.decide(batch, accept=False, why="λάθος υλικολογισμικό") == 3
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
        assert faults(shown) == [] and "κληρώστε το δείγμα" in shown
        assert (await post_form(client, page, {"action": "draw"})).status_code == 303
        shown = (await client.get(page)).text
        assert faults(shown) == [] and "Πρέπει να ελεγχθούν ακόμη 2 συσκευές" in shown
        again = await post_form(client, page, {"action": "draw"})
        assert again.status_code == 422 and "έχει κληρωθεί" in again.text and faults(again.text) == []
        early = await post_form(client, page, {"action": "accept", "decided_why": ""})
        assert early.status_code == 422 and faults(early.text) == []
        assert 'href="#decided_why"' in early.text and 'href="#serial"' not in early.text
        unknown = await post_form(client, page, {"action": "reject", "kit": "K2345678", "why": "καμένο"})
        assert unknown.status_code == 422 and 'href="#kit"' in unknown.text and 'value="καμένο"' in unknown.text
        with acting_as(OPERATOR):
            sample = (await purchasing.get_batch(batch))["sample"]
        which = f"replace-{sample[0]['id']}"
        silent = await post_form(client, page, {"action": which, "replaced_why": " "})
        assert silent.status_code == 422 and f'href="#{which}"' in silent.text and faults(silent.text) == []
        assert (await post_form(client, page, {"action": which, "replaced_why": "χωρίς θύρα"})).status_code == 303
        shown = (await client.get(page)).text
        assert faults(shown) == [] and "χωρίς θύρα" in shown
        with acting_as(OPERATOR):
            drawn = await _drawn(batch)
        for code in drawn:
            await _check(code, "FAIL")
        many = (await client.get(page)).text
        assert "περισσότερες από όσες συμφωνήθηκαν" in many and set(drawn) <= set(codes)
        accepted = await post_form(client, page, {"action": "accept", "decided_why": "θα ενημερωθούν"})
        assert accepted.status_code == 303
        done = (await client.get(page)).text
        assert faults(done) == [] and "Έγινε δεκτή" in done and "θα ενημερωθούν" in done


async def test_a_sample_is_drawn_once_and_can_be_drawn_again_by_anybody(service: Settings) -> None:
    """The seed gives the same devices outside the service; after the draw nothing more comes in, by scan or by list."""
    batch, codes = await _batch_of(6, to_check=2)
    await scanning.scan(batch, "ZX9999")
    with pytest.raises(Conflict, match="batch-scans-left"):
        await acceptance.draw_sample(batch)
    await scanning.undo_scan(batch)
    await acceptance.draw_sample(batch)
    found = await purchasing.get_batch(batch)
    serials = sorted(
        (f"ZX{number:04}" for number in range(6)),
        key=lambda serial: hashlib.sha256(f"{found['sample_seed']}:{serial}".encode()).digest(),
    )
    assert [row["serial_number"] for row in sorted(found["sample"], key=lambda row: int(row["position"]))] == serials[
        :2
    ]
    with pytest.raises(Conflict, match="batch-sampled"):
        await acceptance.draw_sample(batch)
    with pytest.raises(Conflict, match="batch-sampled"):
        await scanning.scan(batch, "ZX9999")
    with pytest.raises(Conflict, match="batch-sampled"):
        await _by_list(found["name"], "L1", surplus=True)
    await acceptance.decide(batch, accept=True, why="επείγον")
    with pytest.raises(Conflict, match="batch-decided"):
        await _by_list(found["name"], "L1", surplus=True)
    assert await fetch_value("SELECT count(*) FROM kit") == len(codes)


async def test_a_drawn_device_gives_its_place_only_unchecked_and_with_a_reason(service: Settings) -> None:
    """The next of the draw takes the place; one that was checked, bad or good, stays; the last cannot be replaced."""
    batch, _codes = await _batch_of(3, to_check=2)
    await acceptance.draw_sample(batch)
    first, second = (await purchasing.get_batch(batch))["sample"]
    with pytest.raises(Invalid, match="reason-missing"):
        await acceptance.replace_drawn(batch, first["id"], why=" ")
    await _check(second["kit"], "FAIL")
    with pytest.raises(Conflict, match="sample-device-checked"):
        await acceptance.replace_drawn(batch, second["id"], why="δεν μας αρέσει")
    await acceptance.replace_drawn(batch, first["id"], why="σπασμένη θύρα")
    with pytest.raises(NotFound, match="sample-device-not-found"):
        await acceptance.replace_drawn(batch, first["id"], why="ξανά")
    third = next(kit for kit in await _drawn(batch) if kit != second["kit"])
    assert third not in (first["kit"], second["kit"])
    waiting = next(row for row in (await purchasing.get_batch(batch))["sample"] if row["kit"] == third)
    with pytest.raises(Conflict, match="sample-exhausted"):
        await acceptance.replace_drawn(batch, waiting["id"], why="καμία άλλη")
    await _check(first["kit"], "PASS")
    assert (await purchasing.get_batch(batch))["checked"] == 1, "the replaced one does not count any more"


async def test_all_of_a_batch_can_be_checked_instead(service: Settings) -> None:
    """As many to check as there are, or more: every device is drawn."""
    batch, codes = await _batch_of(3, to_check=99)
    assert await acceptance.draw_sample(batch) == 3
    for code in codes:
        assert not (await purchasing.get_batch(batch))["suffices"]
        await _check(code, "PASS")
    assert await acceptance.decide(batch, accept=True) == 0


async def _by_list(batch: str, *serials: str, slug: str = "microbit-set", surplus: bool = False) -> list[str]:
    definition = await definitions.get_definition(slug)
    return await stock.receive_kits(
        definition, [{"microbit": [serial]} for serial in serials], key=serials[0], batch=batch, surplus=surplus
    )


async def test_a_batch_takes_its_own_kind_and_no_more_than_was_ordered_unasked(service: Settings) -> None:
    """Another kind is refused by name; a surplus is asked about, by list and by scan, then shown on the order."""
    await make_definition(devices=1)
    await make_definition("other-set", devices=1)
    order = await _order(2)
    batch = await purchasing.open_batch(order, name="Π-9")
    with pytest.raises(Conflict) as wrong:
        await _by_list("Π-9", "S1", slug="other-set")
    assert (wrong.value.slug, wrong.value.params["given"]) == ("batch-of-another-kind", "other-set")
    with pytest.raises(Conflict) as many:
        await _by_list("Π-9", "S1", "S2", "S3")
    assert (many.value.slug, many.value.params["ordered"], many.value.params["coming"]) == ("order-surplus", 2, 3)
    codes = await _by_list("Π-9", "S1", "S2")
    assert await _by_list("Π-9", "S1", "S2") == codes, "the same list again is the same kits"
    await scanning.scan(batch, "S3")
    with pytest.raises(Conflict, match="order-surplus"):
        await scanning.receive_scanned(batch)
    await scanning.receive_scanned(batch, surplus=True)
    found = await purchasing.get_order(order)
    assert (found["received"], found["outstanding"], found["surplus"]) == (3, 0, 1)
    await acceptance.reject(batch, codes[0], why="σπασμένο")
    found = await purchasing.get_order(order)
    assert (found["outstanding"], found["surplus"]) == (0, 0)


async def test_the_surplus_is_asked_about_in_the_browser(app: Litestar) -> None:
    """Nothing typed is lost; the tick that takes them in all the same appears with the refusal."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_definition(devices=1)
            await make_definition("other-set", devices=1)
            order = await _order(1)
            batch = await purchasing.open_batch(order, name="Π-9")
        await sign_in(client, await make_person("staff"))
        form: dict[str, object] = {"count": "2", "batch": "Π-9", "serials": "S1\nS2", "key": "k"}
        wrong = await post_form(client, "/stock/receive", form | {"definition": "other-set"})
        assert wrong.status_code == 422 and "δικής του παραγγελίας" in wrong.text
        form["definition"] = "microbit-set"
        asked = await post_form(client, "/stock/receive", form)
        assert asked.status_code == 422 and 'href="#surplus"' in asked.text and "S1\nS2" in asked.text
        assert faults(asked.text) == []
        assert (await post_form(client, "/stock/receive", form | {"surplus": "yes"})).status_code == 303
        page = f"/stock/batches/{batch}"
        await post_form(client, page, {"serial": "S3"})
        asked = await post_form(client, page, {"action": "receive"})
        assert asked.status_code == 422 and 'href="#surplus"' in asked.text and faults(asked.text) == []
        assert (await post_form(client, page, {"action": "receive", "surplus": "yes"})).status_code == 303
        shown = (await client.get(f"/stock/orders/{order}")).text
        assert "Περισσότερα από όσα παραγγέλθηκαν" in shown and faults(shown) == []


async def test_several_kits_go_back_with_one_numbered_note(service: Settings) -> None:
    """The note names every kit and serial number; a code that does not belong takes none back; each timeline has it."""
    batch, codes = await _batch_of(4, to_check=0)
    await receive(await definitions.get_definition("microbit-set"))
    other = str(await fetch_value("SELECT code FROM kit ORDER BY id DESC LIMIT 1"))
    with pytest.raises(NotFound, match="kit-of-another-batch"):
        await acceptance.reject(batch, codes[0], other, why="καμένα")
    with pytest.raises(Invalid, match="no-kits-chosen"):
        await acceptance.reject(batch, why="καμένα")
    assert await fetch_value("SELECT count(*) FROM paper") == 0
    paper, number = await acceptance.reject(batch, codes[0], codes[1], codes[0], why="καμένα")
    assert number.startswith("ΑΠ-") and number.endswith("/00001")
    _name, content = await papers.read(paper)
    text = text_of(content)
    for said in ("Προμηθευτής ΑΕ", "24ΣΥΜΒ1", "καμένα", "ZX0000", "ZX0001", shown_code(codes[1])):
        assert said in text, said
    assert "ZX0002" not in text
    (order,) = await purchasing.list_orders()
    assert (order["rejected"], order["outstanding"]) == (2, 2)
    (note,) = await acceptance.rejections(order["code"])
    assert (note["number"], note["kits"], note["why"]) == (number, codes[:2], "καμένα")
    kit = await stock.get_kit(codes[0])
    (event,) = [e for e in life_of(kit["history"], await stock.events_of_kit(kit["id"])) if e.why == "καμένα"]
    assert (event.doors[0].label, event.doors[0].href) == (number, f"/papers/{paper}")
    with pytest.raises(Conflict, match="reject-not-in-store"):
        await acceptance.reject(batch, codes[2], codes[1], why="πάλι")
    await stock.reverse_posting(codes[0], f"reject:{number}", why="λάθος σετ")
    (note,) = await acceptance.rejections(order["code"])
    assert note["taken_back"] == 1 and (await purchasing.get_order(order["code"]))["rejected"] == 1
    assert (await ledger.verify()).faults == ()


async def test_kits_are_rejected_together_in_the_browser(app: Litestar) -> None:
    """Codes one a line; the note stands on the batch, the order and the kit, and opens."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            batch, codes = await _batch_of(3, to_check=0)
        await sign_in(client, await make_person("staff"))
        page = f"/stock/batches/{batch}"
        form: dict[str, object] = {"action": "reject", "kit": f"{codes[0]}\n{codes[1]}\n", "why": " "}
        silent = await post_form(client, page, form)
        assert silent.status_code == 422 and codes[1] in silent.text and faults(silent.text) == []
        assert (await post_form(client, page, form | {"why": "καμένα"})).status_code == 303
        order = f"/stock/orders/{await fetch_value('SELECT code FROM purchase_order')}"
        paper = f"/papers/{await fetch_value('SELECT id FROM paper')}"
        for address in (page, order, f"/stock/kits/{codes[0]}"):
            shown = (await client.get(address)).text
            assert faults(shown) == [] and f'href="{paper}"' in shown and "καμένα" in shown, address
        assert "αναμένονται ξανά" in (await client.get(order)).text
        assert (await client.get(paper)).content.startswith(b"%PDF")
