"""A kit's life in words: each event with who, when, why, the document that proves it, and a door to it.

The ledger's movements are the spine; what else is known of the kit explains them (a receipt says who received, a repair
why something left) or stands beside them (a label, a check, a hand-over). A movement that an event explains is told
once, with the event.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from stem_logistics.codes import parse_code, shown_code
from stem_logistics.custody.words import (
    ANSWER_TONES,
    ANSWER_WORDS,
    IDLE_STATES,
    PAPER_WORDS,
    REPAIR_STEP_STATES,
    REPAIR_STEP_TONES,
)
from stem_logistics.deliveries.reasons import KIND_WORDS, OUTCOME_WORDS
from stem_logistics.inventory.rules import REVERSIBLE
from stem_logistics.inventory.words import PLACE_WORDS, REASON_TONES, REASON_WORDS
from stem_logistics.web.formats import format_date
from stem_logistics.web.i18n import LazyText, Text, _, current_locale, ngettext

VERDICTS: dict[str, tuple[LazyText, str]] = {
    "PASS": (_("All right"), "good"),
    "FAIL": (_("Faulty"), "bad"),
    "INCONCLUSIVE": (_("Check not finished"), "busy"),
    "OUTDATED": (_("Old version"), "warn"),
    "UNKNOWN": (_("Unknown"), "wait"),
    "MISMATCH": (_("Other firmware"), "warn"),
    "DAMAGED": (_("Damaged firmware"), "bad"),
}
# Of events of one moment, what came first: the ledger posts before the papers are made.
ORDER = ("ordered", "arrived", "movement", "labelled", "allotted", "consigned", "sent", "received", "discrepancy")


class Door(NamedTuple):
    """A link of an event: what it is called, where it leads."""

    label: Text
    href: str


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a kit's life, as the timeline draws it.

    Args:
        at: when; events come newest first.
        title: what happened.
        text: facts of it: what, how many, from where to where.
        why: the reason that somebody gave, in their words.
        who: who did it, by the record.
        doors: its document and its things.
        key: of the posting that can be taken back, where `reversible`.
    """

    at: datetime
    title: Text
    text: str = ""
    why: str = ""
    who: str = ""
    doors: tuple[Door, ...] = ()
    tone: str = "wait"
    key: str = ""
    reversible: bool = False
    rank: int = len(ORDER)


