"""The demo's waves: STEM 1 to 4 as awards of record, STEM 5 run through the product, STEM 6 waiting to be scored."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from stem_logistics import jobs, runtime
from stem_logistics.allocation import service as allocation
from stem_logistics.allocation.publication import publish_provisional
from stem_logistics.appeals import committees
from stem_logistics.appeals import service as appeals
from stem_logistics.appeals.rules import members_of
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.demo import catalogue, facts
from stem_logistics.demo.applications import Applicant, write_applications
from stem_logistics.inventory import definitions, ledger
from stem_logistics.inventory import service as inventory
from stem_logistics.waves import calls, importing, scores
from stem_logistics.waves import service as waves
from stem_logistics.waves.criteria import all_criteria

EVALUATION = "Άννα Αρβανίτη, πρόεδρος\nΒασίλης Βέργος, μέλος\nΓεωργία Γάτου, μέλος"
APPEALS = "Δήμος Δούκας, πρόεδρος\nΕλένη Ευθυμίου, μέλος\nΖωή Ζάππα, μέλος"
PRIORITY = ("special", "minority", "second-chance", "remote")
PUBLIC = "legal_character NOT ILIKE 'ΙΔΙΩΤ%'"
DRAW = "Κλήρωση ΛΟΤΤΟ του ΟΠΑΠ: οι έξι αριθμοί με τη σειρά που κληρώθηκαν"


async def _schools(where: str, *args: Any) -> list[dict[str, Any]]:
    return await fetch(
        f"""SELECT id, code, level, categories, remote FROM institution
            WHERE kind = 'school' AND state = 'active' AND {where} ORDER BY md5(code)""",  # noqa: S608 - constants
        *args,
    )


async def record_history() -> set[int]:
    """STEM 1 to 4: every award and its kit, in the school's place since then. Returns the schools that received."""
    received: set[int] = set()
    for wave in facts.HISTORIC:
        decided = datetime(wave.year_to, 11, 20, 9, 0, tzinfo=UTC)
        await waves.record_historic_wave(wave.slug, wave.title_el, wave.title_en, wave.year_from, wave.year_to, decided)
        awards: list[tuple[int, str, int, str]] = []
        for grant in wave.grants:
            candidates = await _schools(
                "level = ANY($1::text[]) AND legal_character NOT ILIKE 'ΙΔΙΩΤ%'", list(grant.levels)
            )
            chosen = [each["id"] for each in candidates if each["id"] not in received][: grant.schools]
            assert len(chosen) == grant.schools, (wave.slug, grant.definition, len(chosen))
            received.update(chosen)
            awards += [(each, grant.definition, 1, "") for each in chosen]
        await allocation.record_historic_awards(wave.slug, awards)
        await _historic_kits(wave, awards, decided + timedelta(days=60))
    return received


async def _historic_kits(
    wave: facts.HistoricWave, awards: list[tuple[int, str, int, str]], delivered: datetime
) -> None:
    for definition in sorted({award[1] for award in awards}):
        found = await definitions.get_definition(definition)
        for institution_id, slug, units, _note in awards:
            if slug != definition:
                continue
            await inventory.receive_kits(
                found,
                [{} for _ in range(units)],
                key=f"{wave.slug}:{definition}:{institution_id}",
                batch=wave.title_en,
                document=f"{wave.title_en} ({wave.year_to})",
                to_place_id=await ledger.institution_place(institution_id),
                reason="historic",
                occurred_at=delivered,
            )


def _criteria() -> list[dict[str, Any]]:
    return [
        {
            "slug": criterion.slug,
            "points": {key: str(value) for key, value in criterion.defaults.items()},
            "ceiling": str(criterion.default_ceiling),
            "valid_years": None,
        }
        for criterion in all_criteria().values()
    ]


def _kit(slug: str, stock: int, **more: Any) -> dict[str, Any]:
    title = next((el, en) for known, el, en, _, _ in catalogue.DEFINITIONS if known == slug)
    levels = next(levels for known, _, _, levels, _ in catalogue.DEFINITIONS if known == slug)
    return {
        "slug": slug,
        "definition": slug,
        "title": {"el": title[0], "en": title[1]},
        "stock": stock,
        "levels": list(levels),
        **more,
    }


CONDITIONS = [
    {
        "slug": "undertaking",
        "title": {"el": "Δέσμευση υλοποίησης έργου STEM", "en": "Undertaking to carry out a STEM project"},
    },
    {
        "slug": "assembly",
        "title": {"el": "Πράξη του Συλλόγου Διδασκόντων", "en": "Act of the Teachers' Assembly"},
    },
    {
        "slug": "active",
        "title": {"el": "Ενεργή σχολική μονάδα", "en": "School unit in operation"},
        "source": "registry-active",
    },
]


