"""What came without having been sent, where it is a kit or a device of ours: recognised by its number, told with where
the ledger has it, and moved by what comes of its case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stem_logistics.codes import parse_code, shown_code
from stem_logistics.custody import service as custody
from stem_logistics.deliveries import thing_queries as queries
from stem_logistics.deliveries.committee import Extra
from stem_logistics.deliveries.expected import ExpectedLine
from stem_logistics.deliveries.rules import ReceiptProblem
from stem_logistics.errors import Conflict
from stem_logistics.inventory import labels, ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move


@dataclass(frozen=True, slots=True)
class Thing:
    """A kit, or a device: one of the two ids."""

    kit_id: int | None = None
    device_id: int | None = None


async def recognised(typed: str) -> Thing | None:
    """The kit or device that a code, a label or a serial number means; letters and figures that look alike are one.

    A number as it stands on a device wins over those that only look like it; None where none does, or several.
    """
    text = "".join(letter for letter in typed if letter.isprintable()).strip()
    if not text:
        return None
    kit_code = await labels.kit_code_of(text)
    if kit_code and (kit := await stock.find_kit(kit_code)):
        return Thing(kit_id=kit["id"])
    code = parse_code(text)
    if code and (device := await queries.device_of_label(code)):
        return Thing(device_id=device)
    alike = await queries.devices_like(text)
    plain = "".join(text.split()).casefold()
    same = [each for each in alike if "".join(each["serial_number"].split()).casefold() == plain]
    found = same or alike
    return Thing(device_id=found[0]["id"]) if len(found) == 1 else None


async def recognise(
    extras: Sequence[Extra], lines: Sequence[ExpectedLine]
) -> tuple[list[Thing | None], list[ReceiptProblem]]:
    """Which things came unasked, one for each extra; and what cannot be: what is awaited, one thing twice."""
    things: list[Thing | None] = []
    problems = []
    awaited = {line.device_id for line in lines if line.outstanding} - {None}
    kits = {line.kit_id for line in lines if line.outstanding}
    for at, extra in enumerate(extras, 1):
        field, figures = f"extra-{extra.row or at}", {"number": extra.serial_number[:80]}
        thing = await recognised(extra.serial_number)
        if thing is not None and (thing.device_id in awaited or thing.kit_id in kits):
            problems.append(ReceiptProblem(None, f"{field}-serial", "extra-was-sent", figures))
        elif thing is not None and thing in things:
            problems.append(ReceiptProblem(None, f"{field}-serial", "extra-named-twice", figures))
        elif thing is not None and extra.quantity != 1:
            problems.append(ReceiptProblem(None, f"{field}-quantity", "extra-is-one", figures))
        things.append(thing)
    return things, problems


async def note(surplus_id: int, thing: Thing) -> None:
    """Keep with what came unasked which thing it is, and where the ledger has it now."""
    there = await queries.parts(thing.kit_id, thing.device_id)
    await queries.set_thing(surplus_id, thing.kit_id, thing.device_id, there[0]["place_id"] if there else None)


def of_case(case: Mapping[str, Any]) -> Thing | None:
    """The thing of a case, where it was recognised."""
    kit_id, device_id = case["thing_kit_id"], case["thing_device_id"]
    return Thing(kit_id, device_id) if kit_id or device_id else None


async def told(case: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a case's page says of its thing: which, in which `places` the ledger has it, and where it was."""
    thing = of_case(case)
    if thing is None:
        return None
    places = {part["place_id"]: part for part in await queries.parts(thing.kit_id, thing.device_id)}
    was = await queries.place(case["found_place_id"]) if case["found_place_id"] else None
    about = await queries.thing(thing.kit_id, thing.device_id)
    return {**about, "places": list(places.values()), "reported_at": was}


async def settle(case: Mapping[str, Any], outcome: str, why: str, store: int) -> None:
    """Move a case's thing to where it stays: the school that reported it, or a store; inside the caller's unit of work.

    Raises:
        Conflict: it is in a consignment, at a repairer, in repair or lent: that has to end first.
    """
    thing = of_case(case)
    if thing is None:
        return
    about = await queries.thing(thing.kit_id, thing.device_id)
    what = about["serial_number"] if thing.device_id else shown_code(about["kit_code"])
    if held := await queries.obstacle(thing.kit_id, thing.device_id):
        raise Conflict(f"thing-in-{held}", what=what)
    school = await ledger.institution_place(case["institution_id"])
    target = school if outcome == "kept" else store
    there = await queries.parts(thing.kit_id, thing.device_id)
    moving = [part for part in there if part["place_id"] != target]
    for part in moving:
        if part["consignment_code"]:
            raise Conflict("thing-travels", what=what, consignment=shown_code(part["consignment_code"]))
        if part["kind"] == "returning":
            raise Conflict("thing-travels", what=what, consignment=part["title"])
        if part["kind"] == "repairer":
            raise Conflict("thing-in-repair", what=what)
    if not there:
        raise Conflict("thing-is-nowhere", what=what)
    moves = [
        Move(part["item_id"], part["quantity"], part["place_id"], target, part["kit_id"], part["device_id"])
        for part in moving
    ]
    if moves:
        await ledger.post(
            moves,
            reason="transfer" if outcome == "kept" else "return",
            key=f"discrepancy:{case['code']}",
            document=case["code"],
            note=why[:500],
        )
        if thing.kit_id:
            await custody.moved_away([thing.kit_id])
