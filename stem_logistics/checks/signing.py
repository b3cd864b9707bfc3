"""The service's key for what laptops take from it: made on first use, sealed at rest, renewed by a chain.

The private half lies in the database, encrypted with a key derived from the server's secret: every server of an
installation signs with the same one, a backup holds it, and the database alone cannot sign. A laptop pins the public
half when it is enrolled.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_checks.bundles import Succession, public_half, succeed
from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.checks import firmware_queries as queries
from stem_logistics.checks.agents import require
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Invalid

_PURPOSE = "service-signing-key"


@dataclass(frozen=True)
class Signer:
    """The key in force and how it follows from the former ones."""

    key: Ed25519PrivateKey
    succession: tuple[Succession, ...]

    @property
    def public_key(self) -> bytes:
        """What a laptop pins."""
        return public_half(self.key)


@dataclass(frozen=True)
class KeyState:
    """A key as people are told of it."""

    public_key: str
    made_at: datetime
    follows: bool


async def signer() -> Signer:
    """The key in force; made now where there is none yet.

    Raises:
        Invalid: it was sealed with another secret than the server has now (`service-key-lost`).
    """
    rows = await queries.keys()
    if not rows:
        async with unit_of_work():
            await queries.lock_keys()
            rows = await queries.keys()  # another server may have been quicker
            if not rows:
                await _make(None)
                rows = await queries.keys()
    links = [
        Succession(bytes(before["public_key"]), bytes(after["public_key"]), bytes(after["succession"]))
        for before, after in pairwise(rows)
        if after["succession"] is not None
    ]
    return Signer(_unsealed(bytes(rows[-1]["sealed_key"])), tuple(links))


async def renew(*, break_chain: bool = False) -> KeyState:
    """Make a new key; the former one signs it, so that laptops follow by themselves.

    Args:
        break_chain: the former key may be in somebody else's hands, or cannot be unsealed: it signs nothing any more,
            and every laptop has to be enrolled anew.

    Raises:
        Invalid: the former key cannot be unsealed and the chain was not to be broken.
    """
    require(Permission.CHECKS_FIRMWARE)
    async with unit_of_work():
        await queries.lock_keys()
        rows = await queries.keys()
        former = None if break_chain or not rows else _unsealed(bytes(rows[-1]["sealed_key"]))
        await _make(former)
    return (await state())[-1]


async def state() -> list[KeyState]:
    """The keys there were, the one in force last."""
    require(Permission.CHECKS_READ)
    return [
        KeyState(bytes(row["public_key"]).hex(), row["made_at"], row["succession"] is not None)
        for row in await queries.keys()
    ]


async def _make(former: Ed25519PrivateKey | None) -> None:
    key = Ed25519PrivateKey.generate()
    public = public_half(key)
    link = succeed(former, public).signature if former is not None else None
    who = runtime.actor().principal
    by = who.id if who.kind == "account" else None
    await queries.add_key(public, runtime.keys().seal(_PURPOSE, key.private_bytes_raw()), link, by)
    await audit.record("service-key-made", "service-key", public.hex()[:16], follows=former is not None)


def _unsealed(sealed: bytes) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(runtime.keys().unseal(_PURPOSE, sealed))
    except Invalid:
        raise Invalid("service-key-lost") from None
