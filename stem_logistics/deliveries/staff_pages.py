"""Staff's pages of the consignments: the list with who is late, and one consignment with what can be done now."""

import re
from datetime import date
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries import from_wave, last_mile, legs, paper_receipts, protocols, receipts, service
from stem_logistics.deliveries.discrepancies import list_discrepancies
from stem_logistics.deliveries.reasons import KIND_WORDS, STATE_TONES, STATE_WORDS
from stem_logistics.deliveries.receipt_pages import pdf_response
from stem_logistics.deliveries.rules import State, actions
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.inventory import definitions
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.i18n import Text, _, current_locale
from stem_logistics.web.listing import Choice, ListQuery, ListSpec, Words
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.DELIVERIES_READ}
WRITE = {"permission": Permission.DELIVERIES_WRITE}
CONSIGNMENT_LIST = ListSpec(
    sorts=("code", "created", "school", "state", "dispatched", "expected", "destination"),
    default_sort="-created",
    filters={
        "state": Choice.of("late", "awaited", "signed", "quality", "back-late", *(state.value for state in State)),
        "wave": Words(60),
        "region": Words(30),
        "directorate": Words(30),
        "kit": Words(60),
        "institution": Words(20),
        "held": Words(12),
    },
)
DONE = {
    "picked": _("The kit is in the consignment."),
    "unpicked": _("The kit is back in the store."),
    "packed": _("The consignment is packed. Its papers can be printed."),
    "unpacked": _("The consignment is open again."),
    "dispatched": _("The consignment has left; the school was sent its link."),
    "resent": _("The school was sent a new link; the older one stopped working."),
    "cancelled": _("The consignment was cancelled; what was in it is back where it came from."),
    "called-back": _("The consignment was cancelled. Whoever was told of it is told so; count it when it is back."),
    "returned": _("It is back, and counted."),
    "returned-in-part": _("What came back is counted; the rest is still awaited."),
    "created": _("The consignment was made. Put its kits in."),
    "way": _("Its way was saved."),
}


