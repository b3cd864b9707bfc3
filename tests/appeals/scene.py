"""A wave whose provisional results are out: two printers and one held back, four schools, and the committees."""

from decimal import Decimal

from stem_logistics.accounts.policy import Permission, Principal
from stem_logistics.allocation.publication import publish_provisional
from stem_logistics.appeals import committees, service
from stem_logistics.appeals.rules import Correction, members_of
from stem_logistics.db.engine import execute, fetch_value
from stem_logistics.waves.service import Wave, get_wave
from tests.waves.scene import application, apply, decide, kit, make_school, open_wave, prize

EVALUATION = "Άννα Αρβανίτη, πρόεδρος\nΒασίλης Βέργος, μέλος\nΓεωργία Γάτου, μέλος"
APPEALS = "Δήμος Δούκας, πρόεδρος\nΕλένη Ευθυμίου, μέλος\nΖωή Ζάππα, μέλος"


async def provisional_wave(*, held_back: int = 1, days: int = 5) -> Wave:
    """0100001 and 0100002 receive a printer; 0100003 and 0100004 do not; 0100005 is excluded."""
    for number in range(1, 6):
        await make_school(f"010000{number}", name=f"{number}ο Γυμνάσιο Τρικάλων")
    wave = await open_wave(kit(stock=2, held_back=held_back))
    await apply(
        wave,
        application("0100001", evidence=(prize("0100001", "P1", teacher="T1"),)),
        application("0100002", evidence=(prize("0100002", "P2", rank=2, teacher="T2"),)),
        application("0100003"),
        application("0100004"),
        application("0100005", declarations={"undertaking": True, "assembly-act": True, "head-signature": False}),
    )
    run = await decide(wave, out=False)
    await publish_provisional(wave.slug, run, working_days=days, protocol="ΕΟΥ/12", ada="ΨΔΜ0")
    await committees.appoint(wave.slug, "evaluation", "Α-1/2026", members_of(EVALUATION))
    await committees.appoint(wave.slug, "appeals", "Α-2/2026", members_of(APPEALS))
    return await get_wave(wave.slug)


async def link_of(code: str, wave: Wave) -> Principal:
    """The principal of a school's link to its result."""
    school = await fetch_value("SELECT id FROM institution WHERE code = $1", code)
    return Principal("link", 1, permission=Permission.LINK_RESULT, institution_id=school, wave_id=wave.id)


async def end_window(wave: Wave) -> Wave:
    """The window for appeals passes."""
    await execute(
        "UPDATE wave SET provisional_at = now() - interval '2 days', appeals_until = clock_timestamp() WHERE id = $1",
        wave.id,
    )
    return await get_wave(wave.slug)


async def file(wave: Wave, code: str, point: str = "criterion", detail: str = "national-prize") -> int:
    """A school appeals by its link; the number of its appeal."""
    principal = await link_of(code, wave)
    filed = await service.file_appeal(
        wave.slug, code, point=point, detail=detail, body="Το βραβείο του 2025 δεν μετρήθηκε.", principal=principal
    )
    return filed.number


async def grant(wave: Wave, number: int, correction: Correction) -> str:
    """The committee looks at the effect and accepts."""
    appeal = await service.get_appeal(wave, number, Principal("system"))
    weighed = await service.weigh(wave, appeal, correction)
    return await service.decide(
        wave.slug, number, decision="accepted", reason="Το βραβείο αποδεικνύεται.", correction=correction,
        seen=weighed.seen,
    )  # fmt: skip


def more(points: int) -> Correction:
    """So many points for a national prize."""
    return Correction(criterion="national-prize", points=Decimal(points))
