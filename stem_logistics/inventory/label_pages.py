"""Pages of labels: print them, replace a lost one; and the short address that a label's QR code holds."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, FieldErrors
from stem_logistics.inventory import labels
from stem_logistics.inventory.label_rules import MOST_LABELS, SHEETS, scanned_code
from stem_logistics.web.i18n import LazyText, Text, _
from stem_logistics.web.listing import Choice, ListSpec
from stem_logistics.web.sentences import sentence, sentence_of

AnyRequest = Request[Any, Any, Any]
PUBLIC = {"permission": Permission.PUBLIC}
WRITE = {"permission": Permission.STOCK_WRITE}
SHEET_WORDS: dict[str, LazyText] = {
    "a4-3x7": _("A4 sheet, 21 labels of 63.5 × 38.1 mm"),
    "a4-2x7": _("A4 sheet, 14 labels of 99.1 × 38.1 mm"),
    "a4-3x8": _("A4 sheet, 24 labels of 70 × 37 mm"),
    "roll-62": _("Label printer, 62 mm roll"),
    "roll-100": _("Label printer, 100 × 50 mm"),
}
KIND_WORDS: dict[str, LazyText] = {
    "kit": _("a kit"),
    "device": _("a device"),
    "consignment": _("a consignment"),
    "place": _("a place"),
}
PLACE_KINDS: dict[str, LazyText] = {
    "store": _("Store"),
    "stop": _("Regional store or ambassador"),
    "repairer": _("Repairer"),
    "institution": _("School"),
}
PLACES = ListSpec(sorts=("name",), default_sort="name", filters={"kind": Choice.of(*PLACE_KINDS)})
MOST_ERRORS = 30


def _page(typed: dict[str, str], errors: dict[str, Text], *, faults: list[Text] | None = None) -> Template:
    context = {
        "typed": typed,
        "errors": errors,
        "faults": faults or [],
        "sheets": [(slug, SHEET_WORDS[slug]) for slug in SHEETS],
        "most": MOST_LABELS,
        "done": typed.get("done", ""),
    }
    return Template("inventory/labels.html", context=context, status_code=422 if errors else 200)


@get("/stock/labels", opt=WRITE, include_in_schema=False, operation_id="LabelsPage")
async def labels_page(request: AnyRequest) -> Template:
    """The forms: what to print labels for, on which sheet, from which cell on; and the replacement of one."""
    typed = {name: request.query_params.get(name, "")[:200] for name in ("batch", "devices", "done")}
    named = request.query_params.getall("what", [])[:MOST_LABELS]
    return _page(typed | {"what": "\n".join(each[:200] for each in named)}, {})


@get("/stock/places", opt=WRITE, include_in_schema=False, operation_id="PlacesPage")
async def places_page(request: AnyRequest) -> Template:
    """The places that can bear a label: stores, repairers, stops; schools by search."""
    query = PLACES.parse("/stock/places", request.query_params)
    rows, total = await labels.places(query.q, query.filters.get("kind", ""), limit=query.limit, offset=query.offset)
    context = {"query": query, "rows": rows, "total": total, "kinds": PLACE_KINDS}
    return Template("inventory/places.html", context=context)


@post("/stock/labels", opt=WRITE, include_in_schema=False, operation_id="PrintLabels", status_code=200)
async def print_labels(request: AnyRequest) -> Response[Any]:
    """The labels as PDF; things that have no label yet get their first."""
    typed = {name: str(value)[:100_000] for name, value in (await request.form()).items()}
    cell = typed.get("cell", "").strip() or "1"
    try:
        sheet = labels.sheet_of(typed.get("sheet", ""))
    except DomainError as refused:
        return _page(typed, {"sheet": sentence_of(refused)})
    if not (cell.isascii() and cell.isdigit() and 1 <= int(cell[:4]) <= sheet.cells):
        return _page(typed, {"cell": _("Give a whole number from 1 to %(most)s.", most=sheet.cells)})
    try:
        things = await labels.find(
            typed.get("what", "").splitlines(), batch=typed.get("batch", ""), with_devices="devices" in typed
        )
    except FieldErrors as refused:
        said: list[Text] = [sentence(each["slug"], each["params"]) for each in refused.errors]
        return _page(typed, {"what": sentence_of(refused)}, faults=said[:MOST_ERRORS])
    except DomainError as refused:
        return _page(typed, {"batch" if typed.get("batch") else "what": sentence_of(refused)})
    pdf = await labels.print_labels(things, sheet, int(cell))
    headers = {"content-disposition": 'inline; filename="labels.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


@post("/stock/labels/replace", opt=WRITE, include_in_schema=False, operation_id="ReplaceLabel", status_code=303)
async def replace_label(request: AnyRequest) -> Response[Any]:
    """Replace a label that was lost or cannot be read: a new code, and the old one warns from now on."""
    typed = {name: str(value)[:500] for name, value in (await request.form()).items()}
    try:
        code = await labels.reissue(typed.get("lost", ""), why=typed.get("why", ""))
    except FieldErrors as refused:
        return _page(typed, {"lost": sentence_of(refused)})
    except DomainError as refused:
        return _page(typed, {"why" if refused.slug == "reason-missing" else "lost": sentence_of(refused)})
    return Redirect("/stock/labels", query_params={"what": code, "done": code}, status_code=303)


@get("/l/{code:str}", opt=PUBLIC, include_in_schema=False, operation_id="FollowLabel")
async def follow_label(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """Where a label leads: for who is signed in the thing's page; for anybody else what it is stuck on, and no more."""
    target = await labels.lead(code)
    reader = request.user
    if target.kind == "consignment" and not reader.may(Permission.DELIVERIES_READ) and target.replaced is None:
        return Redirect(f"/c/{target.href.rsplit('/', 1)[-1]}", status_code=303)
    if reader.may(Permission.STOCK_READ) and target.replaced is None:
        return Redirect(target.href, status_code=303)
    context = {
        "target": target,
        "kind": KIND_WORDS[target.kind],
        "reads": reader.may(Permission.STOCK_READ),
        "public": f"/c/{target.href.rsplit('/', 1)[-1]}" if target.kind == "consignment" else "",
    }
    return Template("inventory/label.html", context=context)


@get("/l", opt=PUBLIC, include_in_schema=False, operation_id="TypeLabel")
async def type_label(request: AnyRequest) -> Response[Any]:
    """Where a label's code is typed, for who cannot scan it."""
    typed = request.query_params.get("code", "")[:300]
    error = ""
    if typed:
        try:
            await labels.lead(typed)
        except DomainError as refused:
            error = sentence_of(refused)
        else:
            return Redirect(f"/l/{scanned_code(typed)}", status_code=303)
    context = {"typed": typed, "errors": {"code": error} if error else {}}
    return Template("inventory/label_typed.html", context=context, status_code=404 if error else 200)


ROUTES: list[ControllerRouterHandler] = [
    labels_page,
    places_page,
    print_labels,
    replace_label,
    follow_label,
    type_label,
]
