"""Teachers as people: contacts by consent, schools where they serve, double registrations merged and parted.

A name or an address is kept only while a consent stands: with the last one it is erased. The code stays, as what its
holder did stays; the record of changes never holds a name.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from stem_logistics import audit, runtime
from stem_logistics.accounts.policy import Permission
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, FieldErrors, Forbidden, Invalid, NotFound
from stem_logistics.registry.folding import fold
from stem_logistics.teachers import queries
from stem_logistics.waves.applications import school_by_code
from stem_logistics.waves.counting import INACTIVE_AFTER_YEARS, LABEL_KINDS, LABELS_A_YEAR
from stem_logistics.waves.service import account_id
from stem_logistics.web.formats import today

PURPOSES = ("contact", "training", "news")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LONGEST = 200
MOST_PAIRS = 200


@dataclass(frozen=True)
class Profile:
    """One teacher: what is kept, what they did, which codes stand for them."""

    teacher: dict[str, Any]
    active: bool
    codes: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    posts: list[dict[str, Any]]
    evidence: list[dict[str, Any]]
    over_limit: list[tuple[str, int, int]]
    """Kind of label, year and how many projects, where there are more than a teacher may submit."""


def _require() -> None:
    if not runtime.actor().principal.scope(Permission.WAVES_WRITE).country:
        raise Forbidden("not-allowed")


def active_since(day: date) -> date:
    """The day of the last sign-in from which on a teacher is active."""
    try:
        return day.replace(year=day.year - INACTIVE_AFTER_YEARS)
    except ValueError:  # 29 February
        return day.replace(year=day.year - INACTIVE_AFTER_YEARS, day=28)


def name_key(name: str) -> str:
    """A name by which two ways of writing it are the same: folded, its words in order."""
    return " ".join(sorted(fold(name).split()))


async def list_teachers(
    *, q: str = "", active: str = "", consent: str = "", limit: int | None = None, offset: int = 0
) -> tuple[list[dict[str, Any]], int]:
    """A page of the teachers, by code; and how many there are."""
    _require()
    since = active_since(today())
    rows, total = await queries.teachers(
        q=q.strip(), key=name_key(q), active=active, since=since, consent=consent, limit=limit, offset=offset
    )
    return [{**row, "active": _is_active(row, since)} for row in rows], total


async def teachers_at(institution_id: int) -> list[dict[str, Any]]:
    """Who serves at a school, there or beside another; active ones first."""
    _require()
    since = active_since(today())
    rows = [{**row, "active": _is_active(row, since)} for row in await queries.teachers_at(institution_id)]
    return sorted(rows, key=lambda row: (not row["active"], row["code"]))


def _is_active(row: dict[str, Any], since: date) -> bool:
    return row["last_signed_in_on"] is not None and row["last_signed_in_on"] >= since


async def profile(teacher_id: int) -> Profile:
    """One teacher; a code that stands for another leads to that one. Raises NotFound."""
    _require()
    row = await _root(teacher_id)
    pieces = await queries.evidence(row["id"])
    labels: dict[tuple[str, int], set[str]] = {}
    for piece in pieces:
        if piece["kind"] in LABEL_KINDS and piece["outcome"] != "rejected":
            labels.setdefault((piece["kind"], piece["year"]), set()).add(piece["reference"])
    return Profile(
        row,
        _is_active(row, active_since(today())),
        await queries.family(row["id"]),
        await queries.consents(row["id"]),
        await queries.posts(row["id"]),
        pieces,
        [(kind, year, len(found)) for (kind, year), found in sorted(labels.items()) if len(found) > LABELS_A_YEAR],
    )


async def _root(teacher_id: int, *, lock: bool = False) -> dict[str, Any]:
    row = await queries.teacher(teacher_id, lock=lock)
    if row is not None and row["root_id"] != row["id"]:
        row = await queries.teacher(row["root_id"], lock=lock)
    if row is None:
        raise NotFound("teacher-not-found")
    return row


async def give_consent(teacher_id: int, purpose: str, given_on: date | None, how: str) -> None:
    """Note that a teacher agreed: to what, when, how.

    Raises:
        FieldErrors: no such purpose, no day or one to come, no way named.
        Conflict: it stands already.
    """
    _require()
    errors: list[dict[str, Any]] = []
    if purpose not in PURPOSES:
        errors.append({"field": "purpose", "slug": "consent-purpose-missing", "params": {}})
    if given_on is None or given_on > today():
        errors.append({"field": "given_on", "slug": "consent-day-wrong", "params": {}})
    if not how.strip() or len(how) > LONGEST:
        errors.append({"field": "how", "slug": "consent-how-missing", "params": {}})
    if errors or given_on is None:
        raise FieldErrors(errors=errors)
    async with unit_of_work():
        row = await _root(teacher_id, lock=True)
        if purpose in row["purposes"]:
            raise Conflict("consent-stands")
        number = await queries.add_consent(row["id"], purpose, given_on, how.strip(), account_id())
        await audit.record("teacher-consent-given", "teacher", row["id"], purpose=purpose, consent=number)


async def withdraw_consent(teacher_id: int, consent_id: int, how: str) -> None:
    """Note that a teacher took a consent back; with the last one, name and address are erased.

    Raises:
        Invalid: no way named.
        NotFound: no such consent stands.
    """
    _require()
    if not how.strip():
        raise Invalid("consent-how-missing")
    async with unit_of_work():
        row = await _root(teacher_id, lock=True)
        known = {consent["id"] for consent in await queries.consents(row["id"])}
        if consent_id not in known or not await queries.withdraw_consents(
            [consent_id], today(), how.strip()[:LONGEST], account_id()
        ):
            raise NotFound("consent-not-found")
        await audit.record("teacher-consent-withdrawn", "teacher", row["id"], consent=consent_id)
        if not (await _root(row["id"]))["purposes"]:
            await _erase(row["id"])


async def save_contact(teacher_id: int, name: str, email: str) -> None:
    """Keep a teacher's name and e-mail.

    Raises:
        Conflict: no consent stands.
        FieldErrors: neither given, or one that cannot be used.
    """
    _require()
    name, email = " ".join(name.split()), email.strip()
    errors: list[dict[str, Any]] = []
    if not name or len(name) > LONGEST:
        errors.append({"field": "name", "slug": "teacher-name-missing", "params": {}})
    if email and (not EMAIL.fullmatch(email) or len(email) > LONGEST):
        errors.append({"field": "email", "slug": "mail-address-unusable", "params": {"address": email[:60]}})
    if errors:
        raise FieldErrors(errors=errors)
    async with unit_of_work():
        row = await _root(teacher_id, lock=True)
        if not row["purposes"]:
            raise Conflict("teacher-consent-missing")
        await queries.set_contact(row["id"], name, email or None, name_key(name))
        await audit.record("teacher-contact-saved", "teacher", row["id"])


async def erase(teacher_id: int, why: str) -> None:
    """Erase everything personal of a teacher and end every consent; codes and what they did stay.

    Raises:
        Invalid: no reason.
    """
    _require()
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        row = await _root(teacher_id, lock=True)
        standing = [each["id"] for each in await queries.consents(row["id"]) if each["withdrawn_on"] is None]
        await queries.withdraw_consents(standing, today(), why.strip()[:LONGEST], account_id())
        await _erase(row["id"])


async def _erase(root_id: int) -> None:
    await queries.erase_contacts(root_id)
    await audit.record("teacher-contact-erased", "teacher", root_id)


async def add_school(teacher_id: int, code: str, *, service: bool) -> None:
    """A school where a teacher serves: the one of service, or one more beside it.

    Raises:
        FieldErrors: the registry has no such school.
    """
    _require()
    school = await school_by_code(code.strip())
    if school is None:
        params = {"code": code.strip()[:40]}
        raise FieldErrors(errors=[{"field": "code", "slug": "school-code-unknown", "params": params}])
    async with unit_of_work():
        row = await _root(teacher_id, lock=True)
        if service:
            await queries.set_service(row["id"], school["id"])
        elif row["school"] != school["code"]:
            await queries.add_post(row["id"], school["id"])
        await audit.record("teacher-post-changed", "teacher", row["id"], school=school["code"], service=service)


async def end_post(teacher_id: int, post_id: int) -> None:
    """A post beside the school of service ends. Raises NotFound."""
    _require()
    async with unit_of_work():
        row = await _root(teacher_id, lock=True)
        if not await queries.end_post(row["id"], post_id):
            raise NotFound("teacher-post-not-found")
        await audit.record("teacher-post-changed", "teacher", row["id"], ended=post_id)


async def suspicions() -> list[tuple[dict[str, Any], dict[str, Any], list[str]]]:
    """Pairs that may be one teacher, with what speaks for it, until somebody decides."""
    _require()
    pairs = await queries.suspected(MOST_PAIRS)
    found = await queries.teachers_by_id([number for pair in pairs for number in (pair["first"], pair["second"])])
    return [(found[pair["first"]], found[pair["second"]], pair["grounds"]) for pair in pairs]


async def find_code(code: str) -> int | None:
    """The internal number of a teacher's code, typed in any way."""
    rows, _total = await list_teachers(q=code.strip(), limit=2)
    return rows[0]["id"] if code.strip() and len(rows) == 1 else None


