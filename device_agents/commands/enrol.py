"""`stem-check enrol CODE --server URL`: make this laptop known to a service, once."""

import argparse
import json
import os
import platform
import re
from datetime import UTC, datetime
from typing import Any

from device_agents.client import Client, Patience, server_address
from device_agents.compose import agent_version
from device_agents.errors import AlreadyEnrolled, BadArguments, NotEnrolled
from device_agents.home import Enrolment, Home
from device_agents.judging_by import renew
from device_agents.messages import text
from device_agents.readable import shown_code


def register(parser: argparse.ArgumentParser, language: str) -> None:
    """Add the arguments."""
    parser.add_argument("code", metavar="CODE", help=text(language, "desk.enrol-code"))
    default = os.environ.get("STEM_CHECK_SERVER") or f"http://127.0.0.1:{os.environ.get('STEM_PORT') or 8000}"
    words = text(language, "desk.enrol-server", {"default": default})
    parser.add_argument("--server", default=default, metavar="URL", help=words.replace("%", "%%"))
    parser.add_argument("--name", default=platform.node(), metavar="NAME", help=text(language, "desk.enrol-name"))
    parser.add_argument("--replace", action="store_true", help=text(language, "desk.enrol-replace"))
    parser.add_argument("--json", action="store_true", help=text(language, "ui.json"))


def _service_key(answer: dict[str, Any]) -> str:
    """The key that the service signs with; empty for a service that has none yet."""
    key = str(answer.get("service_key") or "")
    return key if re.fullmatch(r"[0-9a-f]{64}", key) else ""


def run(arguments: argparse.Namespace) -> int:
    """Enrol, and keep who we are."""
    server = server_address(arguments.server)
    code = "".join(arguments.code.split())
    if not 4 <= len(code) <= 128 or not code.isascii():
        raise BadArguments("bad-enrolment-code")
    home = Home()
    home.prepare()
    try:
        former = home.enrolment()
    except NotEnrolled:
        former = None
    if former is not None and not arguments.replace:
        raise AlreadyEnrolled(agent=shown_code(former.agent), server=former.server)
    before = former.agent if former else ""
    name = arguments.name.strip()[:100] or "stem-check"
    answer = Client(server).enrol(code, name, agent_version(), home.key_to_enrol(before))
    enrolled_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    enrolment = Enrolment(answer["agent"], server, name, enrolled_at, _service_key(answer))
    home.take_up(enrolment, before)
    renew(home, enrolment, Client(server, Patience(attempts=1)))  # what it lacks `sync` fetches
    if arguments.json:
        print(json.dumps({"agent": enrolment.agent, "server": server, "name": name}, ensure_ascii=False))
    else:
        print(
            text(
                arguments.lang, "desk.enrolled", {"agent": shown_code(enrolment.agent), "server": server, "name": name}
            )
        )
    return 0
