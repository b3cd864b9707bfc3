"""`stem-check probe PORT`: check one device and say what it is and how it is."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from device_agents.answers import file_questioner, terminal_questioner
from device_agents.auto import Decision, decide
from device_agents.candidates import Candidate
from device_agents.compose import Gathered, compose
from device_agents.discovery.drives import with_drive
from device_agents.discovery.ports import candidate_for
from device_agents.errors import BadArguments
from device_agents.evidence import Recorder
from device_agents.home import Home
from device_agents.judging_by import catalogue_here
from device_agents.kinds import AnyKind, check_extras, kind_by_slug
from device_agents.kinds.base import CheckContext, CheckOptions, Opening
from device_agents.messages import text
from device_agents.recordings import dump_recording
from device_agents.report import Reason, Report, StepReport
from device_agents.runner import run_check
from device_agents.say import describe_report
from device_agents.transports.choosing import transport_for
from firmware_checks.verdicts import Verdict


def register(parser: argparse.ArgumentParser, language: str) -> None:
    """Add the arguments."""

    def words(name: str) -> str:
        return text(language, f"ui.probe-{name}")

    parser.add_argument("port", nargs="?", default="", metavar="PORT", help=words("port"))
    parser.add_argument("--kind", default="auto", metavar="SLUG", help=words("kind"))
    parser.add_argument("--json", action="store_true", help=text(language, "ui.json"))
    parser.add_argument("--no-flash", action="store_true", help=words("no-flash"))
    parser.add_argument("--with", action="append", default=[], dest="extras", metavar="NAME", help=words("with"))
    parser.add_argument("--drive", type=Path, metavar="PATH", help=words("drive"))
    parser.add_argument("--answers", type=Path, metavar="FILE", help=words("answers"))
    parser.add_argument("--baselines", type=Path, metavar="DIR", help=words("baselines"))
    parser.add_argument("--record", type=Path, metavar="FILE", help=words("record"))


def run(arguments: argparse.Namespace) -> int:
    """Check, print, and end with the verdict's exit code."""
    kind, candidate, decision = _chosen(arguments)
    if kind is None:
        report = _undecided(candidate, decision)
    else:
        report = _checked(kind, candidate, arguments)
    if arguments.json:
        print(json.dumps(report.document(), ensure_ascii=False))
    else:
        print(describe_report(report, arguments.lang))
    return report.verdict.exit_code


def _chosen(arguments: argparse.Namespace) -> tuple[AnyKind | None, Candidate, Decision]:
    port: str = arguments.port
    named = None if arguments.kind == "auto" else kind_by_slug(arguments.kind)
    if named is not None and named.opening is Opening.NEVER:
        return named, Candidate(port=""), Decision(named)
    if not port and arguments.drive is None:
        raise BadArguments("port-needed")
    candidate = with_drive(candidate_for(port) if port else Candidate(port=""), arguments.drive)
    if not port and (candidate.vid is None or (named is not None and not named.by_drive)):
        raise BadArguments("drive-foreign", path=str(arguments.drive))
    if named is not None:
        return named, candidate, Decision(named)
    decision = decide(candidate)
    return decision.kind, candidate, decision


def _checked(kind: AnyKind, candidate: Candidate, arguments: argparse.Namespace) -> Report:
    options = CheckOptions(not arguments.no_flash, check_extras(kind, frozenset(arguments.extras)))
    recorder = Recorder()
    if arguments.record:
        _write(arguments.record, "")  # a folder that cannot be written to is told before the device is touched
    questioner = (
        file_questioner(arguments.answers, kind, arguments.lang)
        if arguments.answers
        else terminal_questioner(arguments.lang)
    )
    report = run_check(
        kind,
        CheckContext(
            candidate,
            options,
            catalogue_here(Home(), arguments.baselines, arguments.lang),
            kind_named_by="usb" if arguments.kind == "auto" else "person",
        ),
        transport_for(kind, candidate),
        questioner=questioner,
        recorder=recorder,
    )
    if arguments.record:
        _write(arguments.record, dump_recording(recorder.entries))
    return report


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="ascii")
    except OSError as fault:
        raise BadArguments("cannot-write", path=str(path), detail=fault.strerror or "?") from fault


def _undecided(candidate: Candidate, decision: Decision) -> Report:
    """The report of a port that was not opened, because nothing says what hangs there."""
    reason = Reason(
        key=decision.reason,
        params={"port": candidate.port[:512], "usb_id": candidate.usb_id, "may_be": ", ".join(decision.may_be)},
    )
    step = StepReport(name="identify", verdict=Verdict.UNKNOWN, reason=reason)
    return compose(None, CheckContext(candidate), [step], Gathered(datetime.now(UTC), Recorder()))
