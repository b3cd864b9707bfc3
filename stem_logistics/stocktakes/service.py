"""A year's stocktakes: opened, reminded of, read. Schools count in `counting.py`; staff decide in `decisions.py`."""

from datetime import date
from typing import Any

from stem_logistics import audit, files, jobs, mail, runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission, Scope
from stem_logistics.codes import new_code, parse_code
from stem_logistics.custody import papers
from stem_logistics.custody.rules import reminder_due
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Forbidden, Invalid, NotFound
from stem_logistics.stocktakes import list_queries, queries
from stem_logistics.stocktakes.rules import state_of, totals
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
                subject, body = letter(school, year, due_on, link.token)
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
    for row in await list_queries.unsigned():
        which = reminder_due(row["due_on"], today)
        key = f"stocktake-reminder:{row['code']}:{which}"
        if which is None or "@" not in (row["email"] or "") or await mail.is_posted(key):
            continue
        async with unit_of_work():
            link = await links.issue("stocktake", row["institution_id"], days=60)
            school = {"name": row["institution_name"], "code": row["institution_code"]}
            subject, body = letter(school, row["year"], row["due_on"], link.token, again=True)
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


def letter(
    school: dict[str, Any], year: int, due_on: date, token: str, *, again: bool = False, reopened: str = ""
) -> tuple[str, str]:
    """What a school is written: that it is to count, is reminded of it, or why what it signed was opened again."""
    with use_locale("el"):
        subject = gettext("Stocktake %(year)s of your school's STEM equipment", year=year)
        if again:
            subject = gettext("Reminder: stocktake %(year)s of your school's STEM equipment", year=year)
        parts = [gettext("To: %(school)s (%(code)s)", school=school["name"], code=school["code"])]
        if reopened:
            subject = gettext("Stocktake %(year)s of your school's STEM equipment was opened again", year=year)
            parts.append(gettext("The stocktake was opened again: %(why)s", why=reopened))
            parts.append(gettext("What you counted is kept. Correct what has to be corrected and sign again."))
        parts += [
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


async def get_stocktake(typed: str) -> dict[str, Any]:
    """One stocktake within the reader's scope. Raises NotFound."""
    scope = require(Permission.STOCK_READ)
    code = parse_code(typed)
    row = await queries.stocktake(code) if code else None
    if row is None or not scope.covers(region_id=row["regional_directorate_id"], institution_id=row["institution_id"]):
        raise NotFound("stocktake-not-found", code=typed[:20])
    return await whole(row)


async def whole(row: dict[str, Any]) -> dict[str, Any]:
    """A stocktake with its `lines`, `totals`, `strangers` and `reopenings`, and the lines that `came` to the school or
    `left` it since it was opened, with how many `pieces`. Until the school signs, it follows the ledger.
    """
    if row["signed_at"] is None and await queries.differs(row["id"], row["institution_id"]):
        async with unit_of_work():
            locked = await queries.stocktake(row["code"], lock=True)
            if locked is not None and locked["signed_at"] is None:
                await queries.follow(row["id"], row["institution_id"])
    lines = [{**line, "state": state_of(line)} for line in await queries.lines(row["id"])]
    change = [{**line, "pieces": line["expected"] - line["at_opening"]} for line in lines]
    return {
        **row,
        "lines": lines,
        "totals": totals(lines),
        "came": [line for line in change if line["pieces"] > 0],
        "left": [{**line, "pieces": -line["pieces"]} for line in change if line["pieces"] < 0],
        "strangers": await queries.strangers(row["id"]),
        "reopenings": await queries.reopenings(row["id"]),
    }


async def progress(year: int) -> list[dict[str, Any]]:
    """By region: schools, begun, signed, late, and what they found; within the reader's scope."""
    return await list_queries.progress(require(Permission.STOCK_READ), year)


async def list_stocktakes(
    year: int, region: str, state: str, *, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """A page of a year's stocktakes and how many there are, within the reader's scope."""
    scope = require(Permission.STOCK_READ)
    return await list_queries.stocktakes(scope, year, region, state, limit=limit, offset=offset)


async def register(year: int, region: str, typed: str) -> list[dict[str, Any]]:
    """What a year's register of assets says (one stocktake's, where its code is given), within the reader's scope.

    Raises:
        NotFound: no such stocktake.
    """
    scope = require(Permission.STOCK_READ)
    code = (await get_stocktake(typed))["code"] if typed else ""
    return await list_queries.register(scope, year or (0 if code else papers.now().year), region, code)


async def years() -> list[int]:
    """The years with stocktakes, the newest first."""
    return await list_queries.years()


async def regions() -> list[dict[str, Any]]:
    """The regional directorates."""
    return await list_queries.regions()


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
