"""The nouns of the service and how to reach a layer of each: the list is here and nowhere else."""

import importlib
import importlib.util
from types import ModuleType

NOUNS = (
    "accounts",
    "registry",
    "waves",
    "teachers",
    "allocation",
    "grants",
    "appeals",
    "inventory",
    "deliveries",
    "checks",
    "custody",
    "stocktakes",
)


def load(layer: str) -> list[ModuleType]:
    """The module of that name (`pages`, `api`, `jobs`, `today`, `sentences`, `tables` …) of every noun that has one."""
    found = []
    for noun in NOUNS:
        package = f"stem_logistics.{noun}"
        if importlib.util.find_spec(package) and importlib.util.find_spec(f"{package}.{layer}"):
            found.append(importlib.import_module(f"{package}.{layer}"))
    return found
