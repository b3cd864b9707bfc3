"""The school's own pages behind its stocktake's link: scan, tick, sign. For telephones."""

import secrets
from typing import Any
from urllib.parse import quote, unquote

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission
from stem_logistics.custody import papers
from stem_logistics.custody.rules import one_line
from stem_logistics.deliveries.kept_photos import keep_photo, kept_photo
from stem_logistics.deliveries.photos import LARGEST_BYTES
from stem_logistics.errors import DomainError, Gone, NotFound
from stem_logistics.stocktakes import counting
from stem_logistics.stocktakes.words import PROBLEMS, STATES, TONES
from stem_logistics.web.i18n import Text, _
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
LINK = {"permission": Permission.LINK_STOCKTAKE}
# Who counts on this telephone: asked once, kept for the link's own pages.
COUNTER_COOKIE = "stem_counter"
COUNTER_SECONDS = 60 * 24 * 3600
# A photograph that is too large is refused beside its line, so it has to be let in first.
LARGEST_FORM_BYTES = 5 * LARGEST_BYTES
SCANNED: dict[str, tuple[Text, str]] = {
    "found": (_("Found. Scan the next one."), "good"),
    "kit": (_("This is a kit's code: tick its parts below."), "info"),
    "repeat": (_("This one was counted already. Nothing has changed."), "warn"),
    "ambiguous": (
        _("This can be several devices: letters and digits look alike. Tick the right one, if it is on the list."),
        "warn",
    ),
    "elsewhere": (_("By our books this is not at your school. It is noted as found besides."), "warn"),
    "unknown": (_("We do not know this number. It is noted as found besides."), "warn"),
    "repeat-stranger": (_("This one is noted already as found besides."), "warn"),
    "no-thing": (_("This is the label of a parcel or a place, not of a kit or a device. Nothing was noted."), "info"),
    "taken-off": (_("It was taken off the list."), "info"),
}


def _counter(request: AnyRequest, form: dict[str, str] | None = None) -> str:
    """Who counts: as the form says, else as this telephone was told."""
    said = (form or {}).get("counter", "") or unquote(request.cookies.get(COUNTER_COOKIE, ""))
    return one_line(said, 80)


async def _view(
    token: str,
    counter: str,
    *,
    said: tuple[Text, str] = ("", "info"),
    errors: dict[str, Text] | None = None,
    typed: dict[str, str] | None = None,
    line: int = 0,
    change: bool = False,
    status: int = 200,
) -> Template:
    """The page.

    Args:
        errors: what is wrong, by field; `line-…` beside a line.
        typed: what had been typed into the form that is refused.
        line: whose form that is.
        change: somebody else counts on this telephone from now on.
    """
    found = await counting.mine()
    kits: dict[str, list[dict[str, Any]]] = {}
    for each in found["lines"]:
        if each["expected"]:
            kits.setdefault(each["kit_code"], []).append(each)
    context = {
        "token": token,
        "stocktake": found,
        "kits": kits,
        "counter": "" if change else counter,
        "was": counter,
        "said": said[0],
        "said_kind": said[1],
        "errors": errors or {},
        "typed": typed or {},
        "refused": line,
        "states": STATES,
        "tones": TONES,
        "problems": PROBLEMS,
        "key": secrets.token_urlsafe(12),
    }
    return Template("stocktakes/count.html", context=context, status_code=status)


def _back(token: str, place: str = "") -> Redirect:
    return Redirect(f"/s/{token}{place}", status_code=303)


async def _form(request: AnyRequest) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


@get("/s/{token:str}", opt=LINK, include_in_schema=False, operation_id="SchoolStocktakePage")
async def count_page(request: AnyRequest, token: FromPath[str]) -> Template:
    """What is to be counted, and how far it is. Opening it counts nothing."""
    asked = request.query_params
    scanned = SCANNED.get(asked.get("scanned", ""), ("", "info"))
    return await _view(token, _counter(request), said=scanned, change="change" in asked)


@post("/s/{token:str}/counter", opt=LINK, include_in_schema=False, operation_id="SchoolSaysWhoCounts", status_code=303)
async def say_counter(request: AnyRequest, token: FromPath[str]) -> Redirect | Template:
    """Who counts on this telephone from now on."""
    name = one_line((await _form(request)).get("counter", ""), 80)
    if not name:
        return await _view(token, "", errors={"counter": _("Say first who is counting.")}, status=422)
    answer = _back(token)
    answer.set_cookie(
        COUNTER_COOKIE,
        quote(name),
        max_age=COUNTER_SECONDS,
        path=f"/s/{token}",
        httponly=True,
        secure=runtime.settings().behind_tls,
        samesite="lax",
    )
    return answer


