"""The page on which kits come in from a supplier."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError, FieldErrors
from stem_logistics.inventory import definitions, service
from stem_logistics.inventory.rules import MOST_KITS, decode, read_serials
from stem_logistics.registry.importing.faults import FileRefused
from stem_logistics.registry.importing.sheets import rows_of
from stem_logistics.web.i18n import Text, _, current_locale
from stem_logistics.web.sentences import sentence, sentence_of

AnyRequest = Request[Any, Any, Any]
WRITE = {"permission": Permission.STOCK_WRITE}
LARGEST_LIST = 2_000_000
MOST_ERRORS = 30


def text_of_list(content: bytes) -> str:
    """An uploaded list as text: a spreadsheet's first sheet row by row, its cells divided by tabs; else the text.

    Raises:
        FileRefused: a spreadsheet that cannot be read.
    """
    if not content.startswith(b"PK"):
        return decode(content)
    lines: list[str] = []
    for row in rows_of(content):
        # a row of the list keeps the number that it has in the spreadsheet
        lines += [""] * (row.number - 1 - len(lines))
        cells = [int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in row.cells]
        lines.append("\t".join(" ".join(str(cell).split()) for cell in cells).rstrip("\t"))
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Named:
    """A fault of a list, and the kit at which it has to be looked for, if there is one."""

    text: Text
    kit: str = ""


async def _form(typed: dict[str, Any], errors: dict[str, Text], faults: Sequence[Named] = ()) -> Template:
    offered = [row for row in await definitions.list_definitions() if row["active"]]
    language = current_locale.get()
    swaps = {
        line["slug"]: _(
            "%(substitute)s came instead of: %(item)s",
            item=line[f"name_{language}"],
            substitute=line[f"substitute_{language}"],
        )
        for row in offered
        for line in row["lines"]
        if line["substitute"] and not line["serialised"]
    }
    context = {
        "definitions": offered,
        "swaps": list(swaps.items()),
        "typed": typed,
        "errors": errors,
        "faults": faults,
        "key": typed.get("key") or secrets.token_urlsafe(12),
        "most": MOST_KITS,
    }
    return Template("inventory/receive.html", context=context, status_code=422 if errors else 200)


@get("/stock/receive", opt=WRITE, include_in_schema=False, operation_id="ReceiveStockForm")
async def receive_form(request: AnyRequest) -> Template:
    """The form: which kits, how many, their serial numbers."""
    known = ("definition", "batch", "document")
    return await _form({name: request.query_params.get(name, "")[:80] for name in known}, {})


@post("/stock/receive", opt=WRITE, include_in_schema=False, operation_id="ReceiveStock", status_code=303)
async def receive(request: AnyRequest) -> Redirect | Template:
    """Take the kits in, all or none; each fault of the list is named by its row, and nothing typed is lost."""
    form = await request.form()
    typed: dict[str, Any] = {
        name: str(form.get(name, "")) for name in ("definition", "count", "batch", "document", "serials", "key")
    }
    typed["surplus"] = "surplus" in form
    typed["instead"] = [str(each) for each in form.getall("instead", [])]
    typed["key"] = typed["key"] or secrets.token_urlsafe(12)
    upload = form.get("file")
    if isinstance(upload, UploadFile) and upload.filename:
        content = await upload.read(LARGEST_LIST + 1)
        if len(content) > LARGEST_LIST:
            return await _form(typed, {"file": _("The list is larger than 2 MB. Receive the kits in parts.")})
        # shown in the field from now on, so that it is not lost when something else is wrong
        try:
            typed["serials"] = text_of_list(content)
        except FileRefused:
            return await _form(typed, {"file": _("The file is neither a text nor a spreadsheet that can be read.")})
    count = typed["count"].strip()
    if not (count.isascii() and count.isdigit() and len(count) <= 5 and 1 <= int(count) <= MOST_KITS):
        return await _form(typed, {"count": _("Give a whole number from 1 to %(most)s.", most=MOST_KITS)})
    try:
        definition = await definitions.get_definition(typed["definition"])
        serials, faults = read_serials(typed["serials"], definition.parts, int(count))
        if faults:
            said = [sentence(fault.slug, fault.figures) for fault in faults[:MOST_ERRORS]]
            return await _form(typed, {"serials": said[0]}, [Named(text) for text in said] if len(said) > 1 else ())
        codes = await service.receive_kits(
            definition,
            serials,
            key=typed["key"],
            batch=typed["batch"],
            document=typed["document"],
            instead=frozenset(typed["instead"]),
            surplus=typed["surplus"],
        )
    except FieldErrors as refused:
        named = [Named(sentence(e["slug"], e["params"]), str(e["params"].get("kit", ""))) for e in refused.errors]
        return await _form(typed, {"serials": sentence_of(refused)}, named)
    except DomainError as refused:
        if refused.slug == "order-surplus":
            return await _form(typed, {"surplus": sentence_of(refused)})
        if refused.slug in ("batch-decided", "batch-sampled", "order-ended"):
            return await _form(typed, {"batch": sentence_of(refused)})
        return await _form(typed, {"definition": sentence_of(refused)})
    target = {"batch": typed["batch"].strip()} if typed["batch"].strip() else {"q": codes[0]} if len(codes) == 1 else {}
    return Redirect("/stock/kits", query_params=target, status_code=303)


ROUTES: list[ControllerRouterHandler] = [receive_form, receive]
