"""The signed envelope in which a report is filed, `"envelope": "stem-check-envelope/1"`.

    {envelope, report_id, agent, sequence, previous, kit, serial_number, operator, observed_at, report, signature}

- `report_id` is a UUID made when the report is filed; the service counts a report once, however often it comes.
- `sequence` numbers an agent's reports from 1; `previous` is the digest of the one before (null for the first),
  so that a missing, doubled or exchanged report shows.
- `signature` is Ed25519 over the canonical JSON of everything else; the digest is SHA-256 of the same bytes.

Canonical JSON: keys sorted by code point, no white space, text as it is in UTF-8, numbers as Python's `json`
writes them, no NaN or infinity, no key twice. The service and the laptop use this one module.
"""

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from device_agents.report import Report

ENVELOPE: Final = "stem-check-envelope/1"
MAX_BYTES: Final = 512 * 1024
MAX_DEPTH: Final = 32
READERS: Final[dict[str, type[Report]]] = {"stem-check/1": Report}
"""The report schemas that are read, newest first: at most the last three."""


class EnvelopeUnreadable(ValueError):
    """The bytes are no envelope: `problem` names the fault, `place` where it is, `detail` what is wrong there."""

    def __init__(self, problem: str, place: str = "", detail: str = "") -> None:
        self.problem = problem
        self.place = place
        self.detail = detail
        super().__init__(": ".join(part for part in (problem, place, detail) if part))


class SignatureWrong(ValueError):
    """The content is not what that key signed: it was altered, or another agent made it."""


_Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Label = Annotated[str, StringConstraints(max_length=128)]
_Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{4,16}$")]


class Envelope(BaseModel):
    """The content of an envelope; `report` is read by its own schema (`read_report`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    envelope: Literal["stem-check-envelope/1"] = ENVELOPE
    report_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    agent: _Code
    sequence: Annotated[int, Field(gt=0, lt=2**53)]
    previous: _Digest | None
    kit: _Code | None
    serial_number: _Label
    operator: _Label
    observed_at: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$")]
    report: dict[str, Any]
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]

    @field_validator("observed_at")
    @classmethod
    def _is_a_time(cls, value: str) -> str:
        datetime.fromisoformat(value)
        return value

    @property
    def observed(self) -> datetime:
        """When the check was made."""
        return datetime.fromisoformat(self.observed_at)

    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        return canonical(self.model_dump(exclude={"signature"}))

    def digest(self) -> str:
        """The digest by which the next report names this one."""
        return hashlib.sha256(self.signed_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        """The envelope as it is kept and sent."""
        return canonical(self.model_dump())

    def verify(self, key: bytes) -> None:
        """Check the signature against an agent's public key (32 bytes).

        Raises:
            SignatureWrong: where it does not fit.
        """
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(self.signature), self.signed_bytes())
        except (InvalidSignature, ValueError):
            raise SignatureWrong from None

    def read_report(self) -> Report:
        """The report inside.

        Raises:
            EnvelopeUnreadable: `schema-unknown` for a schema that is not among the last three, `report-wrong`
                where it does not keep its schema.
        """
        schema = self.report.get("schema")
        reader = READERS.get(schema) if isinstance(schema, str) else None
        if reader is None:
            raise EnvelopeUnreadable("schema-unknown", str(schema)[:64], ", ".join(READERS))
        try:
            return reader.model_validate_json(canonical(self.report))
        except ValidationError as error:
            raise EnvelopeUnreadable("report-wrong", *_first(error)) from None


@dataclass(frozen=True)
class Place:
    """Where a report stands in its agent's chain, and what it is about."""

    agent: str
    sequence: int
    previous: str | None
    kit: str | None = None
    serial_number: str = ""
    operator: str = ""


def seal(report: Report, place: Place, key: Ed25519PrivateKey, observed_at: datetime | None = None) -> Envelope:
    """Put a report into a signed envelope with a fresh report id."""
    moment = (observed_at or datetime.now(UTC)).astimezone(UTC)
    content: dict[str, Any] = {
        "envelope": ENVELOPE,
        "report_id": str(uuid.uuid4()),
        "agent": place.agent,
        "sequence": place.sequence,
        "previous": place.previous,
        "kit": place.kit,
        "serial_number": place.serial_number[:128],
        "operator": place.operator[:128],
        "observed_at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "report": report.document(),
    }
    signature = key.sign(canonical(content))
    return Envelope(**content, signature=signature.hex())


def read_envelope(data: bytes) -> Envelope:
    """Read an envelope from untrusted bytes; the signature is not looked at yet.

    Raises:
        EnvelopeUnreadable: too big, no JSON, a key twice, nested too deeply, not of the schema.
    """
    if len(data) > MAX_BYTES:
        raise EnvelopeUnreadable("too-big", detail=str(MAX_BYTES))
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        canonical(value)
    except EnvelopeUnreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise EnvelopeUnreadable("not-json", detail=str(error)[:200]) from None
    if _depth(value) > MAX_DEPTH:
        raise EnvelopeUnreadable("not-json", detail="nested too deeply")
    try:
        return Envelope.model_validate(value)
    except ValidationError as error:
        raise EnvelopeUnreadable("envelope-wrong", *_first(error)) from None


def signed_text(method: str, path: str, moment: str, body: bytes) -> bytes:
    """What the signature of a laptop's request is over (see device_agents/client.py)."""
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join(("stem-agent-request/1", method, path, moment, digest)).encode("utf-8")


def enrolment_text(code: str, public_key: bytes) -> bytes:
    """What a laptop signs to show that it holds the key that it enrols with."""
    return b"stem-agent-enrol/1\n" + code.encode("utf-8") + b"\n" + public_key


def canonical(value: Any) -> bytes:
    """The one way to write a value as JSON; see the module.

    Raises:
        ValueError: for NaN, infinity, or text that UTF-8 cannot hold.
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise EnvelopeUnreadable("not-json", detail="a key stands twice")
    return found


def _no_constant(name: str) -> None:
    raise EnvelopeUnreadable("not-json", detail=name)


def _depth(value: Any, level: int = 0) -> int:
    if level > MAX_DEPTH or not isinstance(value, dict | list):
        return level
    inner = value.values() if isinstance(value, dict) else value
    return max((_depth(part, level + 1) for part in inner), default=level + 1)


def _first(error: ValidationError) -> tuple[str, str]:
    first = error.errors(include_url=False, include_input=False)[0]
    return ".".join(str(part) for part in first["loc"])[:200] or "—", first["msg"][:200]
