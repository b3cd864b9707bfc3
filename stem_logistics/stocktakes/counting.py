"""What the school does behind its link: count by ticking and scanning, take off what was noted by mistake, sign."""

from typing import Any

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.codes import shown_code
from stem_logistics.custody import papers
from stem_logistics.custody.rules import free_text, one_line, read_scan, scan_key
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.inventory import labels
from stem_logistics.stocktakes import queries, service
from stem_logistics.stocktakes.rules import DECISIONS, count_of

LONGEST_SCAN = 200  # a label holds a whole address


async def mine() -> dict[str, Any]:
    """The stocktake of the school whose link acts, with its `lines`, `strangers` and `totals`.

    Raises:
        Forbidden: no stocktake's link.
        NotFound: the school has none.
    """
    return await service.whole(await _row())


async def _row() -> dict[str, Any]:
    who = runtime.actor().principal
    if who.kind != "link" or who.permission is not Permission.LINK_STOCKTAKE or who.institution_id is None:
        raise Forbidden("not-allowed")
    row = await queries.open_of_school(who.institution_id)
    if row is None:
        raise NotFound("stocktake-not-found", code="")
    return row


async def _open() -> dict[str, Any]:
    """The school's stocktake, locked. Raises Conflict where it is signed."""
    code = (await _row())["code"]
    locked = await queries.stocktake(code, lock=True)
    if locked is None or locked["signed_at"] is not None:
        raise Conflict("stocktake-signed", code=code)
    return await service.whole(locked)


def _counter(typed: str) -> str:
    who = one_line(typed, 80)
    if not who:
        raise Invalid("counter-missing")
    return who


async def require_line(line_id: int) -> None:
    """Make sure that a line may be answered. Raises NotFound; Conflict where the stocktake is signed."""
    found = await mine()
    if found["signed_at"] is not None:
        raise Conflict("stocktake-signed", code=found["code"])
    if not any(line["id"] == line_id for line in found["lines"]):
        raise NotFound("stocktake-line-not-found")


async def answer(
    line_id: int,
    state: str,
    *,
    counter: str,
    key: str,
    broken: int = 0,
    missing: int = 0,
    note: str = "",
    photo: bytes | None = None,
    by_scan: bool = False,
) -> None:
    """Say what became of one line. The last answer counts; every one stays, with who gave it.

    Args:
        key: of this very tap: sent again, it counts once.
        photo: the digest of a kept photograph.

    Raises:
        Invalid: nobody's name, numbers that do not add up.
        NotFound: not a line of this school's stocktake.
        Conflict: the stocktake is signed, or staff decided about this line before it was opened again.
    """
    who = _counter(counter)
    async with unit_of_work():
        found = await _open()
        line = next((each for each in found["lines"] if each["id"] == line_id and each["expected"]), None)
        if line is None:
            raise NotFound("stocktake-line-not-found")
        if any(line[f"{about}_decision"] for about in DECISIONS):
            raise Conflict("stocktake-line-decided")
        counted = count_of(state, line["expected"], broken, missing)
        if counted is None:
            raise Invalid("count-does-not-add-up", expected=line["expected"])
        numbers = (counted.found, counted.broken, counted.missing)
        await queries.add_answer(line_id, key[:100], numbers, free_text(note), photo, who, by_scan)


async def scan(typed: str, *, counter: str, key: str) -> dict[str, Any]:
    """Take a serial number, or the code or address of one of our labels: a device on the list is found; what is not on
    it is kept as found besides.

    Returns:
        `result`: `found`, `repeat` (with who and when), `kit` (a kit's code: its lines), `ambiguous`, `elsewhere`,
        `unknown`, `repeat-stranger`, or `no-thing` (the label of a place or a consignment); and `line`, where there
        is one.

    Raises:
        Invalid: nothing typed, or nobody's name.
        Conflict: the stocktake is signed.
    """
    who, text = _counter(counter), one_line(typed, LONGEST_SCAN)
    if not scan_key(text):
        raise Invalid("stocktake-scan-empty")
    async with unit_of_work():
        found = await _open()
        here = [line for line in found["lines"] if line["expected"]]
        by_serial = {line["serial_number"]: line for line in here if line["serial_number"]}
        reading = read_scan(text, by_serial)
        if len(reading.matches) > 1:
            return {"result": "ambiguous", "matches": reading.matches}
        if reading.matches:
            return await _found(by_serial[reading.matches[0]], who, key)
        kind, thing = await labels.behind(text) or ("", 0)
        line = next((each for each in here if kind in ("kit", "device") and each[f"{kind}_id"] == thing), None)
        if line is not None:
            return {"result": "kit", "line": line} if kind == "kit" else await _found(line, who, key)
        if kind in ("place", "consignment"):
            return {"result": "no-thing"}
        return await _stranger(found, text, kind, thing, who)


async def _found(line: dict[str, Any], who: str, key: str) -> dict[str, Any]:
    if line["found"] and line["answer_key"] != key[:100]:
        return {"result": "repeat", "line": line, "who": line["counter"], "at": line["answered_at"]}
    if not any(line[f"{about}_decision"] for about in DECISIONS):
        await queries.add_answer(line["id"], key[:100], (line["expected"], 0, 0), "", None, who, True)
    return {"result": "found", "line": line}


