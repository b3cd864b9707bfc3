"""What a person of one region must not reach: other regions' schools, kits, parcels, points, laptops, in any way."""

from dataclasses import dataclass

import pytest
from litestar import Litestar

from stem_logistics import jobs
from stem_logistics.accounts.policy import Grant, Principal
from stem_logistics.checks import agents
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.deliveries import from_wave
from stem_logistics.errors import NotFound
from stem_logistics.settings import Settings
from tests.deliveries.parcels import Parcel, dispatched_parcel
from tests.inventory.stock import make_definition, receive
from tests.support import OPERATOR, acting_as, browser, make_person, sign_in
from tests.waves.scene import application, apply, decide, kit, make_regions, make_school, open_wave, prize


async def region_id(code: str) -> int:
    return int(await fetch_value("SELECT id FROM regional_directorate WHERE code = $1", code))


async def person_of(code: str, role: str = "staff") -> Principal:
    """A person whose role holds in one region, as a principal."""
    email = await make_person(
        role, email=f"{role}.{code}@nso.example", scope=Grant(role, "region", await region_id(code))
    )
    number = await fetch_value("SELECT id FROM account WHERE email = $1", email)
    return Principal("account", number, grants=(Grant(role, "region", await region_id(code)),))


@dataclass
class Elsewhere:
    """Something of everything in Attica, which is not Crete; and the addresses at which it would be seen."""

    parcel: Parcel
    receipt: str
    draft_run: str
    addresses: list[str]


async def something_in_attica() -> Elsewhere:
    with acting_as(OPERATOR):
        await make_school("0100001")
        await make_school("0900001", region="crete")
        wave = await open_wave(kit(stock=1), slug="stem-6")
        await apply(wave, application("0100001", evidence=(prize("0100001", "P1"),)), application("0900001"))
        await decide(wave, out=False)
        number = await fetch_value(
            "SELECT a.id FROM application a JOIN institution i ON i.id = a.institution_id WHERE i.code = '0100001'"
        )
        parcel = await dispatched_parcel("0501659")
        receipt = (await parcel.confirm())["code"]
        job = await jobs.enqueue("test-nothing", {"wave_id": wave.id})
    return Elsewhere(
        parcel,
        receipt,
        "/waves/stem-6/allocation",
        [
            "/schools/0100001",
            "/api/v1/institutions/0100001",
            f"/waves/stem-6/applications/{number}",
            f"/api/v1/waves/stem-6/applications/{number}",
            f"/waves/stem-6/applications/{number}/documents/{'0' * 64}",
            f"/waves/stem-6/work/{job}",
            f"/jobs/{job}",
            f"/api/v1/jobs/{job}",
            f"/consignments/{parcel.code}",
            f"/api/v1/consignments/{parcel.code}",
            f"/consignments/{parcel.code}/packing-list.pdf",
            f"/consignments/{parcel.code}/label.pdf",
            f"/receipts/{receipt}/protocol.pdf",
            f"/stock/kits/{parcel.kit}",
            f"/api/v1/kits/{parcel.kit}",
        ],
    )


async def test_pages_of_another_region_are_not_there(app: Litestar) -> None:
    """By its address nothing of another region opens, in pages, API or files; who sees the country opens it all."""
    async with browser(app) as client:
        there = await something_in_attica()
        await sign_in(client, await make_person("staff"))
        for address in there.addresses:
            if "documents" not in address:
                assert (await client.get(address)).status_code == 200, address
        client.cookies.clear()
        scope = Grant("staff", "region", await region_id("crete"))
        await sign_in(client, await make_person("staff", email="crete@nso.example", scope=scope))
        for address in there.addresses:
            assert (await client.get(address)).status_code == 404, address


