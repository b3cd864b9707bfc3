"""Evidence: kept once for a school, teacher and year, with its document; taken out of account with a reason."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from stem_logistics import audit, files
from stem_logistics.accounts.policy import Principal
from stem_logistics.db.engine import unit_of_work
from stem_logistics.errors import Conflict, Forbidden, Invalid, NotFound
from stem_logistics.registry.importing.headings import folded
from stem_logistics.waves import application_queries, checking_queries, draft_queries, queries
from stem_logistics.waves.application_file import ApplicationEntry, EvidenceEntry, TeacherEntry
from stem_logistics.waves.hostile_files import checked_document
from stem_logistics.waves.service import Wave, account_id, lock_wave
from stem_logistics.waves.windows import require_time_of


async def put_evidence(
    entries: Sequence[ApplicationEntry], schools: Mapping[str, Mapping[str, Any]], *, source: str, correct: bool
) -> None:
    """Keep the evidence and teachers of applications, inside the caller's unit of work.

    Args:
        entries: what was filled in.
        schools: every school that they name, by code.
        source: by which way they came.
        correct: whether what is known already is corrected (staff) or left as it stands (a school).
    """
    pieces = [piece for entry in entries for piece in entry.evidence]
    await _put_teachers([t for e in entries for t in e.teachers], schools)
    await _put(pieces, schools, source, correct=correct)


async def put_pieces(
    pieces: Sequence[EvidenceEntry],
    teachers: Sequence[TeacherEntry],
    schools: Mapping[str, Mapping[str, Any]],
    source: str,
    extra: Sequence[Mapping[str, str]],
) -> None:
    """Keep evidence that staff bring by itself, with what else is told of each, in the caller's unit of work."""
    await _put_teachers(teachers, schools)
    await _put(pieces, schools, source, correct=True, extra=extra)


async def _put_teachers(told_of: Sequence[TeacherEntry], schools: Mapping[str, Mapping[str, Any]]) -> None:
    teachers: dict[str, tuple[str, int | None, int, date | None]] = {}
    for told in sorted(told_of, key=lambda t: (t.code, t.row)):
        _, stated, home, seen = teachers.get(told.code, (told.code, None, schools[told.school_code]["id"], None))
        if told.service_school_code:
            stated = schools[told.service_school_code]["id"]
        if told.last_sign_in:
            day = date.fromisoformat(told.last_sign_in)
            seen = day if seen is None else max(seen, day)
        teachers[told.code] = (told.code, stated, home, seen)
    await application_queries.put_teachers([teachers[code] for code in sorted(teachers)])


async def _put(
    pieces: Sequence[EvidenceEntry],
    schools: Mapping[str, Mapping[str, Any]],
    source: str,
    *,
    correct: bool,
    extra: Sequence[Mapping[str, str]] = (),
) -> None:
    ids = await application_queries.teacher_ids([p.teacher_code for p in pieces if p.teacher_code])
    vouched = account_id() if correct else None
    more = extra or [{}] * len(pieces)
    rows = [
        _evidence_row(piece, schools, ids, source, vouched, extra=told)
        for piece, told in zip(pieces, more, strict=True)
    ]
    await application_queries.put_evidence(sorted(rows, key=lambda r: (r[2], r[3], r[0], r[1] or 0)), correct=correct)


def _reference(piece: EvidenceEntry) -> str:
    if piece.kind.endswith("-prize") and piece.category:
        # another category's prize of the same project is another prize
        return f"{piece.reference}#{folded(piece.category)}"
    return piece.reference


def _evidence_row(
    piece: EvidenceEntry,
    schools: Mapping[str, Mapping[str, Any]],
    teachers: Mapping[str, int],
    source: str,
    vouched: int | None,
    document: bytes | None = None,
    extra: Mapping[str, str] | None = None,
) -> tuple[Any, ...]:
    details = {"category": piece.category, "rank": piece.rank, "stem": piece.stem, **(extra or {})}
    return (
        schools[piece.school_code]["id"],
        teachers[piece.teacher_code] if piece.teacher_code else None,
        piece.kind,
        _reference(piece),
        piece.title,
        date.fromisoformat(piece.awarded_on) if piece.awarded_on else None,
        piece.year,
        json.dumps({key: value for key, value in details.items() if value not in ("", None, False)}),
        source,
        vouched,
        document,
    )


