"""`stem-check`: the command line of a technician's laptop.

Exit codes: 0 PASS (or done); 1 a fault is proven (FAIL, OUTDATED, MISMATCH, DAMAGED); 2 nothing is proven
(INCONCLUSIVE, UNKNOWN); 3 unusable: arguments, or a port that is missing, busy or forbidden.
"""

import argparse
import io
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from device_agents.commands import command_names, load_command
from device_agents.errors import AgentError, BadArguments
from device_agents.messages import LANGUAGES, has, text
from device_agents.places import CHECKLISTS, home_folder, use_folders
from firmware_checks.arguments import Parser
from firmware_checks.errors import FirmwareError
from firmware_checks.texts import preferred_language
from firmware_checks.texts import text as firmware_text

UNUSABLE = 3
INTERRUPTED = 130


def language_of(environment: Mapping[str, str], arguments: Sequence[str]) -> str:
    """The language to speak: `--lang`, else what the environment asks for."""
    for position, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            chosen = argument.partition("=")[2]
        elif argument == "--lang" and position + 1 < len(arguments):
            chosen = arguments[position + 1]
        else:
            continue
        if chosen in LANGUAGES:
            return chosen
    return preferred_language(environment)


def checklist_folders(arguments: Sequence[str]) -> list[Path]:
    """The folders of an organisation's own checklists: `checklists` in the laptop's home, and `--checklists`.

    Looked for before the arguments are read, because a command's help lists the kinds.
    """
    home = home_folder() / CHECKLISTS
    found = [home] if home.is_dir() else []
    if (home_folder() / "bundles").is_dir():
        from device_agents.home import Home  # cryptography is not needed before there are bundles
        from device_agents.judging_by import store_of

        sent = store_of(Home()).kinds_folder()
        found += [sent] if sent is not None else []
    for position, argument in enumerate(arguments):
        if argument.startswith("--checklists="):
            found.append(Path(argument.partition("=")[2]))
        elif argument == "--checklists" and position + 1 < len(arguments):
            found.append(Path(arguments[position + 1]))
    return found


def _parser(language: str, arguments: Sequence[str]) -> argparse.ArgumentParser:
    names = command_names()
    asked = any(argument == "-h" or argument.startswith("--h") for argument in arguments)
    chosen = arguments[0] if arguments and arguments[0] in names else ""
    # Without a question for help nobody reads its words, nor of the other commands: it begins sooner without them.
    words = language if asked or not chosen else ""
    Parser.language = language
    parser = Parser(prog="stem-check", description=text(words, "ui.summary"))
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser, metavar="COMMAND")
    for name in [chosen] if chosen else names:
        summary = text(words, f"command.{name}")
        own = commands.add_parser(name, help=summary, description=summary)
        if name != chosen:
            continue
        use_folders(*checklist_folders(arguments))
        command = load_command(name)
        own.add_argument("--checklists", type=Path, metavar="DIR", help=text(words, "ui.checklists"))
        own.add_argument("--lang", choices=LANGUAGES, default=language, help=text(words, "ui.lang"))
        command.register(own, words)
        own.set_defaults(run=command.run)
    return parser


def message_of(error: AgentError, language: str) -> str:
    """The sentence for an error, with what to do."""
    key = f"error.{error.problem}" if isinstance(error, BadArguments) else f"error.{error.slug}"
    return text(language, key if has(language, key) else "error.agent-error", {"slug": error.slug, **error.params})


def _quiet_readers(fault: threading.ExceptHookArgs) -> None:
    """pyserial's RFC 2217 reads in a thread of its own, which prints a traceback when the connection ends."""
    if fault.thread is None or not fault.thread.name.startswith("pySerial"):
        threading.__excepthook__(fault)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A console without Greek letters shows question marks, not a traceback.
            stream.reconfigure(errors="replace")
    language = language_of(os.environ, arguments)
    hook, threading.excepthook = threading.excepthook, _quiet_readers
    try:
        return _run(arguments, language)
    except AgentError as error:
        print(message_of(error, language), file=sys.stderr)
        return error.exit_code
    except FirmwareError as error:
        print(firmware_text(error.slug, error.params, language), file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print(text(language, "ui.interrupted"), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE
    finally:
        threading.excepthook = hook


def _run(arguments: Sequence[str], language: str) -> int:
    parsed = _parser(language, arguments).parse_args(arguments)
    code = int(parsed.run(parsed))
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    raise SystemExit(main())
