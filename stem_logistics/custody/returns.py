"""Kits that go back to the store: on their way, in a place of their own, until the store has counted them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from stem_logistics import audit
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import new_code, parse_code, shown_code
from stem_logistics.custody import papers, queries, return_queries, service
from stem_logistics.custody.rules import free_text
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.inventory.ledger import Move
from stem_logistics.web.i18n import gettext, use_locale

DAYS_ON_THE_WAY = 14


async def send_back(
    parts: Sequence[dict[str, Any]],
    kits: Sequence[dict[str, Any]],
    school: dict[str, Any],
    paper: tuple[int, str],
    why: str,
) -> str:
    """Parts of kits leave a school for the store, inside the unit of work of a caller who may; returns the code.

    Args:
        parts: of `inventory.contents_of`; all lie at the school.
        paper: the transfer protocol that both sign: its id and number.
    """
    code = new_code("B")
    place = await ledger.return_place(code, f"{school['name']} ({school['code']}) → {shown_code(code)}")
    due_on = papers.now().date() + timedelta(days=DAYS_ON_THE_WAY)
    return_id = await return_queries.add(code, school["id"], paper[0], place, why, due_on)
    await ledger.post(
        service.moves_of(list(parts), place),
        reason="transfer",
        key=f"transfer:{paper[1]}",
        document=paper[1],
        note=why[:500],
    )
    with use_locale("el"):
        subject = gettext("Your kit goes back to the store")
        text = gettext(
            "This goes back to the central store: %(kits)s. Reason: %(why)s. The protocol is number %(number)s; give "
            "the kit to whoever comes for it, or send it, by %(day)s. We write to you when the store has it.",
            kits=_names(kits),
            why=why,
            number=paper[1],
            day=due_on.strftime("%d/%m/%Y"),
        )
    await service.mail_school(school, subject, [text], about=("kit-return", return_id), key=f"return:{code}")
    await audit.record("return-sent", "kit-return", code, why=why, paper=paper[1])
    return code


def _names(kits: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{kit['title_el']} ({shown_code(kit['code'])})" for kit in kits)


async def list_returns(*, under_way: bool = True) -> list[dict[str, Any]]:
    """Returns within the reader's scope: those that are under way, or all; the most urgent first."""
    return await return_queries.returns(service.require(Permission.STOCK_READ), under_way=under_way)


async def get_return(typed: str, permission: Permission = Permission.STOCK_READ) -> dict[str, Any]:
    """One return with what is still on its way, `parts`. Raises NotFound where there is none within the scope."""
    scope = service.require(permission)
    code = parse_code(typed)
    row = await return_queries.find(code) if code else None
    if row is None or not scope.covers(region_id=row["regional_directorate_id"], institution_id=row["institution_id"]):
        raise NotFound("return-not-found", code=typed[:20])
    return {**row, "parts": await return_queries.parts_at(row["place_id"])}


def part_key(part: Mapping[str, Any]) -> str:
    """What the form calls a part of a return."""
    return f"{part['kit_id']}-{part['item_id']}-{part['device_id'] or 0}"


async def confirm(typed: str, arrived: Mapping[str, int], *, note: str = "") -> None:
    """The store has counted what came: that goes to the store, the rest to the losses; the school is told.

    Args:
        arrived: pieces by `part_key`; a part that is left out came whole.

    Raises:
        NotFound: no such return.
        Invalid: more than was sent, or something is missing and nothing said of it.
        Conflict: nothing of it is on its way any more.
    """
    async with unit_of_work():
        found = await get_return(typed, Permission.STOCK_WRITE)
        await queries.lock_kits([part["kit_id"] for part in found["parts"]])
        found = await get_return(typed, Permission.STOCK_WRITE)
        parts = found["parts"]
        if not parts:
            raise Conflict("return-ended", code=found["code"])
        store, lost = await ledger.place(ledger.STORE), await ledger.place(ledger.LOST)
        came: list[Move] = []
        missing: list[Move] = []
        for part in parts:
            count = arrived.get(part_key(part), part["quantity"])
            if not 0 <= count <= part["quantity"]:
                raise Invalid("return-count-unusable", item=part["name_el"], sent=part["quantity"])
            for moves, target, pieces in ((came, store, count), (missing, lost, part["quantity"] - count)):
                if pieces:
                    moves.append(
                        Move(part["item_id"], pieces, found["place_id"], target, part["kit_id"], part["device_id"])
                    )
        if missing and not note.strip():
            raise Invalid("return-needs-note")
        # what was taken back by a correction comes a second time
        key, said = f"return:{found['code']}:{found['times']}", free_text(note)
        if came:
            await ledger.post(came, reason="return", key=key, document=found["paper_number"], note=said[:500])
        if missing:
            await ledger.post(
                missing, reason="missing", key=f"{key}:missing", document=found["paper_number"], note=said[:500]
            )
        await return_queries.set_arrived(found["id"], said)
        await _tell(found, parts, missing, said)
        await audit.record("return-arrived", "kit-return", found["code"], why=said, missing=len(missing))


async def _tell(found: dict[str, Any], parts: Sequence[dict[str, Any]], missing: Sequence[Move], said: str) -> None:
    school = await queries.institution_by_id(found["institution_id"])
    names = {part["item_id"]: part["name_el"] for part in parts}
    with use_locale("el"):
        subject = gettext("The store has your kit")
        lines = [gettext("What you gave back arrived (protocol %(number)s).", number=found["paper_number"])]
        if missing:
            short = ", ".join(f"{move.quantity} × {names[move.item_id]}" for move in missing)
            lines.append(gettext("This was not in it: %(pieces)s. %(said)s", pieces=short, said=said))
        else:
            lines.append(gettext("Nothing is missing."))
    key = f"return:{found['code']}:arrived:{found['times']}"
    await service.mail_school(school, subject, lines, about=("kit-return", found["id"]), key=key)
