"""The commands of `stem-check`, one module each; the module's name (with hyphens for underscores) is the
command.

A module offers `register(parser, language)` (adds the command's arguments) and `run(arguments) -> int` (the
exit code: 0 well, 1 a fault is proven, 2 nothing is proven; what is unusable raises an AgentError, which
becomes 3); its summary is the message `command.<name>`. Only the command that was called is imported, so that
each is as light as what it needs and `stem-check --help` loads none. `arguments.lang` is there for all of them.
"""

import argparse
import importlib
import pkgutil
from typing import Protocol, cast


class Command(Protocol):
    """What a module of this folder offers."""

    def register(self, parser: argparse.ArgumentParser, language: str) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


def command_names() -> list[str]:
    """The commands there are, without importing them."""
    return sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(__path__))


def load_command(name: str) -> Command:
    """The module of a command."""
    return cast(Command, importlib.import_module(f"{__name__}.{name.replace('-', '_')}"))
