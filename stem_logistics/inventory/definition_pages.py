"""Pages of what kits are made of: definitions with their bill of materials, and items."""

import asyncio
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import device_kinds, files
from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries.photos import LARGEST_BYTES, cleaned
from stem_logistics.errors import DomainError, FieldErrors, Invalid, TooLarge
from stem_logistics.inventory import definitions
from stem_logistics.inventory.definitions import LEVELS, BomEntry
from stem_logistics.inventory.model_rules import read_lessons
from stem_logistics.registry.words import LEVELS as LEVEL_WORDS
from stem_logistics.web.i18n import Text
from stem_logistics.web.sentences import sentence, sentence_of

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.STOCK_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
# Rows that the form offers beyond those that are filled in; saving keeps the filled ones, so more can be added.
SPARE_ROWS = 4
TEXTS = ("slug", "title_el", "title_en", "purpose_el", "purpose_en", "lessons")


@get("/stock/definitions", opt=READ, include_in_schema=False, operation_id="KitDefinitionsPage")
async def definitions_page(request: AnyRequest) -> Template:
    """The kit definitions with their parts, and the items."""
    context = {
        "definitions": await definitions.list_definitions(),
        "items": await definitions.list_items(),
        "levels": LEVEL_WORDS,
        "device_kinds": device_kinds.choices(),
        "error": "",
        "typed": {},
        "saved": request.query_params.get("saved", ""),
    }
    return Template("inventory/definitions.html", context=context)


async def keep_photo(content: bytes) -> bytes:
    """Keep a kit's photograph without what it tells of where it was taken; returns its digest."""
    return await files.store(await asyncio.to_thread(cleaned, content), "image/jpeg")


async def _form(typed: dict[str, Any], lines: list[dict[str, Any]], errors: dict[str, Text]) -> Template:
    context = {
        "typed": typed,
        "lines": lines + [{"item": "", "quantity": "", "optional": False, "substitute": ""}] * SPARE_ROWS,
        "items": await definitions.list_items(),
        "levels": LEVEL_WORDS,
        "errors": errors,
    }
    return Template("inventory/definition.html", context=context, status_code=422 if errors else 200)


@get("/stock/definitions/new", opt=WRITE, include_in_schema=False, operation_id="KitDefinitionForm")
async def definition_form(request: AnyRequest) -> Template:
    """The form of a new definition, or of the next version of one (`?from=slug`)."""
    slug = request.query_params.get("from", "")
    if not slug:
        return await _form({**dict.fromkeys(TEXTS, ""), "levels": [], "photo": None}, [], {})
    old = await definitions.get_definition(slug)
    look = (await definitions.kit_looks([slug]))[slug]
    typed = {"slug": old.slug, "title_el": old.title_el, "title_en": old.title_en, "levels": list(old.levels)}
    typed |= {"purpose_el": look["purpose_el"], "purpose_en": look["purpose_en"], "photo": look["photo_digest"]}
    newest = next(row for row in await definitions.list_definitions() if row["id"] == old.id)
    typed["lessons"] = "\n".join(" ".join(lesson) for lesson in newest["lessons"])
    lines = [
        {
            "item": line["slug"],
            "quantity": line["quantity"],
            "optional": line["optional"],
            "substitute": line["substitute"] or "",
        }
        for line in old.lines
    ]
    return await _form(typed, lines, {})


@post("/stock/definitions", opt=WRITE, include_in_schema=False, operation_id="SaveKitDefinition", status_code=303)
async def save_definition(request: AnyRequest) -> Redirect | Template:
    """Save the form as the definition's next version; faults stand beside their fields."""
    form = await request.form()
    typed: dict[str, Any] = {name: str(form.get(name, "")).strip() for name in TEXTS}
    levels = [str(level) for level in form.getall("levels", []) if level in LEVELS]
    lines: list[dict[str, Any]] = []
    for at in range(1, 60):
        item, quantity = str(form.get(f"item-{at}", "")), str(form.get(f"quantity-{at}", "")).strip()
        if item or quantity:
            other = str(form.get(f"substitute-{at}", ""))
            lines.append(
                {"item": item, "quantity": quantity, "optional": f"optional-{at}" in form, "substitute": other}
            )
    entries = [
        BomEntry(
            line["item"],
            int(line["quantity"]) if _is_whole(line["quantity"]) else 0,
            line["optional"],
            line["substitute"],
        )
        for line in lines
    ]
    # the photograph of the version before stays until another is given
    look = (await definitions.kit_looks([typed["slug"]])).get(typed["slug"])
    typed["photo"] = look["photo_digest"] if look and "drop_photo" not in form else None
    try:
        upload = form.get("photo")
        if isinstance(upload, UploadFile) and upload.filename:
            typed["photo"] = await keep_photo(await upload.read(LARGEST_BYTES + 1))
        saved = await definitions.save_definition(
            typed["slug"],
            typed["title_el"],
            typed["title_en"],
            levels,
            entries,
            purpose_el=typed["purpose_el"],
            purpose_en=typed["purpose_en"],
            photo=typed["photo"],
            lessons=read_lessons(typed["lessons"]),
        )
    except FieldErrors as refused:
        errors: dict[str, Text] = {
            each["place"]: sentence(each["slug"], each.get("params", {})) for each in refused.errors
        }
        return await _form({**typed, "levels": levels}, lines, errors)
    except (Invalid, TooLarge) as refused:
        return await _form({**typed, "levels": levels}, lines, {"photo": sentence_of(refused)})
    return Redirect("/stock/definitions", query_params={"saved": saved.slug}, status_code=303)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6


@post("/stock/items", opt=WRITE, include_in_schema=False, operation_id="SaveItem", status_code=303)
async def save_item(request: AnyRequest) -> Redirect | Template:
    """Add an item."""
    form = await request.form()
    typed = {name: str(form.get(name, "")).strip() for name in ("slug", "name_el", "name_en", "device_kind")}
    try:
        await definitions.save_item(
            typed["slug"],
            typed["name_el"],
            typed["name_en"],
            device_kind=typed["device_kind"] or None,
            serialised="serialised" in form,
            consumable="consumable" in form,
        )
    except DomainError as refused:
        context = {
            "definitions": await definitions.list_definitions(),
            "items": await definitions.list_items(),
            "levels": LEVEL_WORDS,
            "device_kinds": device_kinds.choices(),
            "error": sentence_of(refused),
            "typed": typed,
            "saved": "",
        }
        return Template("inventory/definitions.html", context=context, status_code=refused.status)
    return Redirect("/stock/definitions", query_params={"saved": typed["slug"]}, status_code=303)


ROUTES: list[ControllerRouterHandler] = [definitions_page, definition_form, save_definition, save_item]
