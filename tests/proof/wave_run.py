"""Run as a process of its own: a wave from its criteria to final results, as staff and the committees run it, on an
imported registry; the published files are laid into a folder. Tells as JSON what happened.

`python -m tests.proof.wave_run FOLDER APPLICATIONS`
"""

import json
import sys
from pathlib import Path
from typing import Any

from stem_logistics import jobs
from stem_logistics.allocation import service as allocation
from stem_logistics.allocation.publication import publish_provisional
from stem_logistics.allocation.standing import chain_of, files_of, give_back
from stem_logistics.appeals import committees
from stem_logistics.appeals import service as appeals
from stem_logistics.appeals.rules import members_of
from stem_logistics.commanding import with_service
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.waves.service import Wave, get_wave
from stem_logistics.worker import load_handlers
from tests.appeals.scene import APPEALS, EVALUATION, end_window, file, grant, more
from tests.waves.scene import DECLARED, PRIORITY, application, apply, decide, kit, open_wave, prize


async def applied(applications: int) -> Wave:
    """A wave whose provisional results are out: every third school has a prize, every seventh wants a robot first,
    every twentieth lacks a signature."""
    # the generated registry knows few remote schools; staff enter them from the ministry's list
    await execute("UPDATE institution SET remote = true WHERE level LIKE '%secondary' AND ascii(md5(code)) = 97")
    share = max(2, applications // 10)
    printer = kit(stock=share, reserves=[{**PRIORITY, "places": max(1, share // 5)}], held_back=1)
    wave = await open_wave(printer, kit("robot", max(1, share // 2)))
    schools = await fetch(
        """SELECT code FROM institution WHERE kind = 'school' AND state = 'active' AND level LIKE '%secondary'
           ORDER BY md5(code) LIMIT $1""",
        applications,
    )
    for number, school in enumerate(schools):
        code = school["code"]
        won = (prize(code, f"P{number}", rank=1 + number % 3, teacher=f"T{number}"),) if number % 3 == 0 else ()
        wishes = ("robot", "printer") if number % 7 == 0 else ("printer",)
        declared = {**DECLARED, "head-signature": number % 20 != 19}
        await apply(wave, application(code, *wishes, evidence=won, declarations=declared))
    run = await decide(wave, out=False)
    await publish_provisional(wave.slug, run, working_days=5, protocol="ΕΟΥ/12", ada="ΨΔΜ0")
    await committees.appoint(wave.slug, "evaluation", "Α-1/2026", members_of(EVALUATION))
    await committees.appoint(wave.slug, "appeals", "Α-2/2026", members_of(APPEALS))
    return await get_wave(wave.slug)


async def the_wave(folder: Path, applications: int) -> dict[str, Any]:
    """From the criteria to final results, with two appeals that succeed, one that does not, and a withdrawal."""
    wave = await applied(applications)
    run = await allocation.published_run(wave)
    outcome = json.loads(await allocation.file_of(run, "outcome"))
    given = json.loads(await allocation.file_of(run, "input"))
    without = [row["id"] for row in given["applicants"] if row["id"] not in outcome["allocation"]]
    losers = [code for code in without if _wishes(given, code) == ["printer"]]
    first, second, third = [await file(wave, code) for code in losers[:3]]
    wave = await end_window(wave)
    effects = [await grant(wave, first, more(90)), await grant(wave, second, more(95))]
    effects.append(await appeals.decide(wave.slug, third, decision="rejected", reason="Το βραβείο είναι άλλου έτους."))
    leaves = next(code for code, award in sorted(outcome["allocation"].items()) if award["line"] == "open")
    await give_back(wave.slug, leaves, "Το σχολείο δεν έχει χώρο.")
    for kind in ("evaluation", "appeals"):
        await committees.write_minutes(wave.slug, kind, wave.now.date(), "Η συνεδρίαση έγινε με τηλεδιάσκεψη.")
    final = await appeals.publish_final_results(wave.slug)
    load_handlers()
    while await jobs.run_next():
        pass
    pairs = await files_of(final)
    for number, pair in enumerate(pairs, 1):
        for name, content in zip((f"input{number}.json", f"outcome{number}.json"), pair, strict=True):
            (folder / name).write_bytes(content)
    (folder / "final.json").write_bytes(await allocation.file_of(final, "final"))
    for name in allocation.VERIFIERS:
        (folder / name).write_bytes(allocation.verifier_source(name))
    return {
        "phase": (await get_wave(wave.slug)).phase,
        "applications": await fetch_value("SELECT count(*) FROM application"),
        "admitted": len(given["applicants"]),
        "runs": len(pairs),
        "steps": [each.step for each in await chain_of(final)],
        "effects": effects,
        "winners": losers[:2],
        "leaves": leaves,
        "received": sorted(award.code for award in await allocation.awards_of_wave(wave.id)),
        "kits": len(outcome["allocation"]),
        "letters": await fetch_value("SELECT count(*) FROM mail_message"),
        "minutes": await fetch_value("SELECT count(*) FROM committee_minutes"),
    }


def _wishes(given: dict[str, Any], code: str) -> list[str]:
    return next(list(row["preferences"]) for row in given["applicants"] if row["id"] == code)


if __name__ == "__main__":
    target, count = Path(sys.argv[1]), int(sys.argv[2])
    print(json.dumps(with_service(lambda: the_wave(target, count))))
