"""The text of a message key, in Greek or English, from `messages/{el,en}.toml`."""

import os
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Final

LANGUAGES: Final = ("el", "en")


@cache
def messages(language: str) -> Mapping[str, str]:
    """Every message of a language by its key."""
    content = pkgutil.get_data("firmware_checks", f"messages/{language}.toml")
    assert content is not None
    import tomllib  # not for a command whose answer needs no words

    return tomllib.loads(content.decode("utf-8"))


def text(key: str, params: Mapping[str, object] | None = None, language: str = "el") -> str:
    """The message with its places filled; lists are joined by commas.

    A key that nobody knows (a report from a newer version) is shown as it is, with its parameters.
    """
    params = params or {}
    known = messages(language if language in LANGUAGES else "en")
    shown = {name: ", ".join(map(str, v)) if isinstance(v, list | tuple) else v for name, v in params.items()}
    try:
        return known[key].format(**shown)
    except (KeyError, IndexError):
        return " ".join([key, *(f"{name}={value}" for name, value in shown.items())])


def preferred_language(environment: Mapping[str, str] = os.environ) -> str:
    """`STEM_CHECK_LANG` where it is set, else Greek where the system's locale is Greek, else English."""
    for name in ("STEM_CHECK_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "el" if environment[name].lower().startswith(("el", "greek")) else "en"
    return "en"
