"""What was done and what was written: the record of changes and the mail outbox."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Stream, Template
from litestar.types import ControllerRouterHandler

from stem_logistics import audit, files, mail
from stem_logistics.accounts.policy import Permission
from stem_logistics.errors import NotFound
from stem_logistics.web.exports import FORMATS, Column, export_response
from stem_logistics.web.i18n import _, gettext
from stem_logistics.web.listing import Choice, ListSpec, Whole, Words
from stem_logistics.web.record_words import action_words, channel_words, subject_words

AnyRequest = Request[Any, Any, Any]

ENTRIES = ListSpec(
    sorts=("at",),
    default_sort="-at",
    filters={
        "action": Words(),
        "subject": Words(),
        "id": Words(),
        "actor": Choice.of("account", "link", "agent", "system", "operator"),
    },
)
ENTRY_COLUMNS = [
    Column("id", _("Entry")),
    Column("at", _("When")),
    Column("actor_kind", _("Who (kind)")),
    Column("actor_name", _("Who")),
    Column("action", _("What was done")),
    Column("subject_kind", _("To what")),
    Column("subject_id", _("Which")),
    Column("why", _("Why")),
    Column("channel", _("From where")),
    Column("request_id", _("Request")),
    Column("details", _("Details")),
]
ACTORS = {
    "account": _("a person"),
    "link": _("a school's link"),
    "agent": _("a laptop"),
    "system": _("the system"),
    "operator": _("the operator"),
}
MESSAGES = ListSpec(
    sorts=("at",), default_sort="-at", filters={"state": Choice.of("queued", "sent", "stored", "failed")}
)
MAIL_STATES = {
    "queued": (_("Waiting"), "wait"),
    "sent": (_("Sent"), "good"),
    "stored": (_("Kept here, not sent"), "off"),
    "failed": (_("Could not be sent"), "bad"),
}


def _before(query_after: str) -> int | None:
    return int(query_after) if Whole().accepts(query_after) else None


async def _exported(filters: dict[str, str]) -> AsyncIterator[list[Any]]:
    async for entry in audit.every_entry(filters):
        yield [entry[column.key] for column in ENTRY_COLUMNS]


@get("/audit", opt={"permission": Permission.AUDIT_READ}, include_in_schema=False, operation_id="AuditPage")
async def audit_page(request: AnyRequest) -> Template | Stream:
    """Every change: who, when, what, why, from where; and whether the record is sealed."""
    query = ENTRIES.parse("/audit", request.query_params)
    filters = dict(query.filters)
    wanted = request.query_params.get("format", "")
    if wanted in FORMATS:
        return export_response(wanted, gettext("record-of-changes"), ENTRY_COLUMNS, _exported(filters))  # type: ignore[arg-type]
    rows = await audit.entries(filters, before=_before(query.after), limit=query.limit + 1)
    actions, subjects = await audit.vocabulary()
    for row in rows:
        row["more"] = json.loads(row["details"])
    return Template(
        "records/audit.html",
        context={
            "query": query,
            "rows": rows[: query.limit],
            "next": rows[query.limit - 1]["id"] if len(rows) > query.limit else None,
            "actions": [(each, action_words(each)) for each in actions],
            "subjects": [(each, subject_words(each)) for each in subjects],
            "actors": ACTORS,
            "action_words": action_words,
            "subject_words": subject_words,
            "channel_words": channel_words,
            "seals": await audit.seals(),
        },
    )


@get("/mail", opt={"permission": Permission.MAIL_READ}, include_in_schema=False, operation_id="MailPage")
async def mail_page(request: AnyRequest) -> Template:
    """What the service wrote to whom, and whether it left."""
    query = MESSAGES.parse("/mail", request.query_params)
    state = query.filters.get("state", "")
    rows = await mail.messages(query.q, state, before=_before(query.after), limit=query.limit + 1)
    return Template(
        "records/mail.html",
        context={
            "query": query,
            "rows": rows[: query.limit],
            "next": rows[query.limit - 1]["id"] if len(rows) > query.limit else None,
            "states": MAIL_STATES,
        },
    )


@get(
    "/mail/{message_id:int}",
    opt={"permission": Permission.MAIL_READ},
    include_in_schema=False,
    operation_id="MailMessagePage",
)
async def message_page(message_id: FromPath[int]) -> Template:
    """One message, as its reader has it."""
    found = await mail.message(message_id)
    return Template("records/message.html", context={"message": found, "states": MAIL_STATES})


@get(
    "/mail/{message_id:int}/{number:int}",
    opt={"permission": Permission.MAIL_READ},
    include_in_schema=False,
    operation_id="MailAttachment",
)
async def attachment(message_id: FromPath[int], number: FromPath[int]) -> Response[bytes]:
    """An attachment of a message, to keep."""
    found = await mail.message(message_id)
    if not 0 <= number < len(found["attachments"]):
        raise NotFound("file-not-found")
    name, digest = found["attachments"][number]
    stored = await files.load(bytes.fromhex(digest))
    return Response(
        stored.content,
        media_type=stored.media_type,
        headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"},
    )


ROUTES: list[ControllerRouterHandler] = [audit_page, mail_page, message_page, attachment]
