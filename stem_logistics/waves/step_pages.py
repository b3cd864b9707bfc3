"""The school's application on a telephone: a question a page, each answer kept; signed, checked, sent, withdrawn."""

from typing import Any

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import DomainError
from stem_logistics.inventory.definitions import kit_looks
from stem_logistics.waves import application_steps, drafts, evidence, handling
from stem_logistics.waves.application_steps import NONE
from stem_logistics.waves.drafts import AnsweredElsewhere, Draft, SignatureGiven
from stem_logistics.waves.page_tools import AnyRequest, errors_of, file_of_form, page, text_of, who
from stem_logistics.waves.windows import require_time_of
from stem_logistics.waves.words import EVIDENCE, POSTS, missing_words, word
from stem_logistics.web.i18n import current_locale
from stem_logistics.web.sentences import sentence_of

LINK = page(Permission.LINK_APPLICATION)


async def _context(now: Draft, token: str) -> dict[str, Any]:
    language = current_locale.get()
    returned = await handling.returned_of(now.wave.id, now.school["id"])
    late = returned is not None and now.wave.phase == "closed"
    return {
        "until": returned["until_at"] if returned is not None and late else now.wave.deadline_at,
        "token": token,
        "draft": now,
        "wave": now.wave,
        "title": now.wave.title(language),
        "school": now.school,
        "rules": now.rules,
        "answers": now.answers,
        "pieces": await evidence.evidence_of(now.school["id"]),
        "evidence_words": EVIDENCE,
        "word": word,
        "posts": POSTS,
        "missing": missing_words(now.rules, now.missing, language),
        "signed": application_steps.is_signed(now.answers),
        "whole": application_steps.whole_of(now.answers),
        "units": now.rules.block_size if now.school["kind"] == "department" else 1,
        "language": language,
        "errors": {},
        "conflict": "",
    }


async def _step(
    now: Draft,
    token: str,
    step: str,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    conflict: str = "",
    status: int = 200,
) -> Template:
    context = await _context(now, token)
    number = now.steps.index(step)
    kind = step.split("-")[0]
    left = application_steps.choices_left(now.kits, now.answers, int(step[7:])) if kind == "choice" else ()
    context |= {
        "step": step,
        "kind": kind,
        "number": number + 1,
        "before": now.steps[number - 1] if number else "",
        "seen": application_steps.whole_of(now.answers)
        if step == "sign"
        else application_steps.seen_of(step, now.answers),
        "kits_left": left,
        "looks": await kit_looks([kit.definition for kit in left]),
        "no_more": NONE,
        "choice": int(step[7:]) if kind == "choice" else 0,
        "condition": next((c for c in now.rules.conditions if step == f"condition-{c.slug}"), None),
        "typed": typed if typed is not None else _typed(step, now.answers),
        "kept": now.answers.get(step, ""),
        "errors": errors or {},
        "conflict": conflict,
    }
    return Template("waves/step.html", context=context, status_code=status)


def _typed(step: str, answers: application_steps.Answers) -> dict[str, str]:
    if step != "sign":
        return {"answer": answers.get(step, "")}
    return {name: answers.get(f"sign.{name}", "") for name in ("name", "post", "act_number", "act_on")}


