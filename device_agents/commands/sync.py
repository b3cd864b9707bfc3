"""`stem-check sync`: send the reports that wait in the outbox.

Exit codes: 0 the service has them all; 1 it refused some, which are named; 2 some still wait; 3 unusable.
"""

import argparse
import json
import sys

from device_agents.cli import message_of
from device_agents.client import Client, Patience
from device_agents.errors import Scalar
from device_agents.home import Home
from device_agents.judging_by import Renewed, renew
from device_agents.messages import has, text
from device_agents.outbox import Outbox
from device_agents.syncing import Synced, sync
from firmware_checks.texts import text as firmware_text

CLOCK_SLACK_S = 300


def register(parser: argparse.ArgumentParser, language: str) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help=text(language, "ui.json"))
    parser.add_argument("--again", action="store_true", help=text(language, "desk.sync-again"))
    parser.add_argument("--attempts", type=int, default=4, metavar="N", help=text(language, "desk.sync-attempts"))


def run(arguments: argparse.Namespace) -> int:
    """Send, and say what became of each."""
    home = Home()
    enrolment = home.enrolment()
    outbox = Outbox(home.outbox)
    client = Client(enrolment.server, Patience(attempts=max(1, min(20, arguments.attempts))))
    if arguments.again:
        outbox.again()
    done = sync(outbox, client, home.key(), agent=enrolment.agent)
    done.known_firmware = renew(home, enrolment, client) if done.stopped is None else None
    if client.skew_s is not None:
        home.keep_clock_skew(client.skew_s)
    say_clock(client.skew_s, arguments.lang)
    if arguments.json:
        print(json.dumps(document(done, arguments.lang), ensure_ascii=False))
    else:
        print(describe(done, arguments.lang))
        if done.stopped is not None:
            print(message_of(done.stopped, arguments.lang), file=sys.stderr)
    if done.known_firmware is not None and done.known_firmware.refused is not None:
        refused = done.known_firmware.refused
        print(firmware_text(refused.slug, refused.params, arguments.lang), file=sys.stderr)
    return done.exit_code


def clock_words(skew_s: int | None, language: str) -> str:
    """What is wrong with the clock, for a person; empty where nothing is, or nothing is known."""
    if skew_s is None or abs(skew_s) <= CLOCK_SLACK_S:
        return ""
    size = abs(skew_s)
    unit, seconds = ("days", 86400) if size >= 86400 else ("hours", 3600) if size >= 3600 else ("minutes", 60)
    key = f"desk.clock-{unit}-{'ahead' if skew_s > 0 else 'behind'}"
    return text(language, key, {"count": round(size / seconds)})


def say_clock(skew_s: int | None, language: str) -> None:
    """Tell a person whose clock is wrong, on standard error."""
    if words := clock_words(skew_s, language):
        print(words, file=sys.stderr)


def document(done: Synced, language: str) -> dict[str, object]:
    """The outcome as JSON values."""
    renewed = done.known_firmware
    known = {} if renewed is None else {"known_firmware": _renewed(renewed)}
    return {
        **known,
        "sent": done.sent,
        "known": done.known,
        "waiting": done.waiting,
        "refused": [
            {"sequence": kept.sequence, "report_id": kept.report_id, "problem": problem, "detail": detail}
            for kept, problem, detail in done.refused
        ],
        "stopped": None if done.stopped is None else message_of(done.stopped, language),
    }


def _renewed(renewed: Renewed) -> dict[str, object]:
    refused = renewed.refused.slug if renewed.refused is not None else None
    return {"version": renewed.version, "new": renewed.new, "refused": refused}


def describe(done: Synced, language: str) -> str:
    """The outcome in lines."""
    lines = [text(language, "desk.synced", {"sent": done.sent + done.known, "waiting": done.waiting})]
    if done.known_firmware is not None and done.known_firmware.new:
        lines.append(text(language, "desk.known-firmware", {"version": done.known_firmware.version}))
    for kept, problem, detail in done.refused:
        key = f"refusal.{problem}"
        why = text(language, key) if has(language, key) else detail or problem
        where: dict[str, Scalar] = {"sequence": kept.sequence, "report": kept.report_id, "why": why}
        lines.append(text(language, "desk.refused", where))
    return "\n".join(lines)
