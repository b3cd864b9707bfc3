"""Short ways to solve and verify, and the worked examples."""

import json
from pathlib import Path
from typing import Any

from stem_logistics.allocation.model import AllocationInput, Outcome
from stem_logistics.allocation.parsing import parse_input
from stem_logistics.allocation.reasons import outcome_bytes
from stem_logistics.allocation.rules import solve

Doc = dict[str, Any]
EXAMPLES = {path.stem: json.loads(path.read_text()) for path in (Path(__file__).parent / "examples").glob("*.json")}


def encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def solved(document: Doc) -> tuple[AllocationInput, Outcome]:
    data = parse_input(encoded(document))
    return data, solve(data)


def outcome_of(document: Doc) -> bytes:
    return outcome_bytes(*solved(document))


def kit(name: str, stock: int, *reserves: tuple[str, list[str], int], **more: Any) -> Doc:
    lines = [{"id": i, "any_of": any_of, "places": places} for i, any_of, places in reserves]
    return {"id": name, "stock": stock, "levels": ["school"], "reserves": lines, **more}


def school(name: str, score: str, *wishes: str, categories: tuple[str, ...] = (), **more: Any) -> Doc:
    row = {"id": name, "level": "school", "region": "attica", "categories": list(categories), "score": score}
    return {**row, "preferences": list(wishes), **more}


def document(kits: list[Doc], applicants: list[Doc], **more: Any) -> Doc:
    return {"wave": {"seed": "s", "kits": kits, **more}, "applicants": applicants}


# X wants kit 1 and Y kit 2; each kit's only place is reserved for the other's category.
CROSSED = document(
    [kit("kit1", 1, ("for-y", ["y"], 1)), kit("kit2", 1, ("for-x", ["x"], 1))],
    [
        school("X", "50", "kit1", "kit2", categories=("x",)),
        school("Y", "40", "kit2", "kit1", categories=("y",)),
    ],
)
