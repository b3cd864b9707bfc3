"""A device's own settings against those of its model: what must be is named when it is not, what may be is pointed
out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from firmware_checks.baseline import Baseline
from firmware_checks.catalogue import load
from firmware_checks.settings import compare_settings, model_of
from firmware_checks.texts import messages
from firmware_checks.verdicts import Verdict

ENDER = {"MACHINE_TYPE": "ender-3 "}
GOOD = {"M92 X": 80.0, "M92 Y": 80.0, "M92 Z": 400.0, "M92 E": 93.0, "M203 Z": 5.0, "M301 P": 21.73}


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return load().baseline("printer-marlin")


@pytest.mark.parametrize(
    ("changed", "verdict", "reason", "which"),
    [
        ({}, Verdict.PASS, "settings-as-expected", ""),
        ({"M92 X": 80.5}, Verdict.PASS, "settings-as-expected", ""),
        ({"M92 X": 81.0}, Verdict.MISMATCH, "settings-differ", "M92 X81 (≠ 80)"),
        ({"M92 X": 160.0, "M92 Z": 0.0}, Verdict.MISMATCH, "settings-differ", "M92 X160 (≠ 80), M92 Z0 (≠ 400)"),
        ({"M92 Y": float("nan")}, Verdict.MISMATCH, "settings-differ", "M92 Ynan (≠ 80)"),
        ({"M92 Z": None}, Verdict.INCONCLUSIVE, "settings-missing", "M92 Z"),
        ({"M92 E": 140.0}, Verdict.PASS, "settings-unusual", "M92 E140 (≠ 93)"),
        ({"M301 P": None}, Verdict.PASS, "settings-as-expected", ""),
    ],
)
def test_each_difference_is_named(
    baseline: Baseline, changed: dict[str, float | None], verdict: Verdict, reason: str, which: str
) -> None:
    """What the mechanics ask for is a MISMATCH, what was not reported INCONCLUSIVE, what users tune only a remark."""
    settings = {name: value for name, value in (GOOD | changed).items() if value is not None}
    finding = compare_settings(ENDER, settings, baseline)
    assert (finding.verdict, finding.reason) == (verdict, reason)
    assert finding.scalars.get("which", "") == which


def test_an_unknown_model_is_nobodys_to_judge(baseline: Baseline) -> None:
    """Without a model on record the settings are kept, and no verdict is made of them."""
    for facts in ({}, {"MACHINE_TYPE": "Ender-33"}, {"machine_type": "Ender-3"}):
        assert compare_settings(facts, {"M92 X": 1.0}, baseline).reason == "settings-without-model"


@given(st.dictionaries(st.text(max_size=8), st.floats(), max_size=12))
def test_never_pass_without_what_must_be(settings: dict[str, float]) -> None:
    """A known model PASSes only with every figure that it must have, whatever else it reports."""
    baseline = load().baseline("printer-marlin")
    model = model_of(ENDER, baseline)
    assert model is not None
    assert compare_settings(ENDER, settings, baseline).verdict is not Verdict.PASS
    assert compare_settings(ENDER, settings | GOOD, baseline).verdict is Verdict.PASS


def test_every_model_is_sourced_and_has_words(baseline: Baseline) -> None:
    """Each names its source; the reasons have words in both languages."""
    assert {model.source for model in baseline.models} <= set(baseline.sources)
    for language in ("el", "en"):
        for reason in ("as-expected", "unusual", "differ", "missing", "without-model"):
            assert f"settings-{reason}" in messages(language)


@pytest.mark.parametrize(
    "wrong", [{"must": {}, "usual": {}}, {"facts": {}}, {"source": "nowhere"}, {"must": {"M92 X": float("inf")}}]
)
def test_a_model_that_says_nothing_is_refused(baseline: Baseline, wrong: dict[str, object]) -> None:
    """No settings, no facts, no source, no finite figure: the baseline does not load."""
    document = baseline.model_dump(by_alias=True)
    document["models"] = [document["models"][0] | wrong]
    with pytest.raises(ValidationError):
        Baseline.model_validate(document)
