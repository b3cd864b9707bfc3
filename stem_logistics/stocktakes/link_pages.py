"""The school's own pages behind its stocktake's link: scan, tick, sign. For telephones."""

import secrets
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission
from stem_logistics.custody import papers
from stem_logistics.deliveries.photos import LARGEST_BYTES
from stem_logistics.errors import DomainError
from stem_logistics.stocktakes import service
from stem_logistics.stocktakes.words import PROBLEMS, STATES, TONES
from stem_logistics.web.i18n import Text, _
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
LINK = {"permission": Permission.LINK_STOCKTAKE}
SCANNED: dict[str, tuple[Text, str]] = {
    "found": (_("Found. Scan the next one."), "good"),
    "kit": (_("This is a kit's code: tick its parts below."), "info"),
    "repeat": (_("This one was counted already. Nothing has changed."), "warn"),
    "ambiguous": (
        _("This can be several devices of yours: letters and digits look alike. Tick the right one."),
        "warn",
    ),
    "elsewhere": (_("By our books this is not at your school. It is noted as found besides."), "warn"),
    "unknown": (_("We do not know this number. It is noted as found besides."), "warn"),
    "repeat-stranger": (_("This one is noted already as found besides."), "warn"),
}


async def _view(token: str, counter: str, *, said: tuple[Text, str] = ("", "info"), status: int = 200) -> Template:
    found = await service.mine()
    kits: dict[str, list[dict[str, Any]]] = {}
    for line in found["lines"]:
        kits.setdefault(line["kit_code"], []).append(line)
    context = {
        "token": token,
        "stocktake": found,
        "kits": kits,
        "counter": counter,
        "said": said[0],
        "said_kind": said[1],
        "states": STATES,
        "tones": TONES,
        "problems": PROBLEMS,
        "key": secrets.token_urlsafe(12),
    }
    return Template("stocktakes/count.html", context=context, status_code=status)


@get("/s/{token:str}", opt=LINK, include_in_schema=False, operation_id="SchoolStocktakePage")
async def count_page(request: AnyRequest, token: FromPath[str]) -> Template:
    """What is to be counted, and how far it is. Opening it changes nothing."""
    scanned = SCANNED.get(request.query_params.get("scanned", ""), ("", "info"))
    return await _view(token, request.query_params.get("counter", "")[:80], said=scanned)


@post("/s/{token:str}/scan", opt=LINK, include_in_schema=False, operation_id="SchoolScans", status_code=303)
async def scan(request: AnyRequest, token: FromPath[str]) -> Redirect | Template:
    """One scanned or typed number."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    counter = form.get("counter", "")
    try:
        result = await service.scan(form.get("scan", ""), counter=counter, key=form.get("key", ""))
        await links.note_use(request.user)
    except DomainError as refused:
        return await _view(token, counter, said=(sentence_of(refused), "bad"), status=refused.status)
    query = {"counter": counter, "scanned": result["result"]}
    return Redirect(f"/s/{token}", query_params=query, status_code=303)


@post(
    "/s/{token:str}/line/{number:int}", opt=LINK, include_in_schema=False, operation_id="SchoolCounts", status_code=303
)
async def count(request: AnyRequest, token: FromPath[str], number: FromPath[int]) -> Redirect | Template:
    """One line's answer, with a note and a photograph where there is one."""
    data = await request.form()
    form = {name: value for name, value in data.items() if isinstance(value, str)}
    upload = data.get("photo")
    photo = await upload.read(LARGEST_BYTES + 1) if isinstance(upload, UploadFile) and upload.filename else None
    counter = form.get("counter", "")

    def figure(name: str) -> int:
        typed = form.get(name, "").strip()
        return int(typed) if typed.isdecimal() and len(typed) < 6 else 0 if not typed else -1

    try:
        await service.answer(
            number,
            form.get("state", ""),
            counter=counter,
            key=form.get("key", ""),
            broken=figure("broken"),
            missing=figure("missing"),
            note=form.get("note", ""),
            photo=photo,
        )
        await links.note_use(request.user)
    except DomainError as refused:
        return await _view(token, counter, said=(sentence_of(refused), "bad"), status=refused.status)
    return Redirect(f"/s/{token}?{urlencode({'counter': counter})}#line-{number}", status_code=303)


@post("/s/{token:str}/sign", opt=LINK, include_in_schema=False, operation_id="SchoolSignsStocktake", status_code=303)
async def sign(request: AnyRequest, token: FromPath[str]) -> Redirect | Template:
    """The school's statement, with name and post."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        await service.sign(name=form.get("name", ""), post=form.get("post", ""), remarks=form.get("remarks", ""))
        await links.note_use(request.user)
    except DomainError as refused:
        return await _view(token, "", said=(sentence_of(refused), "bad"), status=refused.status)
    return Redirect(f"/s/{token}", status_code=303)


@get("/s/{token:str}/statement", opt=LINK, include_in_schema=False, operation_id="SchoolStatementFile")
async def statement(token: FromPath[str]) -> Response[bytes]:
    """The signed statement as PDF."""
    found = await service.mine()
    _number, content = await papers.read(found["paper_id"] or 0)
    return Response(content, media_type="application/pdf", headers={"content-disposition": "inline"})


ROUTES: list[ControllerRouterHandler] = [count_page, scan, count, sign, statement]
