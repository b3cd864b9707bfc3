"""From provisional to final results over HTTP, as staff, the committee, a school and everybody see it."""

import re

from httpx import AsyncClient as Client
from litestar import Litestar

from stem_logistics.accounts import links
from stem_logistics.allocation import service as allocation
from stem_logistics.db.engine import fetch_value, unit_of_work
from stem_logistics.waves.service import Wave
from tests.appeals.scene import end_window, provisional_wave
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in
from tests.waves.by_link import PDF
from tests.waves.scene import decide, kit, make_school, open_wave
from tests.waves.test_pages import look, send, work
from tests.web.accessibility import faults


async def school_link(code: str, wave: Wave) -> str:
    with acting_as(OPERATOR):
        school = await fetch_value("SELECT id FROM institution WHERE code = $1", code)
        async with unit_of_work():
            return (await links.issue("result", school, wave_id=wave.id)).token


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


async def test_from_provisional_to_final_by_the_pages(app: Litestar) -> None:
    """A school appeals by its link, the committee sees the effect and decides, staff take a kit back and publish;
    everybody finds the decisions and the files; every page is readable in both languages."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            wave = await provisional_wave()
        token = await school_link("0100003", wave)
        page = await look(client, f"/result/{token}")
        assert "Υποβολή ένστασης" in page and "23:59" in page and "Τι θα αρκούσε" in page
        await look(client, f"/result/{token}/appeal")
        page = await send(client, f"/result/{token}/appeal", {"point": "", "body": ""}, 422)
        assert faults(page) == []
        form = {"point": "criterion:national-prize", "body": "Το βραβείο του 2025."}
        files = {"documents": ("veveosi.pdf", PDF, "application/pdf")}
        assert await send(client, f"/result/{token}/appeal", form, files=files) == f"/result/{token}#appeals"
        page = await look(client, f"/result/{token}")
        assert "Ε-1" in page and "εκκρεμεί" in page
        letter = await client.get(f"/result/{token}/letter")
        assert letter.status_code == 200 and letter.content.startswith(b"%PDF-") and b"pdfaid" in letter.content
        acting = PDF.replace(b"/Type", b"/OpenAction<</S/JavaScript/JS(app.alert())>>/Type", 1)
        acted = await post_form(client, f"/result/{token}/appeal", form, files={"documents": ("a.pdf", acting)})
        assert acted.status_code == 422 and 'id="documents-error"' in acted.text and "προγράμματα" in acted.text
        answer = await post_form(client, f"/result/{token}/appeal", form, files={"documents": ("a.exe", b"MZ")})
        assert answer.status_code == 422 and faults(answer.text) == []

        await sign_in(client, await make_person("staff"))
        await look(client, "/waves/stem-6/appeals")
        page = await look(client, "/waves/stem-6/appeals/1")
        assert "Το βραβείο του 2025." in page
        document = re.search(r"/waves/stem-6/appeals/1/documents/\d+", page)
        assert document and (await client.get(document[0])).content == PDF
        address = "/waves/stem-6/appeals/1?look=yes&criterion=national-prize&points="
        assert "λαμβάνει" not in await look(client, address + "1")
        page = await look(client, address + "πολλά", 422)
        page = await look(client, address + "90,5")
        assert "Σετ από όσα φυλάχθηκαν" in page
        decision = {
            "criterion": "national-prize", "points": "90.5", "decision": "accepted", "reason": "Αποδεικνύεται.",
        }  # fmt: skip
        await send(client, "/waves/stem-6/appeals/1", {**decision, "seen": "0" * 64}, 409)
        page = await send(
            client, "/waves/stem-6/appeals/1", {**decision, "reason": "", "seen": hidden(page, "seen")}, 422
        )
        await send(client, "/waves/stem-6/appeals/1", {**decision, "seen": hidden(page, "seen")})
        assert "Αποδεικνύεται." in await look(client, "/waves/stem-6/appeals/1")
        refused = await send(client, "/waves/stem-6/final", {}, 409)
        assert faults(refused) == []

        await look(client, "/waves/stem-6/appeals/new")
        paper = {"code": "0100004", "point": "category:remote", "body": "Στάλθηκε με το ταχυδρομείο."}
        page = await send(client, "/waves/stem-6/appeals/new", {**paper, "code": "9999999"}, 422)
        assert "9999999" in page and faults(page) == []
        assert await send(client, "/waves/stem-6/appeals/new", paper) == "/waves/stem-6/appeals/2"
        rejected = {"decision": "rejected", "reason": "Δεν είναι απομακρυσμένο."}
        await send(client, "/waves/stem-6/appeals/2", rejected)
        await look(client, "/waves/stem-6/committees")
        both = {"kind": "appeals", "appeals_act": "Α-3", "appeals_members": "Άννα Αρβανίτη, α\nΒ, β\nΓ, γ"}
        assert "Άννα Αρβανίτη" in await send(client, "/waves/stem-6/committees", both, 422)
        where = await send(
            client, "/waves/stem-6/minutes", {"minutes_of": "appeals", "session_on": "2026-11-20", "remarks": ""}
        )
        assert (await client.get(where)).content.startswith(b"%PDF-")
        await look(client, "/waves/stem-6/runs")
        await look(client, "/waves/stem-6/give-back")
        await send(client, "/waves/stem-6/give-back", {"code": "0100002", "why": ""}, 422)
        await send(client, "/waves/stem-6/give-back", {"code": "0100002", "why": "Συγχώνευση."})
        await look(client, "/waves/stem-6/allocation")
        await look(client, "/waves/stem-6")
        other = await school_link("0100004", wave)
        await look(client, f"/result/{other}/give-back")
        await send(client, f"/result/{other}/give-back", {"why": "Κλείνει."}, 422)
        await send(client, f"/result/{other}/give-back", {"why": "Κλείνει.", "sure": "yes"})
        again = await send(client, f"/result/{other}/give-back", {"why": "Κλείνει.", "sure": "yes"}, 422)
        assert faults(again) == []
        await end_window(wave)
        await look(client, "/waves/stem-6/appeals")
        assert await send(client, "/waves/stem-6/final", {}) == "/results/stem-6"
        await work()

        client.cookies.clear()
        page = await look(client, "/results/stem-6")
        assert "Αποδεικνύεται." in page and "verify_final.py" in page and "105,5" in page
        for name in ("input.json", "outcome.json", "final.json", "input-1.json", "outcome-1.json", "verify_final.py"):
            assert (await client.get(f"/results/stem-6/{name}")).status_code == 200, name
        assert (await client.get("/results/stem-6/input-7.json")).status_code == 404
        assert "Υπογραφή του διευθυντή" in await look(client, "/results/stem-6?outcome=excluded"), "and why"
        table = await client.get("/results/stem-6?outcome=excluded&format=csv")
        assert "NOT_ADMITTED head-signature" in table.text
        for code in ("0100001", "0100002", "0100003", "0100005"):
            await look(client, f"/results/stem-6/schools/{code}")
        await look(client, f"/result/{token}")


async def test_provisional_results_say_how_many_receive(app: Litestar) -> None:
    """Nothing is awarded before the final results, but everybody reads how many would receive: two, and not none."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await provisional_wave()
        page = await look(client, "/results/stem-6")
        assert "Έκαναν αίτηση 5 σχολεία και τμήματα· λαμβάνουν εξοπλισμό 2." in page
        given = page[page.index("Τι δόθηκε") :]
        assert re.search(r'<td class="num">2</td><td class="num">0</td><td class="num">2</td>', given)
        listed = await look(client, "/results")
        assert "Προσωρινά αποτελέσματα" in listed and "0 σετ" not in listed


