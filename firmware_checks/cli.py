"""`stem-firmware`: what a firmware file is, whether it is what it should be, and what "should" rests on.

Exit codes: 0 as it should be, identified, done; 1 old, other or damaged; 2 not known; 3 unusable (arguments, files).
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from firmware_checks import baseline_commands, image_commands
from firmware_checks.arguments import UNUSABLE, Parser
from firmware_checks.catalogue import load
from firmware_checks.errors import FirmwareError
from firmware_checks.image_commands import SCHEMA
from firmware_checks.texts import LANGUAGES, preferred_language, text


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    language = _language(given)
    options = _parser(language).parse_args(given)
    try:
        catalogue = load(options.baselines)
        code: int = options.run(options, catalogue, language)
        sys.stdout.flush()
    except FirmwareError as error:
        message = text(error.slug, error.params, language)
        if getattr(options, "json", False):
            print(json.dumps({"schema": SCHEMA, "error": error.slug, "message": message}, ensure_ascii=False))
        print(f"stem-firmware: {message}", file=sys.stderr)
        code = UNUSABLE
    except BrokenPipeError:  # the reader of a pipe (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def _language(arguments: Sequence[str]) -> str:
    """The language to speak, before the arguments are read: what is wrong with them has to be told in it."""
    for position, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        chosen = value or next(iter(arguments[position + 1 :]), "")
        if name == "--lang" and chosen in LANGUAGES:
            return chosen
    return preferred_language()


def _everywhere(parser: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    """The options of every command, which count before a command's name and behind it."""
    parser.add_argument("--lang", choices=LANGUAGES, default=default, help="γλώσσα · language (STEM_CHECK_LANG)")
    words = "πρόσθετες πρότυπες εκδόσεις · more baselines"
    parser.add_argument("--baselines", type=Path, metavar="DIR", default=default, help=words)


def _parser(language: str) -> argparse.ArgumentParser:
    Parser.language = language
    parser = Parser(prog="stem-firmware", description="Τι είναι ένα αρχείο υλικολογισμικού · What a firmware file is")
    _everywhere(parser, None)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser, metavar="COMMAND")
    for own in (*image_commands.register(commands), *baseline_commands.register(commands)):
        _everywhere(own)
    return parser
