"""The criteria, each its own module, found by themselves: adding one is adding a file."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from stem_logistics.waves.criterion import Criterion


@cache
def all_criteria() -> Mapping[str, Criterion]:
    """Every criterion by slug, in the order of the slugs.

    Raises:
        ValueError: a module without a CRITERION, or one whose slug is not its module's name.
    """
    found: dict[str, Criterion] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda i: i.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        criterion = getattr(module, "CRITERION", None)
        if not isinstance(criterion, Criterion):
            raise ValueError(f"{module.__name__} defines no CRITERION")
        if criterion.slug != info.name.replace("_", "-"):
            raise ValueError(f"{module.__name__}: its slug is {criterion.slug!r}, not its module's name")
        found[criterion.slug] = criterion
    return MappingProxyType(found)