async def _rows(query: ListQuery, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    return await service.list_consignments(
        query.q, query.filters, sort=query.sort, descending=query.descending, limit=limit, offset=offset
    )


async def list_view(request: AnyRequest, *, error: str = "", typed: str = "") -> Template:
    """The list, with what was refused."""
    query = CONSIGNMENT_LIST.parse("/consignments", request.query_params)
    rows, total = await _rows(query, query.limit, query.offset)
    context = {
        "query": query,
        "rows": rows,
        "total": total,
        "counts": await service.counts(),
        "states": STATE_WORDS,
        "tones": STATE_TONES,
        "waves": await from_wave.waves_to_ship(),
        "error": error,
        "typed": typed,
    }
    return Template("deliveries/consignments.html", context=context, status_code=422 if error else 200)


@get("/consignments", opt=READ, include_in_schema=False, operation_id="ConsignmentsPage")
async def consignments_page(request: AnyRequest) -> Template:
    """Every consignment: how many are where, who is late, search, filters, order."""
    return await list_view(request)


@post("/consignments", opt=WRITE, include_in_schema=False, operation_id="CreateConsignment", status_code=303)
async def create(request: AnyRequest) -> Redirect | Template:
    """Make an empty consignment for a school."""
    typed = str((await request.form()).get("institution", "")).strip()
    try:
        code = await service.create_consignment(typed)
    except DomainError as refused:
        return await list_view(request, error=sentence_of(refused), typed=typed)
    return Redirect(f"/consignments/{code}", query_params={"done": "created"}, status_code=303)


COLUMNS = (
    Column("code", _("Consignment")),
    Column("state", _("State")),
    Column("institution_code", _("School code")),
    Column("institution", _("School")),
    Column("region", _("Region")),
    Column("wave", _("Wave")),
    Column("kits", _("Kits")),
    Column("courier", _("Carrier")),
    Column("tracking_number", _("Tracking number")),
    Column("dispatched_at", _("Sent")),
    Column("held_by", _("Held by")),
    Column("expected_on", _("Expected by")),
    Column("completed_at", _("Received")),
)


@get("/consignments/export", opt=READ, include_in_schema=False, operation_id="ExportConsignments")
async def export(request: AnyRequest) -> Stream:
    """Every consignment of the list as a file."""
    query = CONSIGNMENT_LIST.parse("/consignments", request.query_params)
    chosen = request.query_params.get("format", "csv")
    language = current_locale.get()

    async def rows() -> Any:
        filters = dict(query.filters)
        async for row in service.every_consignment(query.q, filters, sort=query.sort, descending=query.descending):
            yield (
                row["code"],
                str(STATE_WORDS[row["state"]]),
                row["institution_code"],
                row["institution_name"],
                row[f"region_{language}"],
                row[f"wave_title_{language}"],
                row["kits"],
                row["courier"],
                row["tracking_number"],
                row["dispatched_at"],
                row["held_by"],
                row["expected_on"],
                row["completed_at"],
            )

    file_format = chosen if chosen in ("csv", "xlsx", "json") else "csv"
    return export_response(file_format, "consignments", COLUMNS, rows())  # type: ignore[arg-type]


async def consignment_view(
    code: str, *, done: str = "", error: str = "", typed: dict[str, str] | None = None
) -> Template:
    """A consignment's page, with what was refused and what had been typed."""
    row = await service.get_consignment(code)
    way = await legs.legs_of(row["id"])
    found, _total = await list_discrepancies({"consignment": row["code"]})
    context = {
        "consignment": row,
        **await service.contents(row["id"]),
        "legs": way,
        "stops": await _stops_for(row),
        "receipts": await receipts.receipts_of(row["id"]),
        "discrepancies": found,
        "papers": await paper_receipts.open_of(row["id"]),
        "possible": [action.value for action in actions(State(row["state"]))],
        "states": STATE_WORDS,
        "tones": STATE_TONES,
        "kinds": KIND_WORDS,
        "done": _done(done, way),
        "error": error,
        "typed": typed or {},
    }
    return Template("deliveries/consignment.html", context=context, status_code=422 if error else 200)


def _done(done: str, way: list[dict[str, Any]]) -> Text:
    """What was done; of a mail, to whom it went: a stop of the last mile, or the school."""
    stop = next((leg for leg in way if leg["state"] == "sent"), None)
    if stop is None or done not in ("dispatched", "resent"):
        return DONE.get(done, "")
    if not stop["stop_email"]:
        return _("The consignment is on its way to %(name)s, who has no address to write to.", name=stop["stop_title"])
    if done == "resent":
        return _("%(name)s was sent a new link.", name=stop["stop_title"])
    return _(
        "The consignment has left; %(name)s was sent the link. The school is sent its own when they have signed.",
        name=stop["stop_title"],
    )


async def _stops_for(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Through whose hands a consignment that has not left may go."""
    if row["state"] not in (State.PACKING, State.PACKED):
        return []
    return [
        (each["code"], each["title"] or each["code"])
        for each in await last_mile.list_stops()
        if each["active"] and each["regional_directorate_id"] == row["regional_directorate_id"]
    ]


@get("/consignments/{code:str}", opt=READ, include_in_schema=False, operation_id="ConsignmentPage")
async def consignment_page(request: AnyRequest, code: FromPath[str]) -> Template:
    """One consignment: for whom, what is in it, how far it is, what was received, what can be done."""
    return await consignment_view(code, done=request.query_params.get("done", ""))


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else otherwise


def typed_day(text: str) -> date | None:
    """A day as a browser's date field sends it, or as people write it (21/11/2026). Raises Invalid."""
    if not text:
        return None
    if written := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", text):
        text = f"{written[3]}-{int(written[2]):02}-{int(written[1]):02}"
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("day-unreadable", day=text[:20]) from None


async def _act(code: str, action: str, form: dict[str, str]) -> str:
    """Do what a button asks for; returns what to say afterwards."""
    if action == "pick":
        for kit in re.split(r"[\s,;]+", form.get("kit", "").strip()):
            await service.pick(code, kit)
        return "picked"
    if action == "unpick":
        await service.unpick(code, form.get("kit", ""))
        return "unpicked"
    if action == "pack":
        await service.pack(code, parcels=_whole(form.get("parcels", "1"), 0))
        return "packed"
    if action == "unpack":
        await service.unpack(code)
        return "unpacked"
    if action == "dispatch":
        await service.dispatch(
            code,
            courier=form.get("courier", ""),
            tracking_number=form.get("tracking_number", ""),
            document=form.get("document", ""),
            expected_on=typed_day(form.get("expected_on", "").strip()),
        )
        return "dispatched"
    if action == "resend":
        await service.resend_link(code)
        return "resent"
    await service.cancel(code, why=form.get("why", ""))
    return "called-back" if (await service.get_consignment(code))["state"] == State.RETURNING else "cancelled"


ACTIONS = ("pick", "unpick", "pack", "unpack", "dispatch", "resend", "cancel")


def _action_route(action: str) -> ControllerRouterHandler:
    @post(
        f"/consignments/{{code:str}}/{action}",
        opt=WRITE,
        include_in_schema=False,
        operation_id=f"Consignment{action.title()}",
        status_code=303,
    )
    async def handle(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            done = await _act(code, action, form)
        except DomainError as refused:
            return await consignment_view(code, error=sentence_of(refused), typed=form)
        return Redirect(f"/consignments/{code}", query_params={"done": done}, status_code=303)

    return handle


@get("/consignments/{code:str}/packing-list.pdf", opt=READ, include_in_schema=False, operation_id="PackingListPdf")
async def packing_list(request: AnyRequest, code: FromPath[str]) -> Response[bytes]:
    """The list that travels in the parcel."""
    row = await service.get_consignment(code)
    return pdf_response(await protocols.packing_list(row), f"packing-list-{row['code']}")


@get("/consignments/{code:str}/pick-list.pdf", opt=READ, include_in_schema=False, operation_id="PickListPdf")
async def pick_list(request: AnyRequest, code: FromPath[str]) -> Response[bytes]:
    """What the store fetches for it."""
    row = await service.get_consignment(code)
    return pdf_response(await protocols.pick_list(row), f"pick-list-{row['code']}")


@get("/consignments/{code:str}/label.pdf", opt=READ, include_in_schema=False, operation_id="LabelPdf")
async def label(request: AnyRequest, code: FromPath[str]) -> Response[bytes]:
    """The labels to glue on the parcels, one each."""
    row = await service.get_consignment(code)
    return pdf_response(await protocols.label(row), f"label-{row['code']}")


@get("/receipts/{code:str}/protocol.pdf", opt=READ, include_in_schema=False, operation_id="DownloadProtocol")
async def protocol(request: AnyRequest, code: FromPath[str]) -> Response[bytes]:
    """A hand-over protocol."""
    receipt, content = await receipts.protocol_file(code)
    return pdf_response(content, f"protokollo-{receipt['protocol_number'].replace('/', '-')}")


@get("/consignments/for-wave/{slug:str}", opt=READ, include_in_schema=False, operation_id="WaveConsignmentsPage")
async def wave_page(request: AnyRequest, slug: FromPath[str]) -> Template:
    """What making the consignments of a wave would do, before it is done."""
    titles = {row["slug"]: row[f"title_{current_locale.get()}"] for row in await definitions.list_definitions()}
    context = {"preview": await from_wave.preview(slug), "titles": titles, "slug": slug}
    return Template("deliveries/for_wave.html", context=context)


@post(
    "/consignments/for-wave/{slug:str}",
    opt=WRITE,
    include_in_schema=False,
    operation_id="MakeWaveConsignments",
    status_code=303,
)
async def make_for_wave(request: AnyRequest, slug: FromPath[str]) -> Redirect:
    """Start making them; the page of the work shows how far it is."""
    job_id = await from_wave.start(slug)
    return Redirect(f"/jobs/{job_id}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    consignments_page,
    create,
    export,
    wave_page,
    make_for_wave,
    consignment_page,
    packing_list,
    pick_list,
    label,
    protocol,
    *(_action_route(action) for action in ACTIONS),
]