async def _run_job(job_id: int) -> None:
    while True:
        job = await jobs.get(job_id)
        if job.ended:
            break
        await jobs.run_next()
    assert job.state == "done", (job.kind, job.error)


async def _open(slug: str, rules: dict[str, Any], applications: bytes) -> None:
    await waves.save_rules(slug, rules)
    now = datetime.now(UTC)
    await calls.open_call(
        slug,
        opens_at=now - timedelta(minutes=1),
        deadline_at=now + timedelta(days=1),
        draw_description=DRAW,
        draw_on=(now + timedelta(days=2)).date(),
        call_protocol="ΕΟΥ/2026/114",
        call_ada="ΨΔΜ046ΝΚΠΔ-7ΤΘ",
    )
    await _run_job(await importing.start_import(slug, "aitiseis.csv", applications, runtime.actor().principal))


async def _backdate(slug: str, *, opened: datetime, ended: datetime, published: datetime | None) -> None:
    # The call happened in the past: the services rightly know only now.
    await execute(
        """UPDATE wave SET opens_at = $2::timestamptz, deadline_at = $3::timestamptz,
             draw_on = ($3::timestamptz + interval '3 days')::date,
             published_at = CASE WHEN state = 'published' THEN $4::timestamptz ELSE published_at END
           WHERE slug = $1""",
        slug,
        opened,
        ended,
        published,
    )
    await execute(
        """UPDATE allocation_run SET created_at = $2::timestamptz, published_at = $2::timestamptz
           FROM wave
           WHERE wave.id = allocation_run.wave_id AND wave.slug = $1 AND allocation_run.published_at IS NOT NULL""",
        slug,
        published,
    )
    await execute(
        """UPDATE application
           SET submitted_at = $2::timestamptz + ($3::timestamptz - $2::timestamptz) * (0.9 * random())
           FROM wave WHERE wave.id = application.wave_id AND wave.slug = $1""",
        slug,
        opened,
        ended,
    )


async def run_stem_5() -> None:
    """STEM 5 as it was: 50 printers and 50 micro:bit kits for priority schools, 50 robotics kits for 5 departments."""
    slug = "stem-5"
    await waves.create_wave(slug, "Δράση STEM 5", "STEM 5", 2024, 2025)
    chance = random.Random(5)
    schools = await _schools(
        "(remote OR categories <> '{}') AND level = ANY($1::text[])",
        ["primary", "lower_secondary", "upper_secondary", "vocational", "special", "second_chance"],
    )
    applicants = []
    for school in schools[:310]:
        fitting = [
            kit
            for kit in ("printer-3d", "microbit-kit")
            if school["level"] in next(levels for known, _, _, levels, _ in catalogue.DEFINITIONS if known == kit)
        ]
        chance.shuffle(fitting)
        if fitting:
            applicants.append(Applicant(school["code"], tuple(fitting)))
    departments = await fetch("SELECT code FROM institution WHERE kind = 'department' ORDER BY code")
    applicants += [Applicant(row["code"], ("robotics-kit",)) for row in departments[:9]]
    rules = {
        "schema": "wave-rules/1",
        "evidence_counts_for": "project_school",
        "block_size": 10,
        "kits": [
            _kit("printer-3d", facts.STEM_5_PRINTERS),
            _kit("microbit-kit", facts.STEM_5_MICROBITS),
            _kit("robotics-kit", facts.STEM_5_DEPARTMENT_KITS, university_blocks=facts.STEM_5_DEPARTMENTS),
        ],
        "conditions": CONDITIONS,
        "criteria": _criteria(),
    }
    await _open(slug, rules, write_applications(applicants, year=2024, seed=5, first_number=500_000))
    await calls.change_deadline(slug, None, "Η προθεσμία έληξε")
    await _backdate(
        slug,
        opened=datetime(2024, 10, 14, 6, 0, tzinfo=UTC),
        ended=datetime(2024, 11, 15, 21, 59, 59, tzinfo=UTC),
        published=None,
    )
    await calls.reveal_seed(slug, "7 12 19 23 38 44")
    await scores.score_applications(slug)
    run = await allocation.allocate(slug)
    await _hear_appeals(slug, run.id)
    await _backdate(
        slug,
        opened=datetime(2024, 10, 14, 6, 0, tzinfo=UTC),
        ended=datetime(2024, 11, 15, 21, 59, 59, tzinfo=UTC),
        published=datetime(2025, 1, 20, 10, 0, tzinfo=UTC),
    )


