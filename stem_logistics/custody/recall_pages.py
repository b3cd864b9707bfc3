"""Pages of recalls: the list, a new one with its preview, the board of one."""

from typing import Any

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Redirect, Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import device_kinds
from stem_logistics.custody import recalls
from stem_logistics.custody.page_tools import READ, WRITE, AnyRequest, date_of, texts
from stem_logistics.custody.recalls import Criterion
from stem_logistics.custody.words import ANSWER_TONES, ANSWER_WORDS, RECALL_BY
from stem_logistics.errors import DomainError, Invalid
from stem_logistics.web.exports import Column, export_response
from stem_logistics.web.i18n import Text, _, current_locale
from stem_logistics.web.sentences import sentence_of


@get("/recalls", opt=READ, include_in_schema=False, operation_id="RecallsPage")
async def recalls_page() -> Template:
    """Every recall and how far it is."""
    return Template("custody/recalls.html", context={"rows": await recalls.list_recalls()})


async def _form(form: dict[str, str], error: Text = "", found: list[dict[str, Any]] | None = None) -> Template:
    kind = form.get("value_firmware", "") if form.get("by") == "firmware" and found is not None else ""
    context = {
        # whoever was not asked for, though nobody knows their version
        "unknown": len(await recalls.unchecked(kind)) if kind and "unchecked" not in form else 0,
        "kinds": device_kinds.title,
        "typed": form,
        "error": error,
        "found": found,
        "schools": len({row["institution_id"] for row in found or [] if row["institution_id"]}),
        "choices": await recalls.choices(),
        "by_words": list(RECALL_BY.items()),
    }
    return Template("custody/recall_new.html", context=context, status_code=422 if error else 200)


def _criterion(form: dict[str, str]) -> Criterion:
    by = form.get("by", "")
    below, unchecked = form.get("below", "").strip()[:40], by == "firmware" and "unchecked" in form
    return Criterion(by, form.get(f"value_{by}", "").strip()[:80], below if by == "firmware" else "", unchecked)


@get("/recalls/new", opt=WRITE, include_in_schema=False, operation_id="RecallForm")
async def recall_form() -> Template:
    """The form of a new recall."""
    return await _form({})


@post("/recalls", opt=WRITE, include_in_schema=False, operation_id="StartRecall", status_code=303)
async def start_recall(request: AnyRequest) -> Redirect | Template:
    """Show whom a recall would reach; with `sure`, begin it."""
    form = await texts(request)
    found: list[dict[str, Any]] | None = None
    try:
        criterion = _criterion(form)
        found = await recalls.preview(criterion)
        if "sure" not in form:
            return await _form(form, found=found)
        day = date_of(form.get("due_on", ""))
        if day is None:
            raise Invalid("answer-day-unusable")
        code = await recalls.start(
            criterion, title=form.get("title", ""), instructions=form.get("instructions", ""), due_on=day
        )
    except DomainError as refused:
        return await _form(form, sentence_of(refused), found)
    return Redirect(f"/recalls/{code}", status_code=303)


async def _board(code: str, error: Text = "", said: Text = "") -> Template:
    recall = await recalls.get_recall(code)
    context = {
        "recall": recall,
        "words": ANSWER_WORDS,
        "tones": ANSWER_TONES,
        "by_words": RECALL_BY,
        "about": await recalls.about(recall["criterion"]),
        "error": error,
        "said": said,
    }
    return Template("custody/recall.html", context=context, status_code=422 if error else 200)


@get("/recalls/{code:str}", opt=READ, include_in_schema=False, operation_id="RecallPage")
async def recall_page(code: FromPath[str]) -> Template:
    """Who answered a recall, and who is late."""
    return await _board(code)


COLUMNS = (
    Column("school_code", _("School code")),
    Column("school", _("School")),
    Column("kit", _("Kit")),
    Column("item", _("Item")),
    Column("serial_number", _("Serial number")),
    Column("version", _("Version")),
    Column("answer", _("Answer")),
    Column("note", _("Note")),
    Column("answered_at", _("Answered")),
)


@get("/recalls/{code:str}/export", opt=READ, include_in_schema=False, operation_id="ExportRecall")
async def export_recall(request: AnyRequest, code: FromPath[str]) -> Stream:
    """The board as a file."""
    recall = await recalls.get_recall(code)
    name = f"name_{current_locale.get()}"
    rows = [
        (
            row["institution_code"],
            row["institution_name"],
            row["kit_code"],
            row[name],
            row["serial_number"],
            row["version"],
            str(ANSWER_WORDS[row["answer"]]),
            row["note"],
            row["answered_at"],
        )
        for row in recall["targets"]
    ]
    chosen = request.query_params.get("format", "csv")
    file_format = chosen if chosen in ("csv", "xlsx", "json") else "csv"
    return export_response(file_format, f"recall-{recall['code']}", COLUMNS, rows)  # type: ignore[arg-type]


@post("/recalls/{code:str}/{step:str}", opt=WRITE, include_in_schema=False, operation_id="ActOnRecall", status_code=303)
async def act_on_recall(request: AnyRequest, code: FromPath[str], step: FromPath[str]) -> Redirect | Template:
    """Note an answer that came by telephone, remind, or close."""
    form = await texts(request)
    try:
        if step == "answer":
            number = form.get("target", "")
            target = int(number) if number.isdecimal() and len(number) < 18 else 0
            await recalls.answer(target, form.get("answer", ""), note=form.get("note", ""))
        elif step == "remind":
            sent = await recalls.remind(code)
            return await _board(code, said=_("%(count)s schools were reminded.", count=sent))
        else:
            await recalls.close(code, outcome=form.get("outcome", ""))
    except DomainError as refused:
        return await _board(code, sentence_of(refused))
    return Redirect(f"/recalls/{code}", status_code=303)


ROUTES: list[ControllerRouterHandler] = [
    recalls_page,
    recall_form,
    start_recall,
    recall_page,
    export_recall,
    act_on_recall,
]
