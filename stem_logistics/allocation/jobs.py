"""The allocation's work that takes longer than a request. Handlers register themselves when this is imported."""

from typing import Any

from stem_logistics import files, mail, runtime
from stem_logistics.accounts import links
from stem_logistics.allocation import queries
from stem_logistics.allocation.service import ALLOCATE_JOB, NOTIFY_JOB, Run, allocate, published_run
from stem_logistics.appeals.letters import letter_of
from stem_logistics.db.engine import unit_of_work
from stem_logistics.jobs import Progress, job_handler
from stem_logistics.waves.service import Wave, get_wave_by_id
from stem_logistics.web.formats import format_datetime
from stem_logistics.web.i18n import gettext, use_locale


@job_handler(ALLOCATE_JOB)
async def run_allocation(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Allocate a wave's kits."""
    wave = await get_wave_by_id(int(payload["wave_id"]))
    await progress.report(0, 1)
    run = await allocate(wave.slug)
    await progress.report(1, 1)
    return {"run": run.id, "input_sha256": run.input_sha256, "outcome_sha256": run.outcome_sha256}


@job_handler(NOTIFY_JOB)
async def notify(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """One mail to every school that applied, with its own link; interrupted, it goes on where it stopped."""
    wave = await get_wave_by_id(int(payload["wave_id"]))
    run = await published_run(wave)
    only = payload.get("only")
    schools = [each for each in await queries.to_tell(wave.id, run.score_run_id) if not only or each["code"] in only]
    told, without = 0, []
    for number, school in enumerate(schools, 1):
        if "@" not in school["email"]:
            without.append(school["code"])
        elif await _tell(wave, run, school, final=bool(payload.get("final"))):
            told += 1
        await progress.report(number, len(schools))
    return {"told": told, "without_email": without}


async def _tell(wave: Wave, run: Run, school: dict[str, Any], *, final: bool) -> bool:
    """One letter as PDF and mail; told once, whoever asks how often."""
    key = f"result-{'final-' if final else ''}{run.id}-{school['id']}"
    async with unit_of_work():
        if await queries.was_told(key):
            return False
        issued = await links.issue("result", school["id"], wave_id=wave.id)
        link = f"{runtime.settings().base_url}/result/{issued.token}"
        letter = await files.store(await letter_of(wave, run, school["code"], link), "application/pdf")
        with use_locale("el"):
            title = wave.title("el")
            provisional = wave.phase in ("provisional", "appeals")
            subject = (
                gettext("Provisional results of %(wave)s", wave=title)
                if provisional
                else gettext("Results of %(wave)s", wave=title)
            )
            body = gettext(
                "To: %(school)s\n\nThe results of %(wave)s are out. What your school receives, or why it does not, with"
                " its points one by one, stands here:\n\n%(link)s\n\nThe link is your school's own. All results:"
                " %(all)s\n\nNational Support Organisation eTwinning",
                school=school["name"],
                wave=title,
                link=link,
                all=f"{runtime.settings().base_url}/results/{wave.slug}",
            )
            if wave.phase == "provisional":
                until = format_datetime(wave.appeals_last)
                said = gettext(
                    "These results are provisional. Appeals are taken until %(until)s, by the link.", until=until
                )
                body = f"{body}\n\n{said}"
        await mail.post(
            school["email"],
            subject,
            body,
            about=("wave", wave.id),
            institution_id=school["id"],
            attachments=[(f"apotelesma-{school['code']}.pdf", letter)],
            idempotency_key=key,
        )
    return True
