"""Links by which a school acts without an account: one purpose, one school, expiring, revocable, kept as digests.

Opening a link changes nothing (mail scanners open links); only the form behind it does. Beside the link, a receipt has
a short code, for whoever scans the parcel and types.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stem_logistics import audit, runtime
from stem_logistics.accounts import queries
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.accounts.service import limit_attempts, token_digest
from stem_logistics.codes import new_code, parse_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Gone, Invalid, NotFound

PERMISSION_OF = {
    "receipt": Permission.LINK_RECEIPT,
    "application": Permission.LINK_APPLICATION,
    "result": Permission.LINK_RESULT,
    "custody": Permission.LINK_CUSTODY,
    "stocktake": Permission.LINK_STOCKTAKE,
    "hand-over": Permission.LINK_HAND_OVER,
}
CODE_ATTEMPTS = 8
CODE_WINDOW_SECONDS = 15 * 60


@dataclass(frozen=True)
class IssuedLink:
    """A link at the only moment at which its token and code are known in the clear."""

    id: int
    token: str
    code: str | None


def _code_digest(consignment_id: int, code: str) -> bytes:
    return runtime.keys().digest("receipt-code", f"{consignment_id}:{code}")


async def issue(
    purpose: str,
    institution_id: int,
    *,
    consignment_id: int | None = None,
    wave_id: int | None = None,
    days: int | None = None,
) -> IssuedLink:
    """Make a link (inside the caller's unit of work). A receipt's link comes with a code to type."""
    who = runtime.actor().principal
    token = secrets.token_urlsafe(24)
    code = new_code("R") if consignment_id is not None else None
    link_id = await queries.add_link(
        token_digest=token_digest(token),
        code_digest=_code_digest(consignment_id, code) if consignment_id is not None and code else None,
        purpose=purpose,
        institution_id=institution_id,
        consignment_id=consignment_id,
        wave_id=wave_id,
        created_by=who.id if who.kind == "account" else None,
        days=days or runtime.settings().link_days,
    )
    return IssuedLink(link_id, token, code)


async def issue_for_stop(stop_id: int, *, days: int | None = None) -> str:
    """Make the link of a stop of the last mile (inside the caller's unit of work); returns its token."""
    who = runtime.actor().principal
    token = secrets.token_urlsafe(24)
    await queries.add_link(
        token_digest=token_digest(token),
        code_digest=None,
        purpose="hand-over",
        institution_id=None,
        consignment_id=None,
        wave_id=None,
        created_by=who.id if who.kind == "account" else None,
        days=days or runtime.settings().link_days,
        stop_id=stop_id,
    )
    return token


def _principal(row: dict[str, Any] | None) -> Principal:
    if row is None:
        raise NotFound("link-unknown")
    if row["revoked_at"] is not None:
        raise Gone("link-revoked", since=row["revoked_at"])
    if row["expires_at"] <= datetime.now(UTC):
        raise Gone("link-expired", since=row["expires_at"])
    return Principal(
        "link",
        row["id"],
        permission=PERMISSION_OF[row["purpose"]],
        institution_id=row["institution_id"],
        consignment_id=row["consignment_id"],
        wave_id=row["wave_id"],
        stop_id=row["stop_id"],
    )


async def principal_of_link(token: str) -> Principal:
    """Whose link this is.

    Raises:
        NotFound: no such link (altered, cut off by a mail program).
        Gone: revoked or expired.
    """
    return _principal(await queries.link_by_token(token_digest(token)))


async def principal_of_code(consignment_id: int, typed: str, *, origin: str) -> Principal:
    """Whose receipt code was typed on a consignment's page. Attempts are limited by consignment and by origin.

    Raises:
        Invalid: not a code (a slip of the finger), or not this consignment's.
        TooMany: too many attempts.
    """
    code = parse_code(typed)
    if code is None:
        raise Invalid("code-mistyped")
    await limit_attempts("code-origin", origin, attempts=4 * CODE_ATTEMPTS, seconds=CODE_WINDOW_SECONDS)
    bucket = await limit_attempts("code", str(consignment_id), attempts=CODE_ATTEMPTS, seconds=CODE_WINDOW_SECONDS)
    row = await queries.link_by_code(consignment_id, _code_digest(consignment_id, code))
    if row is None:
        raise Invalid("code-of-another-consignment")
    principal = _principal(row)
    await queries.clear_attempts(bucket)
    return principal


async def token_after_code(principal: Principal, consignment_code: str) -> str:
    """A fresh short-lived link for somebody who typed the right code: the address of the form. On record."""
    assert principal.consignment_id is not None
    assert principal.institution_id is not None
    token = secrets.token_urlsafe(24)
    async with unit_of_work():
        link_id = await queries.add_link(
            token_digest=token_digest(token),
            code_digest=None,
            purpose="receipt",
            institution_id=principal.institution_id,
            consignment_id=principal.consignment_id,
            wave_id=None,
            created_by=None,
            days=1,
        )
        await audit.record("receipt-code-typed", "consignment", consignment_code, link=link_id)
    return token


async def revoke_for_consignment(consignment_id: int) -> int:
    """Revoke what a consignment's school was sent; returns how many links were open."""
    return await queries.revoke_links(consignment_id=consignment_id)


async def note_use(principal: Principal) -> None:
    """Note that a link was acted upon."""
    if principal.kind == "link" and principal.id is not None:
        await queries.touch_link(principal.id)
