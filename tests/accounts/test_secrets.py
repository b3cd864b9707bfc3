"""What must not get out or be guessed: links, codes, other rows' values; who tries is slowed down and recorded."""

import io
import socket
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from aiosmtpd.controller import Controller
from litestar import Litestar, get
from litestar.params import FromPath
from litestar.testing import RequestFactory
from structlog.testing import capture_logs

from device_agents.envelope import Place, seal
from stem_logistics import mail, runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission
from stem_logistics.accounts.service import SIGN_IN_ATTEMPTS_FROM_ONE_PLACE
from stem_logistics.checks import service as checks
from stem_logistics.db.engine import execute, fetch_one, fetch_value, unit_of_work
from stem_logistics.deliveries.kept_photos import keep_photo, kept_photo
from stem_logistics.errors import DomainError
from stem_logistics.registry.importing.faults import FileRefused
from stem_logistics.registry.importing.formulas import formula_cells
from stem_logistics.settings import Settings
from stem_logistics.web.problems import EXCEPTION_HANDLERS
from stem_logistics.web.security import client_address
from tests.checks.seeding import enrolled
from tests.deliveries.parcels import dispatched_parcel
from tests.device_agents.reports import make_report
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, settings_for, sign_in
from tests.test_work import Inbox
from tests.waves.scene import application, apply, kit, make_school, open_wave, prize


