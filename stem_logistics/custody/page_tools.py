"""What custody's pages share: a form's texts, a date that was typed, a paper as an answer."""

from datetime import date
from typing import Any

from litestar import Request, Response

from stem_logistics.accounts.policy import Permission
from stem_logistics.inventory.as_of import read_date

AnyRequest = Request[Any, Any, Any]
READ = {"permission": Permission.STOCK_READ}
WRITE = {"permission": Permission.STOCK_WRITE}
LINK = {"permission": Permission.LINK_CUSTODY}


async def texts(request: AnyRequest) -> dict[str, str]:
    """A form's texts, by name."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


def date_of(typed: str) -> date | None:
    """A date that was typed, None for none. Raises Invalid for what is no date."""
    return read_date(typed) if typed.strip() else None


def pdf(name: str, content: bytes) -> Response[bytes]:
    """A paper, shown in the browser."""
    file_name = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-.") else "-" for letter in name)
    headers = {"content-disposition": f'inline; filename="{file_name}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)
