"""The published file of a list: what its page may be held against, byte for byte; no personal data. Pure."""

from typing import Any

from stem_logistics.allocation.canonical import canonical_chunks
from stem_logistics.grants.model import Correction, GrantList
from stem_logistics.grants.rules import Entry, units_by_kit

SCHEMA = "grant-list/1"


def _recipient(entry: Entry, why: str) -> dict[str, Any]:
    return {
        "code": entry.code,
        "name": entry.name,
        "kind": entry.kind,
        "level": entry.level,
        "region": entry.region,
        "kit": entry.kit,
        "units": entry.units,
        "category": entry.category,
        "rank": entry.rank,
        "project": entry.project,
        "why": why,
    }


def _correction(found: GrantList, correction: Correction) -> dict[str, Any]:
    was, now = (
        None if entry is None else _recipient(entry, found.why(entry)) for entry in (correction.was, correction.now)
    )
    return {
        "at": correction.at.isoformat(timespec="seconds"),
        "why": correction.why,
        "was": was,
        "is": now,
        "former_sha256": correction.former_sha256,
    }


def published_bytes(found: GrantList) -> bytes:
    """A list as canonical JSON and a newline: its head, what there was to give, each recipient with the reason; and
    where it was corrected, each correction with the digest of the file before it."""
    wave = found.wave
    corrections = [_correction(found, each) for each in found.corrections]
    document = {
        "schema": SCHEMA,
        "list": {
            "id": wave.slug,
            "title": {"el": wave.title_el, "en": wave.title_en},
            "reason": found.reason,
            "ground": found.ground,
            "year": wave.year_to,
            "decision": {"protocol": wave.decision_protocol, "ada": wave.decision_ada},
            "delivered": found.delivered,
        },
        "stock": dict(found.stock),
        "given": units_by_kit(found.entries),
        "recipients": [
            _recipient(entry, found.why(entry))
            for entry in sorted(found.entries, key=lambda each: (each.code, each.kit))
        ],
        **({"corrections": corrections} if corrections else {}),
    }
    return b"".join(canonical_chunks(document)) + b"\n"
