"""What a batch takes: the kind that was ordered, no more than was ordered unasked, nothing once its sample is drawn."""

from collections.abc import Mapping
from typing import Any

from stem_logistics.codes import shown_code
from stem_logistics.errors import Conflict
from stem_logistics.inventory import purchasing_queries as queries


def why_closed(batch: Mapping[str, Any]) -> str:
    """Why a batch takes no more kits: the slug of a refusal; empty where it does."""
    if batch["decision"]:
        return "batch-decided"
    if batch["sampled_at"]:
        return "batch-sampled"
    return "order-ended" if batch["order_ended"] else ""


def refuse_closed(batch: Mapping[str, Any]) -> None:
    """Raises Conflict where a batch takes no more kits."""
    if slug := why_closed(batch):
        raise Conflict(slug, name=batch["name"], order=shown_code(batch["order_code"]))


async def refuse_unexpected(name: str, definition: str, kits: int, *, surplus: bool) -> None:
    """Keep out of a batch what it does not take, inside the unit of work that receives. Without such a batch: nothing.

    Args:
        definition: the slug of what came.
        surplus: somebody has looked: more than was ordered is taken in.

    Raises:
        Conflict: the batch is closed for arrival, its order is of another kind, or `order-surplus`: more come than are
            outstanding.
    """
    found = await queries.batch_named(name) if name else None
    if found is None:
        return
    refuse_closed(found)
    if definition != found["definition"]:
        raise Conflict("batch-of-another-kind", name=found["name"], ordered=found["definition"], given=definition)
    order = await queries.order(found["order_code"])
    assert order is not None
    if kits > order["outstanding"] and not surplus:
        raise Conflict(
            "order-surplus",
            order=shown_code(order["code"]),
            ordered=order["ordered"],
            received=order["received"] - order["rejected"],
            coming=kits,
        )