async def test_the_two_files_are_checked_for_anyone(app: Litestar) -> None:
    """The right files are verified, an edited one is refused with the fact that is wrong, rubbish is named as such."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            wave = await open_wave(kit(stock=1))
            run = await allocation.require_run(await decide(wave))
            given, outcome = [await allocation.file_of(run, which) for which in ("input", "outcome")]
        page = await look(client, "/verify-results")
        assert "verify.py" in page

        async def check(first: bytes, second: bytes) -> str:
            files = {"input": ("input.json", first), "outcome": ("outcome.json", second)}
            answer = await post_form(client, "/verify-results", {}, files=files)
            assert answer.status_code in (200, 422), answer.text
            assert faults(answer.text) == []
            return answer.text

        assert run.outcome_sha256 in await check(given, outcome)
        edited = await check(given, outcome.replace(b'"open":', b'"other":'))
        assert "THE OUTCOME IS REFUSED" in edited and "Κατεβάστε ξανά" in edited, "what, where, and what to do"
        assert "THE INPUT IS UNUSABLE" in await check(b"{}", outcome)
        assert "Επιλέξτε" in await check(b"", b"")
        assert (await client.get("/verify-results/verify.py")).content == allocation.verifier_source()


async def test_staff_publish_provisional_results_by_the_form(app: Client | Litestar) -> None:
    """The form asks how many working days appeals are taken; a wrong number comes back beside its field."""
    assert isinstance(app, Litestar)
    async with browser(app) as client:
        with acting_as(OPERATOR):
            for number in (1, 2):
                await make_school(f"010000{number}")
            wave = await open_wave(kit(stock=1))
            run = await decide(wave, out=False)
        await sign_in(client, await make_person("staff"))
        await look(client, "/waves/stem-6/publish")
        form: dict[str, object] = {"run": run, "sure": "yes", "step": "provisional", "days": "0"}
        assert "60" in await send(client, "/waves/stem-6/publish", form, 422)
        assert await send(client, "/waves/stem-6/publish", {**form, "days": "5"}) == "/results/stem-6"
        assert "Προσωρινά αποτελέσματα" in await look(client, "/results/stem-6")
