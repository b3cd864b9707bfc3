"""`stem-check check KIT`: check the devices of a kit, match them to its list, file a report for each.

Exit codes: 0 everything on the list is there and PASS; 1 a fault is proven, or a device is not this kit's;
2 something is missing or could not be judged; 3 unusable.
"""

import argparse
import json
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from device_agents import desk
from device_agents.answers import terminal_questioner
from device_agents.cli import message_of
from device_agents.client import Client, Patience
from device_agents.commands.sync import describe as describe_sync
from device_agents.commands.sync import document as sync_document
from device_agents.commands.sync import say_clock
from device_agents.errors import CheckBroke, PortError, Scalar
from device_agents.home import Home
from device_agents.judging_by import ForKit, catalogue_for_kit
from device_agents.kinds import check_extras
from device_agents.kinds.base import CheckOptions
from device_agents.kitlist import KitList, Row, Status, verdict_of
from device_agents.messages import text
from device_agents.outbox import Outbox
from device_agents.readable import shown_code, shown_time
from device_agents.say import describe_report, sentence_and_next
from device_agents.station.asking import TakingTurns
from device_agents.station.engine import Station
from device_agents.syncing import Synced, sync
from firmware_checks.catalogue import load
from firmware_checks.verdicts import Verdict

SCHEMA = "stem-check-kit/1"


def register(parser: argparse.ArgumentParser, language: str) -> None:
    """Add the arguments."""

    def words(name: str) -> str:
        return text(language, f"desk.check-{name}")

    parser.add_argument("kit", metavar="KIT", help=words("kit"))
    parser.add_argument("--port", action="append", default=[], metavar="PORT[=KIND[:LABEL]]", help=words("port"))
    parser.add_argument("--answers", type=Path, metavar="FILE", help=text(language, "ui.probe-answers"))
    parser.add_argument("--no-flash", action="store_true", help=text(language, "ui.probe-no-flash"))
    parser.add_argument(
        "--with",
        action="append",
        default=[],
        dest="extras",
        metavar="NAME",
        help=text(language, "ui.probe-with"),
    )
    parser.add_argument("--baselines", type=Path, metavar="DIR", help=text(language, "ui.probe-baselines"))
    parser.add_argument("--operator", default="", metavar="NAME", help=words("operator"))
    parser.add_argument("--no-sync", action="store_true", help=words("no-sync"))
    parser.add_argument("--json", action="store_true", help=text(language, "ui.json"))


def run(arguments: argparse.Namespace) -> int:
    """Fetch the list, check, match, file, and send what can be sent."""
    language = arguments.lang
    load(arguments.baselines)  # a wrong folder is told before anything else
    code = desk.kit_code(arguments.kit)
    targets = [desk.read_target(given) for given in arguments.port]
    home = Home()
    enrolment = home.enrolment()
    outbox = Outbox(home.outbox)
    client = Client(enrolment.server, Patience(attempts=2, timeout_s=5.0))
    listed = desk.expected_list(code, home, enrolment, outbox, client)
    say_clock(client.skew_s, language)
    asking = ForKit(home, enrolment, client, not listed.fetched_at, arguments.baselines, language)
    catalogue = catalogue_for_kit(asking, listed.content.firmware)
    targets = targets or desk.discovered()
    _say_list(listed, targets, language)
    options = CheckOptions(not arguments.no_flash, check_extras(None, frozenset(arguments.extras)))
    wishes = desk.CheckWishes(options, catalogue, language, arguments.answers)
    filer = desk.Filer(outbox, home, enrolment, arguments.operator)
    rows, checked = _check_all(listed.content, targets, wishes, filer)
    done = None
    lost = next((filed.unfiled for filed in rows if filed.unfiled is not None), None)
    if not listed.fetched_at and not arguments.no_sync and lost is None:
        done = sync(outbox, Client(enrolment.server, Patience(attempts=2)), home.key(), agent=enrolment.agent)
    verdict = verdict_of(filed.row for filed in rows)
    if arguments.json:
        print(json.dumps(_document(listed, rows, checked, done, outbox, language), ensure_ascii=False))
    else:
        _print(listed, rows, checked, language)
        print(text(language, f"desk.kit-{verdict}", {"kit": shown_code(listed.content.kit)}))
        if lost is None:
            print(describe_sync(done, language) if done else _waiting(outbox, language))
        if done is not None and done.stopped is not None:
            print(message_of(done.stopped, language), file=sys.stderr)
    if lost is not None:  # what was found is told all the same; it is nowhere else
        print(message_of(lost, language), file=sys.stderr)
        print(text(language, "desk.not-kept"), file=sys.stderr)
        return lost.exit_code
    return verdict.exit_code


