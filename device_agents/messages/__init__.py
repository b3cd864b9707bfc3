"""The laptop's words: `{el,en}.toml`, the same keys in both (a test compares them). A key is a dotted path.

Sections: `ui`, `command.<name>`, `error.<slug>`, `verdict.<VERDICT>`, `reason.<key>`, `next.<key>` (what to do
next after that reason; where it is missing, what the verdict says), `limit.<key>` (the sentence of a PASS that a
step with that reason limits), `kind.<slug>`, `step.<kind>.<step>`, `extra.<kind>.<name>`, `question.<kind>.<key>`,
`choice.<value>`. Parameters stand in braces. The reasons of `firmware_checks` (what a comparison with a baseline
found) stand in that package; a `reason.<key>` that is not here is looked up there.
"""

import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

from device_agents.errors import Scalar
from firmware_checks import texts as firmware_texts

LANGUAGES = ("el", "en")


class _Missing(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every message of a language by its dotted key."""
    # pkgutil and not importlib.resources, which takes as long to load as all the rest of `--help`
    content = pkgutil.get_data(__name__, f"{language}.toml")
    assert content is not None
    import tomllib  # not for a command whose answer needs no words

    tree = tomllib.loads(content.decode("utf-8"))
    flat: dict[str, str] = {}

    def walk(prefix: str, branch: Mapping[str, Any]) -> None:
        for key, value in branch.items():
            if isinstance(value, dict):
                walk(f"{prefix}{key}.", value)
            else:
                flat[prefix + key] = value

    walk("", tree)
    return flat


def _of_firmware(language: str, key: str) -> str | None:
    section, _, name = key.partition(".")
    return firmware_texts.messages(language).get(name) if section == "reason" else None


def _of_checklists(language: str, key: str) -> str | None:
    """A text of a kind that is data. What it asks at its end is the same for all, and stands under `checklist`."""
    section, _, rest = key.partition(".")
    if section not in ("kind", "step", "question", "reason", "next"):
        return None
    # Loaded only where no other word was found: most messages never need the kinds.
    from device_agents.kinds.checklist_files import OWN_STEPS, words

    own = words(language)
    slug, _, name = rest.partition(".")
    if name in OWN_STEPS and f"kind.{slug}" in own:
        return catalogue(language).get(f"{section}.checklist.{name}")
    return own.get(key)


def _found(language: str, key: str) -> str | None:
    return catalogue(language).get(key) or _of_firmware(language, key) or _of_checklists(language, key)


def has(language: str, key: str) -> bool:
    """Whether there is such a message."""
    return _found(language, key) is not None


def text(language: str, key: str, params: Mapping[str, Scalar] | None = None) -> str:
    """The message with its parameters; the bare key where there is none, so that something stands on the
    screen. In no language (an empty name) there are no words."""
    if not language:
        return ""
    template = _found(language, key)
    shown = {name: shown_number(value, language) for name, value in (params or {}).items()}
    return key if template is None else template.format_map(_Missing(shown))


def shown_number(value: Scalar, language: str) -> Scalar:
    """A fraction as people write it: with a comma in Greek. What is no fraction comes back as it is."""
    return f"{value:.10g}".replace(".", ",") if language == "el" and isinstance(value, float) else value


def named_steps(language: str, kind: str | None, params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The parameters of a reason, with the step that `after` or `what` names as people know it."""
    named = dict(params)
    for name in ("after", "what"):
        key = f"step.{kind}.{named.get(name)}"
        if has(language, key):
            named[name] = text(language, key)
    return named
