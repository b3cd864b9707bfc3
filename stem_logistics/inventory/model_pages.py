"""The page of a device model or part: what it is, how many are where, its health, recalls, spare parts, documents."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import device_kinds
from stem_logistics.accounts.policy import Permission
from stem_logistics.checks import firmware
from stem_logistics.checks import service as checks
from stem_logistics.custody import recalls
from stem_logistics.errors import DomainError
from stem_logistics.inventory import definitions, models, queries
from stem_logistics.inventory.models import LARGEST_DOCUMENT, Known
from stem_logistics.inventory.words import PLACE_TONES, PLACE_WORDS
from stem_logistics.web.i18n import Text, _, current_locale
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.STOCK_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
TEXTS = ("name_el", "name_en", "manufacturer", "model_number", "usb_ids", "baseline", "warranty_months", "battery")
DONE = {
    "saved": _("What is known of it was saved."),
    "document": _("The document was added."),
    "removed": _("The document is shown no longer."),
}


async def _firmware(item: dict[str, Any]) -> dict[str, Any]:
    """What the checker knows of an item's firmware: the identities, the board, the versions, what is expected."""
    kind = item["device_kind"]
    known = await firmware.baseline_of(kind)
    board = item["baseline"]
    return {
        "kind": device_kinds.title(kind),
        "usb": device_kinds.usb_rules(kind),
        "boards": await firmware.boards_of(kind),
        "edition": known.edition if known else None,
        "versions": [
            each for each in (known.versions if known else ()) if not board or not each.boards or board in each.boards
        ],
        "images": [each for each in (known.images if known else ()) if not board or board in each.boards],
        "expected": [row for row in await firmware.expectations() if row["device_kind"] == kind],
    }


async def _view(
    slug: str, *, done: str = "", error: Text = "", typed: dict[str, Any] | None = None, about: str = "error"
) -> Template:
    item = await models.get_model(slug)
    spares = [each["slug"] for each in item["spares"]]
    kept = {name: "" if item[name] is None else item[name] for name in TEXTS}
    kept |= {"usb_ids": "\n".join(item["usb_ids"]), "spares": spares}
    context = {
        "item": item,
        "firmware": await _firmware(item) if item["device_kind"] else None,
        "health": await checks.health_of_item(item["id"]) if item["device_kind"] else None,
        "recalls": await recalls.recalls_of_item(item["slug"], item["device_kind"]),
        "others": [
            (each["slug"], each[f"name_{current_locale.get()}"])
            for each in await queries.items()
            if each["id"] != item["id"]
        ],
        "places": PLACE_WORDS,
        "tones": PLACE_TONES,
        "typed": {**kept, **(typed or {})},
        "error": error,
        "about": about,
        "done": DONE.get(done, ""),
    }
    return Template("inventory/item.html", context=context, status_code=422 if error else 200)


@get("/stock/items/{slug:str}", opt=READ, include_in_schema=False, operation_id="ModelPage")
async def model_page(request: AnyRequest, slug: FromPath[str]) -> Template:
    """One model or part."""
    return await _view(slug, done=request.query_params.get("done", ""))


@post("/stock/items/{slug:str}", opt=WRITE, include_in_schema=False, operation_id="ChangeModel", status_code=303)
async def change_model(request: AnyRequest, slug: FromPath[str]) -> Redirect | Template:
    """Say what is known of it; nothing typed is lost where something is wrong."""
    form = await request.form()
    typed: dict[str, Any] = {name: str(form.get(name, ""))[:2_000] for name in TEXTS}
    typed["spares"] = tuple(str(each) for each in form.getall("spares", []))
    try:
        await models.change_model(slug, Known(**typed))
    except DomainError as refused:
        if refused.status == 404:
            raise
        return await _view(slug, error=sentence_of(refused), typed=typed, about=_FIELDS.get(refused.slug, "name_el"))
    return Redirect(f"/stock/items/{quote(slug)}", query_params={"done": "saved"}, status_code=303)


# beside which field a refusal stands
_FIELDS = {
    "usb-id-unreadable": "usb_ids",
    "usb-id-unknown-to-kind": "usb_ids",
    "warranty-unusable": "warranty_months",
    "baseline-unknown": "baseline",
    "baseline-without-kind": "baseline",
    "document-without-title": "title",
    "document-file-or-address": "url",
    "document-address-unusable": "url",
    "document-not-pdf": "file",
}


@post(
    "/stock/items/{slug:str}/documents",
    opt=WRITE,
    include_in_schema=False,
    operation_id="AddModelDocument",
    status_code=303,
)
async def add_document(request: AnyRequest, slug: FromPath[str]) -> Redirect | Template:
    """Add a document, or show one no longer."""
    form = await request.form()
    typed = {name: str(form.get(name, ""))[:500] for name in ("title", "url", "remove")}
    upload = form.get("file")
    content = await upload.read(LARGEST_DOCUMENT + 1) if isinstance(upload, UploadFile) and upload.filename else b""
    try:
        if typed["remove"]:
            number = typed["remove"]
            await models.remove_document(slug, int(number) if number.isascii() and number.isdigit() else 0)
            return Redirect(f"/stock/items/{quote(slug)}", query_params={"done": "removed"}, status_code=303)
        await models.add_document(slug, typed["title"], url=typed["url"], content=content)
    except DomainError as refused:
        if refused.status == 404:
            raise
        return await _view(slug, error=sentence_of(refused), typed=typed, about=_FIELDS.get(refused.slug, "title"))
    return Redirect(f"/stock/items/{quote(slug)}", query_params={"done": "document"}, status_code=303)


@get(
    "/stock/items/{slug:str}/documents/{number:int}",
    opt=READ,
    include_in_schema=False,
    operation_id="ModelDocument",
)
async def document(slug: FromPath[str], number: FromPath[int]) -> Response[bytes]:
    """A model's PDF."""
    title, content = await models.read_document(slug, number)
    name = quote(f"{title}.pdf")
    return Response(
        content,
        media_type="application/pdf",
        headers={"Content-Disposition": f"inline; filename*=UTF-8''{name}", "X-Content-Type-Options": "nosniff"},
    )


@get(
    "/kit-photos/{digest:str}", opt={"permission": Permission.PUBLIC}, include_in_schema=False, operation_id="KitPhoto"
)
async def kit_photo(digest: FromPath[str]) -> Response[bytes]:
    """The photograph of a kit: schools see it when they choose."""
    try:
        wanted = bytes.fromhex(digest)
    except ValueError:
        raise NotFoundException from None
    content = await definitions.kit_photo(wanted)
    if content is None:
        raise NotFoundException
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "public, max-age=31536000, immutable"})


ROUTES: list[ControllerRouterHandler] = [model_page, change_model, add_document, document, kit_photo]
