"""What the page of the run warns of before anything is allocated."""

from stem_logistics.allocation import checklist
from stem_logistics.db.engine import execute
from stem_logistics.registry import merging
from stem_logistics.settings import Settings
from stem_logistics.waves.service import Wave
from tests.support import OPERATOR
from tests.waves.scene import application, apply, make_school, open_wave


async def warning(wave: Wave) -> tuple[str, str]:
    """The tone and the text of the line on double registrations, in English."""
    found = [check for check in await checklist.checks(wave) if check.href == "/schools/duplicates"]
    assert len(found) == 1
    return found[0].tone, str(found[0].text)


async def test_double_registrations_among_the_applicants_are_warned_of(service: Settings) -> None:
    """A pair that nobody has decided on is warned of where one of the two has applied, in other words where both have;
    others' pairs, and pairs that staff decided on, are not."""
    for code in ("0100001", "0100011", "0100002", "0100003"):
        await make_school(code, name=f"{code[-1]}ο Γυμνάσιο Τρικάλων")
    await execute("UPDATE institution SET phone = '2431012345', address = 'Ασκληπιού 1' WHERE code LIKE '01000_1'")
    wave = await open_wave()
    await apply(wave, application("0100002"))
    assert (await warning(wave))[0] == "good"
    assert await merging.look_for_duplicates() >= 1
    assert (await warning(wave))[0] == "good", "neither of the two has applied"
    await apply(wave, application("0100001"))
    one = await warning(wave)
    assert one[0] == "warn" and one[1].startswith("1 ")
    await apply(wave, application("0100011"))
    both = await warning(wave)
    assert both[0] == "warn" and both[1].startswith("1 ") and both[1] != one[1]
    await merging.merge(OPERATOR, "0100011", "0100001", why="ίδιο σχολείο")
    assert (await warning(wave))[0] == "good"
