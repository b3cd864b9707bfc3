"""Custody in a school: who has which kit in which room, and the hand-over from one person to the next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from stem_logistics import audit, mail, runtime
from stem_logistics.accounts import links
from stem_logistics.accounts.policy import Permission, Scope
from stem_logistics.codes import parse_code, shown_code
from stem_logistics.custody import loan_queries, papers, queries
from stem_logistics.custody.rules import free_text, one_line, read_scan
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.inventory import ledger
from stem_logistics.inventory import service as stock
from stem_logistics.inventory.ledger import Move
from stem_logistics.web.i18n import gettext, use_locale


def require(permission: Permission, *, by_school: bool = False) -> Scope:
    """The scope in which whoever acts holds a permission.

    Args:
        by_school: whether a school may do this with its custody link, for itself.

    Raises:
        Forbidden: nowhere.
    """
    who = runtime.actor().principal
    if by_school and who.kind == "link" and who.permission is Permission.LINK_CUSTODY:
        permission = Permission.LINK_CUSTODY
    scope = who.scope(permission)
    if not scope:
        raise Forbidden("not-allowed", permission=permission.value)
    return scope


def acting() -> tuple[str, int | None]:
    """Who acts, as history keeps it: the kind and the number."""
    who = runtime.actor().principal
    return who.kind, who.id


async def require_kit(typed: str, *, by_school: bool = False) -> dict[str, Any]:
    """A kit with its `contents`, by its code, where whoever acts may do so.

    Raises:
        NotFound: no such kit, or not theirs (which says the same).
    """
    scope = require(Permission.STOCK_WRITE, by_school=by_school)
    code = parse_code(typed)
    kit = await stock.find_kit(code) if code else None
    if kit is None or not scope.covers(region_id=kit["regional_directorate_id"], institution_id=kit["institution_id"]):
        raise NotFound("kit-not-found", code=typed[:20])
    return {**kit, "contents": await stock.contents_of([kit["id"]])}


async def require_school(code: str) -> dict[str, Any]:
    """An active school by its code, the kept one where the code was merged.

    Raises:
        NotFound: no such school.
        Conflict: it is closed.
    """
    row = await queries.institution(code.strip()[:20])
    if row is None:
        raise NotFound("custody-school-not-found", code=code[:20])
    if row["state"] == "closed":
        raise Conflict("custody-school-closed", code=row["code"])
    return row


def find_part(kit: dict[str, Any], typed: str, *, at: int | None = None) -> dict[str, Any]:
    """The part of a kit that was meant. Raises Invalid: none, or two that look alike.

    Args:
        at: of pieces without a number, which may be in several places: those in this one.
    """
    serials = {part["serial_number"]: part for part in kit["contents"] if part["serial_number"]}
    reading = read_scan(typed, serials)
    if len(reading.matches) > 1:
        raise Invalid("serial-ambiguous", typed=typed[:80], matches=", ".join(reading.matches))
    if reading.matches:
        found: dict[str, Any] = serials[reading.matches[0]]
        return found
    loose: list[dict[str, Any]] = [
        part for part in kit["contents"] if part["slug"] == typed and not part["serial_number"]
    ]
    if not loose:
        raise Invalid("part-not-in-kit", part=typed[:80], code=kit["code"])
    return next((part for part in loose if part["place_id"] == at), loose[0])


def parts_at(kit: dict[str, Any], place_id: int) -> list[dict[str, Any]]:
    """The parts of a kit that lie in a place."""
    return [part for part in kit["contents"] if part["place_id"] == place_id]


def moves_of(parts: list[dict[str, Any]], target: int) -> list[Move]:
    """Each part from where it is to a place."""
    return [
        Move(part["item_id"], part["quantity"], part["place_id"], target, part["kit_id"], part["device_id"])
        for part in parts
        if part["place_id"] != target
    ]


async def school_place(kit: dict[str, Any]) -> int:
    """The place of the school at which a kit is. Raises Conflict where it is at none."""
    if kit["place_kind"] != "institution" or kit["institution_id"] is None:
        raise Conflict("kit-not-at-school", code=kit["code"])
    return await ledger.institution_place(kit["institution_id"])


async def hand_over(typed: str, *, name: str, post: str, room: str = "", note: str = "") -> dict[str, Any]:
    """Put a kit into somebody's charge; whoever had it hands it over. The same person and room again changes nothing.

    Returns:
        The custody, with its paper's id and number.

    Raises:
        Invalid: no name or post.
        NotFound, Conflict: no such kit; it is at no school.
    """
    name, post, room, note = one_line(name), one_line(post), one_line(room), free_text(note)
    if not name:
        raise Invalid("holder-name-missing")
    if not post:
        raise Invalid("holder-post-missing")
    async with unit_of_work():
        kit = await require_kit(typed, by_school=True)
        await queries.lock_kits([kit["id"]])
        place = await school_place(kit)
        before = await queries.holder(kit["id"])
        here = before is not None and before["institution_id"] == kit["institution_id"]
        if before and here and (before["holder_name"], before["holder_post"], before["room"]) == (name, post, room):
            return before
        paper_id, number = await _hand_over_paper(kit, place, before if here else None, name, post, room, note)
        await queries.end_custody([kit["id"]], "hand-over" if here else "moved-away")
        custody_id = await queries.add_custody(
            kit["id"], kit["institution_id"], name, post, room, note, paper_id, acting()
        )
        await audit.record("custody-handed-over", "kit", kit["code"], paper=number, custody=custody_id)
    return {"id": custody_id, "paper_id": paper_id, "paper_number": number, "kit_code": kit["code"]}


async def _hand_over_paper(
    kit: dict[str, Any], place: int, before: dict[str, Any] | None, name: str, post: str, room: str, note: str
) -> tuple[int, str]:
    school = await queries.institution_by_id(kit["institution_id"])
    parts = parts_at(kit, place)
    gives = f"{before['holder_name']}, {before['holder_post']}" if before else "–"
    return await papers.make(
        "custody",
        institution_id=school["id"],
        kit_ids=[kit["id"]],
        facts=[
            ("Σχολική μονάδα", f"{school['name']} ({school['code']})"),
            ("Σετ", f"{kit['title_el']}, {shown_code(kit['code'])}"),
            ("Παραδίδει", gives),
            ("Παραλαμβάνει", f"{name}, {post}"),
            ("Χώρος", room),
            ("Προηγούμενος χώρος", before["room"] if before else ""),
            ("Παρατηρήσεις", note),
        ],
        sentences=["Ο εξοπλισμός που ακολουθεί χρεώνεται από σήμερα σε όποιον τον παραλαμβάνει."],
        rows=papers.parts_rows(parts, {kit["id"]: kit["code"]}),
        signers=["Παραδίδει", "Παραλαμβάνει", "Διευθύντρια / Διευθυντής"],
    )


async def custody_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """Everybody who had a kit, newest first. The caller has made sure that its reader may see the kit."""
    return await queries.custody_history(kit_id)


async def kits_in_custody(institution_id: int) -> list[dict[str, Any]]:
    """A school's kits, each with its `contents`, `holder` (None without) and `loan` (None where it is its own)."""
    holders = {row["kit_id"]: row for row in await queries.holders_at(institution_id)}
    kits = await stock.kits_at_institution(institution_id)
    loans = {row["kit_id"]: row for row in await loan_queries.loans_of_kits([kit["id"] for kit in kits])}
    return [{**kit, "holder": holders.get(kit["id"]), "loan": loans.get(kit["id"])} for kit in kits]


