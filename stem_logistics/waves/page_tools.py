"""What the waves' pages share: who asks, errors beside fields, moments and files out of forms."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from litestar import Request
from litestar.datastructures import FormMultiDict, UploadFile

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.errors import DomainError, FieldErrors
from stem_logistics.web.formats import zone
from stem_logistics.web.i18n import current_locale
from stem_logistics.web.sentences import sentence, sentence_of

AnyRequest = Request[Any, Any, Any]
YEARS = range(2005, 2101)  # what lies beyond is a slip of the finger


def page(permission: Permission) -> dict[str, Any]:
    """The options of a page's route."""
    return {"permission": permission}


def region_names(regions: list[dict[str, Any]]) -> dict[str, str]:
    """The regions' names by code, in the reader's language."""
    name = "name_en" if current_locale.get() == "en" else "name_el"
    return {region["code"]: region[name] for region in regions}


def who(request: AnyRequest) -> Principal:
    """The principal of a request."""
    principal: Principal = request.scope["user"]
    return principal


def errors_of(error: DomainError) -> dict[str, str]:
    """A refusal as errors of a form: by field where it names fields, else above the form."""
    if not isinstance(error, FieldErrors):
        return {"": sentence_of(error)}
    found: dict[str, str] = {}
    for each in error.errors:
        # kits are chosen one by one in the form: a fault of the choices stands by the first
        field = str(each.get("field", ""))
        found.setdefault(
            "preference_1" if field == "preferences" else field, sentence(each["slug"], each.get("params", {}))
        )
    return found


def text_of(form: Mapping[str, Any] | FormMultiDict, name: str) -> str:
    """A field's text without blanks around it."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def whole_of(form: Mapping[str, Any] | FormMultiDict, name: str) -> int:
    """A field's whole number; 0 where it is none, which every caller refuses as out of range."""
    value = text_of(form, name)
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else 0


def moment_of(form: Mapping[str, Any] | FormMultiDict, name: str) -> datetime | None:
    """A moment as `datetime-local` gives it, on the clock of Athens; None where it is none."""
    try:
        moment = datetime.fromisoformat(text_of(form, name))
    except ValueError:
        return None
    return moment.replace(tzinfo=zone()) if moment.year in YEARS else None


def end_of(form: Mapping[str, Any] | FormMultiDict, name: str) -> datetime | None:
    """A moment that ends something: 23:59 is the end of its day, to the last second, as everybody reads it."""
    moment = moment_of(form, name)
    if moment is not None and (moment.hour, moment.minute) == (23, 59):
        return moment.replace(second=59, microsecond=999_999)
    return moment


def day_of(form: Mapping[str, Any] | FormMultiDict, name: str) -> date | None:
    """A date; None where it is none."""
    try:
        day = date.fromisoformat(text_of(form, name))
    except ValueError:
        return None
    return day if day.year in YEARS else None


async def file_of_form(form: FormMultiDict, name: str) -> tuple[str, bytes]:
    """An uploaded file's name and content; empty where none was chosen."""
    value = form.get(name)
    if not isinstance(value, UploadFile):
        return "", b""
    return value.filename, await value.read()
