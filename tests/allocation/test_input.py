"""The input: every fault is named with its place and figures, by the solver and by the verifier alike."""

import copy
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from stem_logistics.allocation import verify
from stem_logistics.allocation.cli import allocation
from stem_logistics.allocation.errors import InvalidWave, UnusableInput
from stem_logistics.allocation.parsing import canonical_input, parse_input
from tests.allocation.cases import random_document
from tests.allocation.support import EXAMPLES, Doc, document, encoded, kit, outcome_of, school

GOOD = document(
    [kit("printer", 12, ("special", ["special"], 1), open_region_cap={"attica": 1}, university_blocks=1)],
    [school("A", "47.50", "printer", categories=("special",)), school("B", "1", "printer", submission=2)],
    block_size=10, reserve_rule="minimum_guarantee", tie_break="words", duplicates="words",
)  # fmt: skip


def edited(*path: Any, to: Any) -> Doc:
    doc = copy.deepcopy(GOOD)
    at: Any = doc
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = to
    return doc


PRINTER = ("wave", "kits", 0)
INVALID_WAVES: dict[str, tuple[Doc, list[str]]] = {
    "reserves above stock": (edited(*PRINTER, "stock", to=10), ["printer", "1 ", "10", "11"]),
    "blocks above stock": (edited("wave", "block_size", to=12), ["printer", "12", "13"]),
    "negative stock": (edited(*PRINTER, "stock", to=-1), ["printer", "-1"]),
    "negative places": (edited(*PRINTER, "reserves", 0, "places", to=-2), ["printer", "special", "-2"]),
    "negative cap": (edited(*PRINTER, "open_region_cap", "attica", to=-3), ["printer", "attica", "-3"]),
    "negative blocks": (edited(*PRINTER, "university_blocks", to=-4), ["printer", "-4"]),
    "negative block size": (edited("wave", "block_size", to=-5), ["block_size", "-5"]),
    "negative submission": (edited("applicants", 0, "submission", to=-6), ["A", "-6"]),
    "repeated kit": ({**GOOD, "wave": {**GOOD["wave"], "kits": GOOD["wave"]["kits"] * 2}}, ["printer"]),
    "repeated line": (edited(*PRINTER, "reserves", to=GOOD["wave"]["kits"][0]["reserves"] * 2), ["printer", "special"]),
    "line called open": (edited(*PRINTER, "reserves", 0, "id", to="open"), ["printer", "open"]),
    "line called university": (edited(*PRINTER, "reserves", 0, "id", to="university"), ["printer", "university"]),
    "line called open@": (edited(*PRINTER, "reserves", 0, "id", to="open@crete"), ["printer", "open@crete"]),
    "no category": (edited(*PRINTER, "reserves", 0, "any_of", to=[]), ["printer", "special"]),
    "unknown preference": (edited("applicants", 0, "preferences", to=["printer", "robot"]), ["A", "robot"]),
    "repeated preference": (edited("applicants", 0, "preferences", to=["printer"] * 2), ["A", "printer"]),
    "repeated submission": (edited("applicants", 1, to={**GOOD["applicants"][0], "submission": 1}), ["A", "1"]),
    "percentage": (edited(*PRINTER, "reserves", 0, "places", to="50%"), ["printer", "special", "50%"]),
    "another reserve rule": (edited("wave", "reserve_rule", to="quota"), ["quota"]),
}
RAW = encoded(GOOD)
UNUSABLE: dict[str, tuple[bytes, list[str]]] = {
    "empty": (b"", ["line 1"]),
    "not UTF-8": (RAW.replace(b"attica", b"attic\xe1"), ["byte"]),
    "UTF-16": (RAW.decode().encode("utf-16"), []),
    "byte-order mark": (b"\xef\xbb\xbf" + RAW, []),
    "cut short": (RAW[:-20], ["column"]),
    "NaN": (RAW.replace(b'"stock": 12', b'"stock": NaN'), ["NaN"]),
    "a fraction": (RAW.replace(b'"stock": 12', b'"stock": 12.0'), ["stock", "printer"]),
    "true": (RAW.replace(b'"stock": 12', b'"stock": true'), ["stock", "printer", "true"]),
    "huge number": (RAW.replace(b'"stock": 12', b'"stock": 1' + b"0" * 9000), ["digits"]),
    "repeated key": (RAW.replace(b'"stock": 12', b'"stock": 12, "stock": 12'), ["stock"]),
    "unknown key in the wave": (RAW.replace(b'"seed"', b'"sead": 1, "seed"'), ["sead"]),
    "unknown key in a kit": (RAW.replace(b'"stock"', b'"stocks": 1, "stock"'), ["stocks", "kits[#1]"]),
    "unknown key in a line": (RAW.replace(b'"places"', b'"percent": 1, "places"'), ["percent"]),
    "unknown key in an applicant": (RAW.replace(b'"score"', b'"points": 1, "score"'), ["points", "applicants[#1]"]),
    "unknown key at the top": (b'{"version":1,' + RAW[1:], ["version"]),
    "missing key": (RAW.replace(b'"seed": "s", ', b""), ["seed"]),
    "a list": (b"[]", ["[…]"]),
    "score as a number": (RAW.replace(b'"47.50"', b"47.5"), ["A", "score"]),
    "score with a comma": (RAW.replace(b'"47.50"', b'"47,50"'), ["A", "47,50"]),
    "score with a sign": (RAW.replace(b'"47.50"', b'"-47.50"'), ["A", "-47.50"]),
    "score too long": (RAW.replace(b'"47.50"', b'"1234567890"'), ["A", "1234567890"]),
    "score too fine": (RAW.replace(b'"47.50"', b'"1.1234567"'), ["A", "1.1234567"]),
    "score ending in a point": (RAW.replace(b'"47.50"', b'"47."'), ["A", "47."]),
    "score ending in a line": (RAW.replace(b'"47.50"', b'"47\\n"'), ["A", "47"]),
    "score in Arabic digits": (RAW.replace(b'"47.50"', '"٤٧"'.encode()), ["A"]),
    "lone surrogate": (RAW.replace(b'"A"', b'"\\ud800"'), ["surrogate"]),
    "deep nesting": (b"[" * 300_000, ["deep"]),
    "names with control characters": (RAW.replace(b'"47.50"', b'"\\u001b[2J"'), ["A", "x1b"]),
}  # fmt: skip
FAULTS = {name: (encoded(doc), [*says, "INVALID_WAVE"]) for name, (doc, says) in INVALID_WAVES.items()} | UNUSABLE


