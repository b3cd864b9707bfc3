"""A bundle is believed by its signature: nothing altered, nobody else's key, only keys that the trusted one named."""

import contextlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from firmware_checks.bundles import MAX_BUNDLE, Bundle, Part, public_half, read, sign, succeed
from firmware_checks.errors import BundleRefused

KEYS = [Ed25519PrivateKey.generate() for _ in range(4)]
PUBLIC = [public_half(key) for key in KEYS]
BUNDLE = Bundle(
    format="stem-bundle/1",
    version=3,
    issued_at="2026-11-21T08:00:00Z",
    parts=[Part(sort="baseline", slug="microbit", edition=2, content='kind = "microbit" # ναι\n')],
)


def test_what_was_signed_is_read() -> None:
    """A bundle comes back with its parts; its documents are named after bundle and kind."""
    trusted = read(sign(BUNDLE, KEYS[0]), PUBLIC[0])
    assert (trusted.bundle, trusted.key) == (BUNDLE, PUBLIC[0])
    document = trusted.bundle.documents()[0]
    assert (document.kind, document.name) == ("microbit", "bundle 3: microbit.toml")
    assert trusted.bundle.documents("kind") == []


@given(st.data())
def test_no_changed_byte_is_believed(data: st.DataObject) -> None:
    """Any byte changed, any cut: refused, and by nothing worse, or it is the same content (white space in the JSON)."""
    whole = bytearray(sign(BUNDLE, KEYS[0], [succeed(KEYS[1], PUBLIC[0])]))
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        whole[place] = data.draw(st.integers(0, 255))
    else:
        del whole[place:]
    with contextlib.suppress(BundleRefused):
        assert read(bytes(whole), PUBLIC[0]).bundle == BUNDLE


def test_only_a_key_that_the_trusted_one_named_may_sign() -> None:
    """0 named 1 and 1 named 2: whoever trusts any of them believes 2; who trusts another believes nobody; a link that
    somebody else signed, or a gap in the chain, leads nowhere."""
    links = [succeed(KEYS[0], PUBLIC[1]), succeed(KEYS[1], PUBLIC[2])]
    signed = sign(BUNDLE, KEYS[2], links)
    assert all(read(signed, pinned).key == PUBLIC[2] for pinned in PUBLIC[:3])
    forged = succeed(KEYS[3], PUBLIC[2])
    lie = forged.__class__(PUBLIC[0], PUBLIC[2], forged.signature)
    for pinned, data in (
        (PUBLIC[3], signed),
        (PUBLIC[0], sign(BUNDLE, KEYS[2], links[1:])),
        (PUBLIC[0], sign(BUNDLE, KEYS[2], [lie])),
        (PUBLIC[0], sign(BUNDLE, KEYS[3])),
    ):
        with pytest.raises(BundleRefused) as caught:
            read(data, pinned)
        assert caught.value.slug == "bundle-key-unknown"
    assert read(sign(BUNDLE, KEYS[3]), None).key == PUBLIC[3]


@pytest.mark.parametrize("content", [b"", b"[]", b"<html>", b"{" * 5000, b" " * (MAX_BUNDLE + 1), b"\xff", b"{}"])
def test_what_is_no_bundle_is_named(content: bytes) -> None:
    """Anything else is unreadable, not an exception of another sort."""
    with pytest.raises(BundleRefused) as caught:
        read(content, PUBLIC[0])
    assert caught.value.slug == "bundle-unreadable"


def test_a_newer_service_may_say_more() -> None:
    """Fields that this version does not know are signed too, and do no harm."""
    content = {**BUNDLE.model_dump(), "motto": "x"}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    signature = KEYS[0].sign(b"stem-bundle/1\n" + text.encode()).hex()
    signed = json.dumps({"bundle": content, "key": PUBLIC[0].hex(), "signature": signature, "more": 1})
    assert read(signed.encode(), PUBLIC[0]).bundle == BUNDLE
