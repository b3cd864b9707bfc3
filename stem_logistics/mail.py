"""The mail outbox: a message is a row, written in the unit of work that causes it, sent by the worker."""

import json
import re
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import structlog

from stem_logistics import files
from stem_logistics.db.engine import execute, fetch, fetch_one, fetch_value, unit_of_work
from stem_logistics.errors import Invalid, NotFound
from stem_logistics.runtime import settings

log = structlog.get_logger()
MAX_ATTEMPTS = 6


async def post(
    to: str,
    subject: str,
    body: str,
    *,
    about: tuple[str, int] | None = None,
    institution_id: int | None = None,
    attachments: list[tuple[str, bytes]] | None = None,
    idempotency_key: str | None = None,
    wait_minutes: int = 0,
) -> int:
    """Put a message into the outbox; returns its id. The same key posts once.

    Args:
        to: one address. A line break in it or in the subject is refused: it would forge headers.
        attachments: (file name, digest of a stored file).
        wait_minutes: how long it stays in the outbox first, so that it can still be withdrawn.
    """
    for field, text in (("to", to), ("subject", subject)):
        if "\n" in text or "\r" in text:
            raise Invalid("mail-header-with-line-break", field=field)
    if "@" not in to:
        raise Invalid("mail-address-unusable", address=to)
    listed = [{"name": name, "digest": digest.hex()} for name, digest in attachments or []]
    found = await fetch_value(
        """INSERT INTO mail_message
             (to_address, subject, body, attachments, about_kind, about_id, institution_id, idempotency_key, run_after)
           VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, now() + make_interval(mins => $9))
           ON CONFLICT (idempotency_key) DO UPDATE SET idempotency_key = excluded.idempotency_key RETURNING id""",
        to,
        subject,
        body,
        json.dumps(listed),
        about[0] if about else "",
        about[1] if about else None,
        institution_id,
        idempotency_key,
        wait_minutes,
    )
    return int(found)


async def withdraw(about: tuple[str, int], *, also: Sequence[int] = ()) -> bool:
    """Take back what waits in the outbox about something, and of some messages more; False where one of them has
    left already."""
    left = await fetch_value(
        """SELECT EXISTS (SELECT FROM (SELECT state FROM mail_message
             WHERE (about_kind = $1 AND about_id = $2) OR id = ANY($3) FOR UPDATE) m WHERE m.state <> 'queued')""",
        *about,
        list(also),
    )
    if left:
        return False
    await execute(
        "DELETE FROM mail_message WHERE ((about_kind = $1 AND about_id = $2) OR id = ANY($3)) AND state = 'queued'",
        *about,
        list(also),
    )
    return True


async def call_off(about: tuple[str, int], *, also: Sequence[int] = ()) -> list[str]:
    """Take back what still waits in the outbox about something; returns the addresses that were written to before."""
    await execute(
        "DELETE FROM mail_message WHERE ((about_kind = $1 AND about_id = $2) OR id = ANY($3)) AND state = 'queued'",
        *about,
        list(also),
    )
    rows = await fetch(
        """SELECT DISTINCT to_address FROM mail_message
           WHERE ((about_kind = $1 AND about_id = $2) OR id = ANY($3)) AND state IN ('sent', 'stored') ORDER BY 1""",
        *about,
        list(also),
    )
    return [row["to_address"] for row in rows]


async def is_posted(idempotency_key: str) -> bool:
    """Whether a message with this key was put into the outbox."""
    return bool(await fetch_value("SELECT 1 FROM mail_message WHERE idempotency_key = $1", idempotency_key))


async def _compose(row: dict[str, Any]) -> EmailMessage:
    message = EmailMessage()
    message["From"] = settings().mail_from
    message["To"] = row["to_address"]
    message["Subject"] = row["subject"]
    # The same id at every attempt: a receiver that got it twice can tell.
    message["Message-ID"] = f"<outbox-{row['id']}@{settings().mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(row["body"])
    for attachment in json.loads(row["attachments"]):
        stored = await files.load(bytes.fromhex(attachment["digest"]))
        main, _, sub = stored.media_type.partition("/")
        message.add_attachment(stored.content, maintype=main, subtype=sub, filename=attachment["name"])
    return message


