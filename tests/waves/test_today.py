"""What the first page says of waves: the one step that each waits for, to those who may take it."""

from datetime import UTC, datetime, timedelta

from stem_logistics.accounts.policy import Grant, Principal
from stem_logistics.db.engine import execute
from stem_logistics.settings import Settings
from stem_logistics.waves import service as waves
from stem_logistics.waves.today import today

STAFF = Principal("account", 1, grants=(Grant("staff", "country"),))
AUDITOR = Principal("account", 2, grants=(Grant("auditor", "country"),))
TECHNICIAN = Principal("account", 3, grants=(Grant("technician", "country"),))


async def test_each_wave_says_what_it_waits_for(service: Settings) -> None:
    """A draft, a call about to end and a closed call each give one task; only those who may act see it."""
    await waves.create_wave("stem-9", "Δράση STEM 9", "STEM 9", 2027, 2027)
    assert [str(task.title) for task in (await today(STAFF)).tasks] == [
        "Δράση STEM 9: πρόχειρη· συμπληρώστε τους κανόνες και ανοίξτε την πρόσκληση"
    ]
    now = datetime.now(UTC)
    for deadline, words in ((now + timedelta(hours=5), "λήγουν"), (now - timedelta(hours=1), "κλήρωσης")):
        await execute(
            "UPDATE wave SET state = 'open', opens_at = $1, deadline_at = $2", now - timedelta(days=9), deadline
        )
        (task,) = (await today(STAFF)).tasks
        assert words in str(task.title)
        assert task.href == "/waves/stem-9"
    assert (await today(AUDITOR)).tasks == []
    assert (await today(TECHNICIAN)).figures == []
