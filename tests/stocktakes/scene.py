"""A stocktake that is open at a school, and somebody who acts by its link."""

import re
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from stem_logistics.accounts.links import principal_of_link
from stem_logistics.stocktakes import counting
from stem_logistics.stocktakes import service as stocktakes
from tests.custody.scene import SCHOOL
from tests.deliveries.parcels import last_mail
from tests.support import acting_as, today

YEAR = today().year
SOON = today() + timedelta(days=20)
Act = Callable[[Coroutine[Any, Any, Any]], Coroutine[Any, Any, Any]]


async def mailed_token(code: str = SCHOOL) -> str:
    """The token of the newest link that the school was written."""
    found = re.search(r"/s/(\S+)", (await last_mail(f"mail@{code}.example"))["body"])
    assert found
    return found[1]


async def opened(code: str = SCHOOL) -> tuple[str, Act]:
    """The school's link's token after the year was opened, and a way to act as it."""
    await stocktakes.open_year(YEAR, SOON)
    token = await mailed_token(code)
    principal = await principal_of_link(token)

    async def act(work: Coroutine[Any, Any, Any]) -> Any:
        with acting_as(principal):
            return await work

    return token, act


async def count_all(act: Act, **states: dict[str, Any]) -> dict[str, Any]:
    """Answer every line, those of an item (its slug, `_` for `-`) otherwise than found; the stocktake."""
    found: dict[str, Any] = await act(counting.mine())
    for line in found["lines"]:
        if line["expected"] and line["found"] is None:
            told = states.get(line["slug"].replace("-", "_"), {"state": "found"})
            await act(counting.answer(line["id"], counter="Άννα", key=f"all-{line['id']}", **told))
    return found