def life_of(movements: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> list[Event]:
    """A kit's events, newest first.

    Args:
        movements: of `kit_queries.kit_movements`.
        others: of `life_queries.life`.
    """
    told: dict[str, list[dict[str, Any]]] = {}
    papers = {row["paper_number"]: row["paper"] for row in others if row["paper_number"]}
    for row in movements:
        for name in {row["key"], row["document"]}:
            told.setdefault(name, []).append(row)
    events, taken = [], set[int]()
    for row in others:
        if row["kind"] == "paper" and row["paper_number"] in told:
            continue  # the movement itself leads to it
        mine = told.get(row["movement"], []) if row["movement"] else []
        taken |= {id(each) for each in mine}
        events.append(_event(row, mine))
    events += [_moved(row, papers) for row in movements if id(row) not in taken]
    return sorted(events, key=lambda event: (event.at, event.rank), reverse=True)


def _way(row: dict[str, Any]) -> str:
    origin = shown_code(row["from_consignment"]) if row["from_consignment"] else row["from_title"]
    target = shown_code(row["to_consignment"]) if row["to_consignment"] else row["to_title"]
    origin, target = row["from_stop"] or origin, row["to_stop"] or target
    pieces = ngettext("%(num)s piece", "%(num)s pieces", row["pieces"])
    return f"{origin} → {target} · {pieces}"


def _can_go_back(movement: dict[str, Any]) -> bool:
    return movement["reason"] in REVERSIBLE and not movement["is_reversed"]


def _consignment_door(code: str) -> Door:
    return Door(_("Consignment %(code)s", code=shown_code(code)), f"/consignments/{code}")


def _moved(row: dict[str, Any], papers: dict[str, int]) -> Event:
    """A movement that nothing else explains."""
    facts, doors = [_way(row)], []
    if consignment := row["to_consignment"] or row["from_consignment"]:
        doors.append(_consignment_door(consignment))
    if row["document"] in papers:
        doors.append(Door(row["document"], f"/papers/{papers[row['document']]}"))
    elif row["reason"] == "regroup" and row["document"].startswith("C") and parse_code(row["document"]):
        doors.append(_consignment_door(row["document"]))
    elif row["document"] and not consignment:
        facts.append(row["document"])
    if row["is_reversed"]:
        facts.append(str(_("taken back later")))
    title: Text = REASON_WORDS[row["reason"]]
    if row["to_kind"] == "returning":
        title = PLACE_WORDS["returning"]
    if row["reason"] == "regroup":
        title = _("Left the kit, for another one") if row["to_kind"] == "supplier" else _("Joined the kit")
    return Event(
        row["occurred_at"],
        title,
        " · ".join(facts),
        row["note"],
        row["actor_name"] or "",
        tuple(doors),
        "off" if row["is_reversed"] else REASON_TONES.get(row["reason"], "wait"),
        row["key"],
        _can_go_back(row),
        ORDER.index("movement"),
    )


def _piece(row: dict[str, Any]) -> str:
    """What an event is about: pieces of an item, or one by its number."""
    name = row[f"item_{current_locale.get()}"] or ""
    if row["serial"]:
        return f"{name} {row['serial']}".strip()
    return f"{row['pieces']} × {name}" if row["pieces"] and name else name


def _paper(row: dict[str, Any]) -> tuple[Door, ...]:
    return (Door(row["paper_number"], f"/papers/{row['paper']}"),) if row["paper"] else ()


def _event(row: dict[str, Any], mine: Sequence[dict[str, Any]]) -> Event:
    kind = row["kind"]
    told = _TELLERS[kind](row)
    ways = [] if kind == "received" else [_way(each) for each in mine]
    if kind == "received":
        # that what was sent for a kit joins it with its receipt goes without saying
        ways = [f"{REASON_WORDS[each['reason']]}: {_count(each)}" for each in mine if each["reason"] != "regroup"]
    facts = [told.text, *ways] if told.text else ways
    back = next((each for each in mine if _can_go_back(each)), None)
    return Event(
        row["at"],
        told.title,
        " · ".join(facts),
        told.why,
        row["who"] or "",
        told.doors + (_paper(row) if kind != "paper" else ()),
        told.tone,
        back["key"] if back else "",
        back is not None,
        ORDER.index(kind) if kind in ORDER else len(ORDER),
    )


def _count(movement: dict[str, Any]) -> str:
    serials = ", ".join(movement["serials"]) if movement["reason"] != "receive" else ""
    pieces = ngettext("%(num)s piece", "%(num)s pieces", movement["pieces"])
    return f"{pieces} ({serials})" if serials else pieces


class _Told(NamedTuple):
    title: Text
    text: str = ""
    why: str = ""
    doors: tuple[Door, ...] = ()
    tone: str = "wait"


def _ordered(row: dict[str, Any]) -> _Told:
    text = _("%(supplier)s, contract %(number)s", supplier=row["said"], number=row["code2"])
    door = Door(_("Order %(code)s", code=shown_code(row["code"])), f"/stock/orders/{row['code']}")
    return _Told(_("It was ordered"), str(text), doors=(door,))


def _arrived(row: dict[str, Any]) -> _Told:
    door = Door(_("Batch %(name)s", name=row["said"]), f"/stock/batches/{row['code']}")
    text = str(_("delivery note %(number)s", number=row["code2"])) if row["code2"] else ""
    return _Told(_("Its batch arrived from the supplier"), text, doors=(door,))


def _labelled(row: dict[str, Any]) -> _Told:
    doors = (Door(shown_code(row["code"]), f"/l/{row['code']}"),)
    if row["word"]:
        return _Told(_("Label, replaced since"), "", row["said"], doors, "off")
    return _Told(_("Labelled"), doors=doors)


def _allotted(row: dict[str, Any]) -> _Told:
    title = row[f"item_{current_locale.get()}"]
    doors = (Door(title, f"/waves/{row['code2']}"), Door(row["said"], f"/schools/{row['code']}"))
    return _Told(_("Allotted"), doors=doors, tone="good")


def _consigned(row: dict[str, Any]) -> _Told:
    doors: tuple[Door, ...] = (_consignment(row),)
    if row["code2"]:
        doors += (Door(_("Discrepancy %(code)s", code=shown_code(row["code2"])), f"/discrepancies/{row['code2']}"),)
    titles = {
        "again": _("What was reported is sent again"),
        "more": _("Something is sent that joins it"),
        "given": _("A part of it is sent to another kit's school"),
        "carried": _("It goes to another school for good"),
        "lent": _("It goes to another school on loan"),
    }
    return _Told(titles.get(row["word"], _("Chosen for a consignment")), row["said"], doors=doors)


def _consignment(row: dict[str, Any]) -> Door:
    return Door(_("Consignment %(code)s", code=shown_code(row["code"])), f"/consignments/{row['code']}")


def _sent(row: dict[str, Any]) -> _Told:
    parcels = ngettext("%(num)s parcel", "%(num)s parcels", row["pieces"])
    carried = " ".join(each for each in (row["word"], row["said"]) if each)
    document = str(_("delivery note %(number)s", number=row["code2"])) if row["code2"] else ""
    facts = " · ".join(each for each in (carried, parcels, document) if each)
    paper = Door(_("Packing list"), f"/consignments/{row['code']}/packing-list.pdf")
    return _Told(_("Sent"), facts, doors=(_consignment(row), paper), tone="busy")


def _cancelled(row: dict[str, Any]) -> _Told:
    return _Told(_("The consignment was cancelled"), "", row["said"], (_consignment(row),), "off")


def _protocol(row: dict[str, Any]) -> Door:
    return Door(_("Hand-over protocol %(number)s", number=row["code2"]), f"/receipts/{row['code']}/protocol.pdf")


def _received(row: dict[str, Any]) -> _Told:
    title = _("Received by the school") if row["word"] == "rest" else _("Received by the school, in part")
    return _Told(title, "", row["said"], (_protocol(row),), "good" if row["word"] == "rest" else "warn")


def _member(row: dict[str, Any]) -> _Told:
    return _Told(_("A member of the receiving committee confirmed"), doors=(_protocol(row),), tone="good")


def _quality(row: dict[str, Any]) -> _Told:
    title = (
        _("The quality was looked at; the devices were tried")
        if row["word"] == "tried"
        else _("The quality was looked at")
    )
    return _Told(title, "", row["said"], (_protocol(row),), "good")


def _signed(row: dict[str, Any]) -> _Told:
    door = Door(_("The signed paper"), f"/receipts/{row['code']}/signed")
    return _Told(_("Signed on file"), doors=(door,), tone="good")


def _case(row: dict[str, Any]) -> Door:
    return Door(_("Discrepancy %(code)s", code=shown_code(row["code"])), f"/discrepancies/{row['code']}")


def _discrepancy(row: dict[str, Any]) -> _Told:
    doors: tuple[Door, ...] = (_case(row),)
    if row["code2"]:
        doors += (Door(_("Photograph"), f"/discrepancies/{row['code']}/photo"),)
    return _Told(KIND_WORDS[row["word"]], _piece(row), row["said"], doors, "bad")


def _outcome(row: dict[str, Any]) -> _Told:
    text = _piece(row)
    if row["code2"]:
        text += f" → {row['code2']}"
    title = _("The discrepancy was closed: %(outcome)s", outcome=OUTCOME_WORDS[row["word"]])
    return _Told(title, text, row["said"], (_case(row),), "good")


def _checked(row: dict[str, Any]) -> _Told:
    word, tone = VERDICTS.get(row["word"], (row["word"], "wait"))
    door = Door(_("The check's report"), f"/devices/reports/{row['report']}")
    return _Told(_("Checked: %(verdict)s", verdict=word), _piece(row), doors=(door,), tone=tone)


def _custody(row: dict[str, Any]) -> _Told:
    school = Door(row["code2"], f"/schools/{row['code']}")
    text = str(_("room %(room)s", room=row["word"])) if row["word"] else ""
    return _Told(_("Handed over into somebody's charge"), text, row["said"], (school,), "good")


def _repair(row: dict[str, Any]) -> _Told:
    door = Door(_("Repair %(code)s", code=shown_code(row["code"])), f"/repairs/{row['code']}")
    text = " · ".join(each for each in (_piece(row), row["code2"]) if each)
    title = _("Repair: %(state)s", state=REPAIR_STEP_STATES[row["word"]])
    return _Told(title, text, row["said"], (door,), REPAIR_STEP_TONES[row["word"]])


def _lent(row: dict[str, Any]) -> _Told:
    school = Door(row["item_el"], f"/schools/{row['code']}")
    text = _("to be given back by %(day)s", day=format_date(date.fromisoformat(row["code2"])))
    return _Told(_("Lent to another school"), str(text), row["said"], (school,), "busy")


def _idle(row: dict[str, Any]) -> _Told:
    school = (Door(row["item_el"], f"/schools/{row['code']}"),) if row["code"] else ()
    words = {**IDLE_STATES, "given": _("Given to another school"), "in-use": _("In use again")}
    text = "" if row["word"] == "idle" else str(words[row["word"]])
    return _Told(_("Marked as not in use"), text, row["said"], (Door(_("Offers"), "/moves"), *school), "warn")


def _recall(row: dict[str, Any]) -> _Told:
    door = Door(row["item_el"], f"/recalls/{row['code']}")
    title = _("Recall: %(answer)s", answer=ANSWER_WORDS[row["word"]])
    return _Told(title, row["serial"] or "", row["said"], (door,), ANSWER_TONES[row["word"]])


def _counted(row: dict[str, Any]) -> _Told:
    door = Door(_("Stocktake %(year)s", year=row["code2"]), f"/stocktakes/{row['code']}")
    text = _("%(found)s pieces found, %(wrong)s missing or broken", found=row["serial"], wrong=row["pieces"])
    title = _("Counted") if row["word"] is None else _("Counted; opened again later")
    return _Told(title, str(text), row["said"], (door,), "warn" if row["pieces"] else "good")


def _papers(row: dict[str, Any]) -> _Told:
    return _Told(PAPER_WORDS[row["word"]], doors=(Door(row["paper_number"], f"/papers/{row['paper']}"),), tone="off")


_TELLERS: dict[str, Callable[[dict[str, Any]], _Told]] = {
    "ordered": _ordered,
    "arrived": _arrived,
    "labelled": _labelled,
    "allotted": _allotted,
    "consigned": _consigned,
    "sent": _sent,
    "cancelled": _cancelled,
    "received": _received,
    "member": _member,
    "quality": _quality,
    "signed": _signed,
    "discrepancy": _discrepancy,
    "outcome": _outcome,
    "checked": _checked,
    "custody": _custody,
    "repair": _repair,
    "lent": _lent,
    "idle": _idle,
    "recall": _recall,
    "counted": _counted,
    "paper": _papers,
}