async def add_evidence(
    wave: Wave, piece: EvidenceEntry, *, principal: Principal, service_school: str = "", document: bytes | None = None
) -> None:
    """Add one piece of evidence to a school, by staff or by the school's link, with a document where there is one.

    Raises:
        Invalid: it lacks what its kind needs, or the document is of another kind of file.
        Conflict: out of time (a school's link), or the same was not accepted before.
    """
    async with unit_of_work():
        wave = await lock_wave(wave.slug, change=False)
        if principal.kind == "link" and principal.institution_id is not None:
            await require_time_of(wave, await draft_queries.root_of(principal.institution_id))
        elif wave.is_out:
            raise Conflict("wave-already-published")
        school_kind = piece.kind in ("school-label", "ite-label")
        if not piece.kind or not piece.year or (not school_kind and not (piece.teacher_code and piece.reference)):
            raise Invalid("evidence-details-missing")
        codes = [piece.school_code, *([service_school] if service_school else [])]
        schools = await queries.institutions_by_code(codes)
        for code in codes:
            if code not in schools:
                raise Invalid("school-code-unknown", code=code)
        await _require_school(principal, schools[piece.school_code])
        if principal.kind == "link":
            await _require_new(piece, schools[piece.school_code]["id"])
        digest = await _store_document(document) if document else None
        if piece.teacher_code:
            home = schools[piece.school_code]["id"]
            # a school says who won a prize there; where teachers serve is for staff to say
            stated = schools[service_school]["id"] if service_school and principal.kind != "link" else None
            await application_queries.put_teachers([(piece.teacher_code, stated, home, None)])
        ids = await application_queries.teacher_ids([piece.teacher_code] if piece.teacher_code else [])
        vouched = account_id() if principal.kind != "link" else None
        source = "link" if principal.kind == "link" else "form"
        row = _evidence_row(piece, schools, ids, source, vouched, digest)
        await application_queries.put_evidence([row], correct=principal.kind != "link")
        await audit.record("evidence-added", "institution", schools[piece.school_code]["id"], kind=piece.kind)


async def _require_school(principal: Principal, school: Mapping[str, Any]) -> None:
    if principal.kind != "link" or principal.institution_id is None:
        return
    # the link of a registration that was merged since speaks for the school that it stands for
    if await draft_queries.root_of(principal.institution_id) != school["id"]:
        raise Forbidden("not-allowed")


async def _require_new(piece: EvidenceEntry, school_id: int) -> None:
    """What a school may not enter: what was not accepted before, and what is another school's teacher's."""
    why = await checking_queries.rejected_before(
        piece.kind, _reference(piece), school_id, piece.teacher_code, piece.year
    )
    if why is not None:
        raise Conflict("evidence-rejected-before", why=why)
    strangers = await checking_queries.strangers([(piece.teacher_code, school_id)]) if piece.teacher_code else {}
    for code in strangers.values():
        raise Invalid("teacher-of-another-school", teacher=piece.teacher_code, school=code)


async def _store_document(content: bytes) -> bytes:
    kept, media_type = checked_document(content)
    return await files.store(kept, media_type)


async def withdraw_evidence(evidence_id: int, why: str) -> None:
    """Take a piece of evidence out of account; it stays on record with the reason.

    Raises:
        Invalid: no reason.
        NotFound: no such piece, or out of account already.
    """
    if not why.strip():
        raise Invalid("reason-missing")
    async with unit_of_work():
        row = await application_queries.evidence_row(evidence_id)
        if row is None or not await application_queries.withdraw_evidence(evidence_id):
            raise NotFound("evidence-not-found")
        await audit.record("evidence-withdrawn", "institution", row["institution_id"], why=why, evidence=evidence_id)


async def document_of(institution_id: int, digest: str) -> files.StoredFile:
    """A document behind a school's evidence. Raises NotFound where the digest is none of its own."""
    if digest not in {piece["document"] for piece in await evidence_of(institution_id)}:
        raise NotFound("file-not-found", digest=digest[:64])
    return await files.load(bytes.fromhex(digest))


async def evidence_of(institution_id: int) -> list[dict[str, Any]]:
    """What stands for a school: done there, or by teachers who serve there now."""
    return await application_queries.evidence_of_school(institution_id)
