"""Until when a school may apply or correct: the call's deadline, or the window of a correction that it was asked for.

Days are days of the calendar in Athens: three days after a deadline at 14:00 end at 14:00, whatever the clocks did.
A window never reaches the day of the draw: nobody may know its numbers while applications can still change.
"""

from datetime import datetime, time, timedelta

from stem_logistics.errors import Conflict
from stem_logistics.waves import handling_queries
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.service import Wave, require_time
from stem_logistics.web.formats import format_date, format_datetime, local


async def require_time_of(wave: Wave, institution_id: int) -> None:
    """Refuse outside the time in which a school may apply or change its application, by the database's clock.

    Raises:
        Conflict: not open yet, closed, a correction that comes too late.
    """
    if wave.phase != "closed":
        require_time(wave)
        return
    asked = await handling_queries.open_return(wave.id, institution_id)
    if asked is None:
        require_time(wave)
        return
    if wave.now >= asked["until_at"]:
        clock = f"{format_date(wave.now)}, {local(wave.now).strftime('%H:%M:%S')}"
        raise Conflict("correction-closed", until=format_datetime(asked["until_at"]), now=clock)


def last_moment(wave: Wave, rules: WaveRules) -> datetime:
    """The latest end of a correction's window that the wave allows."""
    assert wave.deadline_at is not None
    end = local(wave.deadline_at) + timedelta(days=rules.correction_days)
    if wave.draw_on is not None:
        draw = datetime.combine(wave.draw_on, time(), end.tzinfo)
        end = min(end, draw)
    return max(end, local(wave.deadline_at))
