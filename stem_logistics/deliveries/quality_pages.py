"""Pages on which the quality of a receipt is entered after it: for the school behind its link, and for staff."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler

from stem_logistics.accounts.policy import Permission
from stem_logistics.deliveries import around_form, quality, receipts
from stem_logistics.deliveries.kept_photos import kept_photo
from stem_logistics.deliveries.photos import LARGEST_FORM_BYTES
from stem_logistics.deliveries.quality import Found, Looked
from stem_logistics.deliveries.reasons import DAMAGE_WORDS
from stem_logistics.deliveries.receipt_form import LONGEST_FIELD, OTHER_ROLE, ROLES
from stem_logistics.deliveries.receipt_steps import kept_photos
from stem_logistics.deliveries.receipts import ReceiptRefused
from stem_logistics.web.i18n import Text
from stem_logistics.web.sentences import sentence

AnyRequest = Request[Any, Any, Any]
LINK = {"permission": Permission.LINK_RECEIPT}
WRITE = {"permission": Permission.DELIVERIES_WRITE}


async def _page(
    back: str,
    receipt: dict[str, Any],
    *,
    staff: bool,
    typed: Mapping[str, str],
    errors: Mapping[str, Text],
) -> Template:
    consignment = (await receipts.awaited_of(receipt["consignment_id"]))["consignment"]
    context = {
        "consignment": consignment,
        "receipt": receipt,
        "back": back,
        "staff": staff,
        "typed": typed,
        "errors": errors,
        "damage_words": DAMAGE_WORDS,
        "quality_words": [pair for pair in around_form.QUALITY_WORDS if pair[0] != "later"],
        "roles": ROLES,
        "other_role": OTHER_ROLE,
    }
    return Template("deliveries/quality.html", context=context, status_code=422 if errors else 200)


async def _record(request: AnyRequest, code: str, back: str, *, staff: bool) -> Template | None:
    """Enter what the form says; the form again, with all that was typed, where something is wrong."""
    receipt = await quality.to_look_at(code)
    data = await request.form()
    typed = {name: value[:LONGEST_FIELD].replace("\x00", "") for name, value in data.items() if isinstance(value, str)}
    keys = [str(line["id"]) for line in receipt["lines"]]
    carried, errors = await kept_photos(data, keys, typed, receipt["consignment_id"])
    typed |= carried
    found = {int(key): said for key in keys if (said := _found(key, typed, receipt["consignment_id"])) is not None}
    role = typed.get("receiver_role", "")
    given = Looked(
        typed.get("quality", ""),
        typed.get("receiver_name", ""),
        typed.get("role_other", "") if role == OTHER_ROLE else role,
        found,
        typed.get("quality_note", ""),
        typed.get("receiver_drawn", ""),
    )
    if not errors:
        try:
            await quality.record(code, given)
        except ReceiptRefused as refused:
            for problem in refused.problems:
                name = f"{problem.where}-{problem.line}" if problem.line else problem.where
                errors.setdefault(name, sentence(problem.slug, problem.figures))
    return await _page(back, receipt, staff=staff, typed=typed, errors=errors) if errors else None


def _found(key: str, typed: Mapping[str, str], subject: int) -> Found | None:
    """What the form says of a line; nothing where no number, reason, word or photograph is given."""
    number, reason, note = (typed.get(f"{name}-{key}", "").strip() for name in ("damaged", "damage_reason", "note"))
    photos = [digest for each in typed.get(f"kept-{key}", "").split() if (digest := kept_photo(each, subject))]
    if number in ("", "0") and not (reason or note or photos):
        return None
    count = int(number) if number.isascii() and number.isdigit() and len(number) <= 6 else 0
    return Found(count, reason, note, tuple(photos))


@get("/r/{token:str}/quality/{code:str}", opt=LINK, include_in_schema=False, operation_id="QualityPage")
async def school_page(request: AnyRequest, token: FromPath[str], code: FromPath[str]) -> Template:
    """The school says how what it received is, after it was counted."""
    return await _page(f"/r/{token}", await quality.to_look_at(code), staff=False, typed={}, errors={})


@post(
    "/r/{token:str}/quality/{code:str}",
    opt=LINK,
    include_in_schema=False,
    operation_id="SchoolRecordsQuality",
    status_code=303,
    request_max_body_size=LARGEST_FORM_BYTES,
)
async def school_records(request: AnyRequest, token: FromPath[str], code: FromPath[str]) -> Response[Any]:
    """Enter it; a fault is told beside its field, with everything typed kept."""
    refused = await _record(request, code, f"/r/{token}", staff=False)
    return refused or Redirect(f"/r/{token}/done/{code}", status_code=303)


@get("/receipts/{code:str}/quality", opt=WRITE, include_in_schema=False, operation_id="StaffQualityPage")
async def staff_page(request: AnyRequest, code: FromPath[str]) -> Template:
    """Staff enter how what a school received is."""
    receipt = await quality.to_look_at(code)
    back = f"/consignments/{receipt['consignment_code']}"
    return await _page(back, receipt, staff=True, typed={}, errors={})


@post(
    "/receipts/{code:str}/quality",
    opt=WRITE,
    include_in_schema=False,
    operation_id="StaffRecordQuality",
    status_code=303,
    request_max_body_size=LARGEST_FORM_BYTES,
)
async def staff_records(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """Enter it for the school."""
    receipt = await quality.to_look_at(code)
    back = f"/consignments/{receipt['consignment_code']}"
    return await _record(request, code, back, staff=True) or Redirect(back, status_code=303)


ROUTES: list[ControllerRouterHandler] = [school_page, school_records, staff_page, staff_records]
