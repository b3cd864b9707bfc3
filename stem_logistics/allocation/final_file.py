"""The final file: the runs it stands on by digest, each change with its reason, who holds what in the end. Pure."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from stem_logistics.allocation.canonical import canonical_text
from stem_logistics.allocation.changes import (
    Change,
    GivenBack,
    Rerun,
    Standing,
    Supernumerary,
    Withdrawn,
)
from stem_logistics.allocation.model import Applicant, score_text, score_value


def final_bytes(
    standing: Standing, runs: Sequence[tuple[bytes, bytes]], appeals: Sequence[Mapping[str, Any]] = ()
) -> bytes:
    """The final file in canonical form, with a newline.

    Args:
        standing: the run in force and its changes.
        runs: the input's and the outcome's file of each run, the first that was published first.
        appeals: each appeal as it is published: number, school, point, decision, reason, effect.
    """
    document = {
        "runs": [
            {"input_sha256": _digest_of_input(outcome), "outcome_sha256": sha256(outcome).hexdigest()}
            for _input, outcome in runs
        ],
        "held_back": dict(standing.held_back),
        "changes": [change_json(change) for change in standing.changes],
        "allocation": {
            name: {"kit": held.kit, "line": held.line, "units": held.units, **({"extra": True} if held.extra else {})}
            for name, held in standing.holdings().items()
        },
        "appeals": list(appeals),
    }
    return (canonical_text(document) + "\n").encode()


def _digest_of_input(outcome: bytes) -> str:
    # of the input's canonical form, as the outcome names it
    return str(json.loads(outcome)["input_sha256"])


def applicant_json(a: Applicant) -> dict[str, Any]:
    """An application as it stands in the input's file."""
    return {
        "id": a.id,
        "submission": a.submission,
        "level": a.level,
        "region": a.region,
        "categories": list(a.categories),
        "score": score_text(a.score),
        "preferences": list(a.preferences),
    }


def applicant_of(row: Mapping[str, Any]) -> Applicant:
    """The application that a row of the file gives."""
    return Applicant(
        row["id"],
        row.get("submission", 1),
        row["level"],
        row["region"],
        tuple(row["categories"]),
        score_value(row["score"]),
        tuple(row["preferences"]),
    )


def change_json(change: Change) -> dict[str, Any]:
    """A change as it stands in the final file."""
    row: dict[str, Any]
    match change:
        case Supernumerary(applicant, kit, line, reason):
            row = {"change": "supernumerary", "applicant": applicant_json(applicant), "kit": kit, "line": line}
            return {**row, "reason": reason}
        case GivenBack(name, kit, line, to, to_line, reason):
            row = {"change": "given_back", "id": name, "kit": kit, "line": line, "to": to, "to_line": to_line}
            return {**row, "reason": reason}
        case Withdrawn(name, reason):
            return {"change": "withdrawn", "id": name, "reason": reason}
        case Rerun(corrected, moved, reason):
            return {"change": "rerun", "corrected": list(corrected), "moved": list(moved), "reason": reason}


def change_of(row: Mapping[str, Any]) -> Change:
    """The change that a row of the final file gives."""
    match row["change"]:
        case "supernumerary":
            return Supernumerary(applicant_of(row["applicant"]), row["kit"], row["line"], row["reason"])
        case "given_back":
            return GivenBack(row["id"], row["kit"], row["line"], row["to"], row["to_line"], row["reason"])
        case "withdrawn":
            return Withdrawn(row["id"], row["reason"])
        case _:
            return Rerun(tuple(row["corrected"]), tuple(row["moved"]), row["reason"])
