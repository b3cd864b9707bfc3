"""The legs of a consignment's way to its school: who has it next. The hand-overs are in `last_mile.py`."""

from typing import Any

from stem_logistics.deliveries import leg_queries as queries


async def legs_of(consignment_id: int) -> list[dict[str, Any]]:
    """The legs of a consignment's way, with their stops. The caller has made sure that its reader may see it."""
    return await queries.legs(consignment_id)


async def send_to_next(consignment_id: int) -> None:
    """A consignment is on its way to the stop that has it next, where there is one."""
    leg = await queries.next_leg(consignment_id)
    if leg is not None:
        await queries.mark_sent(leg["id"])


async def next_stop(consignment_id: int) -> dict[str, Any] | None:
    """The leg to the stop that a consignment is on its way to; None where that is its school."""
    return next((leg for leg in await queries.legs(consignment_id) if leg["state"] == "sent"), None)


async def not_sent_after_all(consignment_id: int) -> None:
    """A dispatch was taken back: nothing is under way."""
    await queries.mark_planned(consignment_id)
