"""`stem-check identify PORT`: which device is at a port, and nothing else: no test, no report.

Light: neither the models of a report nor those of the known firmware are loaded. Exit codes: 0 it said who it is; 1 it
is another device than it was taken for; 2 it did not say; 3 unusable.
"""

import argparse
import json

from device_agents.auto import decide
from device_agents.discovery.ports import candidate_for
from device_agents.errors import BadArguments
from device_agents.kinds import AnyKind, kind_by_slug
from device_agents.kinds.base import CheckContext, CheckOptions, Opening
from device_agents.messages import text
from device_agents.plain import printable
from device_agents.runner import run_identification
from device_agents.transports.choosing import transport_for

SCHEMA = "stem-check-identity/1"


def register(parser: argparse.ArgumentParser, language: str) -> None:
    """Add the arguments."""
    parser.add_argument("port", metavar="PORT", help=text(language, "ui.probe-port"))
    parser.add_argument("--kind", default="auto", metavar="SLUG", help=text(language, "ui.probe-kind"))
    parser.add_argument("--json", action="store_true", help=text(language, "ui.json"))


def run(arguments: argparse.Namespace) -> int:
    """Ask, print, and end with the exit code."""
    port, language = arguments.port, arguments.lang
    named = None if arguments.kind == "auto" else kind_by_slug(arguments.kind)
    candidate = candidate_for(port)
    kind: AnyKind | None = named
    if kind is None:
        decision = decide(candidate)
        kind = decision.kind
        if kind is None:
            raise BadArguments("identify-undecided", port=port, may_be=", ".join(decision.may_be) or "—")
    if kind.opening is Opening.NEVER or kind.identified_by not in {step.name for step in kind.steps}:
        raise BadArguments("identify-no-port", kind=kind.slug)
    context = CheckContext(candidate, CheckOptions(read_flash=False))
    transport = transport_for(kind, candidate)
    assert transport is not None
    ended = run_identification(kind, context, transport)
    outcome = ended.outcome
    if arguments.json:
        said = {
            "schema": SCHEMA,
            "port": port,
            "kind": kind.filed,
            "verdict": outcome.verdict,
            "reason": {"key": outcome.reason, "params": dict(outcome.params)} if outcome.reason else None,
            "identity": context.identity,
        }
        print(json.dumps(said, ensure_ascii=False))
    else:
        print(f"{text(language, f'kind.{kind.filed}')} · {port}")
        for name, value in context.identity.items():
            if value is not None:
                print(f"  {name}: {printable(str(value))}")
        if not ended.passed:
            print(text(language, f"reason.{outcome.reason}", outcome.params))
    return outcome.verdict.exit_code
