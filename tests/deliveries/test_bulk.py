"""Many consignments at once: preview, doing, refusals that hold up nobody, the way back, one file of papers."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar
from pypdf import PdfReader

from stem_logistics import jobs
from stem_logistics.codes import new_code
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries import bulk, service
from stem_logistics.deliveries.tracking import read_tracking
from stem_logistics.errors import Conflict, Invalid
from stem_logistics.settings import Settings
from tests.deliveries.parcels import assert_ledger_holds
from tests.inventory.stock import make_definition, make_institution, receive
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.web.accessibility import faults


async def consignments(count: int, *, packed: bool = True, without_mailbox: int = 0) -> list[str]:
    """Consignments of a kit each for as many schools; the last ones have no mailbox."""
    kits = await receive(await make_definition(), count)
    codes = []
    for number, kit in enumerate(kits):
        school = f"05016{number:02}"
        mailbox = "" if number >= count - without_mailbox else None
        await make_institution(school, f"{number}ο ΝΗΠΙΑΓΩΓΕΙΟ", email=mailbox)
        codes.append(await service.create_consignment(school))
        await service.pick(codes[-1], kit)
        if packed:
            await service.pack(codes[-1])
    return codes


async def states(codes: list[str]) -> list[str]:
    rows = await fetch("SELECT code, state FROM consignment")
    found = {row["code"]: row["state"] for row in rows}
    return [found[code] for code in codes]


async def test_a_refused_one_holds_up_no_other_and_all_is_taken_back(service: Settings) -> None:
    """Those that can leave do, each with its number and one mail; undone, they are packed and nobody is written to."""
    codes = await consignments(4, without_mailbox=1)
    numbers = f"Κωδικός αποστολής;Αρ.\n{codes[0][:4]}-{codes[0][4:]};RR1\n{codes[1]};RR2"
    asked = await bulk.preview("dispatch", codes, numbers)
    assert [item.refusal.slug if item.refusal else "" for item in asked.items].count("school-without-mailbox") == 1
    assert len(asked.possible) == 3 and asked.faults == ()
    batch = await bulk.start("dispatch", codes, courier="ΕΛΤΑ", tracking=numbers)
    assert await states(codes) == ["packed"] * 4
    assert await jobs.run_next()
    assert await states(codes) == ["dispatched"] * 3 + ["packed"]
    assert await bulk.run(batch) == {"done": 3, "refused": 1}, "running it again does nothing twice"
    rows = await fetch("SELECT tracking_number FROM consignment ORDER BY id")
    assert [row["tracking_number"] for row in rows] == ["RR1", "RR2", "", ""]
    assert await fetch_value("SELECT count(*) FROM mail_message WHERE state = 'queued' AND run_after > now()") == 3
    # the first school's mail leaves before anybody thinks of undoing
    await execute(
        "UPDATE mail_message SET state = 'sent' WHERE about_id = (SELECT id FROM consignment WHERE code = $1)", codes[0]
    )
    assert await bulk.undo(batch) == (2, 1)
    assert await states(codes) == ["dispatched", "packed", "packed", "packed"]
    assert await fetch_value("SELECT count(*) FROM mail_message") == 1
    assert await fetch_value("SELECT count(*) FROM school_link WHERE revoked_at IS NULL") == 1
    with pytest.raises(Conflict, match="batch-cannot-be-undone"):
        await bulk.undo(batch)
    # and what was taken back can leave again
    again = await bulk.start("dispatch", codes[1:3], courier="ACS")
    await bulk.run(again)
    assert await states(codes[:3]) == ["dispatched"] * 3
    await assert_ledger_holds()


async def test_a_list_with_faults_sends_nothing(service: Settings) -> None:
    """A courier's list with a wrong row names it, and nothing leaves until it is corrected."""
    codes = await consignments(2)
    stranger = new_code("C")
    asked = await bulk.preview("dispatch", codes, f"{codes[0]},RR1\nXX,RR2\n{codes[0]},RR3\n{codes[1]},\n{stranger},R4")
    assert [(fault.row, fault.slug) for fault in asked.faults] == [
        (2, "tracking-code-mistyped"),
        (3, "tracking-code-repeated"),
        (4, "tracking-number-missing"),
        (0, "tracking-code-not-chosen"),
    ]
    with pytest.raises(Invalid, match="tracking-has-faults"):
        await bulk.start("dispatch", codes, courier="ΕΛΤΑ", tracking=f"{codes[0]},RR1\nXX,RR2")
    assert await fetch_value("SELECT count(*) FROM consignment_batch") == 0
    with pytest.raises(Invalid, match="courier-missing"):
        await bulk.start("dispatch", codes)
    with pytest.raises(Invalid, match="bulk-nothing-chosen"):
        await bulk.start("pack", ["nonsense"])