def test_the_good_one_is_good() -> None:
    """What the faults below are made from is itself accepted by both."""
    assert parse_input(RAW).sha256 == verify.Wave(RAW).sha256


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_an_unusable_input(name: str, tmp_path: Path) -> None:
    """Status 2 from both commands, nothing on standard output, and a printable line that names what is wrong."""
    raw, says = FAULTS[name]
    path = tmp_path / "input.json"
    path.write_bytes(raw)
    result = CliRunner().invoke(allocation, ["solve", str(path)])
    assert (result.exit_code, result.stdout_bytes) == (2, b"")
    greek, english = result.stderr.splitlines()
    assert (greek + english).isprintable() and len(result.stderr) < 800 and re.search("[α-ωά-ώ]{3}", greek)
    for word in says:
        assert word in english
    result = CliRunner().invoke(allocation, ["verify", str(path), str(path)])
    assert (result.exit_code, result.stdout_bytes) == (2, b"")
    assert result.stderr.startswith("THE INPUT IS UNUSABLE: ") and result.stderr.strip().isprintable()


@pytest.mark.parametrize("name", sorted(INVALID_WAVES))
def test_an_invalid_wave_is_told_from_other_faults(name: str) -> None:
    """Step 1 of the rule has an error of its own, with the message's parts apart for a translation."""
    with pytest.raises(InvalidWave) as caught:
        parse_input(encoded(INVALID_WAVES[name][0]))
    assert caught.value.slug == "INVALID_WAVE" and "%(" in caught.value.msgid and caught.value.params


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, step)
        if isinstance(inner, (dict, list)):
            yield from places(inner, (*path, step))


