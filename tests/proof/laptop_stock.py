"""Run as a process of its own: a kit of Bee-Bots in the store and an enrolment code, told as JSON."""

import json

from stem_logistics.checks import agents
from stem_logistics.commanding import with_service
from tests.checks.seeding import make_kit

SERIALS = [f"BEE-{number:04d}" for number in range(1, 7)]


async def stock() -> dict[str, object]:
    """A kit and a code."""
    return {
        "kit": await make_kit({"bee-bot": ("bee-bot", SERIALS)}),
        "serials": SERIALS,
        "code": (await agents.issue_code("proof")).shown,
    }


if __name__ == "__main__":
    print(json.dumps(with_service(stock)))
