"""Compare a device's settings, as it reports them itself, with those of its model.

A setting is a figure with a name of the device's own (`M92 X`: a Marlin printer's steps a millimetre on X). What
follows from the mechanics `must` be as it stands in the baseline; what a user may well tune (`usual`) is only
pointed out where it is far off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from firmware_checks.verdicts import Finding, Param, Verdict

if TYPE_CHECKING:
    from firmware_checks.baseline import Baseline, Model

MOST_NAMED: Final = 8


def model_of(facts: Mapping[str, str], baseline: Baseline) -> Model | None:
    """The model whose facts the device reports, whatever the case; None where there is none."""
    told = {name: value.strip().casefold() for name, value in facts.items()}
    for model in baseline.models:
        if all(told.get(name) in {text.casefold() for text in allowed} for name, allowed in model.facts.items()):
            return model
    return None


def compare_settings(facts: Mapping[str, str], settings: Mapping[str, float], baseline: Baseline) -> Finding:
    """What is to be thought of the settings that a device of this kind reports.

    Args:
        facts: what the device says of itself, as it gives it ("MACHINE_TYPE": "Ender-3").
        settings: each setting by its name.
        baseline: of the device's kind.

    Returns:
        MISMATCH names each figure that has to be another; INCONCLUSIVE where one of those was not reported; PASS
        otherwise, with what is unusual, or where no model is on record (its settings are then nobody's to judge).
    """
    model = model_of(facts, baseline)
    if model is None:
        return Finding(Verdict.PASS, "settings-without-model", {"count": len(settings)})
    params: dict[str, Param] = {"model": model.name}
    differ = tuple(_beyond(settings, model.must, model.tolerance))
    if differ:
        return Finding(Verdict.MISMATCH, "settings-differ", params | _named(differ))
    missing = tuple(sorted(set(model.must) - set(settings)))
    if missing:
        return Finding(Verdict.INCONCLUSIVE, "settings-missing", params | _named(missing))
    unusual = tuple(_beyond(settings, model.usual, model.usual_tolerance))
    if unusual:
        return Finding(Verdict.PASS, "settings-unusual", params | _named(unusual))
    return Finding(Verdict.PASS, "settings-as-expected", params | {"count": len(model.must) + len(model.usual)})


def _named(which: tuple[str, ...]) -> dict[str, Param]:
    return {"which": which[:MOST_NAMED], "count": len(which)}


def _beyond(settings: Mapping[str, float], expected: Mapping[str, float], tolerance: float) -> Iterator[str]:
    """The settings that were reported and are off by more than the tolerance, a share of what is expected."""
    for name, wanted in sorted(expected.items()):
        seen = settings.get(name)
        if seen is not None and not abs(seen - wanted) <= tolerance * abs(wanted):
            yield f"{name}{seen:g} (≠ {wanted:g})"