async def merge(duplicate_id: int, kept_id: int, why: str = "") -> int:
    """Let one code stand for another teacher from now on; nothing is moved. Returns the teacher that was kept.

    Raises:
        NotFound: one of the two is not there.
        Invalid: with itself.
        Conflict: one of them stands for another already.
    """
    _require()
    async with unit_of_work():
        rows = await queries.lock_pair(duplicate_id, kept_id)
        if duplicate_id not in rows or kept_id not in rows:
            raise NotFound("teacher-not-found")
        if duplicate_id == kept_id:
            raise Invalid("merge-with-itself", code=rows[kept_id]["code"])
        if rows[duplicate_id]["merged_into"] == kept_id:
            return kept_id
        for row in rows.values():
            if row["merged_into"] is not None:
                raise Conflict("teacher-already-merged", code=row["code"])
        number = await queries.add_merge(duplicate_id, kept_id, why.strip()[:LONGEST], account_id())
        await queries.point(duplicate_id, kept_id)
        for teacher_id in (duplicate_id, kept_id):
            await audit.record("teacher-merged", "teacher", teacher_id, why=why.strip()[:LONGEST], merge=number)
    return kept_id


async def unmerge(duplicate_id: int) -> None:
    """Let a code stand for itself again, as it was. Raises NotFound."""
    _require()
    async with unit_of_work():
        row = await queries.teacher(duplicate_id, lock=True)
        if row is None or not await queries.end_merge(duplicate_id, account_id()):
            raise NotFound("teacher-not-found")
        await queries.point(duplicate_id, None)
        for teacher_id in (duplicate_id, row["root_id"]):
            await audit.record("teacher-unmerged", "teacher", teacher_id, duplicate=row["code"])


async def keep_apart(first_id: int, second_id: int) -> None:
    """Somebody's word that two are two people. Raises NotFound, Invalid."""
    _require()
    async with unit_of_work():
        rows = await queries.lock_pair(first_id, second_id)
        if len(rows) != 2:
            raise NotFound("teacher-not-found")
        await queries.add_distinct(first_id, second_id, account_id())
        for teacher_id in rows:
            await audit.record("teachers-kept-apart", "teacher", teacher_id)