async def _send(message: EmailMessage) -> None:
    conf = settings()
    await aiosmtplib.send(
        message,
        hostname=conf.smtp_host,
        port=conf.smtp_port,
        username=conf.smtp_user or None,
        password=conf.smtp_password.get_secret_value() or None,
        use_tls=conf.smtp_tls == "tls",
        start_tls=conf.smtp_tls == "starttls",
        tls_context=ssl.create_default_context() if conf.smtp_tls != "none" else None,
        timeout=30,
    )


def without_secrets(body: str) -> str:
    """A message without the links and codes by which its reader acts: what has left is kept without them, so that
    whoever reads the outbox, or a backup of it, cannot act in a school's place."""
    body = re.sub(r"/(r|h|application|result|k|s)/[A-Za-z0-9_-]{20,}", r"/\1/…", body)
    return re.sub(r"\bR[2-9A-Z]{3}-[2-9A-Z]{4}\b", "R…", body)


async def deliver_next() -> bool:
    """Deliver one waiting message (send it, or mark it stored in the demo). Returns False when none waits."""
    async with unit_of_work():
        row = await fetch_one(
            """SELECT id, to_address, subject, body, attachments::text AS attachments, attempts FROM mail_message
               WHERE state = 'queued' AND run_after <= now() ORDER BY run_after, id LIMIT 1 FOR UPDATE SKIP LOCKED"""
        )
        if row is None:
            return False
        if settings().demo or settings().mail_mode == "store":
            await execute("UPDATE mail_message SET state = 'stored', sent_at = now() WHERE id = $1", row["id"])
            return True
        try:
            await _send(await _compose(row))
        except (aiosmtplib.SMTPException, OSError) as error:
            last = row["attempts"] + 1 >= MAX_ATTEMPTS
            log.warning("mail-not-sent", mail=row["id"], cause=type(error).__name__, gave_up=last)
            await execute(
                """UPDATE mail_message SET attempts = attempts + 1, error = $2, state = $3,
                     run_after = now() + interval '30 seconds' * power(2, attempts) WHERE id = $1""",
                row["id"],
                f"{type(error).__name__}: {error}"[:500],
                "failed" if last else "queued",
            )
        else:
            await execute(
                """UPDATE mail_message SET state = 'sent', sent_at = now(), attempts = attempts + 1, body = $2
                   WHERE id = $1""",
                row["id"],
                without_secrets(row["body"]),
            )
        return True


async def messages(q: str, state: str, *, before: int | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Messages of the outbox, newest first: those whose address or subject holds `q`, in a state."""
    return await fetch(
        """SELECT id, to_address, subject, state, attempts, created_at, sent_at, error,
             jsonb_array_length(attachments) AS attachments FROM mail_message
           WHERE ($1 = '' OR to_address ILIKE '%' || $1 || '%' OR subject ILIKE '%' || $1 || '%')
             AND ($2 = '' OR state = $2) AND ($3::bigint IS NULL OR id < $3) ORDER BY id DESC LIMIT $4""",
        q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"),
        state,
        before,
        limit,
    )


async def message(message_id: int) -> dict[str, Any]:
    """One message whole, its attachments as (name, digest in hex). Raises NotFound."""
    row = await fetch_one(
        """SELECT id, to_address, subject, body, attachments::text AS attachments, state, attempts, created_at,
             sent_at, error FROM mail_message WHERE id = $1""",
        message_id,
    )
    if row is None:
        raise NotFound("mail-not-found", id=message_id)
    return {**row, "attachments": [(each["name"], each["digest"]) for each in json.loads(row["attachments"])]}
