"""The legs of a consignment's way to its school: who is written to next. The hand-overs are in `last_mile.py`."""

from typing import Any

from stem_logistics import mail, runtime
from stem_logistics.accounts import links
from stem_logistics.deliveries import leg_queries as queries
from stem_logistics.deliveries import mails


async def legs_of(consignment_id: int) -> list[dict[str, Any]]:
    """The legs of a consignment's way, with their stops. The caller has made sure that its reader may see it."""
    return await queries.legs(consignment_id)


async def write_to_next(consignment: dict[str, Any], wait_minutes: int = 0) -> bool:
    """Write to the stop that has it next, inside the caller's unit of work; False where the school is next."""
    leg = await queries.next_leg(consignment["id"])
    if leg is None:
        return False
    await queries.mark_sent(leg["id"])
    if leg["stop_email"]:
        token = await links.issue_for_stop(leg["stop_id"])
        subject, body = mails.to_stop(consignment, leg, f"{runtime.settings().base_url}/h/{token}")
        await mail.post(
            leg["stop_email"],
            subject,
            body,
            about=("consignment", consignment["id"]),
            idempotency_key=f"to-stop:{leg['id']}:{token[:8]}",
            wait_minutes=wait_minutes,
        )
    return True


async def not_sent_after_all(consignment_id: int) -> None:
    """A dispatch was taken back: nothing is under way."""
    await queries.mark_planned(consignment_id)