async def test_a_fault_behind_a_link_is_logged_without_the_link() -> None:
    """Neither the line of the request nor that of the fault holds a link's token, in whatever length it was typed."""
    token = "Ab3-" * 8

    @get("/r/{token:str}", opt={"permission": Permission.PUBLIC})
    async def broken(token: FromPath[str]) -> str:
        raise ZeroDivisionError

    app = Litestar([broken], exception_handlers=EXCEPTION_HANDLERS, openapi_config=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:  # type: ignore[arg-type]
        for typed in (token, token[:20]):
            with capture_logs() as lines:
                answer = await client.get(f"/r/{typed}", headers={"accept": "application/json"})
            assert answer.status_code == 500
            assert lines and typed not in str(lines)


async def test_a_mail_that_left_keeps_no_link(service: Settings) -> None:
    """Once the school has its mail, the outbox holds neither the link nor the code: staff could act in its place."""
    inbox = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        runtime.start(service.model_copy(update={"mail_mode": "smtp", "smtp_host": "127.0.0.1", "smtp_port": port}))
        parcel = await dispatched_parcel()
        assert await mail.deliver_next()
    finally:
        controller.stop()
    assert len(inbox.messages) == 1
    body = await fetch_value("SELECT body FROM mail_message WHERE state = 'sent'")
    assert parcel.token not in body and parcel.typed_code not in body
    assert parcel.code[:4] in body, "what else the mail says stays"


async def test_a_typed_code_is_recorded(app: Litestar) -> None:
    """Whoever comes in by the code leaves an entry in the record: a link was made."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            parcel = await dispatched_parcel()
        assert (await post_form(client, f"/c/{parcel.code}", {"code": parcel.typed_code})).status_code == 303
        row = await fetch_one("SELECT * FROM audit_entry WHERE action = 'receipt-code-typed'")
        assert row is not None and row["subject_id"] == parcel.code and row["origin_digest"]
        assert parcel.typed_code.replace("-", "") not in str(row)


async def test_one_place_cannot_try_many_addresses(app: Litestar) -> None:
    """Beside the limit of each address there is one of each origin, so that one password is not tried on everybody."""
    async with browser(app) as client:
        seen = []
        for number in range(4):
            form = {"email": f"person{number}@nso.example", "password": "summer 2026"}
            seen.append((await post_form(client, "/sign-in", form)).status_code)
            # as if this place had tried many other addresses in between
            await execute(
                "UPDATE throttle SET attempts = attempts + $1 WHERE bucket LIKE 'sign-in-origin:%'",
                SIGN_IN_ATTEMPTS_FROM_ONE_PLACE // 2 - 1,
            )
        assert seen == [401, 401, 429, 429]


def forwarded(settings: Settings, *lines: str) -> str:
    runtime.start(settings)
    request = RequestFactory().get("/")
    request.scope["client"] = ("10.0.0.1", 1)
    request.scope["headers"] = [(b"x-forwarded-for", line.encode()) for line in lines]
    return client_address(request)


async def test_forwarded_addresses_cannot_be_invented(service: Settings, tmp_path: Any, database_url: str) -> None:
    """Only a named proxy is believed, only what it added itself, and also where it adds a line of its own."""
    assert forwarded(service, "6.6.6.6") == "10.0.0.1"
    behind = settings_for(database_url, tmp_path, trusted_proxies="10.0.0.1, 10.0.0.2")
    assert forwarded(behind, "6.6.6.6, 1.2.3.4") == "1.2.3.4"
    assert forwarded(behind, "6.6.6.6, 1.2.3.4, 10.0.0.2") == "1.2.3.4"
    assert forwarded(behind, "6.6.6.6", "1.2.3.4") == "1.2.3.4"


async def test_an_altered_photograph_is_no_fault(service: Settings) -> None:
    """A carried photograph that was tampered with in any way is not taken, and breaks nothing."""
    for carried in ("", "00", "00.é", "zz.00", ".", f"{'0' * 64}.{'0' * 32}", "\x00.ά"):
        assert kept_photo(carried, 1) is None
    with pytest.raises(DomainError):
        await keep_photo(b"\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff", 1)


async def test_a_refusal_of_the_database_tells_no_row(service: Settings) -> None:
    """What a constraint refuses is told without the row's values: they may be somebody's, or a secret."""
    with pytest.raises(DomainError) as refused:
        async with unit_of_work():
            await execute(
                """INSERT INTO mail_message (to_address, subject, body, state)
                   VALUES ('someone@private.example', 'x', 'a secret', 'nonsense')"""
            )
    assert "private.example" not in str(refused.value.params) and "secret" not in str(refused.value.params)


async def test_links_serve_their_purpose_only(service: Settings) -> None:
    """A link of one purpose is none of another, a revoked one none at all; the table holds digests only."""
    parcel = await dispatched_parcel()
    principal = await links.principal_of_link(parcel.token)
    assert principal.permission is Permission.LINK_RECEIPT
    assert not principal.may(Permission.LINK_APPLICATION) and not principal.may(Permission.DELIVERIES_READ)
    assert not principal.may(Permission.LINK_RECEIPT, institution_id=parcel.institution_id + 1)


async def test_a_formula_in_no_column_costs_nothing() -> None:
    """A cell that names itself by a million letters is refused at once instead of being reckoned with for hours."""
    cell = f'<worksheet><sheetData><row r="1"><c r="{"A" * 1_000_000}1"><f>1</f></c></row></sheetData></worksheet>'
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", '<workbook><sheets><sheet name="a" r:id="1"/></sheets></workbook>')
        archive.writestr(
            "xl/_rels/workbook.xml.rels", '<Relationships><Relationship Id="1" Target="s.xml"/></Relationships>'
        )
        archive.writestr("xl/s.xml", cell)
    with pytest.raises(FileRefused):
        formula_cells(target.getvalue(), "a")


async def test_a_clock_that_runs_ahead_outdates_nothing(app: Litestar) -> None:
    """A report dated years ahead is kept as it was signed, but a check made after it is the newer one."""
    async with browser(app) as client:
        laptop = await enrolled(client)
        moment = datetime.now(UTC) + timedelta(days=3_650)
        envelope = seal(make_report(), Place(laptop.agent, 1, None, None, "S1", "Μαρία"), laptop.key, moment)
        assert (await laptop.send(envelope)).status_code == 201
        assert await fetch_value("SELECT observed_at <= now() FROM check_report")
        assert (await checks.verify_all())[1] == [], "what was signed is kept as it was"


def test_only_its_own_account_comes_through_the_databases_socket(postgres_server: str) -> None:
    """The embedded server trusts whoever reaches its socket, so the socket is closed to others."""
    (folder,) = parse_qs(urlsplit(postgres_server).query)["host"]
    (socket_file,) = Path(folder).glob(".s.PGSQL.*[0-9]")
    assert socket_file.stat().st_mode & 0o077 == 0


async def test_evidence_is_taken_out_with_the_reason_that_was_typed(app: Litestar) -> None:
    """The form's reason reaches the record; without one nothing is taken out, and the page says so."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await make_school("0100001")
            wave = await open_wave(kit(), slug="stem-6")
            await apply(wave, application("0100001", evidence=(prize("0100001", "P1"),)))
        await sign_in(client, await make_person("staff"))
        number, piece = await fetch_value("SELECT id FROM application"), await fetch_value("SELECT id FROM evidence")
        path = f"/waves/stem-6/applications/{number}/evidence/{piece}/withdraw"
        assert (await post_form(client, path, {f"why-{piece}": " "})).status_code == 422
        assert await fetch_value("SELECT withdrawn_at FROM evidence") is None
        assert (await post_form(client, path, {f"why-{piece}": "διπλή καταχώριση"})).status_code == 303
        said = await fetch_value("SELECT why FROM audit_entry WHERE action = 'evidence-withdrawn'")
        assert said == "διπλή καταχώριση"
