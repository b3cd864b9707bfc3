"""Labels: print them, replace a lost one, and say where a scanned one leads."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import new_code, shown_code
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import FieldErrors, Forbidden, Invalid, NotFound
from stem_logistics.inventory import label_queries as queries
from stem_logistics.inventory import place_queries
from stem_logistics.inventory.label_rules import MOST_LABELS, SHEETS, Label, Sheet, scanned_code
from stem_logistics.inventory.label_sheet import labels_pdf

# A label's own code begins with Q; the first label of a kit or a consignment bears the code that it has anyway.
PREFIX = "Q"
KINDS = ("kit", "device", "consignment", "place")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a label leads.

    Args:
        kind: kit, device, consignment or place.
        href: the page of the thing, for who may open it.
        code: the label in force, None where none was printed yet.
        replaced: when the label that was scanned was replaced; None for one in force.
    """

    kind: str
    title: str
    href: str
    code: str | None
    replaced: datetime | None
    why: str


def _require() -> None:
    if not runtime.actor().principal.may(Permission.STOCK_WRITE):
        raise Forbidden("not-allowed", permission=Permission.STOCK_WRITE.value)


async def _things(found: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    wanted = list(dict.fromkeys(found))
    ids = {kind: [thing for its, thing in wanted if its == kind] for kind in KINDS}
    rows = await queries.things(*(ids[kind] for kind in KINDS))
    by_thing = {(row["kind"], row["id"]): row for row in rows}
    return [by_thing[each] for each in wanted]


async def find(typed: Sequence[str], *, batch: str = "", with_devices: bool = False) -> list[dict[str, Any]]:
    """The things that are named, each once and in that order, with the label that each has (None before its first).

    Args:
        typed: codes of kits, consignments, labels, places, schools and stops, serial numbers, or labels' addresses.
        batch: all kits of this purchase too.
        with_devices: after each kit its devices.

    Raises:
        FieldErrors: something is unknown; each is named by its line. Invalid: nothing, or too much at once.
    """
    _require()
    lines = [(at, line.strip()) for at, line in enumerate(typed, 1) if line.strip()]
    raws, codes = [line for _, line in lines], [scanned_code(line) for _, line in lines]
    # a spreadsheet takes a code's zeros away
    schools = [raw.zfill(7) if raw.isascii() and raw.isdigit() else raw for raw in raws]
    async with unit_of_work():
        await place_queries.ensure_named([*schools, *filter(None, codes)])
        rows = await queries.find(raws, codes, schools)
    known = {row["at"] for row in rows}
    if unknown := [lines[at - 1] for at in range(1, len(lines) + 1) if at not in known]:
        errors = [
            {"place": f"line-{at}", "slug": "label-thing-unknown", "params": {"line": at, "given": given[:60]}}
            for at, given in unknown
        ]
        raise FieldErrors("label-things-unknown", errors=errors, count=len(unknown))
    found = [(str(row["kind"]), int(row["id"])) for row in rows]
    if batch.strip():
        kits = await queries.kits_of_batch(batch.strip(), MOST_LABELS + 1)
        if not kits:
            raise Invalid("label-batch-unknown", batch=batch.strip()[:80])
        found += [("kit", each) for each in kits]
    if with_devices:
        found = await _with_devices(found)
    if not found:
        raise Invalid("label-nothing-named")
    if len(set(found)) > MOST_LABELS:
        raise Invalid("labels-too-many", count=len(set(found)), most=MOST_LABELS)
    return await _things(found)


async def _with_devices(found: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    mine: dict[int, list[tuple[str, int]]] = {}
    for row in await queries.devices_of([thing for kind, thing in found if kind == "kit"]):
        mine.setdefault(row["kit_id"], []).append(("device", row["id"]))
    return [one for each in found for one in (each, *(mine.get(each[1], []) if each[0] == "kit" else []))]


async def _labelled(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same things, each with a label in force: the first ones are made here."""
    async with unit_of_work():
        for kind in KINDS:
            fresh = [
                (row["id"], row["own_code"] or new_code(PREFIX))
                for row in rows
                if row["kind"] == kind and row["code"] is None
            ]
            if fresh:
                await queries.add_labels(kind, fresh)
    return await _things((row["kind"], row["id"]) for row in rows)


async def print_labels(rows: Sequence[dict[str, Any]], sheet: Sheet, first_cell: int) -> bytes:
    """The PDF of the labels of things that `find` gave; those without a label get their first.

    Args:
        first_cell: where the first page's first label stands, from 1: a begun sheet is used up.

    Raises:
        Invalid: the sheet has no such cell.
    """
    _require()
    if not 1 <= first_cell <= sheet.cells:
        raise Invalid("label-cell-out-of-range", cell=first_cell, most=sheet.cells)
    labelled = await _labelled(rows)
    base = runtime.settings().base_url
    labels = []
    for row in labelled:
        detail = row["detail"] if row["detail"] != row["code"] else ""
        if row["kind"] == "kit" and detail:
            detail = shown_code(detail)
        labels.append(Label(row["code"], f"{base}/l/{row['code']}", row["title"], detail))
    # typst is busy for some tenths of a second on a long list: other requests go on meanwhile
    return await asyncio.to_thread(labels_pdf, labels, sheet, first_cell, _owner(), base, datetime.now(UTC))


def _owner() -> str:
    return runtime.settings().organisation


async def reissue(typed: str, *, why: str) -> str:
    """Replace the label of a thing that was lost or cannot be read; returns the new code.

    The old code goes on leading to the thing, with a warning.

    Raises:
        Invalid: no reason. FieldErrors: there is no such thing.
    """
    _require()
    if not why.strip():
        raise Invalid("reason-missing")
    (thing, *_more) = await _labelled(await find([typed]))
    code = new_code(PREFIX)
    async with unit_of_work():
        await queries.withdraw(thing["kind"], thing["id"], why.strip())
        await queries.add_labels(thing["kind"], [(thing["id"], code)])
        await audit.record("label-replaced", "label", thing["code"], by=code, why=why.strip())
    return code


async def lead(given: str) -> Target:
    """Where a label leads, for anybody who scanned it: the page it leads to asks who they are.

    Raises:
        NotFound: not a code, or none of ours.
    """
    code = scanned_code(given)
    label = await queries.label_by_code(code) if code else None
    if label is None:
        raise NotFound("label-not-found", code=given[:20])
    kind = next(kind for kind in KINDS if label[queries.COLUMN[kind]] is not None)
    (thing,) = await _things([(kind, label[queries.COLUMN[kind]])])
    replaced = label["withdrawn_at"]
    return Target(kind, thing["title"], _href(thing), thing["code"], replaced, label["withdrawn_why"])


def _href(thing: dict[str, Any]) -> str:
    if thing["kind"] == "consignment":
        return f"/consignments/{thing['page']}"
    if thing["kind"] == "place":
        pages = {"institution": "/schools/", "stop": "/consignments?held="}
        return pages.get(thing["place_kind"], "/stock/kits?at=") + quote(thing["page"], safe="")
    return f"/stock/kits/{thing['page']}"


async def behind(typed: str) -> tuple[str, int] | None:
    """What a label that was scanned or typed stands on, a replaced one too: one of `KINDS` and its id; None for none
    of ours. Whoever asks decides who may know it.
    """
    code = scanned_code(typed)
    label = await queries.label_by_code(code) if code else None
    things = [(kind, label[queries.COLUMN[kind]]) for kind in KINDS] if label else []
    return next(((kind, thing) for kind, thing in things if thing is not None), None)


async def kit_code_of(typed: str) -> str | None:
    """The kit's code behind whatever was typed or scanned of it: its code, its label's, the label's address."""
    code = scanned_code(typed)
    if code is None or code.startswith("K"):
        return code
    label = await queries.label_by_code(code)
    if label is None or label["kit_id"] is None:
        return None
    (thing,) = await _things([("kit", label["kit_id"])])
    return str(thing["page"])


def sheet_of(slug: str) -> Sheet:
    """A sheet by its slug. Raises Invalid."""
    if slug not in SHEETS:
        raise Invalid("label-sheet-unknown", known=", ".join(SHEETS))
    return SHEETS[slug]


async def places(q: str, kind: str, *, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    """A page of the places that labels can be printed for, and how many there are; schools where they are asked for."""
    _require()
    return await place_queries.places(q.strip(), kind, limit=limit, offset=offset)
