"""Signing in and out, making accounts, and who the bearer of a session is."""

import asyncio
import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from stem_logistics import audit, runtime
from stem_logistics.accounts import queries
from stem_logistics.accounts.policy import OF_A_REGION, ROLES, Grant, Permission, Principal
from stem_logistics.codes import new_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Invalid, NotFound, SignInNeeded, TooMany

_HASHER = PasswordHasher()
# Verified when the address is unknown, so that both answers take the same time.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))

SIGN_IN_ATTEMPTS = 10
# An office may sit behind one address; whoever tries one password on many accounts comes from one, too.
SIGN_IN_ATTEMPTS_FROM_ONE_PLACE = 100
SIGN_IN_WINDOW_SECONDS = 15 * 60
MIN_PASSWORD = 12


def token_digest(token: str) -> bytes:
    """What is stored of a random token: its SHA-256 (the token has 256 bits, so no salt is needed)."""
    return hashlib.sha256(token.encode()).digest()


async def limit_attempts(purpose: str, who: str, *, attempts: int, seconds: int) -> str:
    """Count an attempt of somebody at something; returns the bucket, to clear after a success.

    Raises:
        TooMany: more than `attempts` in `seconds`.
    """
    bucket = f"{purpose}:{runtime.keys().digest('throttle', who).hex()}"
    if await queries.count_attempt(bucket, seconds) > attempts:
        raise TooMany("too-many-attempts", minutes=seconds // 60)
    return bucket


async def sign_in(email: str, password: str) -> tuple[str, Principal]:
    """Check a password; returns a new session's token (for the cookie) and who it is.

    Raises:
        SignInNeeded: address and password do not go together (never which of the two is wrong).
        TooMany: too many attempts for this address, or from one place.
    """
    address = email.strip().lower()
    if origin := runtime.actor().origin_digest:
        places, window = SIGN_IN_ATTEMPTS_FROM_ONE_PLACE, SIGN_IN_WINDOW_SECONDS
        await limit_attempts("sign-in-origin", origin.hex(), attempts=places, seconds=window)
    bucket = await limit_attempts("sign-in", address, attempts=SIGN_IN_ATTEMPTS, seconds=SIGN_IN_WINDOW_SECONDS)
    account = await queries.account_by_email(address)
    stored = (account or {}).get("password_hash") or _NOBODY
    try:
        # takes some hundredths of a second of a core: other requests go on meanwhile
        await asyncio.to_thread(_HASHER.verify, stored, password)
    except (VerificationError, InvalidHashError) as error:
        raise SignInNeeded("sign-in-refused") from error
    if account is None:
        raise SignInNeeded("sign-in-refused")
    token = secrets.token_urlsafe(32)
    async with unit_of_work():
        if _HASHER.check_needs_rehash(stored):
            await queries.set_password(account["id"], _HASHER.hash(password))
        await queries.add_session(account["id"], token_digest(token), runtime.settings().session_hours)
        await queries.clear_attempts(bucket)
        await audit.record("signed-in", "account", account["id"])
    principal = await principal_of_account(account["id"])
    assert principal is not None
    return token, principal


async def sign_out(principal: Principal) -> None:
    """End the principal's session."""
    if principal.session_id is None:
        return
    async with unit_of_work():
        await queries.revoke_session(principal.session_id)
        await audit.record("signed-out", "account", principal.id)


async def principal_of_token(token: str) -> Principal | None:
    """Who bears a session's token; None when it is unknown, revoked or expired."""
    row = await queries.session_by_token(token_digest(token))
    if row is None:
        return None
    name = row["name"] or ""
    return Principal("account", row["id"], row["code"], name, grants=row["grants"], session_id=row["session_id"])


async def principal_of_account(account_id: int) -> Principal | None:
    """An active account as a principal; None when there is none."""
    row = await queries.account_by_id(account_id)
    if row is None:
        return None
    return Principal("account", row["id"], row["code"], row["name"] or "", grants=await queries.grants_of(row["id"]))


async def people_who_may(permission: Permission) -> list[tuple[str, Principal]]:
    """The active accounts that hold a permission anywhere, with their addresses."""
    found = []
    for account_id, email in await queries.active_accounts():
        person = await principal_of_account(account_id)
        if person is not None and person.may(permission):
            found.append((email, person))
    return found


async def create_account(email: str, name: str, password: str, grants: list[Grant]) -> int:
    """Make an account with its grants; returns its id.

    Raises:
        Invalid: an unusable address, a short password, an unknown role.
        Conflict: the address has an account.
    """
    address = email.strip().lower()
    if address.count("@") != 1 or any(character.isspace() for character in address):
        raise Invalid("mail-address-unusable", address=address)
    if len(password) < MIN_PASSWORD:
        raise Invalid("password-too-short", minimum=MIN_PASSWORD)
    for grant in grants:
        if grant.role not in ROLES:
            raise Invalid("role-unknown", role=grant.role, known=", ".join(sorted(ROLES)))
        if grant.role in OF_A_REGION and grant.scope_kind != "region":
            raise Invalid("role-needs-region", role=grant.role)
    granted_by = runtime.actor().principal
    async with unit_of_work():
        account_id = await queries.add_account(new_code("A"), address, name.strip(), _HASHER.hash(password))
        for grant in grants:
            await queries.add_grant(account_id, grant, granted_by.id if granted_by.kind == "account" else None)
        await audit.record("account-created", "account", account_id, roles=[grant.role for grant in grants])
    return account_id


async def set_password(account_id: int, password: str) -> None:
    """Replace a password and end the account's sessions."""
    if len(password) < MIN_PASSWORD:
        raise Invalid("password-too-short", minimum=MIN_PASSWORD)
    async with unit_of_work():
        await queries.set_password(account_id, _HASHER.hash(password))
        await queries.revoke_sessions_of(account_id)
        await audit.record("password-changed", "account", account_id)


async def account_id_of(email: str) -> int:
    """The active account of an address. Raises NotFound."""
    account = await queries.account_by_email(email.strip().lower())
    if account is None:
        raise NotFound("account-not-found", address=email[:200])
    return int(account["id"])


async def scope_of_region(role: str, code: str) -> Grant:
    """A role in one region, by the code of its directorate. Raises NotFound."""
    region_id = await queries.region_id(code.strip())
    if region_id is None:
        raise NotFound("region-not-found", code=code[:60])
    return Grant(role, "region", region_id)


async def shut_account(account_id: int, why: str) -> None:
    """Let an account do nothing any more: its sessions end, its roles are taken away, waiting work is not done.

    What it did stays on record.
    """
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        await queries.shut(account_id)
        await queries.revoke_sessions_of(account_id)
        await audit.record("account-shut", "account", account_id, why=why.strip())