@pytest.mark.parametrize("role", ["staff", "auditor", "technician"])
async def test_lists_and_files_of_another_region_are_empty(app: Litestar, role: str) -> None:
    """No list, export or API page shows a person of Crete a school, kit, parcel or serial number of Attica."""
    lists = ["/schools", "/stock/kits", "/consignments", "/discrepancies", "/devices", "/"]
    lists += ["/stock/kits/export", "/consignments/export", "/schools?format=csv", "/waves/stem-6/applications"]
    lists += ["/waves/stem-6/applications?format=csv", "/api/v1/waves/stem-6/applications", "/api/v1/institutions"]
    lists += ["/api/v1/kits", "/api/v1/movements", "/api/v1/consignments", "/api/v1/receipts", "/api/v1/check-reports"]
    async with browser(app) as client:
        there = await something_in_attica()
        scope = Grant(role, "region", await region_id("crete"))
        await sign_in(client, await make_person(role, scope=scope))
        for address in lists:
            answer = await client.get(address)
            assert answer.status_code in (200, 403), (address, answer.status_code)
            for secret in (there.parcel.code, there.parcel.kit, there.receipt, "0100001", "0501659"):
                assert secret not in answer.text, (address, secret)


async def test_an_outcome_that_is_not_out_is_the_countrys(app: Litestar) -> None:
    """Before publication a region's staff see neither the outcome's table, nor its file, nor its seed and digests."""
    async with browser(app) as client:
        there = await something_in_attica()
        digest = await fetch_value("SELECT encode(input_file, 'hex') FROM allocation_run")
        await sign_in(client, await make_person("auditor"))
        assert digest in (await client.get("/api/v1/waves/stem-6/allocation")).text
        assert "0100001" in (await client.get(there.draft_run)).text
        client.cookies.clear()
        scope = Grant("staff", "region", await region_id("crete"))
        await sign_in(client, await make_person("staff", email="crete@nso.example", scope=scope))
        assert (await client.get("/api/v1/waves/stem-6/allocation")).status_code == 404
        for address in (there.draft_run, f"{there.draft_run}?format=csv"):
            answer = await client.get(address)
            assert "0100001" not in answer.text and digest not in answer.text, address


async def test_consignments_of_a_wave_are_made_for_ones_own_region_only(service: Settings) -> None:
    """Staff of a region see and make the consignments of its schools; the others' awards stay as they are."""
    await make_school("0100001")
    await make_school("0900001", region="crete")
    wave = await open_wave(kit("microbit-set", stock=2))
    await apply(wave, application("0100001", "microbit-set"), application("0900001", "microbit-set"))
    await decide(wave)
    await receive(await make_definition(), 2)
    with acting_as(await person_of("crete")):
        assert [(each["units"], each["open"]) for each in await from_wave.waves_to_ship()] == [(1, 1)]
        preview = await from_wave.preview(wave.slug)
        assert (preview["schools"], [each["owed"] for each in preview["kits"]]) == (1, [1])
        await from_wave.start(wave.slug)
    while await jobs.run_next():
        pass
    rows = await fetch("SELECT i.code FROM consignment c JOIN institution i ON i.id = c.institution_id")
    assert [row["code"] for row in rows] == ["0900001"]
    job = await jobs.get(await fetch_value("SELECT max(id) FROM job WHERE kind = 'consignments-for-wave'"))
    assert job.state == "done", job.error
    assert [each["open"] for each in await from_wave.waves_to_ship()] == [1], "the country still owes the other school"


async def test_laptops_of_others_are_out_of_a_regions_reach(service: Settings) -> None:
    """Whoever holds the checks in one region sees, withdraws and shuts out only what they enrolled themselves."""
    await make_regions()
    here, there = await person_of("crete", "technician"), await person_of("attica", "technician")
    with acting_as(there):
        await agents.issue_code("Αττική")
    number, owner = await fetch_value("SELECT id FROM enrolment_code"), there.id
    await execute(
        "INSERT INTO agent (code, name, public_key, version, enrolled_by) VALUES ('TAAAAAAA', 'x', $1, '1', $2)",
        bytes(32),
        owner,
    )
    with acting_as(here):
        assert await agents.list_codes() == [] and await agents.list_agents() == []
        with pytest.raises(NotFound):
            await agents.withdraw_code(number)
        with pytest.raises(NotFound):
            await agents.revoke("TAAAAAAA", "")
    for who in (there, OPERATOR):
        with acting_as(who):
            assert len(await agents.list_codes()) == 1 and len(await agents.list_agents()) == 1
    with acting_as(there):
        await agents.withdraw_code(number)
        await agents.revoke("TAAAAAAA", "χάθηκε")