async def _hear_appeals(slug: str, run_id: int) -> None:
    """Provisional results of December 2024, one appeal that was rejected, the final ones."""
    await publish_provisional(slug, run_id, protocol="ΕΟΥ/2024/407", ada="9ΩΔΑ46ΝΚΠΔ-ΘΥ1")
    await committees.appoint(slug, "evaluation", "Α-11/2024", members_of(EVALUATION))
    await committees.appoint(slug, "appeals", "Α-12/2024", members_of(APPEALS))
    # one letter a school, of the final results, is enough to look at, and the demo loads in half the time
    await execute("DELETE FROM job WHERE kind = $1", allocation.NOTIFY_JOB)
    wave = await waves.get_wave(slug)
    school = await fetch_value(
        """SELECT i.code FROM allocation_row r JOIN institution i ON i.id = r.institution_id
           WHERE r.run_id = $1 AND r.code = 'BELOW_OPEN_CUTOFF' ORDER BY r.score, i.code LIMIT 1""",
        run_id,
    )
    filed = await appeals.file_appeal(
        slug,
        school,
        point="criterion",
        detail="national-prize",
        body="Δεν μετρήθηκε το βραβείο του 2018.",
        principal=runtime.actor().principal,
    )
    await execute(
        """UPDATE wave SET provisional_at = '2024-12-09 10:00+02', appeals_until = '2024-12-17 00:00+02'
           WHERE id = $1""",
        wave.id,
    )
    await execute("UPDATE appeal SET filed_at = '2024-12-12 11:20+02' WHERE wave_id = $1", wave.id)
    await appeals.decide(
        slug, filed.number, decision="rejected", reason="Το βραβείο είναι παλαιότερο από όσα μετρούν σε αυτή τη Δράση."
    )
    await appeals.publish_final_results(slug)
    await calls.set_decision(slug, "ΕΟΥ/2025/18", "6ΡΧΖ46ΝΚΠΔ-ΒΓ2")


def rules_of_stem_6(times: int = 1) -> dict[str, Any]:
    """The rules of STEM 6; `times` its kits, guaranteed places and limit, for a larger country."""
    reserve = [
        {
            "id": "priority",
            "title": {"el": "Σετ ειδικής κατηγορίας", "en": "Guaranteed places"},
            "any_of": list(PRIORITY),
            "places": 6 * times,
        }
    ]
    return {
        "schema": "wave-rules/1",
        "evidence_counts_for": "project_school",
        "block_size": 10,
        "kits": [
            _kit("printer-3d", 24 * times, held_back=1, reserves=reserve, open_region_cap={"attica": 6 * times}),
            _kit("microbit-kit", 48 * times, held_back=2, reserves=reserve),
            _kit("arduino-kit", 30 * times, reserves=reserve),
            _kit("bee-bot-kit", 40 * times, reserves=reserve),
        ],
        "conditions": CONDITIONS,
        "criteria": _criteria(),
    }


async def open_stem_6(received: set[int]) -> None:
    """STEM 6: the call has ended; a few hundred applications wait to be scored and allocated."""
    slug = "stem-6"
    await waves.create_wave(slug, "Δράση STEM 6", "STEM 6", 2026, 2027)
    chance = random.Random(6)
    schools = await _schools(PUBLIC)
    applicants: list[Applicant] = []
    kits = ("printer-3d", "microbit-kit", "arduino-kit", "bee-bot-kit")
    for school in chance.sample(schools, 700):
        # those who have never received anything are keener
        if school["id"] in received and chance.random() < 0.5:
            continue
        fitting = [
            kit
            for kit in kits
            if school["level"] in next(levels for known, _, _, levels, _ in catalogue.DEFINITIONS if known == kit)
        ]
        chance.shuffle(fitting)
        if fitting and len(applicants) < 420:
            applicants.append(Applicant(school["code"], tuple(fitting)))
    await _open(slug, rules_of_stem_6(), write_applications(applicants, year=2026, seed=6, first_number=600_000))
    await calls.change_deadline(slug, None, "Η προθεσμία έληξε")
    today = date.today()  # noqa: DTZ011 - the demo's calendar
    ended = datetime(today.year, today.month, today.day, 21, 59, 59, tzinfo=UTC) - timedelta(days=4)
    opened = (ended - timedelta(days=30)).replace(hour=6, minute=0, second=0)
    await _backdate(slug, opened=opened, ended=ended, published=None)
