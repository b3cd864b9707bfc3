"""Laptops that may file reports: enrolment by a one-time code, revocation, and who signed a request."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from device_agents.envelope import enrolment_text, signed_text
from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.accounts.service import limit_attempts
from stem_logistics.checks import queries
from stem_logistics.checks.rules import CLOCK_SLACK_S
from stem_logistics.codes import ALPHABET, new_code, parse_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Forbidden, Gone, Invalid, NotFound, SignInNeeded

CODE_LENGTH: Final = 12  # of 31 characters: 59 bits, for a code that lives for days and is tried under a limit
CODE_DAYS: Final = 7
ENROL_ATTEMPTS, ENROL_WINDOW_SECONDS = 60, 15 * 60  # a room full of laptops may share one address
_GREEK: Final = str.maketrans("ΑΒΕΖΗΚΜΝΡΤΥΧ", "ABEZHKMNPTYX")
_HEADER: Final = re.compile(
    r'STEM-Agent agent="([0-9A-Z]{4,16})", time="(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", signature="([0-9a-f]{128})"'
)


@dataclass(frozen=True)
class IssuedCode:
    """An enrolment code at the only moment at which it is known in the clear."""

    code: str
    label: str
    expires_at: datetime

    @property
    def shown(self) -> str:
        """The code in groups that can be read out."""
        return "-".join(self.code[start : start + 4] for start in range(0, CODE_LENGTH, 4))


@dataclass(frozen=True)
class Application:
    """What a laptop says of itself when it spends a code."""

    code: str
    name: str
    version: str
    public_key: bytes
    proof: bytes


def require(permission: Permission) -> Principal:
    """Who acts, if they hold the permission anywhere; else Forbidden."""
    principal = runtime.actor().principal
    if not principal.may(permission):
        raise Forbidden("not-allowed", permission=permission.value)
    return principal


def _only_own(permission: Permission) -> int | None:
    """Whose laptops this person reaches: None for everybody's; who holds the permission in a part of the country
    reaches those that they enrolled themselves, for a laptop belongs to no region."""
    principal = require(permission)
    return None if principal.scope(permission).country else principal.id


def _digest(typed: str) -> bytes:
    folded = "".join(typed.upper().split()).replace("-", "").translate(_GREEK)
    return runtime.keys().digest("enrolment-code", folded)


async def issue_code(label: str) -> IssuedCode:
    """Make an enrolment code for one laptop. It is shown once and kept as a digest."""
    who = require(Permission.CHECKS_WRITE)
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    label = " ".join(label.split())[:100]
    expires_at = datetime.now(UTC) + timedelta(days=CODE_DAYS)
    async with unit_of_work():
        by = who.id if who.kind == "account" else None
        code_id = await queries.add_code(_digest(code), label, by, expires_at)
        await audit.record("enrolment-code-issued", "enrolment-code", code_id)
    return IssuedCode(code, label, expires_at)


async def withdraw_code(code_id: int) -> None:
    """Withdraw a code that was not used.

    Raises:
        NotFound: it was used, has expired or never was.
    """
    own = _only_own(Permission.CHECKS_WRITE)
    async with unit_of_work():
        if not await queries.withdraw_code(code_id, own):
            raise NotFound("enrolment-code-gone")
        await audit.record("enrolment-code-withdrawn", "enrolment-code", code_id)


async def list_codes() -> list[dict[str, Any]]:
    """The codes that can still be used."""
    return await queries.open_codes(_only_own(Permission.CHECKS_READ))


async def list_agents() -> list[dict[str, Any]]:
    """Every laptop, with how many reports it filed and whether its chain holds."""
    return await queries.agents(_only_own(Permission.CHECKS_READ))


async def enrol(wish: Application) -> tuple[str, str]:
    """Spend a code: the laptop's code and name. The same code again with the same key gives the same answer.

    Raises:
        Invalid: the code is unknown, or the proof does not show that the laptop has the key.
        Gone: the code was used by another laptop, or has expired.
        TooMany: too many attempts from there.
    """
    origin = (runtime.actor().origin_digest or b"").hex()
    await limit_attempts("enrol", origin, attempts=ENROL_ATTEMPTS, seconds=ENROL_WINDOW_SECONDS)
    if not _holds(wish.public_key, wish.proof, enrolment_text(wish.code, wish.public_key)):
        raise Invalid("enrolment-proof-wrong")
    async with unit_of_work():
        row = await queries.lock_code(_digest(wish.code))
        if row is None:
            raise Invalid("enrolment-code-unknown")
        if row["used_at"] is not None:
            if row["public_key"] != wish.public_key:
                raise Gone("enrolment-code-used")
            return str(row["agent_code"]), str(row["agent_name"])
        if row["expires_at"] <= datetime.now(UTC):
            raise Gone("enrolment-code-expired")
        name = " ".join(wish.name.split())[:100] or "stem-check"
        code = new_code("T")
        agent_id = await queries.add_agent(code, name, wish.public_key, wish.version[:40], row["created_by"])
        await queries.use_code(row["id"], agent_id)
        become(agent_id, code, name)
        await audit.record("agent-enrolled", "agent", code, enrolment_code=row["id"])
    return code, name


async def revoke(code: str, why: str) -> None:
    """Let a laptop file nothing any more. What it filed stays. Its code is taken as the pages show it, too.

    Raises:
        NotFound: no such laptop, or revoked already.
    """
    who, own = require(Permission.CHECKS_WRITE), _only_own(Permission.CHECKS_WRITE)
    code = parse_code(code) or code
    async with unit_of_work():
        if not await queries.revoke_agent(code, who.id if who.kind == "account" else None, own):
            raise NotFound("agent-not-found", code=code[:16])
        await audit.record("agent-revoked", "agent", code, why=" ".join(why.split())[:500])


async def known_agent(code: str) -> dict[str, Any]:
    """An agent by its code, revoked or not.

    Raises:
        Forbidden: there is none.
    """
    row = await queries.agent_by_code(code)
    if row is None:
        raise Forbidden("agent-unknown", code=code[:16])
    return row


def refuse_revoked(agent: dict[str, Any]) -> None:
    """Raise Forbidden where the agent was revoked."""
    if agent["revoked_at"] is not None:
        raise Forbidden("agent-revoked", since=agent["revoked_at"].date().isoformat())


async def agent_of_request(header: str, method: str, path: str, body: bytes) -> Principal:
    """Who signed a request (`Authorization: STEM-Agent …`, see device_agents/client.py); they act from here on.

    A request is good for five minutes around the service's own time; what it may do, reading a list, does no harm
    twice, so it needs no memory of signatures.

    Raises:
        SignInNeeded: no signature, a wrong one, or a clock that is off.
        Forbidden: the agent is unknown or was revoked.
    """
    match = _HEADER.fullmatch(header.strip())
    if match is None:
        raise SignInNeeded("agent-signature-missing")
    code, moment, signature = match.groups()
    agent = await known_agent(code)
    if not _holds(bytes(agent["public_key"]), bytes.fromhex(signature), signed_text(method, path, moment, body)):
        raise SignInNeeded("agent-signature-wrong")
    refuse_revoked(agent)
    ahead = _seconds_ahead(moment)
    if ahead is None:
        raise SignInNeeded("agent-signature-missing")
    if abs(ahead) > CLOCK_SLACK_S:
        raise SignInNeeded("agent-clock-off", minutes=abs(ahead) // 60)
    await queries.seen(agent["id"])
    return become(agent["id"], agent["code"], agent["name"])


@dataclass(frozen=True)
class SignedMoment:
    """A laptop's own word for what time it is: how many seconds its clock is ahead of ours (negative: behind)."""

    agent: str
    skew_s: int


async def signed_moment(header: str, method: str, path: str, body: bytes) -> SignedMoment | None:
    """What a request says of its laptop's clock, where that laptop signed it; None where nobody did."""
    match = _HEADER.fullmatch(header.strip())
    if match is None:
        return None
    code, moment, signature = match.groups()
    agent = await queries.agent_by_code(code)
    ahead = _seconds_ahead(moment)
    if agent is None or ahead is None:
        return None
    text = signed_text(method, path, moment, body)
    return SignedMoment(code, ahead) if _holds(bytes(agent["public_key"]), bytes.fromhex(signature), text) else None


def _seconds_ahead(moment: str) -> int | None:
    try:
        return round((datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds())
    except ValueError:
        return None


def become(agent_id: int, code: str, name: str) -> Principal:
    """Let the rest of the request be this laptop's doing."""
    principal = Principal("agent", agent_id, code=code, name=name)
    now = runtime.actor()
    runtime.set_actor(runtime.Actor(principal, now.channel, now.request_id, now.origin_digest))
    return principal


def _holds(key: bytes, signature: bytes, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True
