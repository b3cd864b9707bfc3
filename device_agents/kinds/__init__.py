"""Every kind of device that can be checked. A module in this folder that holds `KIND` is one, and so is a file in
`checklists/`; there is no list to edit."""

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any

from device_agents.candidates import Candidate
from device_agents.errors import BadArguments
from device_agents.kinds.base import DeviceKind
from device_agents.places import Document, documents, folders, use_documents, use_folders

__all__ = ("AnyKind", "all_kinds", "check_extras", "kind_by_slug", "kinds_matching", "use_documents", "use_folders")

AnyKind = DeviceKind[Any]


def all_kinds() -> tuple[AnyKind, ...]:
    """Every kind, by slug: those that are code, the package's checklists, and those of the folders in use.

    Raises:
        ChecklistInvalid: a checklist's file is wrong.
    """
    return _all_kinds(folders(), documents())


@cache
def _all_kinds(_folders: tuple[Path, ...], _documents: tuple[Document, ...]) -> tuple[AnyKind, ...]:
    from device_agents.kinds.checklist_files import checklists  # not for one kind that is code: a check begins sooner

    code = _code_kinds()
    lists = checklists(kind.slug for kind in code).values()
    return tuple(sorted((*code, *(each.kind() for each in lists)), key=lambda kind: kind.slug))


@cache
def _code_kinds() -> tuple[AnyKind, ...]:
    found = (_kind_in(module_info.name) for module_info in pkgutil.iter_modules(__path__))
    return tuple(kind for kind in found if kind is not None)


def _kind_in(module_name: str) -> AnyKind | None:
    kind = getattr(importlib.import_module(f"{__name__}.{module_name}"), "KIND", None)
    return kind if isinstance(kind, DeviceKind) else None


def code_slugs() -> tuple[str, ...]:
    """The kinds that are code, which no list of questions replaces."""
    return tuple(kind.slug for kind in _code_kinds())


def kind_by_slug(slug: str) -> AnyKind:
    """The kind of that name.

    Raises:
        BadArguments: `unknown-kind`, with those that there are.
    """
    own = slug.replace("-", "_")
    if any(module_info.name == own for module_info in pkgutil.iter_modules(__path__)):
        # the one that was named, without loading the others: a check begins sooner
        named = _kind_in(own)
        if named is not None and named.slug == slug:
            return named
    for kind in all_kinds():
        if kind.slug == slug:
            return kind
    raise BadArguments("unknown-kind", kind=slug, known=", ".join(kind.slug for kind in all_kinds()))


def check_extras(kind: AnyKind | None, asked: frozenset[str]) -> frozenset[str]:
    """What was asked for of a kind, as it stands; with None: of any kind.

    Raises:
        BadArguments: `unknown-extra`, with those that there are.
    """
    kinds = all_kinds() if kind is None else (kind,)
    known = sorted({extra.name for each in kinds for extra in each.extras})
    for name in sorted(asked - set(known)):
        slug = kind.slug if kind is not None else "—"
        raise BadArguments("unknown-extra", extra=name[:80], kind=slug, known=", ".join(known) or "—")
    return asked


def kinds_matching(candidate: Candidate) -> tuple[tuple[AnyKind, bool], ...]:
    """The kinds whose rules (USB, Bluetooth) the candidate satisfies, and whether the identity is that kind's alone."""
    matches = []
    for kind in all_kinds():
        rules = kind.rules_for(candidate)
        if rules:
            matches.append((kind, not any(rule.shared for rule in rules)))
    return tuple(matches)