@post("/s/{token:str}/scan", opt=LINK, include_in_schema=False, operation_id="SchoolScans", status_code=303)
async def scan(request: AnyRequest, token: FromPath[str]) -> Redirect | Template:
    """One scanned or typed number."""
    form = await _form(request)
    counter = _counter(request, form)
    try:
        result = await counting.scan(form.get("scan", ""), counter=counter, key=form.get("key", ""))
        await links.note_use(request.user)
    except DomainError as refused:
        return await _refused(token, counter, refused, "scan", form)
    return _back(token, f"?scanned={result['result']}")


async def _refused(
    token: str, counter: str, refused: DomainError, field: str, form: dict[str, str], line: int = 0
) -> Template:
    """The page again, what is wrong beside its field, with all that was typed. Raises what no form can mend."""
    if isinstance(refused, NotFound | Gone) and not line:
        raise refused
    errors: dict[str, Text] = {"counter" if refused.slug == "counter-missing" else field: sentence_of(refused)}
    return await _view(token, counter, errors=errors, typed=form, line=line, status=refused.status)


@post(
    "/s/{token:str}/line/{number:int}",
    opt=LINK,
    include_in_schema=False,
    operation_id="SchoolCounts",
    status_code=303,
    request_max_body_size=LARGEST_FORM_BYTES,
)
async def count(request: AnyRequest, token: FromPath[str], number: FromPath[int]) -> Redirect | Template:
    """One line's answer, with a note and a photograph where there is one."""
    form = await _form(request)
    upload = (await request.form()).get("photo")
    counter, subject = _counter(request, form), f"stocktake-line:{number}"

    def figure(name: str) -> int:
        typed = form.get(name, "").strip()
        return int(typed) if typed.isdecimal() and len(typed) < 6 else 0 if not typed else -1

    try:
        if isinstance(upload, UploadFile) and upload.filename:
            # what is no line of theirs stores nothing; what is refused is carried along: no browser sends a file twice
            await counting.require_line(number)
            form["kept"] = await keep_photo(await upload.read(LARGEST_BYTES + 1), subject)
        await counting.answer(
            number,
            form.get("state", ""),
            counter=counter,
            key=form.get("key", ""),
            broken=figure("broken"),
            missing=figure("missing"),
            note=form.get("note", ""),
            photo=kept_photo(form.get("kept", ""), subject),
        )
        await links.note_use(request.user)
    except DomainError as refused:
        return await _refused(token, counter, refused, f"line-{number}", form, number)
    return _back(token, f"#line-{number}")


@post(
    "/s/{token:str}/besides/{number:int}",
    opt=LINK,
    include_in_schema=False,
    operation_id="SchoolTakesOff",
    status_code=303,
)
async def take_off(request: AnyRequest, token: FromPath[str], number: FromPath[int]) -> Redirect | Template:
    """What was noted as found besides by mistake."""
    form = await _form(request)
    counter = _counter(request, form)
    try:
        await counting.take_off(number, counter=counter)
        await links.note_use(request.user)
    except DomainError as refused:
        return await _refused(token, counter, refused, "besides", form)
    return _back(token, "?scanned=taken-off")


@post("/s/{token:str}/sign", opt=LINK, include_in_schema=False, operation_id="SchoolSignsStocktake", status_code=303)
async def sign(request: AnyRequest, token: FromPath[str]) -> Redirect | Template:
    """The school's statement, with name and post."""
    form = await _form(request)
    try:
        await counting.sign(name=form.get("name", ""), post=form.get("post", ""), remarks=form.get("remarks", ""))
        await links.note_use(request.user)
    except DomainError as refused:
        field = {"stocktake-signer-missing": "name", "stocktake-post-missing": "post"}.get(refused.slug, "sign")
        return await _refused(token, _counter(request), refused, field, form)
    return _back(token)


@get("/s/{token:str}/statement", opt=LINK, include_in_schema=False, operation_id="SchoolStatementFile")
async def statement(token: FromPath[str]) -> Response[bytes]:
    """The signed statement as PDF."""
    found = await counting.mine()
    _number, content = await papers.read(found["paper_id"] or 0)
    return Response(content, media_type="application/pdf", headers={"content-disposition": "inline"})


ROUTES: list[ControllerRouterHandler] = [count_page, say_counter, scan, count, take_off, sign, statement]
