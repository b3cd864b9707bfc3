"""What was found on the table against what the list says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_agents.desk import kit_code, read_target
from device_agents.errors import BadArguments, NotTheService
from device_agents.kitlist import Found, KitList, Row, Status, match, read_list, serials_of, verdict_of
from firmware_checks.verdicts import Verdict
from tests.device_agents.reports import make_report

NAME = {"el": "micro:bit", "en": "micro:bit"}
LIST = KitList.model_validate(
    {
        "format": "stem-kit-list/1",
        "kit": "KABC2345",
        "title": {"el": "Σετ micro:bit", "en": "micro:bit kit"},
        "lines": [
            {"item": "microbit", "name": NAME, "kind": "microbit", "quantity": 2, "serials": ["9900AA", "9900BB"]},
            {"item": "bee-bot", "name": NAME, "kind": "bee-bot", "quantity": 2},
        ],
    }
)


def found(kind: str | None, *serials: str, verdict: Verdict = Verdict.PASS) -> Found:
    return Found("/dev/ttyACM0", kind, serials, make_report(kind, verdict))


def shown(rows: list[Row]) -> list[tuple[str, str | None, str]]:
    return [(row.status.value, row.kind, row.serial) for row in rows]


def test_a_whole_kit_passes() -> None:
    """Each device on the list found and well: PASS; the number's case and blanks do not matter."""
    rows = match(LIST, [found("microbit", "9900bb"), found("bee-bot"), found("microbit", " 9900 AA"), found("bee-bot")])
    assert [row.status for row in rows] == [Status.FOUND] * 4 and verdict_of(rows) is Verdict.PASS
    assert rows[0].serial == "9900BB"


def test_missing_foreign_and_without_number() -> None:
    """What is not there, what is not the kit's, and what does not say which one it is are told apart."""
    rows = match(
        LIST, [found("microbit", "9900AA"), found("microbit", "9904ZZ"), found("microbit"), found("arduino-avr")]
    )
    assert shown(rows) == [
        ("found", "microbit", "9900AA"),
        ("foreign", "microbit", "9904ZZ"),
        ("without-number", "microbit", ""),
        ("foreign", "arduino-avr", ""),
        ("missing", "microbit", "9900BB"),
        ("missing", "bee-bot", ""),
        ("missing", "bee-bot", ""),
    ]
    assert verdict_of(rows) is Verdict.MISMATCH


def test_a_number_counts_once() -> None:
    """The same number twice is one device of the kit and one that is there twice, also off the list; never a PASS."""
    rows = match(LIST, [found("microbit", "9900AA"), found("microbit", "9900AA"), found("bee-bot", "9900AA")])
    assert [row.status.value for row in rows][:3] == ["found", "twice", "found"]
    assert verdict_of(rows[:3]) is Verdict.MISMATCH
    rows = match(
        LIST, [found("bee-bot", "7"), found("bee-bot", " 7"), found("arduino-avr", "x"), found("arduino-avr", "X")]
    )
    assert [row.status.value for row in rows][:4] == ["found", "twice", "foreign", "twice"]


def test_a_shared_default_beside_a_label_is_not_twice() -> None:
    """Two printers with the firmware's default UUID are told apart by their labels, in any order."""
    rows = match(LIST, [found("bee-bot", "P1", "cede"), found("bee-bot", "P2", "cede")])
    assert [row.status.value for row in rows][:2] == ["found", "found"]


def test_a_number_of_another_kind_does_not_match() -> None:
    """A number belongs to its kind."""
    assert match(LIST, [found("arduino-avr", "9900AA")])[0].status is Status.FOREIGN


def test_any_of_a_devices_numbers_matches() -> None:
    """A label, USB's number and the chip's own are numbers of one device."""
    assert match(LIST, [found("microbit", "unknown", "9900AA")])[0].status is Status.FOUND


def test_what_could_not_be_checked_is_no_pass() -> None:
    """A port without a report stays visible and decides nothing good."""
    rows = match(LIST, [Found("/dev/ttyACM0", "microbit", (), None)])
    assert rows[0].status is Status.UNUSABLE and rows[0].verdict is Verdict.INCONCLUSIVE


devices = st.lists(
    st.builds(
        found,
        st.sampled_from(["microbit", "bee-bot", "arduino-avr"]),
        st.sampled_from(["9900AA", "9900BB", "other", "x"]),
        verdict=st.sampled_from(list(Verdict)),
    )
    | st.builds(found, st.sampled_from(["microbit", "bee-bot", "arduino-avr"])),
    max_size=8,
)


@given(devices)
def test_nothing_is_lost_or_invented(things: list[Found]) -> None:
    """Every device has one row, every place on the list is found or missing once, and PASS needs them all."""
    rows = match(LIST, things)
    assert [row.found for row in rows[: len(things)]] == things
    assert all(row.status is Status.MISSING and row.found is None for row in rows[len(things) :])
    for line in LIST.lines:
        assert sum(row.line == line for row in rows) == line.quantity
    if verdict_of(rows) is Verdict.PASS:
        assert len(rows) == 4 and all(row.found and row.found.report for row in rows)


def test_the_numbers_of_a_report() -> None:
    """USB's number comes first, then what the device says; a UUID of zeros is no number."""
    assert serials_of(make_report(serial="75735303", unique_id="ab12")) == ("75735303", "ab12")
    assert serials_of(make_report(uuid="00000000-0000-0000-0000-000000000000")) == ()


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format":"stem-kit-list/9"}', b"<html>sign in</html>"])
def test_what_is_no_list_is_told(content: bytes) -> None:
    """A captive portal's page or another service's answer is not a list."""
    with pytest.raises(NotTheService):
        read_list(content, "https://x")


@pytest.mark.parametrize(
    ("given_text", "port", "kind", "label"),
    [
        ("/dev/ttyACM0", "/dev/ttyACM0", None, ""),
        ("COM3=arduino-avr", "COM3", "arduino-avr", ""),
        ("socket://127.0.0.1:7000=arduino-avr:9900 AA", "socket://127.0.0.1:7000", "arduino-avr", "9900 AA"),
        ("bee-bot:BEE 0413", "", "bee-bot", "BEE 0413"),
        ("bee-bot", "", "bee-bot", ""),
        ("=bee-bot:7", "", "bee-bot", "7"),
        ("COM3=auto", "COM3", None, ""),
        ("rfc2217://host:1?a=b", "rfc2217://host:1?a=b", None, ""),
    ],
)
def test_how_a_target_is_written(given_text: str, port: str, kind: str | None, label: str) -> None:
    """Port, kind and label are told apart, URLs included."""
    target = read_target(given_text)
    assert (target.port, target.kind.slug if target.kind else None, target.label) == (port, kind, label)


@pytest.mark.parametrize("given_text", ["COM3=toaster", "=arduino-avr", ""])
def test_what_is_no_target(given_text: str) -> None:
    """An unknown kind or no port is a fault of the command line."""
    with pytest.raises(BadArguments):
        read_target(given_text)


def test_a_kits_code_as_people_type_it() -> None:
    """Hyphens, blanks, small letters and Greek look-alikes are forgiven."""
    assert kit_code("kabc-2345") == kit_code(" ΚΑBC 2345") == "KABC2345"
    with pytest.raises(BadArguments):
        kit_code("../../etc")
