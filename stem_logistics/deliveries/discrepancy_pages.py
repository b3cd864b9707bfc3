"""Pages of the discrepancies: what is open, since when, and what came of it."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries import discrepancies, resending, things
from stem_logistics.deliveries.reasons import (
    DAMAGE_WORDS,
    KIND_WORDS,
    MISSING_WORDS,
    OUTCOME_WORDS,
    OUTCOMES,
    STATE_TONES,
    STATE_WORDS,
)
from stem_logistics.deliveries.staff_pages import typed_day
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.inventory import ledger
from stem_logistics.inventory.words import PLACE_WORDS
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.i18n import Text, _, current_locale, pgettext
from stem_logistics.web.listing import Choice, ListSpec, Words
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.DELIVERIES_READ}
WRITE = {"permission": Permission.DELIVERIES_WRITE}
NOTE_WORDS = {
    "note": _("Note"),
    "owner": _("Taken by"),
    "deadline": _("Deadline"),
    "sender": _("Written to the sender"),
    "re-sent": _("To be sent again"),
    "repair": _("Repair"),
    "reminder": _("Reminder sent"),
}
CASE_STATES = {"open": pgettext("discrepancy", "Open"), "closed": pgettext("discrepancy", "Closed")}
REMINDER_WORDS = {"soon": _("before the deadline"), "late-0": _("after the deadline")}
REMINDED_ALL = _("late for more than a week, to all")


def _shown(note: dict[str, Any]) -> dict[str, Any]:
    """A note as people read it: a reminder's step in words."""
    if note["kind"] != "reminder":
        return note
    step, _colon, names = note["said"].partition(": ")
    return {**note, "said": f"{REMINDER_WORDS.get(step, REMINDED_ALL)}: {names}"}


DISCREPANCY_LIST = ListSpec(
    sorts=("opened", "due", "school", "kind"),
    default_sort="due",
    filters={
        "state": Choice.of("open", "late", "closed"),
        "owner": Choice.of("mine", "nobody"),
        "kind": Choice.of("missing", "damaged", "surplus", "wrong"),
        "consignment": Words(10),
        "kit": Words(10),
    },
)


@get("/discrepancies", opt=READ, include_in_schema=False, operation_id="DiscrepanciesPage")
async def list_page(request: AnyRequest) -> Template:
    """What arrived damaged or not at all, the most urgent first."""
    query = DISCREPANCY_LIST.parse("/discrepancies", request.query_params)
    rows, total = await discrepancies.list_discrepancies(
        query.filters, query.q, sort=query.sort, descending=query.descending, limit=query.limit, offset=query.offset
    )
    context = {"query": query, "rows": rows, "total": total, "kinds": KIND_WORDS, "outcomes": OUTCOME_WORDS}
    return Template("deliveries/discrepancies.html", context=context)


COLUMNS = (
    Column("code", _("Discrepancy")),
    Column("kind", _("What")),
    Column("quantity", _("Pieces")),
    Column("item", _("Item")),
    Column("serial_number", _("Serial number")),
    Column("school_code", _("School code")),
    Column("school", _("School")),
    Column("kit", _("Kit")),
    Column("consignment", _("Consignment")),
    Column("protocol", _("Protocol")),
    Column("state", _("State")),
    Column("owner", _("Whose case")),
    Column("opened_at", _("Since")),
    Column("due_on", _("Due")),
    Column("outcome", _("Outcome")),
    Column("why", _("Why?")),
    Column("closed_at", pgettext("discrepancy", "Closed")),
)


@get("/discrepancies/export", opt=READ, include_in_schema=False, operation_id="ExportDiscrepancies")
async def export_list(request: AnyRequest) -> Stream:
    """Every discrepancy of the list as a file."""
    query = DISCREPANCY_LIST.parse("/discrepancies", request.query_params)
    name = f"name_{current_locale.get()}"

    async def rows() -> Any:
        async for row in discrepancies.every_discrepancy(
            query.filters, query.q, sort=query.sort, descending=query.descending
        ):
            yield (
                row["code"],
                str(KIND_WORDS[row["kind"]]),
                row["quantity"],
                row[name],
                row["serial_number"],
                row["institution_code"],
                row["institution_name"],
                row["kit_code"],
                row["consignment_code"],
                row["protocol_number"],
                str(_("Late") if row["late"] else CASE_STATES[row["state"]]),
                row["owner"],
                row["opened_at"],
                row["due_on"],
                str(OUTCOME_WORDS[row["outcome"]]) if row["outcome"] else "",
                row["outcome_reason"],
                row["closed_at"],
            )

    chosen = request.query_params.get("format", "csv")
    file_format = chosen if chosen in ("csv", "xlsx", "json") else "csv"
    return export_response(file_format, "discrepancies", COLUMNS, rows())  # type: ignore[arg-type]


