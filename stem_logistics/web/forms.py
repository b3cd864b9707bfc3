"""From what a person typed to a checked model, or to words beside the fields; nothing typed is lost."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from litestar import Request
from pydantic import BaseModel, ValidationError

from stem_logistics.web.i18n import Text, _
from stem_logistics.web.idempotency import answer_once

M = TypeVar("M", bound=BaseModel)
FormErrors = dict[str, Text]

# pydantic's kinds of error in words; the rest gets the general sentence.
_WORDS: dict[str, Text] = {
    "missing": _("Fill this in."),
    "string_too_short": _("Fill this in."),
    "string_too_long": _("This is too long."),
    "string_pattern_mismatch": _("This is not written as it should be. See the hint."),
    "int_parsing": _("Give a whole number."),
    "int_from_float": _("Give a whole number."),
    "decimal_parsing": _("Give a number."),
    "float_parsing": _("Give a number."),
    "greater_than": _("The number is too small."),
    "greater_than_equal": _("The number is too small."),
    "less_than": _("The number is too large."),
    "less_than_equal": _("The number is too large."),
    "date_from_datetime_parsing": _("Give a date: day, month, year."),
    "date_parsing": _("Give a date: day, month, year."),
    "datetime_parsing": _("Give a date and a time."),
    "datetime_from_date_parsing": _("Give a date and a time."),
    "time_parsing": _("Give a time, for example 14:30."),
    "enum": _("Choose one of the options."),
    "literal_error": _("Choose one of the options."),
    "bool_parsing": _("Choose one of the options."),
    "too_short": _("Choose at least one."),
}
_GENERAL = _("This is not right. See the hint.")


async def texts(request: Request[Any, Any, Any]) -> dict[str, str]:
    """A form's texts, by name."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def new_form_key() -> str:
    """What tells one filling-in of a form from the next."""
    return secrets.token_urlsafe(16)


async def once(
    request: Request[Any, Any, Any], typed: Mapping[str, str], work: Callable[[], Awaitable[object]]
) -> None:
    """Do what a form asks for, once for its key: a browser on a bad network sends it until it hears an answer.

    Args:
        typed: the form's texts; without a `key` among them the work is simply done.
        work: raises where it is refused, and nothing is noted then.
    """

    async def make() -> tuple[int, dict[str, Any]]:
        await work()
        return 303, {}

    key = typed.get("key", "").strip()[:100]
    await answer_once(f"form:{key}" if key else None, [request.url.path], make)


def errors_from(error: ValidationError, labels: Mapping[str, Text] | None = None) -> FormErrors:
    """One text for each field that is wrong, in the fields' order.

    Args:
        error: what pydantic found.
        labels: the fields' labels; the summary at the top of the page then says which field it speaks of.
    """
    found: FormErrors = {}
    for detail in error.errors(include_url=False):
        name = str(detail["loc"][0]) if detail["loc"] else ""
        if name in found:
            continue
        words = _WORDS.get(detail["type"], _GENERAL)
        # An empty field is missing, whatever its type would have said of it.
        if detail.get("input") == "":
            words = _WORDS["missing"]
        label = (labels or {}).get(name)
        found[name] = words if label is None else _("%(label)s: %(problem)s", label=label, problem=words)
    return found


def parse_form(
    model: type[M], data: Mapping[str, object], labels: Mapping[str, Text] | None = None
) -> tuple[M | None, FormErrors]:
    """The model that the form's data make, or the errors to show.

    Args:
        model: what the form should give. Give it `str_strip_whitespace` and `min_length` where needed.
        data: the form's fields (`dict(await request.form())`).
        labels: as in `errors_from`.

    Returns:
        The model and no errors, or None and the errors.
    """
    try:
        return model.model_validate({name: value for name, value in data.items() if name != "_csrf_token"}), {}
    except ValidationError as error:
        return None, errors_from(error, labels)
