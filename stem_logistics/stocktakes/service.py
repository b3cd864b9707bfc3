"""A stocktake from its opening to the school's signature. What staff decide afterwards is in `decisions.py`."""

import asyncio
from datetime import date
from typing import Any

from stem_logistics import audit, files, jobs, mail, runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission, Scope
from stem_logistics.codes import new_code, parse_code, shown_code
from stem_logistics.custody import papers
from stem_logistics.custody.rules import free_text, one_line, read_scan, reminder_due, scan_key
from stem_logistics.db.engine import unit_of_work
from stem_logistics.deliveries.photos import cleaned
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.stocktakes import queries
from stem_logistics.stocktakes.rules import count_of, state_of, totals
from stem_logistics.web.i18n import gettext, use_locale

OPEN_JOB = "stocktakes-open"


def require(permission: Permission) -> Scope:
    """The scope in which whoever acts holds a permission. Raises Forbidden where it is empty."""
    scope = runtime.actor().principal.scope(permission)
    if not scope:
        raise Forbidden("not-allowed", permission=permission.value)
    return scope


async def open_year(year: int, due_on: date, region: str = "") -> int:
    """Open the year's stocktake at every school with kits that has none yet, and write to each; returns to how many.

    Opening it again opens what is missing and nothing twice.

    Raises:
        Invalid: the day is not in the future, or the year is not this one.
    """
    require(Permission.STOCK_WRITE)
    today = papers.now().date()
    if due_on <= today or not today.year - 1 <= year <= today.year + 1:
        raise Invalid("stocktake-day-unusable")
    opened = 0
    for school in await queries.schools_with_kits(region, year):
        async with unit_of_work():
            code = new_code("S")
            number = await queries.add(code, year, school["id"], due_on)
            link = await links.issue("stocktake", school["id"], days=max(30, (due_on - today).days + 60))
            if "@" in (school["email"] or ""):
                subject, body = _letter(school, year, due_on, link.token)
                await mail.post(
                    school["email"], subject, body, about=("stocktake", number), institution_id=school["id"]
                )
            await audit.record("stocktake-opened", "stocktake", code, school=school["id"], year=year)
            opened += 1
    return opened


async def remind() -> int:
    """Remind schools whose stocktake is due soon, today, or late, each time with a link; returns how many were written.

    Each reminder goes once: a week before, on the day, then once a week.
    """
    today = papers.now().date()
    sent = 0
    for row in await queries.unsigned():
        which = reminder_due(row["due_on"], today)
        key = f"stocktake-reminder:{row['code']}:{which}"
        if which is None or "@" not in (row["email"] or "") or await mail.is_posted(key):
            continue
        async with unit_of_work():
            link = await links.issue("stocktake", row["institution_id"], days=60)
            school = {"name": row["institution_name"], "code": row["institution_code"]}
            subject, body = _letter(school, row["year"], row["due_on"], link.token, again=True)
            await mail.post(
                row["email"],
                subject,
                body,
                about=("stocktake", row["id"]),
                institution_id=row["institution_id"],
                idempotency_key=key,
            )
            sent += 1
    return sent


def _letter(school: dict[str, Any], year: int, due_on: date, token: str, *, again: bool = False) -> tuple[str, str]:
    with use_locale("el"):
        subject = gettext("Stocktake %(year)s of your school's STEM equipment", year=year)
        if again:
            subject = gettext("Reminder: stocktake %(year)s of your school's STEM equipment", year=year)
        parts = [
            gettext("To: %(school)s (%(code)s)", school=school["name"], code=school["code"]),
            gettext(
                "Count your school's kits on this page until %(day)s, with a telephone: scan or tick each piece. You "
                "may stop and go on later, and two people can count at once. At the end somebody signs with name "
                "and post.",
                day=due_on.strftime("%d/%m/%Y"),
            ),
            f"{runtime.settings().base_url}/s/{token}",
            gettext("National Support Organisation eTwinning"),
        ]
    return subject, "\n\n".join(parts) + "\n"