async def kits_and_holders(institution_id: int) -> list[dict[str, Any]]:
    """A school's kits with who has each (`holder_name`, None without) and until when it is on loan: for its page."""
    return await queries.kits_and_holders(institution_id)


async def school_of_link() -> dict[str, Any]:
    """The school whose link acts. Raises Forbidden for anybody else."""
    who = runtime.actor().principal
    if who.kind != "link" or who.institution_id is None:
        raise Forbidden("not-allowed")
    return await queries.institution_by_id(who.institution_id)


async def link_for(school: dict[str, Any]) -> str:
    """A fresh custody link of a school, inside the caller's unit of work; its address."""
    issued = await links.issue("custody", school["id"])
    return f"{runtime.settings().base_url}/k/{issued.token}"


async def mail_school(
    school: dict[str, Any], subject: str, paragraphs: list[str], *, about: tuple[str, int], key: str | None = None
) -> bool:
    """Write to a school with its custody link, inside the caller's unit of work; False where it has no mailbox.

    Args:
        paragraphs: in Greek; the link and the sender's name come after them.
    """
    if "@" not in (school["email"] or ""):
        return False
    with use_locale("el"):
        to = gettext("To: %(school)s (%(code)s)", school=school["name"], code=school["code"])
        ending = gettext("National Support Organisation eTwinning")
    body = "\n\n".join([to, *paragraphs, await link_for(school), ending]) + "\n"
    await mail.post(school["email"], subject, body, about=about, institution_id=school["id"], idempotency_key=key)
    return True


async def send_link(code: str) -> None:
    """Send a school the link by which it keeps who has its kits.

    Raises:
        NotFound, Conflict: no such school; it is closed, or has no mailbox.
    """
    require(Permission.STOCK_WRITE)
    async with unit_of_work():
        school = await require_school(code)
        with use_locale("el"):
            subject = gettext("Your school's STEM equipment: who has it")
            text = gettext(
                "On this page you enter who is in charge of each kit and in which room it is, report what does not "
                "work, and answer recalls and offers. It is your school's own: pass it on only inside your school."
            )
        if not await mail_school(school, subject, [text], about=("institution", school["id"])):
            raise Conflict("school-has-no-mailbox", code=school["code"])
        await audit.record("custody-link-sent", "institution", school["id"])


async def papers_of_kit(kit_id: int) -> list[dict[str, Any]]:
    """The papers that speak of a kit, newest first."""
    return await queries.papers_of_kit(kit_id)


def day(moment: datetime) -> str:
    """A moment as a day in a Greek sentence."""
    return moment.strftime("%d/%m/%Y")


async def mail_is_written(key: str) -> bool:
    """Whether a message with this key is in the outbox already."""
    return await mail.is_posted(key)


async def kit_by_id_code(code: str) -> dict[str, Any]:
    """A kit with its contents, for use cases that have decided by something else who may act."""
    kit = await stock.find_kit(code)
    if kit is None:
        raise NotFound("kit-not-found", code=code)
    return {**kit, "contents": await stock.contents_of([kit["id"]])}


async def moved_away(kit_ids: Sequence[int]) -> None:
    """Kits have left their school by what came of a case; nobody there has them in charge any more."""
    await queries.end_custody(kit_ids, "moved-away")
