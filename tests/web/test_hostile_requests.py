"""Requests that no page of ours sends: answered in words, never as a fault of ours. Each was one once."""

import errno
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient
from litestar import Litestar

from stem_logistics.db.engine import ENGINE, unit_of_work
from stem_logistics.db.errors import is_away
from stem_logistics.errors import Unavailable
from tests.support import OPERATOR, acting_as, browser, csrf_token, make_person, sign_in
from tests.waves.scene import kit, make_school, open_wave

BEYOND_BIGINT = 64540040743894365782409216


async def staff(client: AsyncClient) -> AsyncClient:
    await sign_in(client, await make_person("staff"))
    with acting_as(OPERATOR):
        await make_school("0100001")
        await open_wave(kit())
    return client


@pytest.mark.parametrize(
    "path",
    [
        "/results/%00/schools/0100001",
        "/waves/a%00b/open",
        "/waves/%00/applications/3",
        f"/waves/stem-6/applications/{BEYOND_BIGINT}",
        "/api/v1/check-reports?after=%00",
        "/api/v1/check-reports?kit=%00",
        "/api/v1/waves/%00/results",
        "/api/v1/waves/stem-6/results?after=%00",
        "/api/v1/waves/stem-6/applications?region=%00",
        f"/api/v1/registry-imports/{BEYOND_BIGINT}",
        f"/api/v1/jobs/{BEYOND_BIGINT}",
        "/results/map?region=%00&wave=%00",
        "/audit?actor=%00&id=%00",
    ],
)
async def test_addresses_that_nothing_can_hold(app: Litestar, path: str) -> None:
    """A NUL, or a number beyond every id, in an address: there is no such thing, or the input is refused."""
    async with browser(app) as client:
        answer = await (await staff(client)).get(path)
        assert answer.status_code in (200, 303, 400, 404, 422), f"{answer.status_code} {answer.text[-500:]}"


@pytest.mark.parametrize("path", ["/consignments", "/waves/new", "/schools/0100001/remote", "/sign-in"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
async def test_a_form_that_is_no_text(app: Litestar, path: str, kind: str) -> None:
    """A form with bytes that are no UTF-8 is refused, in words."""
    async with browser(app) as client:
        await staff(client)
        part = b'--b\r\nContent-Disposition: form-data; name="title_el"\r\n\r\n\xff\xfe\r\n--b--\r\n'
        content = part if kind.startswith("multipart") else b"title_el=\xff\xfe&q=%ff%ed%a0%80"
        headers = {"content-type": kind, "x-csrftoken": await csrf_token(client)}
        answer = await client.post(path, content=content, headers=headers)
        allowed = (400, 403, 404, 422) if kind.startswith("multipart") else (303, 400, 401, 403, 404, 422)
        assert answer.status_code in allowed, answer.text[-500:]


@pytest.mark.parametrize("sent", [{}, {"data": {"file": "no file"}}, {"files": {"file": ("a.csv", b"", "text/csv")}}])
@pytest.mark.parametrize("path", ["/api/v1/waves/stem-6/applications/import", "/api/v1/registry-imports"])
async def test_an_upload_without_a_file(app: Litestar, path: str, sent: dict[str, Any]) -> None:
    """Nothing, a text or an empty file where a file is awaited: refused as what it is."""
    async with browser(app) as client:
        await staff(client)
        headers = {"x-csrftoken": await csrf_token(client), "accept": "application/json"}
        if not sent:
            headers["content-type"] = "multipart/form-data; boundary=b"
            sent = {"content": b"--b--\r\n"}
        answer = await client.post(path, headers=headers, **sent)
        assert answer.status_code in (400, 422), answer.text[-500:]
        assert answer.json()["detail"]


@pytest.mark.parametrize("path", ["/r/unknown-link", "/schools", "/api/v1/waves", "/results"])
async def test_a_database_that_is_away(app: Litestar, path: str) -> None:
    """While the database does not answer, no page claims a fault of its own: 503, and when to retry."""
    async with browser(app) as client:
        await sign_in(client, await make_person("staff"))
        assert ENGINE.pool is not None
        await ENGINE.pool.close()
        answer = await client.get(path)
        assert answer.status_code == 503, answer.text[-800:]
        assert answer.headers["retry-after"] == "60"


def gone(error: OSError) -> OSError:
    """The error as it looks when raised inside the driver."""
    frame = compile("raise error", "/venv/lib/asyncpg/connect_utils.py", "exec")
    try:
        exec(frame, {"error": error})
    except OSError as raised:
        return raised
    raise AssertionError


def test_what_counts_as_away() -> None:
    """A lost connection is; a missing file of ours is not, though the driver's missing socket has the same class."""
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory")
    assert is_away(ConnectionRefusedError())
    assert is_away(asyncpg.InterfaceError("connection is closed"))
    assert is_away(asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"))
    assert is_away(gone(missing))
    assert not is_away(FileNotFoundError(errno.ENOENT, "No such file or directory"))
    assert not is_away(asyncpg.InterfaceError("cannot perform operation: another operation is in progress"))
    assert not is_away(ValueError())


async def test_a_unit_of_work_whose_database_goes(service: object) -> None:
    """A connection that breaks within a unit of work ends as one refusal, not as a driver's error."""

    async def work() -> None:
        async with unit_of_work():
            current = ENGINE.current_transaction.get()
            assert current is not None
            current.connection.terminate()
            await current.connection.fetch("SELECT 1")

    with pytest.raises(Unavailable):
        await work()