async def mine() -> dict[str, Any]:
    """The stocktake of the school whose link acts, with its `lines`, `strangers` and `totals`.

    Raises:
        Forbidden: no stocktake's link.
        NotFound: the school has none.
    """
    who = runtime.actor().principal
    if who.kind != "link" or who.permission is not Permission.LINK_STOCKTAKE or who.institution_id is None:
        raise Forbidden("not-allowed")
    row = await queries.open_of_school(who.institution_id)
    if row is None:
        raise NotFound("stocktake-not-found", code="")
    return await _whole(row)


async def get_stocktake(typed: str) -> dict[str, Any]:
    """One stocktake within the reader's scope. Raises NotFound."""
    scope = require(Permission.STOCK_READ)
    code = parse_code(typed)
    row = await queries.stocktake(code) if code else None
    if row is None or not scope.covers(region_id=row["regional_directorate_id"], institution_id=row["institution_id"]):
        raise NotFound("stocktake-not-found", code=typed[:20])
    return await _whole(row)


async def _whole(row: dict[str, Any]) -> dict[str, Any]:
    lines = [{**line, "state": state_of(line)} for line in await queries.lines(row["id"])]
    return {**row, "lines": lines, "strangers": await queries.strangers(row["id"]), "totals": totals(lines)}


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

    Raises:
        Invalid: nobody's name, numbers that do not add up, no photograph.
        NotFound: not a line of this school's stocktake.
        Conflict: it is signed already.
    """
    who = one_line(counter, 80)
    if not who:
        raise Invalid("counter-missing")
    digest = await files.store(await asyncio.to_thread(cleaned, photo), "image/jpeg") if photo else None
    async with unit_of_work():
        found = await _open()
        line = next((each for each in found["lines"] if each["id"] == line_id), None)
        if line is None:
            raise NotFound("stocktake-line-not-found")
        counted = count_of(state, line["expected"], broken, missing)
        if counted is None:
            raise Invalid("count-does-not-add-up", expected=line["expected"])
        numbers = (counted.found, counted.broken, counted.missing)
        await queries.add_answer(line_id, key[:100], numbers, free_text(note), digest, who, by_scan)


async def _open() -> dict[str, Any]:
    found = await mine()
    locked = await queries.stocktake(found["code"], lock=True)
    if locked is None or locked["signed_at"] is not None:
        raise Conflict("stocktake-signed", code=found["code"])
    return found


async def scan(typed: str, *, counter: str, key: str) -> dict[str, Any]:
    """Take a scanned or typed number: a device on the list is found; anything else is kept as unexpected.

    Returns:
        `result`: `found`, `repeat` (with who and when), `kit` (a kit's code: its lines), `ambiguous`, `elsewhere` or
        `unknown`; and `line`, where there is one.

    Raises:
        Invalid: nothing typed, or nobody's name.
        Conflict: the stocktake is signed.
    """
    who, text = one_line(counter, 80), one_line(typed, 80)
    if not who:
        raise Invalid("counter-missing")
    if not scan_key(text):
        raise Invalid("stocktake-scan-empty")
    async with unit_of_work():
        found = await _open()
        by_serial = {line["serial_number"]: line for line in found["lines"] if line["serial_number"]}
        reading = read_scan(text, by_serial)
        if len(reading.matches) == 1:
            line = by_serial[reading.matches[0]]
            if line["found"]:
                return {"result": "repeat", "line": line, "who": line["counter"], "at": line["answered_at"]}
            await queries.add_answer(line["id"], key[:100], (line["expected"], 0, 0), "", None, who, True)
            return {"result": "found", "line": line, "read_as": "" if reading.exact else line["serial_number"]}
        if len(reading.matches) > 1:
            return {"result": "ambiguous", "matches": reading.matches}
        code = parse_code(text)
        kit_lines = [line for line in found["lines"] if code and line["kit_code"] == code]
        if kit_lines:
            return {"result": "kit", "line": kit_lines[0]}
        return await _stranger(found, text, who)


async def _stranger(found: dict[str, Any], text: str, who: str) -> dict[str, Any]:
    known = await queries.candidates(text)
    device = known[0] if len(known) == 1 else None
    problem = "elsewhere" if device else "ambiguous" if known else "unknown"
    new = await queries.add_stranger(
        found["id"],
        text,
        device["device_id"] if device else None,
        device["kit_id"] if device else None,
        problem,
        who,
        "",
    )
    return {"result": problem if new else "repeat-stranger", "kit_code": device["kit_code"] if device else ""}


async def sign(*, name: str, post: str, remarks: str = "") -> str:
    """The school's statement of what it counted, with name and post; returns the paper's number.

    Raises:
        Invalid: no name or post, or lines of which nobody has said anything.
        Conflict: signed already.
    """
    name, post, remarks = one_line(name), one_line(post), free_text(remarks)
    if not name:
        raise Invalid("holder-name-missing")
    if not post:
        raise Invalid("holder-post-missing")
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
    rows = [
        (
            line["name_el"],
            line["serial_number"] or "–",
            shown_code(line["kit_code"]),
            str(line["found"]),
            str(line["broken"]),
            str(line["missing"]),
        )
        for line in found["lines"]
    ]
    strangers = [f"{row['typed']}" for row in found["strangers"]]
    return await papers.make(
        "stocktake",
        institution_id=found["institution_id"],
        kit_ids=sorted({line["kit_id"] for line in found["lines"]}),
        facts=[
            ("Σχολική μονάδα", f"{found['institution_name']} ({found['institution_code']})"),
            ("Έτος", str(found["year"])),
            ("Υπογράφει", f"{name}, {post}"),
            ("Παρατηρήσεις", remarks),
        ],
        sentences=[
            f"Καταμετρήθηκαν {sums['expected']} τεμάχια: βρέθηκαν {sums['found']}, με βλάβη {sums['broken']}, "
            f"λείπουν {sums['missing']}."
        ],
        heads=("Είδος", "Σειριακός αριθμός", "Σετ", "Βρέθηκαν", "Με βλάβη", "Λείπουν"),
        rows=rows,
        closing=[f"Βρέθηκαν επιπλέον: {', '.join(strangers)}."] if strangers else [],
        signers=[f"{name}, {post}"],
    )


async def progress(year: int) -> list[dict[str, Any]]:
    """By region: schools, begun, signed, late, and what they found; within the reader's scope."""
    return await queries.progress(require(Permission.STOCK_READ), year)


async def list_stocktakes(year: int, region: str = "", state: str = "") -> list[dict[str, Any]]:
    """The stocktakes of a year within the reader's scope."""
    return await queries.stocktakes(require(Permission.STOCK_READ), year, region, state)


async def register(year: int, region: str, typed: str) -> list[dict[str, Any]]:
    """What a year's register of assets says (one stocktake's, where its code is given), within the reader's scope.

    Raises:
        NotFound: no such stocktake.
    """
    scope = require(Permission.STOCK_READ)
    code = (await get_stocktake(typed))["code"] if typed else ""
    return await queries.register(scope, year or (0 if code else papers.now().year), region, code)


async def years() -> list[int]:
    """The years with stocktakes, the newest first."""
    return await queries.years()


async def regions() -> list[dict[str, Any]]:
    """The regional directorates."""
    return await queries.regions()


async def photo_of(typed: str, line_id: int) -> bytes:
    """The photograph of a line's last answer. Raises NotFound."""
    found = await get_stocktake(typed)
    line = next((each for each in found["lines"] if each["id"] == line_id), None)
    if line is None or line["photo_digest"] is None:
        raise NotFound("file-not-found", digest="")
    return (await files.load(line["photo_digest"])).content


async def start_year(year: int, due_on: date, region: str = "") -> int:
    """Queue the opening of a year's stocktakes; the job's number. Raises Invalid as `open_year`."""
    require(Permission.STOCK_WRITE)
    today = papers.now().date()
    if due_on <= today or not today.year - 1 <= year <= today.year + 1:
        raise Invalid("stocktake-day-unusable")
    async with unit_of_work():
        return await jobs.enqueue(OPEN_JOB, {"year": year, "due_on": due_on.isoformat(), "region": region})
