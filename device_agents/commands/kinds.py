"""`stem-check kinds`: which kinds of device can be checked."""

import argparse
import json

from device_agents.kinds import AnyKind, all_kinds
from device_agents.messages import LANGUAGES, text


def register(parser: argparse.ArgumentParser, language: str) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help=text(language, "ui.json"))


def describe(kind: AnyKind) -> dict[str, object]:
    """A kind as JSON values."""
    return {
        "slug": kind.slug,
        "title": {language: text(language, f"kind.{kind.slug}") for language in LANGUAGES},
        "opening": kind.opening.value,
        "usb": [
            {
                "vid": f"{rule.vid:04x}",
                "pid": None if rule.pid is None else f"{rule.pid:04x}",
                "shared": rule.shared,
                "label": rule.label,
            }
            for rule in kind.usb
        ],
        "bauds": list(kind.bauds),
        "extras": [extra.name for extra in kind.extras],
        "steps": [step.name for step in kind.steps],
        "deadline_s": kind.long_deadline_s or kind.deadline_s,
    }


def run(arguments: argparse.Namespace) -> int:
    """List the kinds."""
    if arguments.json:
        print(json.dumps([describe(kind) for kind in all_kinds()], ensure_ascii=False, indent=2))
        return 0
    for kind in all_kinds():
        print(f"{kind.slug:16} {text(arguments.lang, f'kind.{kind.slug}')}")
    return 0