@given(st.lists(st.tuples(st.integers(0, 5), st.text("R19 -", max_size=6)), max_size=12), st.sampled_from(";,\t"))
def test_every_row_is_read_or_named(rows: list[tuple[int, str]], delimiter: str) -> None:
    """However a list is filled in: each consignment of it has the number beside its code, or a fault names it."""
    codes = [new_code("C") for _ in range(6)]
    numbers, found = read_tracking("\n".join(f"{codes[which]}{delimiter}{number}" for which, number in rows))
    assert all((codes.index(code), number) in [(w, n.strip()) for w, n in rows] for code, number in numbers.items())
    assert set(numbers) | {fault.figures["code"] for fault in found} == {codes[which] for which, _ in rows}


async def test_papers_come_in_one_file(service: Settings) -> None:
    """Lists, labels and pick list of many consignments: one PDF each, in the order of loading, each list whole."""
    codes = await consignments(3)
    await execute("UPDATE consignment SET parcels = 2, supplier_document = 'ΔΑ-77', weight_grams = 2400")
    said = {}
    for doing in ("lists", "labels", "pick-list"):
        batch = await bulk.start(bulk.doing_of(doing), codes)
        assert await bulk.run(batch) == {"done": 3, "refused": 0}
        _row, pdf = await bulk.papers_of(batch)
        said[doing] = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]
    assert all("Σελίδα 1 από 1" in page for page in said["lists"])
    # each list with its protocol to be filled in by hand behind it
    assert ["Σφραγίδα" in page for page in said["lists"]] == [False, True] * 3
    said["lists"] = said["lists"][::2]
    assert all("ΔΑ-77" in page for page in said["lists"])
    assert all("2,4 kg" in page for page in said["lists"])
    assert len(said["labels"]) == 6
    assert [re.search(r"[12] από 2", page) is not None for page in said["labels"]] == [True] * 6
    assert "Σετ micro:bit 3" in said["pick-list"][0]
    for number, code in enumerate(codes):
        assert f"{code[:4]}-{code[4:]}" in said["lists"][number]


async def test_a_person_does_it_in_the_browser(app: Litestar) -> None:
    """Choose, preview with a file of numbers, send, look, take back: each page in order, usable by everyone."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        with acting_as(OPERATOR):
            codes = await consignments(3)
        choose = await client.get("/consignments/bulk", params={"state": "packed", "kit": "microbit-set"})
        assert faults(choose.text) == [] and all(f'value="{code}"' in choose.text for code in codes)
        assert codes[0] not in (await client.get("/consignments/bulk", params={"kit": "no-such-kit"})).text
        chosen: dict[str, object] = {"doing": "dispatch", "code": codes}
        nothing = await post_form(client, "/consignments/bulk/preview", {"doing": "dispatch"})
        assert nothing.status_code == 422 and "Δεν επιλέξατε αποστολή" in nothing.text
        seen = await post_form(client, "/consignments/bulk/preview", chosen)
        assert seen.status_code == 200 and faults(seen.text) == []
        upload = {"file": ("elta.csv", f"{codes[0]};RR77".encode("cp1253"), "text/csv")}
        read = await post_form(client, "/consignments/bulk/preview", chosen, files=upload)
        assert "RR77" in read.text
        wrong = await post_form(client, "/consignments/bulk", chosen)
        assert wrong.status_code == 422 and faults(wrong.text) == []
        sent = await post_form(
            client, "/consignments/bulk", {**chosen, "courier": "ΕΛΤΑ", "tracking": f"{codes[0]};RR77"}
        )
        assert sent.status_code == 303
        home = sent.headers["location"]
        assert "Βρίσκεται σε εξέλιξη" in (await client.get(home)).text
        assert await jobs.run_next()
        done = await client.get(home)
        assert faults(done.text) == [] and "Έγινε για 3 αποστολές" in done.text and "RR77" in done.text
        assert (await post_form(client, f"{home}/undo", {})).status_code == 303
        after = await client.get(home)
        assert faults(after.text) == [] and "Αναιρέθηκε για 3 αποστολές" in after.text
        again = await post_form(client, f"{home}/undo", {})
        assert again.status_code == 409 and faults(again.text) == []
