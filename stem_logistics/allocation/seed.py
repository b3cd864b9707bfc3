"""The lottery's seed: promised before applications close, drawn after, so that nobody can know the tickets.

The call publishes `commitment(nonce)` and names a future public draw. After the deadline the nonce and the
draw's numbers are revealed; everybody can compute `reveal(commitment, nonce, draw)`.
"""

import secrets
from hashlib import sha256

from stem_logistics.allocation.errors import N_, SeedNotFromCommitment, quoted


def new_nonce() -> str:
    """A secret that cannot be guessed: 256 bits from the system, in hexadecimal."""
    return secrets.token_hex(32)


def commitment(nonce: str) -> str:
    """What the call publishes: SHA-256 of the secret nonce, in hexadecimal."""
    return sha256(nonce.encode()).hexdigest()


def reveal(promised: str, nonce: str, draw: str) -> str:
    """The seed: SHA-256 of `nonce:draw`, in hexadecimal.

    Args:
        promised: the commitment that the call published.
        nonce: the revealed secret.
        draw: the numbers of the public draw, written as the call says.

    Raises:
        SeedNotFromCommitment: the nonce is not the one that was promised, or there is no draw.
    """
    if commitment(nonce) != promised:
        raise SeedNotFromCommitment(
            N_("The SHA-256 of the revealed secret is %(found)s; the call promised %(promised)s."),
            found=commitment(nonce), promised=quoted(promised),
        )  # fmt: skip
    if not draw:
        raise SeedNotFromCommitment(N_("The numbers of the public draw are missing."))
    return sha256(f"{nonce}:{draw}".encode()).hexdigest()


def check_seed(seed: str, promised: str, nonce: str, draw: str) -> None:
    """Refuse a seed that does not follow from the commitment and the draw.

    Raises:
        SeedNotFromCommitment: naming what differs.
    """
    if (expected := reveal(promised, nonce, draw)) != seed:
        raise SeedNotFromCommitment(
            N_("The seed in use is %(seed)s; secret and draw give %(expected)s."), seed=quoted(seed), expected=expected
        )