def _check_all(
    expected: KitList, targets: list[desk.Target], wishes: desk.CheckWishes, filer: desk.Filer
) -> tuple[list[desk.FiledRow], list[desk.Checked]]:
    """Check all targets side by side; each is filed as it ends.

    Raises:
        AgentError: the answers' file is wrong.
    """
    language, count = wishes.language, len(targets)
    numbers = {id(target): number for number, target in enumerate(targets, 1)}
    terminal, turn = terminal_questioner(language), threading.Lock()

    def check(target: desk.Target, watch: desk.Watch) -> desk.Checked:
        where = target.place or (target.kind.slug if target.kind else "")
        place: dict[str, Scalar] = {"number": numbers[id(target)], "count": count, "port": where}
        print(text(language, "desk.checking", place), file=sys.stderr, flush=True)
        asker = TakingTurns(terminal, turn, where if count > 1 else "")
        checked = desk.check_target(target, wishes, replace(watch, questioner=asker))
        report = checked.found.report
        if report is not None and count > 1:
            place["verdict"] = text(language, f"verdict.{report.verdict}.word")
            print(text(language, "desk.checked", place), file=sys.stderr, flush=True)
        return checked

    station = Station(expected, check, filer, asks=False, in_turn=True)
    try:
        for target in targets:
            station.add(target)
        station.wait()
    finally:
        station.close()
    return _outcome(station)


def _outcome(station: Station) -> tuple[list[desk.FiledRow], list[desk.Checked]]:
    view = station.view()
    for device in view.devices:
        if device.fault is not None and not isinstance(device.fault, PortError | CheckBroke):
            raise device.fault
    filed = []
    for row in view.rows:
        about = view.device_of(row)
        filed.append(desk.FiledRow(row, about.report_id, about.unfiled) if about is not None else desk.FiledRow(row))
    return filed, [device.checked for device in view.devices if device.checked is not None]


def _say_list(listed: desk.KeptList, targets: list[desk.Target], language: str) -> None:
    if listed.fetched_at:
        print(text(language, "desk.list-kept", {"when": shown_time(listed.fetched_at, language)}), file=sys.stderr)
    for slug in desk.lacking_kinds(listed.content, targets):
        print(text(language, "desk.portless", {"kind": slug, "name": text(language, f"kind.{slug}")}), file=sys.stderr)
    if not targets:
        print(text(language, "desk.no-ports"), file=sys.stderr)


def _waiting(outbox: Outbox, language: str) -> str:
    return text(language, "desk.waiting", {"waiting": outbox.counts()["waiting"]})


def _fault(row: Row, checked: list[desk.Checked], language: str) -> str:
    """Why a port gave no report."""
    outcome = next(outcome for outcome in checked if outcome.found is row.found)
    if outcome.fault is not None:
        return message_of(outcome.fault, language)
    return text(language, "desk.not-opened", {"port": outcome.found.port})


def _print(listed: desk.KeptList, rows: list[desk.FiledRow], checked: list[desk.Checked], language: str) -> None:
    title = listed.content.title.el if language == "el" else listed.content.title.en
    print(f"{shown_code(listed.content.kit)}  {title}")
    for filed in rows:
        row = filed.row
        name = (row.line.name.el if language == "el" else row.line.name.en) if row.line else ""
        name = name or (text(language, f"kind.{row.kind}") if row.kind else row.found.port if row.found else "")
        head = f"{text(language, f'desk.status-{row.status}')}  {name}  {row.serial}".rstrip()
        print(head)
        if row.status is Status.UNUSABLE:
            print(f"  {_fault(row, checked, language)}")
        elif row.found is not None and row.found.report is not None:
            print("  " + describe_report(row.found.report, language, _after(row, language)).replace("\n", "\n  "))
        if row.status is Status.WITHOUT_NUMBER and row.found is not None:
            print("  " + text(language, "desk.give-label", {"port": row.found.port, "kind": row.kind or ""}))


def _after(row: Row, language: str) -> str:
    """What to do with a device that the list does not simply expect; empty: what its report says."""
    assert row.found is not None
    assert row.found.report is not None
    if row.status not in (Status.FOREIGN, Status.TWICE):
        return ""
    told, own = text(language, f"station.next-{row.status}"), sentence_and_next(row.found.report, language)[1]
    return told if row.found.report.verdict is Verdict.PASS else f"{own} {told}"


def _document(
    listed: desk.KeptList,
    rows: list[desk.FiledRow],
    checked: list[desk.Checked],
    done: Synced | None,
    outbox: Outbox,
    language: str,
) -> dict[str, Any]:
    devices = []
    for filed in rows:
        row = filed.row
        report = row.found.report if row.found else None
        devices.append(
            {
                "status": row.status,
                "kind": row.kind,
                "serial_number": row.serial,
                "item": row.line.item if row.line else None,
                "port": row.found.port if row.found else None,
                "verdict": report.verdict if report else None,
                "report_id": filed.report_id or None,
                "fault": _fault(row, checked, language) if row.status is Status.UNUSABLE else None,
                "not_kept": message_of(filed.unfiled, language) if filed.unfiled is not None else None,
                "report": report.document() if report else None,
            }
        )
    return {
        "schema": SCHEMA,
        "kit": listed.content.kit,
        "verdict": verdict_of(filed.row for filed in rows),
        "list": {"source": "kept" if listed.fetched_at else "service", "fetched_at": listed.fetched_at or None},
        "counts": {str(status): sum(filed.row.status is status for filed in rows) for status in Status},
        "devices": devices,
        "waiting": outbox.counts()["waiting"] if all(filed.unfiled is None for filed in rows) else None,
        "sync": None if done is None else sync_document(done, language),
    }
