"""Serial numbers as they are typed, pasted or uploaded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stem_logistics.inventory import rules
from stem_logistics.inventory.rules import Part, decode, read_serials
from stem_logistics.inventory.sentences import SENTENCES

BOARD = Part("microbit", 2, serialised=True)
PRINTER = Part("printer", 1, serialised=True)
CABLE = Part("cable", 5)
SERIAL = st.text(alphabet="ABCDEF0123456789-", min_size=1, max_size=12).map(lambda text: f"S{text}")


@given(st.lists(SERIAL, min_size=2, max_size=20, unique=True).filter(lambda serials: len(serials) % 2 == 0))
def test_a_list_is_dealt_in_order(serials: list[str]) -> None:
    """One number a line: each kit gets its share, none is lost, their order stays."""
    kits = len(serials) // 2
    dealt, faults = read_serials("\n".join(serials), [CABLE, BOARD], kits)
    assert faults == []
    assert [serial for kit in dealt for serial in kit["microbit"]] == serials
    assert all(len(kit["microbit"]) == 2 for kit in dealt)


@given(st.integers(1, 6), st.sampled_from([";", ",", "\t"]), st.randoms(use_true_random=False))
def test_a_table_is_read_in_any_order(kits: int, delimiter: str, random: "object") -> None:
    """The rows of a table may stand in any order and be divided by semicolon, comma or tab."""
    rows = [f"{kit}{delimiter}microbit{delimiter}M-{kit}-{n}" for kit in range(kits) for n in (1, 2)]
    rows += [f"{kit}{delimiter}printer{delimiter}P-{kit}" for kit in range(kits)]
    random.shuffle(rows)  # type: ignore[attr-defined]
    text = "\r\n".join([delimiter.join(rules.HEADER), *rows])
    dealt, faults = read_serials(text, [BOARD, PRINTER, CABLE], kits)
    assert faults == []
    assert sorted(serial for kit in dealt for serial in kit["printer"]) == sorted(f"P-{n}" for n in range(kits))
    for kit in dealt:
        (printer,) = kit["printer"]
        number = printer.removeprefix("P-")
        assert sorted(kit["microbit"]) == [f"M-{number}-1", f"M-{number}-2"]


@pytest.mark.parametrize(
    ("text", "parts", "kits", "expected"),
    [
        ("A1\nA2\nA3", [BOARD], 2, [(0, rules.WRONG_COUNT)]),
        ("A1\nA1", [BOARD], 1, [(2, rules.REPEATED)]),
        ("A1\n" + "x" * 81, [BOARD], 1, [(2, rules.TOO_LONG)]),
        ("A1\nB\x00", [BOARD], 1, [(2, rules.UNPRINTABLE)]),
        ("A1\nA2", [BOARD, PRINTER], 1, [(0, rules.NEEDS_HEADER)]),
        ("kit;item;serial\n1;cable;A", [BOARD, PRINTER], 1, [(2, rules.UNKNOWN_ITEM)]),
        ("kit;item;serial\n1;microbit", [BOARD], 1, [(2, rules.ROW_TOO_SHORT)]),
        ("kit;item;serial\n1;microbit;A", [BOARD], 1, [(2, rules.WRONG_COUNT_IN_KIT)]),
        ("kit;item;serial\n1;microbit;A\n1;microbit;B", [BOARD], 2, [(0, rules.WRONG_KITS)]),
        ("kit;item;serial\n1;microbit;A\n1;microbit;", [BOARD], 1, [(3, rules.UNPRINTABLE)]),
        ("A1", [CABLE], 1, [(0, rules.NONE_NEEDED)]),
        ("", [BOARD], 1, [(0, rules.WRONG_COUNT)]),
    ],
)
def test_each_fault_has_its_row(text: str, parts: list[Part], kits: int, expected: list[tuple[int, str]]) -> None:
    """What is wrong is named, with the row where a row is at fault, and every figure of the message is there."""
    _dealt, faults = read_serials(text, parts, kits)
    found = [(fault.row, fault.slug) for fault in faults]
    assert found == expected
    assert all(SENTENCES[fault.slug] % fault.figures for fault in faults)


def test_kits_without_serial_numbers_need_no_list() -> None:
    """A kit of loose parts comes in without a list; blank lines are not a list."""
    assert read_serials(" \n\n", [CABLE], 3) == ([{}, {}, {}], [])


@given(st.text(max_size=300), st.integers(1, 3))
def test_any_text_gets_an_answer(text: str, kits: int) -> None:
    """Whatever is pasted, the answer is kits or faults, never an exception."""
    dealt, faults = read_serials(text, [BOARD, PRINTER, CABLE], kits)
    assert bool(faults) or len(dealt) == kits
    assert all(SENTENCES[fault.slug] % fault.figures for fault in faults)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1253"])
def test_uploads_are_decoded(encoding: str) -> None:
    """What Greek spreadsheets save is read as it was meant."""
    assert decode("kit;item;serial\nΚιτ 1;microbit;Σ1".encode(encoding)) == "kit;item;serial\nΚιτ 1;microbit;Σ1"
