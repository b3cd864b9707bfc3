"""A signed bundle: the known firmware, and the kinds that are lists of questions, which a service sends to its laptops.

    {"bundle": {"format": "stem-bundle/1", "version", "issued_at", "parts": [{sort, slug, edition, content}]},
     "key": "<hex>", "signature": "<hex>", "succession": [{"from": "<hex>", "to": "<hex>", "signature": "<hex>"}]}

The signature is Ed25519 over `stem-bundle/1`, a line's end and the canonical JSON of `bundle`. A laptop has pinned one
public key when it was enrolled; where the service has renewed its key since, each link of `succession` is the former
key's signature over the next one, so the laptop follows from what it trusts to what signed, and to nothing else.
`version` grows with every change: a laptop takes no lower one than it has seen.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from firmware_checks.catalogue import Document
from firmware_checks.errors import BundleRefused

FORMAT: Final = "stem-bundle/1"
MAX_PART: Final = 256 * 1024
MAX_BUNDLE: Final = 8 * 1024 * 1024
MAX_LINKS: Final = 100

_Hex32 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")  # a newer service may say more


class Part(_Model):
    """One file of the bundle: a baseline of a kind, or a kind that is a list of questions, as TOML."""

    sort: Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,20}$")]
    slug: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9.]+)*$", max_length=60)]
    edition: Annotated[int, Field(ge=1, lt=2**31)]
    content: Annotated[str, StringConstraints(max_length=MAX_PART)]


class Bundle(_Model):
    """What is signed. `version` 0 holds nothing: the service has nothing of its own yet."""

    format: Literal["stem-bundle/1"]
    version: Annotated[int, Field(ge=0, lt=2**53)]
    issued_at: Annotated[str, StringConstraints(max_length=40)]
    parts: Annotated[list[Part], Field(max_length=1000)]

    @property
    def label(self) -> str:
        """The bundle's name, in reports and for people."""
        return f"bundle {self.version}"

    def documents(self, sort: str = "baseline") -> list[Document]:
        """The files of one sort, each named so that a fault in it can be found."""
        return [
            Document(part.slug, f"{self.label}: {part.slug}.toml", part.content.encode("utf-8"))
            for part in self.parts
            if part.sort == sort
        ]


class _Link(_Model):
    former: Annotated[_Hex32, Field(alias="from")]
    next: Annotated[_Hex32, Field(alias="to")]
    signature: _Hex64


class _Signed(_Model):
    bundle: dict[str, Any]
    key: _Hex32
    signature: _Hex64
    succession: Annotated[list[_Link], Field(max_length=MAX_LINKS)] = Field(default_factory=list)


@dataclass(frozen=True)
class Succession:
    """A former key's word that another one takes its place."""

    former: bytes
    next: bytes
    signature: bytes


@dataclass(frozen=True)
class Trusted:
    """A bundle whose signature holds, the key that signed it, and the digest of its content."""

    bundle: Bundle
    key: bytes
    digest: str


def _canonical(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def _signed_text(bundle: Any) -> bytes:
    return FORMAT.encode() + b"\n" + _canonical(bundle)


def _succession_text(former: bytes, following: bytes) -> bytes:
    return b"stem-service-key/1\n" + former + following


def public_half(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of a key's public half."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def succeed(former: Ed25519PrivateKey, following: bytes) -> Succession:
    """Let a key name the one that takes its place."""
    before = public_half(former)
    return Succession(before, following, former.sign(_succession_text(before, following)))


def sign(bundle: Bundle, key: Ed25519PrivateKey, succession: Iterable[Succession] = ()) -> bytes:
    """The bundle as it is sent and kept."""
    content = bundle.model_dump()
    return _canonical(
        {
            "bundle": content,
            "key": public_half(key).hex(),
            "signature": key.sign(_signed_text(content)).hex(),
            "succession": [
                {"from": each.former.hex(), "to": each.next.hex(), "signature": each.signature.hex()}
                for each in succession
            ],
        }
    )


def read(data: bytes, pinned: bytes | None) -> Trusted:
    """Read a bundle from untrusted bytes.

    Args:
        data: as it was received, or as it lies on the disk.
        pinned: the public key that is trusted; None trusts the key that the bundle itself names, which only a laptop
            may do that was enrolled before services had such keys.

    Raises:
        BundleRefused: `bundle-unreadable`, `bundle-altered` (the signature does not fit), `bundle-key-unknown` (another
            key has signed, and no chain of keys leads to it from the trusted one).
    """
    if len(data) > MAX_BUNDLE:
        raise BundleRefused("bundle-unreadable", reason=f"> {MAX_BUNDLE} bytes")
    try:
        signed = _Signed.model_validate(json.loads(data.decode("utf-8")))
        text = _signed_text(signed.bundle)
    except ValidationError as error:
        raise BundleRefused("bundle-unreadable", reason=_first(error)) from None
    except (ValueError, RecursionError) as error:
        raise BundleRefused("bundle-unreadable", reason=str(error)[:200]) from None
    key = bytes.fromhex(signed.key)
    if pinned is not None and not _leads_to(pinned, key, signed.succession):
        raise BundleRefused("bundle-key-unknown", key=key.hex()[:16], pinned=pinned.hex()[:16])
    if not _holds(key, bytes.fromhex(signed.signature), text):
        raise BundleRefused("bundle-altered")
    try:
        bundle = Bundle.model_validate(signed.bundle)
    except ValidationError as error:
        raise BundleRefused("bundle-unreadable", reason=_first(error)) from None
    return Trusted(bundle, key, hashlib.sha256(text).hexdigest())


def _leads_to(pinned: bytes, key: bytes, links: list[_Link]) -> bool:
    trusted = pinned
    for _ in range(len(links) + 1):
        if trusted == key:
            return True
        link = next((each for each in links if bytes.fromhex(each.former) == trusted), None)
        if link is None:
            return False
        following = bytes.fromhex(link.next)
        if not _holds(trusted, bytes.fromhex(link.signature), _succession_text(trusted, following)):
            return False
        trusted = following
    return False


def _holds(key: bytes, signature: bytes, text: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"[:200]
