"""A command line in the person's language: argparse's own sentences are English alone."""

import argparse
import re
import sys
from typing import Final, NoReturn

from firmware_checks.texts import text

UNUSABLE: Final = 3
# argparse's words in a help, and the key of ours
_HELP: Final = (
    ("usage: ", "arguments-usage"),
    ("positional arguments:", "arguments-positional"),
    ("options:", "arguments-options"),
    ("show this help message and exit", "arguments-help"),
)
# What argparse says of a fault, and the key of our sentence for it
_FAULTS: Final = (
    (r"the following arguments are required: (?P<what>.*)", "arguments-missing"),
    (r"unrecognized arguments: (?P<what>.*)", "arguments-unknown"),
    (r"argument (?P<name>[^:]*): invalid choice: (?P<what>.*) \(choose from (?P<choices>.*)\)", "arguments-choice"),
    (r"argument (?P<name>[^:]*): expected (one|at least one) argument", "arguments-without-value"),
    (r"argument (?P<name>[^:]*): invalid (float|int|_?\w+) value: (?P<what>.*)", "arguments-value"),
    (r"argument (?P<name>[^:]*): (?P<what>.*)", "arguments-bounds"),
)


def fault_words(message: str, language: str) -> str:
    """A fault that argparse found, in the person's language; its own words where it is none of those known here."""
    for pattern, key in _FAULTS:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            params = {name: value.replace("'", "") for name, value in found.groupdict().items()}
            return text(key, params, language)
    return message


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that speaks `language` and ends a wrong command line with exit code 3."""

    language = "en"

    def format_usage(self) -> str:
        """The usage alone, as it stands over a fault."""
        return super().format_usage().replace(*self._pair(*_HELP[0]), 1)

    def format_help(self) -> str:
        """The whole help."""
        words = super().format_help()
        for theirs, key in _HELP:
            words = words.replace(*self._pair(theirs, key), 1)
        return words

    def _pair(self, theirs: str, key: str) -> tuple[str, str]:
        return theirs, text(key, language=self.language)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong under the usage, and end."""
        self.print_usage(sys.stderr)
        detail = fault_words(message, self.language)
        print(text("arguments-wrong", {"detail": detail, "program": self.prog}, self.language), file=sys.stderr)
        raise SystemExit(UNUSABLE)
