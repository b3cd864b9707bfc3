"""The steps of a receipt's form, for a school behind its link and for staff who enter a signed paper."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.response import Redirect, Template

from stem_logistics.codes import shown_code
from stem_logistics.deliveries import around_form, receipt_form, receipts, signing
from stem_logistics.deliveries.committee import MOST_EXTRAS
from stem_logistics.deliveries.kept_photos import carried_digest, keep_photo, kept_photo
from stem_logistics.deliveries.photos import LARGEST_BYTES
from stem_logistics.deliveries.reasons import DAMAGE_WORDS, MISSING_WORDS
from stem_logistics.deliveries.receipt_form import OTHER_ROLE, ROLES, ReceiptForm
from stem_logistics.deliveries.receipts import MOST_PHOTOS, Confirmation, ReceiptRefused
from stem_logistics.deliveries.rules import CALLED_OFF
from stem_logistics.errors import Conflict, DomainError, Invalid
from stem_logistics.web.i18n import Text
from stem_logistics.web.sentences import sentence_of

AnyRequest = Request[Any, Any, Any]


async def upload_of(request: AnyRequest, name: str) -> bytes:
    """The bytes of one uploaded file, a byte more than is taken at most. Raises Invalid where there is none."""
    upload = (await request.form()).get(name)
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise Invalid("file-missing")
    return await upload.read(LARGEST_BYTES + 1)


async def uploads_of(request: AnyRequest, name: str) -> list[bytes]:
    """The bytes of every uploaded file of a field, a byte more than is taken at most of each."""
    uploads = (await request.form()).getall(name, [])
    return [
        await upload.read(LARGEST_BYTES + 1) for upload in uploads if isinstance(upload, UploadFile) and upload.filename
    ]


def _open_keys(awaited: dict[str, Any]) -> set[str]:
    """The lines of which something may still be confirmed: none, where it was cancelled."""
    if awaited["consignment"]["state"] in CALLED_OFF:
        return set()
    return {line.key for line in awaited["lines"] if line.outstanding}


def lines(base: str, awaited: dict[str, Any], *, staff: bool = False) -> Template | Redirect:
    """First step: which lines have a problem.

    Args:
        base: the address under which the steps lie.
    """
    if not _open_keys(awaited):
        return Redirect(base if not staff else f"/consignments/{awaited['consignment']['code']}", status_code=303)
    return Template("deliveries/receipt_lines.html", context={**awaited, "base": base, "staff": staff})


def _page(base: str, awaited: dict[str, Any], form: ReceiptForm, *, staff: bool, status: int = 200) -> Template:
    open_lines = [line for line in awaited["lines"] if line.outstanding]
    context = {
        **awaited,
        "base": base,
        "staff": staff,
        "form": form,
        "ticked": [line for line in open_lines if line.key in form.ticked],
        "in_order": [line for line in open_lines if line.key not in form.ticked],
        "seen": len(awaited["receipts"]),
        "damage_words": DAMAGE_WORDS,
        "missing_words": MISSING_WORDS,
        "roles": ROLES,
        "other_role": OTHER_ROLE,
        "quality_words": around_form.QUALITY_WORDS,
        "receives": around_form.RECEIVES,
        "appointed_by": around_form.APPOINTED_BY,
        "extra_kinds": around_form.EXTRA_KINDS,
        "extra_rows": range(1, MOST_EXTRAS + 1),
    }
    return Template("deliveries/receipt_form.html", context=context, status_code=status)


def form(request: AnyRequest, base: str, awaited: dict[str, Any], *, staff: bool = False) -> Template | Redirect:
    """Second step: the details of the lines with a problem, who receives, and how."""
    keys = _open_keys(awaited)
    if not keys:
        return Redirect(base if not staff else f"/consignments/{awaited['consignment']['code']}", status_code=303)
    ticked = tuple(key for key in request.query_params.getall("line", []) if key in keys)
    typed = {"key": secrets.token_urlsafe(16)}
    if staff and awaited["papers"]:
        # what the school sent stands for the paper that staff would have to add
        typed["kept-signed"] = carried_digest(awaited["papers"][0]["digest"], awaited["consignment"]["id"])
    return _page(base, awaited, ReceiptForm(ticked, typed), staff=staff)


async def confirm(request: AnyRequest, base: str, awaited: dict[str, Any], *, staff: bool = False) -> str | Template:
    """Confirm; returns the receipt's code, or the form with what is wrong and all that was typed.

    Raises:
        Conflict: nothing is left to confirm.
    """
    consignment_id = awaited["consignment"]["id"]
    if awaited["consignment"]["state"] in CALLED_OFF:
        raise Conflict("consignment-was-cancelled", code=shown_code(awaited["consignment"]["code"]))
    data = await request.form()
    typed = {name: value for name, value in data.items() if isinstance(value, str)}
    form = receipt_form.read(typed, [str(key) for key in data.getall("line", [])], awaited["lines"])
    carried, photo_errors = await _files(data, form, consignment_id, staff=staff)
    form = ReceiptForm(form.ticked, {**form.typed, **carried}, form.answers, {**form.errors, **photo_errors})
    key = typed.get("key", "").strip() or secrets.token_urlsafe(16)
    if form.errors and not await receipts.is_known(consignment_id, key):
        # everything that is wrong at once: a person corrects the form one time
        found = receipt_form.problems(form, awaited["lines"])
        everything = ReceiptForm(form.ticked, form.typed, form.answers, {**found, **form.errors})
        return _page(base, awaited, everything, staff=staff, status=422)
    try:
        receipt = await receipts.confirm(consignment_id, _confirmation(form, consignment_id, key))
    except ReceiptRefused as refused:
        found = receipt_form.errors_of(refused.problems, awaited["lines"])
        form = ReceiptForm(form.ticked, form.typed, form.answers, found)
        return _page(base, awaited, form, staff=staff, status=422)
    except Conflict as refused:
        # somebody else was faster: what is left now, with what had been typed
        now = await receipts.awaited_of(consignment_id)
        if not any(line.outstanding for line in now["lines"]) or refused.slug != "received-meanwhile":
            raise
        left = ReceiptForm(form.ticked, form.typed, form.answers, {"": sentence_of(refused)})
        return _page(base, now, left, staff=staff, status=409)
    return str(receipt["code"])


def _confirmation(form: ReceiptForm, consignment_id: int, key: str) -> Confirmation:
    photos = {
        name.removeprefix("kept-"): [digest for each in value.split() if (digest := kept_photo(each, consignment_id))]
        for name, value in form.typed.items()
        if name.startswith("kept-")
    }
    signed = photos.pop("signed", [])
    seen = form.typed.get("seen", "")
    return Confirmation(
        form.answers,
        form.receiver_name,
        form.receiver_role,
        key=f"{consignment_id}:{key[:100]}",
        seen_parts=int(seen) if seen.isdecimal() and len(seen) < 6 else -1,
        note=form.typed.get("receipt_note", ""),
        signed=signed[-1] if signed else None,
        signature=form.typed.get("receiver_drawn", ""),
        photos=photos,
        quality=around_form.quality_of(form.typed),
        committee=around_form.committee_of(form.typed),
        extras=around_form.extras_of(form.typed, photos),
    )


async def _files(
    data: FormMultiDict, form: ReceiptForm, consignment_id: int, *, staff: bool
) -> tuple[dict[str, str], dict[str, Text]]:
    """The files that came with the form, kept at once: a browser does not send a file a second time."""
    keys = [*form.ticked, *(f"extra-{number}" for number in range(1, MOST_EXTRAS + 1))]
    carried, errors = await kept_photos(data, keys, form.typed, consignment_id)
    upload = data.get("signed")
    if staff and isinstance(upload, UploadFile) and upload.filename:
        try:
            digest = await signing.keep_paper(await upload.read(LARGEST_BYTES + 1))
            carried["kept-signed"] = carried_digest(digest, consignment_id)
        except DomainError as refused:
            errors["signed"] = sentence_of(refused)
    return carried, errors


async def kept_photos(
    data: FormMultiDict, keys: Sequence[str], typed: Mapping[str, str], subject: int | str
) -> tuple[dict[str, str], dict[str, Text]]:
    """Keep the photographs of a form, up to five for each thing; what the form carries along then, and what is wrong.

    Args:
        keys: of the things that may have photographs: `photo-…` is the field, `kept-…` what was sent before.
    """
    carried, errors = {}, {}  # type: dict[str, str], dict[str, Text]
    for key in keys:
        uploads = [each for each in data.getall(f"photo-{key}", []) if isinstance(each, UploadFile) and each.filename]
        kept = [each for each in typed.get(f"kept-{key}", "").split() if kept_photo(each, subject)]
        for upload in uploads:
            try:
                if len(kept) == MOST_PHOTOS:
                    raise Invalid("photos-too-many", most=MOST_PHOTOS)
                kept = list(dict.fromkeys([*kept, await keep_photo(await upload.read(LARGEST_BYTES + 1), subject)]))
            except DomainError as refused:
                errors[f"photo-{key}"] = sentence_of(refused)
        if kept:
            carried[f"kept-{key}"] = " ".join(kept)
    return carried, errors