@get("/application/{token:str}/form", opt=LINK, include_in_schema=False, operation_id="SchoolApplicationForm")
async def begin(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """To the first question without an answer; to the last page where there is none."""
    now = await drafts.draft_of(who(request))
    await require_time_of(now.wave, now.school["id"])
    if not now.kits:
        return Template("waves/step_none.html", context=await _context(now, token))
    step = application_steps.next_step(now.steps, now.answers)
    where = f"steps/{step}" if step and now.begun else "check" if now.answers else f"steps/{now.steps[0]}"
    return Redirect(f"/application/{token}/{where}", status_code=303)


@get(
    "/application/{token:str}/steps/{step:str}", opt=LINK, include_in_schema=False, operation_id="SchoolApplicationStep"
)
async def step_page(request: AnyRequest, token: FromPath[str], step: FromPath[str]) -> Response[Any]:
    """One question, with the answer that is kept."""
    now = await drafts.draft_of(who(request))
    await require_time_of(now.wave, now.school["id"])
    if step not in now.steps or not now.kits:
        return Redirect(f"/application/{token}/form", status_code=303)
    return await _step(now, token, step)


@post(
    "/application/{token:str}/steps/{step:str}",
    opt=LINK,
    include_in_schema=False,
    operation_id="SchoolApplicationAnswer",
    status_code=303,
)
async def answer(request: AnyRequest, token: FromPath[str], step: FromPath[str]) -> Response[Any]:
    """Keep an answer and go to the next question; back to the summary where the answer was only changed."""
    form = await request.form()
    if step == "sign":
        return await _sign(request, token, form)
    typed = text_of(form, "answer")
    try:
        now = await drafts.save_step(who(request), step, typed, text_of(form, "seen"))
    except DomainError as error:
        before = await drafts.draft_of(who(request))
        if step not in before.steps or (not isinstance(error, AnsweredElsewhere) and error.status != 422):
            raise
        told = sentence_of(error) if isinstance(error, AnsweredElsewhere) else ""
        errors = {} if told else {"answer": next(iter(errors_of(error).values()))}
        return await _step(
            before, token, step, typed={"answer": typed}, errors=errors, conflict=told, status=error.status
        )
    await links.note_use(who(request))
    following = application_steps.next_step(now.steps, now.answers, step)
    where = f"steps/{following}" if following and following != "sign" else "check"
    return Redirect(f"/application/{token}/{where}", status_code=303)


async def _sign(request: AnyRequest, token: str, form: FormMultiDict) -> Response[Any]:
    _name, content = await file_of_form(form, "act")
    names = ("name", "post", "act_number", "act_on")
    typed = {name: text_of(form, name) for name in names}
    given = SignatureGiven(**typed, act=content, agreed=text_of(form, "agreed") == "yes")
    try:
        await drafts.sign(who(request), given, text_of(form, "seen"))
    except DomainError as error:
        now = await drafts.draft_of(who(request))
        if not isinstance(error, AnsweredElsewhere) and error.status not in (413, 422):
            raise
        told = sentence_of(error) if isinstance(error, AnsweredElsewhere) else ""
        errors = {} if told else errors_of(error)
        if "" in errors:
            errors = {"act": errors[""]}
        return await _step(now, token, "sign", typed=typed, errors=errors, conflict=told, status=error.status)
    await links.note_use(who(request))
    return Redirect(f"/application/{token}/check", status_code=303)


@get("/application/{token:str}/check", opt=LINK, include_in_schema=False, operation_id="SchoolApplicationCheck")
async def check_page(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """All answers, what is missing, and the button that sends them."""
    now = await drafts.draft_of(who(request))
    await require_time_of(now.wave, now.school["id"])
    if not now.answers:
        return Redirect(f"/application/{token}/form", status_code=303)
    return Template("waves/check.html", context=await _context(now, token))


@post(
    "/application/{token:str}/send", opt=LINK, include_in_schema=False, operation_id="SendApplication", status_code=303
)
async def send(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """Send the application, as it was shown."""
    form = await request.form()
    try:
        await drafts.send(who(request), text_of(form, "seen"))
    except DomainError as error:
        now = await drafts.draft_of(who(request))
        if error.slug == "wave-closed" or not now.answers:
            raise
        context = {**await _context(now, token), "conflict": sentence_of(error)}
        return Template("waves/check.html", context=context, status_code=error.status)
    await links.note_use(who(request))
    return Redirect(f"/application/{token}?sent=yes", status_code=303)


@get(
    "/application/{token:str}/files/{what:str}", opt=LINK, include_in_schema=False, operation_id="SchoolApplicationFile"
)
async def own_file(request: AnyRequest, token: FromPath[str], what: FromPath[str]) -> Response[bytes]:
    """The receipt, the facts in it, or the act that was attached."""
    stored = await drafts.own_file(who(request), what)
    ending = {"application/pdf": "pdf", "application/json": "json"}.get(stored.media_type, "jpg")
    headers = {"content-disposition": f'attachment; filename="{what}.{ending}"', "content-security-policy": "sandbox"}
    return Response(stored.content, media_type=stored.media_type, headers=headers)


ROUTES: list[ControllerRouterHandler] = [begin, step_page, answer, check_page, send, own_file]