async def _stranger(found: dict[str, Any], text: str, kind: str, thing: int, who: str) -> dict[str, Any]:
    device, problem = None, "elsewhere" if kind else "unknown"
    if kind == "device":
        device = await queries.device(thing)
    elif not kind:
        known = await queries.candidates(scan_key(text), text)
        meant = read_scan(text, [each["serial_number"] for each in known]).matches
        alike = [each for each in known if each["serial_number"] in meant]
        device = alike[0] if len(alike) == 1 else None
        problem = "elsewhere" if device else "ambiguous" if alike else "unknown"
    kit_id = device["kit_id"] if device else thing if kind == "kit" else None
    # one thing stands once, whichever of its numbers was typed, in whichever case
    read_as = f"device:{device['device_id']}" if device else f"kit:{kit_id}" if kit_id else scan_key(text)
    device_id = device["device_id"] if device else None
    new = await queries.add_stranger(found["id"], text[:80], read_as, device_id, kit_id, problem, who)
    return {"result": problem if new else "repeat-stranger"}


async def take_off(stranger_id: int, *, counter: str) -> None:
    """Take off what was noted as found besides by mistake. It stays on record, with who took it off.

    Raises:
        Invalid: nobody's name.
        NotFound: nothing of the kind stands there.
        Conflict: the stocktake is signed.
    """
    who = _counter(counter)
    async with unit_of_work():
        found = await _open()
        if not any(row["id"] == stranger_id and not row["decision"] for row in found["strangers"]):
            raise NotFound("stocktake-line-not-found")
        # sent again, because the answer was lost on its way, it is off already
        if await queries.take_off(stranger_id, found["id"], who):
            await audit.record("stocktake-stranger-taken-off", "stocktake", found["code"], stranger=stranger_id)


async def sign(*, name: str, post: str, remarks: str = "") -> str:
    """The school's statement of what it counted, with name and post; returns the paper's number.

    Raises:
        Invalid: no name or post, or lines of which nobody has said anything.
        Conflict: signed already.
    """
    name, post, remarks = one_line(name), one_line(post), free_text(remarks)
    if not name:
        raise Invalid("stocktake-signer-missing")
    if not post:
        raise Invalid("stocktake-post-missing")
    async with unit_of_work():
        found = await _open()
        if found["totals"]["open"]:
            raise Invalid("stocktake-not-counted", left=found["totals"]["open"])
        paper_id, number = await _paper(found, name, post, remarks)
        await queries.sign(found["id"], name, post, remarks, paper_id)
        await audit.record("stocktake-signed", "stocktake", found["code"], paper=number, **found["totals"])
    return number


async def _paper(found: dict[str, Any], name: str, post: str, remarks: str) -> tuple[int, str]:
    sums = found["totals"]
    here = [line for line in found["lines"] if line["expected"]]
    rows = [
        (
            line["name_el"],
            line["serial_number"] or "–",
            shown_code(line["kit_code"]),
            str(line["found"]),
            str(line["broken"]),
            str(line["missing"]),
        )
        for line in here
    ]
    sentences = [
        f"Καταμετρήθηκαν {sums['expected']} τεμάχια: βρέθηκαν {sums['found']}, με βλάβη {sums['broken']}, "
        f"λείπουν {sums['missing']}."
    ]
    if found["reopenings"]:
        sentences.append(f"Αντικαθιστά τη δήλωση {found['reopenings'][-1]['paper_number']}.")
    closing = []
    for words, lines in (
        ("Ήρθαν στο σχολείο μετά το άνοιγμα της απογραφής", found["came"]),
        ("Έφυγαν από το σχολείο μετά το άνοιγμα της απογραφής", found["left"]),
    ):
        if lines:
            told = (f"{line['name_el']} ({line['serial_number'] or line['pieces']})" for line in lines)
            closing.append(f"{words}: {', '.join(told)}.")
    besides = [_named(row) for row in found["strangers"] if not row["taken_off_at"] and not row["listed"]]
    if besides:
        closing.append(f"Βρέθηκαν επιπλέον: {', '.join(besides)}.")
    return await papers.make(
        "stocktake",
        institution_id=found["institution_id"],
        kit_ids=sorted({line["kit_id"] for line in here}),
        facts=[
            ("Σχολική μονάδα", f"{found['institution_name']} ({found['institution_code']})"),
            ("Έτος", str(found["year"])),
            ("Υπογράφει", f"{name}, {post}"),
            ("Παρατηρήσεις", remarks),
        ],
        sentences=sentences,
        heads=("Είδος", "Σειριακός αριθμός", "Σετ", "Βρέθηκαν", "Με βλάβη", "Λείπουν"),
        rows=rows,
        closing=closing,
        signers=[f"{name}, {post}"],
    )


def _named(stranger: dict[str, Any]) -> str:
    """Something found besides, as a paper names it: as what we know it, else as it was typed."""
    if stranger["device_id"]:
        return f"{stranger['name_el']} {stranger['serial_number']}"
    if stranger["kit_id"]:
        return f"{stranger['title_el']} {shown_code(stranger['kit_code'])}"
    return str(stranger["typed"])