def _reason(row: dict[str, Any]) -> Text | None:
    if row["kind"] == "missing":
        return MISSING_WORDS[row["missing_reason"]]
    return DAMAGE_WORDS[row["damage_reason"]] if row["kind"] == "damaged" else None


async def view(code: str, *, error: str = "", typed: dict[str, str] | None = None) -> Template:
    """A case's page, with what was refused and what had been typed."""
    row = await discrepancies.get_discrepancy(code)
    context = {
        "row": row,
        "photos": await discrepancies.photos_of(row["id"]),
        "thing": await things.told(row),
        "places": PLACE_WORDS,
        "notes": [_shown(note) for note in await discrepancies.notes_of(row["id"])],
        "address": await discrepancies.sender_address(row),
        "note_words": NOTE_WORDS,
        "kinds": KIND_WORDS,
        "reason": _reason(row),
        "outcomes": OUTCOME_WORDS,
        "possible": [
            (slug, _("Send again") if slug == "re-sent" else OUTCOME_WORDS[slug])
            for slug in OUTCOMES[row["kind"]]
            if slug != "repaired" or row["device_id"] is None
        ],
        "stores": await resending.stores(),
        "consignments": await resending.consignments_of(row),
        "after": await resending.cases_after(row),
        "states": STATE_WORDS,
        "tones": STATE_TONES,
        "error": error,
        "typed": typed or {},
    }
    return Template("deliveries/discrepancy.html", context=context, status_code=422 if error else 200)


@get("/discrepancies/{code:str}", opt=READ, include_in_schema=False, operation_id="DiscrepancyPage")
async def page(request: AnyRequest, code: FromPath[str]) -> Template:
    """One discrepancy: what, why, where, the photograph, and how to close it."""
    return await view(code)


@get(
    ["/discrepancies/{code:str}/photo", "/discrepancies/{code:str}/photo/{number:int}"],
    opt=READ,
    include_in_schema=False,
    operation_id="DiscrepancyPhoto",
)
async def photo(request: AnyRequest, code: FromPath[str], number: FromPath[int | None] = None) -> Response[bytes]:
    """A photograph that the school sent; the first where none is named."""
    return Response(await discrepancies.photo_of(code, number or 1), media_type="image/jpeg")


@post(
    "/discrepancies/{code:str}/close",
    opt=WRITE,
    include_in_schema=False,
    operation_id="CloseDiscrepancy",
    status_code=303,
)
async def close(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
    """Say what came of it: what was found or written off moves in the ledger, what is sent again gets a consignment."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        if form.get("outcome") == "re-sent":
            await resending.start(code, form.get("store", ""), why=form.get("why", ""))
        else:
            store = form.get("store") or ledger.STORE
            await discrepancies.close(code, form.get("outcome", ""), why=form.get("why", ""), store=store)
    except DomainError as refused:
        return await view(code, error=sentence_of(refused), typed=form)
    return Redirect(f"/discrepancies/{code}", status_code=303)


def _case_route(action: str) -> ControllerRouterHandler:
    @post(
        f"/discrepancies/{{code:str}}/{action}",
        opt=WRITE,
        include_in_schema=False,
        operation_id=f"Discrepancy{action.title()}",
        status_code=303,
    )
    async def handle(request: AnyRequest, code: FromPath[str]) -> Redirect | Template:
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            if action == "take":
                await discrepancies.take(code)
            elif action == "thing":
                await discrepancies.name_thing(code, form.get("number", ""))
            elif action == "postpone":
                until = typed_day(form.get("until", "").strip())
                if until is None:
                    raise Invalid("day-unreadable", day="")
                await discrepancies.postpone(code, until, why=form.get("postpone-why", ""))
            else:
                await discrepancies.tell_sender(code, form.get("address", ""), form.get("asked", ""))
        except DomainError as refused:
            return await view(code, error=sentence_of(refused), typed=form)
        return Redirect(f"/discrepancies/{code}", status_code=303)

    return handle


ROUTES: list[ControllerRouterHandler] = [
    list_page,
    export_list,
    page,
    photo,
    close,
    *(_case_route(action) for action in ("take", "postpone", "sender", "thing")),
]