@pytest.mark.parametrize(
    "value", [None, True, 0, -1, 3, 1.5, 1e999, 10**400, "", "open", "7", "special", [], ["x"], {}]
)
def test_solver_and_verifier_accept_the_same_inputs(value: Any) -> None:
    """With any value in any place both accept the input or both refuse it; where accepted, the result verifies."""
    accepted = 0
    for path in places(GOOD):
        doc = edited(*path, to=value)
        raw = encoded(doc)
        try:
            parse_input(raw)
        except UnusableInput:
            with pytest.raises(verify.Wrong):
                verify.Wave(raw)
        else:
            assert verify.verify(verify.Wave(raw), io.BytesIO(outcome_of(doc)))
            accepted += 1
    assert accepted or value not in (3, "7")


def test_what_may_be_left_out() -> None:
    """block_size is 10, submission 1, university_blocks 0, and no region has a cap, where the file is silent."""
    data = parse_input(encoded(document([kit("k", 1)], [school("A", "5", "k")])))
    assert data.wave.block_size == 10 and data.wave.kits[0].university_blocks == 0
    assert not data.wave.kits[0].open_region_cap and data.applicants[0].submission == 1


def test_the_written_input_reads_as_the_same_wave() -> None:
    """canonical_input and parse_input are each other's inverse, and what is written is canonical."""
    import random

    for number in range(100):
        data = parse_input(encoded(random_document(random.Random(number))))
        written = canonical_input(data.wave, data.applicants)
        again = parse_input(written)
        assert (again.wave, again.applicants) == (data.wave, data.applicants)
        assert canonical_input(again.wave, again.applicants) == written
        assert written == json.dumps(
            json.loads(written), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode() + b"\n"  # fmt: skip


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_commands_over_files(name: str, tmp_path: Path) -> None:
    """solve writes the outcome to standard output with status 0, verify accepts it, and refuses it once changed."""
    (tmp_path / "in.json").write_bytes(encoded(EXAMPLES[name]["input"]))
    solved = CliRunner().invoke(allocation, ["solve", str(tmp_path / "in.json")])
    assert (solved.exit_code, solved.stderr) == (0, "")
    assert solved.stdout_bytes == outcome_of(EXAMPLES[name]["input"])
    (tmp_path / "out.json").write_bytes(solved.stdout_bytes)
    verified = CliRunner().invoke(allocation, ["verify", str(tmp_path / "in.json"), str(tmp_path / "out.json")])
    assert verified.exit_code == 0 and verified.stdout.startswith("VERIFIED")
    (tmp_path / "out.json").write_bytes(solved.stdout_bytes.replace(b'"units":1', b'"units":2', 1))
    refused = CliRunner().invoke(allocation, ["verify", str(tmp_path / "in.json"), str(tmp_path / "out.json")])
    assert refused.exit_code == 1 and refused.stdout == "" and "units" in refused.stderr


@pytest.mark.parametrize(
    "arguments", [["solve", "absent.json"], ["solve", "."], ["verify", "absent.json", "x"], ["solve"]]
)
def test_no_file(arguments: list[str]) -> None:
    """A file that cannot be read is an unusable input, not a traceback."""
    result = CliRunner().invoke(allocation, arguments)
    assert (result.exit_code, result.stdout) == (2, "") and result.stderr


def test_the_commands_need_neither_web_nor_database() -> None:
    """Whoever audits runs the commands without loading the service: neither Litestar nor Piccolo is imported."""
    import subprocess

    code = "import sys, stem_logistics.allocation.cli; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "click" in loaded
    for name in ("litestar", "piccolo", "asyncpg", "jinja2", "pydantic"):
        assert f"'{name}'" not in loaded
