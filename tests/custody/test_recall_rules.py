"""Recalls by themselves: reminded by rule, in words, with the devices of which no version is known."""

from datetime import timedelta

import pytest
from litestar import Litestar

from stem_logistics.custody import recalls
from stem_logistics.custody.recalls import Criterion
from stem_logistics.db.engine import execute, fetch, fetch_value
from stem_logistics.errors import Invalid
from stem_logistics.settings import Settings
from tests.custody.scene import kit_at_school
from tests.support import OPERATOR, acting_as, browser, make_person, post_form, sign_in, today
from tests.web.accessibility import faults

TODAY = today()
WORDS = {"title": "Υλικολογισμικό", "instructions": "Ενημερώστε το."}


async def _bodies() -> list[str]:
    return [row["body"] for row in await fetch("SELECT body FROM mail_message WHERE about_kind = 'recall' ORDER BY id")]


async def test_it_is_reminded_by_rule(service: Settings) -> None:
    """A week before its day, on it, each week after: each once, and only those without an answer; one piece is one."""
    await kit_at_school()
    await recalls.start(Criterion("model", "microbit"), due_on=TODAY + timedelta(days=5), **WORDS)
    assert await recalls.remind_due() == 0, "the school was told today"
    await execute("UPDATE recall SET opened_at = opened_at - interval '30 days'")
    assert [await recalls.remind_due(), await recalls.remind_due()] == [1, 0]
    targets = await fetch("SELECT id FROM recall_target ORDER BY id")
    await recalls.answer(targets[0]["id"], "done")
    await execute("UPDATE recall SET due_on = current_date - 3")
    assert [await recalls.remind_due(), await recalls.remind_due()] == [1, 0]
    assert "για 1 τεμάχιο." in (await _bodies())[-1]
    await recalls.answer(targets[1]["id"], "done")
    await execute("UPDATE recall SET due_on = current_date - 20")
    assert await recalls.remind_due() == 0


async def test_devices_without_a_known_version_are_a_choice(service: Settings) -> None:
    """Left out where it is not asked for, reached where it is."""
    await kit_at_school()
    await execute("UPDATE item SET device_kind = 'microbit' WHERE slug = 'microbit'")
    with pytest.raises(Invalid, match="recall-matches-nothing"):
        await recalls.start(Criterion("firmware", "microbit", "0.9"), due_on=TODAY + timedelta(days=5), **WORDS)
    with_unknown = Criterion("firmware", "microbit", "0.9", unchecked=True)
    assert len(await recalls.preview(with_unknown)) == 2
    code = await recalls.start(with_unknown, due_on=TODAY + timedelta(days=5), **WORDS)
    assert (await recalls.get_recall(code))["criterion"]["unchecked"] == "yes"


async def test_the_pages_say_it_in_words(app: Litestar) -> None:
    """The form offers names and the devices that were never checked; the board tells the kind by its name."""
    async with browser(app) as client:
        with acting_as(OPERATOR):
            await kit_at_school()
            await execute("UPDATE item SET device_kind = 'microbit' WHERE slug = 'microbit'")
        await sign_in(client, await make_person("staff"))
        form = {"by": "firmware", "value_firmware": "microbit", "below": "0.9"}
        page = await post_form(client, "/recalls", form)
        assert faults(page.text) == [] and "Ακόμη 2 συσκευές" in page.text
        words = {**WORDS, "due_on": (TODAY + timedelta(days=9)).isoformat(), "sure": "yes"}
        assert (await post_form(client, "/recalls", {**form, **words, "unchecked": "yes"})).is_redirect
        code = await fetch_value("SELECT code FROM recall")
        board = (await client.get(f"/recalls/{code}")).text
        assert faults(board) == [] and "microbit &lt; 0.9" not in board and "όσες δεν έχουν ελεγχθεί ποτέ" in board
        assert "υλικολογισμικό πριν από την έκδοση 0.9" in board
