"""The printer's check against OctoPrint's virtual printer, with the faults that it can make."""

import contextlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
import serial

from firmware_checks.verdicts import Verdict
from tests.device_agents.probing import Probed, probe
from tests.emulators.fault_proxy import FaultProxy, Faults
from tests.emulators.programs import Emulator, printer

pytestmark = pytest.mark.emulator

QUESTION = re.compile(r"(N\d+ (M105|M27|M115|M114|M119|M31|M503)\*\d+)?")


@pytest.fixture(scope="module")
def good() -> Iterator[Emulator]:
    with printer() as emulator:
        yield emulator


@dataclass(frozen=True)
class Case:
    """A fault of the printer's, and what has to come of it."""

    verdict: Verdict
    reason: str = ""
    before: tuple[tuple[str, str], ...] = ()
    say: tuple[str, ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    cable: Faults | None = None


INCONCLUSIVE, FAIL, PASS = Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.PASS
CASES = {
    "one answer lost": Case(INCONCLUSIVE, "no-answer", (("M119", "dont_answer"),)),
    "silent from the start": Case(INCONCLUSIVE, "no-answer", say=("!!DEBUG:go_awol",)),
    "silent in mid-check": Case(INCONCLUSIVE, "no-answer", (("M114", "go_awol"),)),
    "vanishes": Case(INCONCLUSIVE, "port-vanished", (("M119", "drop_connection"),)),
    "restarts": Case(INCONCLUSIVE, "printer-restarted", (("M119", "reset"),)),
    "halts at once": Case(FAIL, "printer-halted", (("M105", "trigger_fatal_error_marlin"),)),
    "halts in mid-check": Case(FAIL, "printer-halted", (("M119", "trigger_fatal_error_marlin"),)),
    "halts, another make's words": Case(FAIL, "printer-halted", (("M115", "trigger_fatal_error_repetier"),)),
    "loses its second board": Case(FAIL, "printer-halted", (("M115", "toggle_klipper_connection"),)),
    "a second late": Case(PASS, "", (("M115", "sleep 1"),)),
    "four seconds late": Case(INCONCLUSIVE, "no-answer", (("M114", "sleep 4"),)),
    "four seconds late at first": Case(PASS, "", (("M115", "sleep 4"),)),
    "asks again now and then": Case(PASS, "", settings={"resend_ratio": "10"}),
    "asks again every third line": Case(PASS, "", settings={"resend_ratio": "34"}),
    "asks again, without an ok": Case(PASS, "", settings={"resend_ratio": "25", "brokenResend": "true"}),
    "asks again for ever": Case(INCONCLUSIVE, "line-noisy", (("M27", "resend_ratio 100"),)),
    "wants another line": Case(PASS, "", (("M115", "trigger_resend_lineno"),)),
    "complains, asks nothing": Case(INCONCLUSIVE, "no-answer", (("M114", "trigger_missing_lineno"),)),
    "open thermistor": Case(FAIL, "thermistor-fault", settings={"ambientTemperature": "-15"}),
    "heating": Case(INCONCLUSIVE, "printer-heating", say=("M104 S200",)),
    "bed heating": Case(INCONCLUSIVE, "printer-heating", say=("M140 S60",)),
    "its own line numbers": Case(PASS, "", say=("N100 M110*35",)),
    "an ok before each answer": Case(INCONCLUSIVE, settings={"okBeforeCommandOutput": "true"}),
    "no temperatures' targets": Case(PASS, "", settings={"repetierStyleTargetTemperature": "true"}),
    "two nozzles and a chamber": Case(PASS, "", settings={"numExtruders": "2", "hasChamber": "true"}),
    "another firmware": Case(Verdict.UNKNOWN, "", settings={"firmwareName": '"Repetier_1.0.4"'}),
    "divided": Case(PASS, cable=Faults(split=True)),
    "a cable that echoes": Case(INCONCLUSIVE, "echo", cable=Faults(echo=True)),
    "half an answer": Case(INCONCLUSIVE, "no-answer", cable=Faults(truncate_at=150)),
    "pulled out": Case(INCONCLUSIVE, "port-vanished", cable=Faults(cut_at=150)),
    "a cable that spoils": Case(INCONCLUSIVE, cable=Faults(garble_every=9)),
    "another device": Case(INCONCLUSIVE, "not-marlin", cable=Faults(instead=b"\r\n>>> SyntaxError: invalid\r\n")),
    "old firmware": Case(Verdict.OUTDATED, "version-outdated", settings={"firmwareName": '"Marlin 1.1.0-RC8"'}),
}


@dataclass(frozen=True)
class Result:
    probed: Probed
    heard: list[str]


def run(case: Case) -> Result:
    with printer(case.settings, before=case.before, say=case.say) as emulator:
        cable = FaultProxy(emulator.port, case.cable) if case.cable else contextlib.nullcontext(emulator.port)
        with cable as port:
            return Result(probe(port, "--kind", "printer-marlin"), emulator.heard)


@pytest.fixture(scope="module")
def results(good: Emulator) -> dict[str, Result]:
    """Every case, a few at a time: a check waits more than it works."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        return dict(zip(CASES, pool.map(run, CASES.values()), strict=True))


def test_a_printer_passes_with_its_identity(good: Emulator) -> None:
    """PASS, exit 0, its firmware's name; temperatures plausible; the port is free again."""
    probed = probe(good.port, "--kind", "printer-marlin")
    assert probed.code == 0, probed.out
    document = probed.document
    assert list(document) == ["schema", "verdict", "kind", "identity", "steps", "evidence"]
    assert document["verdict"] == "PASS" and document["kind"] == "printer-marlin"
    assert document["identity"] == {"firmware": "Virtual Marlin 1.0", "protocol_version": "1.0"}
    steps = {step["name"]: step for step in document["steps"]}
    assert steps["temperatures"]["measured"] == {"T": 21.3, "B": 21.3}
    assert steps["identity"]["measured"]["count"] == 6
    for name in ("endstops", "print-time"):  # the virtual printer answers both with a bare `ok`
        assert steps[name]["verdict"] == "PASS" and steps[name]["reason"]["key"] == "not-offered"
    assert probed.seconds < 30
    serial.Serial(good.port, exclusive=True).close()


@pytest.mark.parametrize("name", CASES)
def test_faults(results: dict[str, Result], name: str) -> None:
    """Each fault gives its verdict, in time, and the printer has only been asked."""
    case, result = CASES[name], results[name]
    report = result.probed.report
    assert report.verdict is case.verdict, result.probed.out
    assert result.probed.code == report.verdict.exit_code
    if case.reason:
        assert case.reason in result.probed.reasons
    assert result.probed.seconds < 30
    for line in result.heard:
        assert QUESTION.fullmatch(line), f"the printer heard {line!r}"


def test_asked_as_a_microbit_it_is_none(good: Emulator) -> None:
    """The micro:bit's control characters to a printer: INCONCLUSIVE, and no line that it could act on."""
    before = len(good.heard)
    probed = probe(good.port, "--kind", "microbit")
    assert probed.code == 2 and probed.report.verdict is Verdict.INCONCLUSIVE
    assert good.heard[before:] == []
