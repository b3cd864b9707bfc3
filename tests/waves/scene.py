"""A small country for the tests of waves: schools in two regions, a wave with a kit or two, applications."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from stem_logistics.allocation.service import allocate, publish
from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.registry.folding import search_key
from stem_logistics.waves import calls, scores, service
from stem_logistics.waves.application_file import ApplicationEntry, EvidenceEntry, TeacherEntry
from stem_logistics.waves.applications import submit
from stem_logistics.waves.rules_reading import starting_rules
from tests.support import OPERATOR

ATHENS, CRETE = "attica", "crete"
DECLARED = {"undertaking": True, "assembly-act": True, "head-signature": True}


async def make_regions() -> None:
    for code, el, en in ((ATHENS, "Αττική", "Attica"), (CRETE, "Κρήτη", "Crete")):
        await execute(
            "INSERT INTO regional_directorate (code, name_el, name_en) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            code,
            el,
            en,
        )


async def make_school(code: str, **values: Any) -> int:
    """A school; `region`, `level`, `categories`, `kind`, `state`, `email`, `remote`, `name` as given."""
    await make_regions()
    return int(
        await fetch_value(
            """INSERT INTO institution
                 (code, name, kind, level, state, categories, remote, email, regional_directorate_id, search_key)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT id FROM regional_directorate WHERE code = $9), $10)
               RETURNING id""",
            code,
            values.get("name", f"Γυμνάσιο {code}"),
            values.get("kind", "school"),
            values.get("level", "lower_secondary"),
            values.get("state", "active"),
            values.get("categories", []),
            values.get("remote", False),
            values.get("email", f"mail@{code}.sch.example"),
            values.get("region", ATHENS),
            search_key(code, values.get("name", f"Γυμνάσιο {code}")),
        )
    )


def kit(slug: str = "printer", stock: int = 2, **values: Any) -> dict[str, Any]:
    return {
        "slug": slug,
        "definition": slug,
        "title": {"el": {"printer": "Εκτυπωτής 3D", "robot": "Ρομπότ"}.get(slug, slug), "en": slug.title()},
        "stock": stock,
        "levels": ["lower_secondary", "upper_secondary"],
        **values,
    }


PRIORITY = {
    "id": "priority",
    "title": {"el": "Ειδικές κατηγορίες", "en": "Priority categories"},
    "any_of": ["special", "minority", "second-chance", "remote"],
    "places": 1,
}


def rules(*kits: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {**starting_rules(), "kits": list(kits or (kit(),)), **values}


async def open_wave(*kits: dict[str, Any], slug: str = "stem-6", **values: Any) -> service.Wave:
    """A wave whose call is open."""
    await service.create_wave(slug, "Δράση STEM 6", "STEM 6", 2026, 2027)
    await service.save_rules(slug, rules(*kits, **values))
    now = datetime.now(UTC)
    return await calls.open_call(
        slug,
        opens_at=now - timedelta(minutes=1),
        deadline_at=now + timedelta(hours=1),
        draw_description="Κλήρωση ΛΟΤΤΟ, οι έξι αριθμοί",
        draw_on=(now + timedelta(days=1)).date(),
    )


def prize(school: str, project: str, rank: int = 1, teacher: str = "T1", **values: Any) -> EvidenceEntry:
    return EvidenceEntry(1, "national-prize", school, project, 2025, rank=rank, teacher_code=teacher, **values)


def application(
    code: str, *preferences: str, evidence: tuple[EvidenceEntry, ...] = (), **values: Any
) -> ApplicationEntry:
    teachers = tuple(TeacherEntry(1, e.teacher_code, code) for e in evidence if e.teacher_code)
    declared = values.pop("declarations", DECLARED)
    return ApplicationEntry(1, code, preferences or ("printer",), declared, "Έργο", evidence, teachers)


async def apply(wave: service.Wave, *entries: ApplicationEntry) -> None:
    for entry in entries:
        await submit(wave.slug, entry, channel="form", principal=OPERATOR)


async def close(wave: service.Wave) -> service.Wave:
    """The deadline passes and the draw takes place today."""
    await execute("UPDATE wave SET draw_on = $2 WHERE id = $1", wave.id, date(2026, 1, 1))
    return await calls.change_deadline(wave.slug, None, "τέλος της πρόσκλησης")


async def decide(wave: service.Wave, *, out: bool = True) -> int:
    """From an open call to a run of the allocation, published or not; returns the run's id."""
    await close(wave)
    await calls.reveal_seed(wave.slug, "3 14 15 92 65 35")
    await scores.score_applications(wave.slug)
    run = await allocate(wave.slug)
    if out:
        await publish(wave.slug, run.id)
    return run.id
