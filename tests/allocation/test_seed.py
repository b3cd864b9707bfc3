"""The lottery's seed follows from what was promised and what was drawn, or it is refused."""

from hashlib import sha256

import pytest

from stem_logistics.allocation.errors import SeedNotFromCommitment
from stem_logistics.allocation.seed import check_seed, commitment, new_nonce, reveal


def test_the_seed_is_the_digest_of_nonce_and_draw() -> None:
    """Anybody can work the seed out with SHA-256 alone."""
    promised = commitment("a nonce")
    assert promised == sha256(b"a nonce").hexdigest()
    seed = reveal(promised, "a nonce", "3 17 22 31 44")
    assert seed == sha256(b"a nonce:3 17 22 31 44").hexdigest()
    check_seed(seed, promised, "a nonce", "3 17 22 31 44")


@pytest.mark.parametrize(
    ("seed", "nonce", "draw"),
    [
        (sha256(b"n:1 2").hexdigest(), "m", "1 2"),
        (sha256(b"n:1 2").hexdigest(), "n", "1 3"),
        (sha256(b"n:1 2").hexdigest(), "n", ""),
        (sha256(b"n:1 2").hexdigest().upper(), "n", "1 2"),
        ("etw-2026-1", "n", "1 2"),
    ],
)
def test_a_seed_that_does_not_follow_is_refused(seed: str, nonce: str, draw: str) -> None:
    """Another nonce, another draw, no draw, another seed: refused, whichever it is."""
    with pytest.raises(SeedNotFromCommitment):
        check_seed(seed, commitment("n"), nonce, draw)


def test_nonces_differ() -> None:
    """A nonce cannot be guessed: 256 bits, never the same twice."""
    assert len({new_nonce() for _ in range(100)}) == 100 and len(new_nonce()) == 64
