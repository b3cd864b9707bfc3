"""What moved between two runs of a wave, and why: another award, with the points and the reason in each."""

from typing import Any

from stem_logistics.allocation import queries
from stem_logistics.allocation.service import Run, run_of_row
from stem_logistics.waves.service import Wave


async def runs(wave: Wave) -> list[Run]:
    """Every run of a wave, the newest first."""
    return [run_of_row(row) for row in await queries.runs(wave.id)]


async def moved(wave: Wave, first: int, second: int) -> list[dict[str, Any]]:
    """Whose award differs between two runs of the wave, with points, kit and reason in each."""
    return await queries.moved_between(wave.id, first, second)
