"""Marlin's dialect: only questions leave, any chunking gives the same events, noise is bounded."""

import re
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from device_agents.errors import LocalProtocolError
from device_agents.protocols.marlin import MAX_LINE, MarlinConnection, State
from device_agents.protocols.marlin_commands import (
    BED_OFF,
    EMERGENCY_STOP,
    HOME,
    HOTTEST_C,
    LONGEST_GUARD_S,
    WAKE,
    CommandNotAllowed,
    Order,
    Query,
    checksummed,
    heat_nozzle,
    shut_down_after,
)
from device_agents.protocols.marlin_events import (
    Answer,
    Busy,
    Echoed,
    ErrorReported,
    Event,
    Info,
    Noise,
    ResendRequested,
    Started,
    StrayOk,
    Volunteered,
    Waiting,
)

M115 = (
    b"FIRMWARE_NAME:Marlin 2.0.9.3 (Dec 24 2021 15:14:11) SOURCE_CODE_URL:github.com/MarlinFirmware/Marlin "
    b"PROTOCOL_VERSION:1.0 MACHINE_TYPE:Ender-3 EXTRUDER_COUNT:1 UUID:cede2a2f-41a2-4748-9b12-c55c62f367ff\n"
    b"Cap:EEPROM:1\nCap:AUTOREPORT_TEMP:1\nok\n"
)
SESSION = b"\0\0start\r\necho:Marlin 2.0.9.3\r\nwait\r\necho:busy: processing\r\n" + M115
LINES = st.one_of(
    st.sampled_from(
        [
            b"ok",
            b"ok T:21.3 /0.0",
            b"start",
            b"wait",
            b"Resend: 7",
            b"Error:checksum mismatch, Last Line: 6",
            b"Error:MAXTEMP triggered, system stopped!",
            b"echo:busy: processing",
            b"",
            b"\r",
            b"x" * 2000,
            b"\xff\xfe",
        ]
    ),
    st.binary(max_size=80).map(lambda data: data.replace(b"\n", b"")),
)


def events_of(data: bytes, sizes: Iterable[int] = (), *, asked: Query | None = Query.FIRMWARE) -> list[Event]:
    connection = MarlinConnection()
    if asked:
        connection.query(asked)
    events: list[Event] = []
    start = 0
    for size in sizes:
        events += connection.receive_data(data[start : start + size])
        start += size
    return events + connection.receive_data(data[start:])


@given(st.text(max_size=40))
@example("M104 S200")
@example("M105 S1")
@example("M115\nM104 S200")
@example(" M105")
@example("m105")
@example("G28")
@example("M110 N0")
@example("M112")
def test_nothing_but_questions_can_be_sent(command: str) -> None:
    """Whatever is asked for, the bytes are a question of the list, numbered and checksummed, or there are
    none."""
    connection = MarlinConnection()
    try:
        data = connection.query(command)
    except CommandNotAllowed:
        assert command not in set(Query)
        assert connection.state is State.IDLE
        return
    assert re.fullmatch(rb"N1 (M105|M27|M115|M114|M119|M31|M503)\*\d{1,3}\n", data)


def test_the_module_has_no_other_way_out() -> None:
    """The connection's methods that give bytes ask a question or give an order; beside them there are an empty line
    and the emergency stop."""
    gives_bytes = {
        name
        for name in vars(MarlinConnection)
        if vars(MarlinConnection)[name].__class__.__name__ == "function"
        and vars(MarlinConnection)[name].__annotations__.get("return") is bytes
    }
    assert gives_bytes == {"query", "order", "repeat", "_say", "_ask"}
    assert WAKE == b"\n" and EMERGENCY_STOP == b"\nM112\n"
    assert {query.value for query in Query} == {"M105", "M27", "M115", "M114", "M119", "M31", "M503"}


@given(st.one_of(st.text(max_size=20), st.from_regex(r"[GM]\d{1,3}( [A-Z]-?\d{1,4}){0,3}\n?", fullmatch=True)))
@example("M104 S51")
@example("M104 S-1")
@example("M104 S050")
@example("M104 S5O")
@example("M104 S50 T1")
@example("M104 S50\n")
@example("M109 S50")
@example("M140 S1")
@example("M85 S61")
@example("G28 X")
@example("G1 X10")
@example("M104 S\N{ARABIC-INDIC DIGIT FIVE}")
def test_no_order_leaves_its_bounds(code: str) -> None:
    """Whatever text is made an order of: within the table's bounds, or none."""
    try:
        order = Order(code)
    except CommandNotAllowed:
        return
    data = MarlinConnection().order(order)
    match = re.fullmatch(rb"N1 (?:G28|M140 S0|M85 S(\d+)|M104 S(\d+))\*\d{1,3}\n", data)
    assert match is not None
    assert int(match[1] or 0) <= LONGEST_GUARD_S and int(match[2] or 0) <= HOTTEST_C


def test_orders_are_what_they_say() -> None:
    """The four orders, and one figure too many of each."""
    codes = [order.value for order in (HOME, BED_OFF, heat_nozzle(50), heat_nozzle(0), shut_down_after(60))]
    assert codes == ["G28", "M140 S0", "M104 S50", "M104 S0", "M85 S60"]
    for make, figure in ((heat_nozzle, HOTTEST_C + 1), (heat_nozzle, -1), (shut_down_after, LONGEST_GUARD_S + 1)):
        with pytest.raises(CommandNotAllowed):
            make(figure)


def test_reports_that_nobody_asked_for_are_no_answers() -> None:
    """Temperatures and the card's progress in the middle of another answer stand apart; asked for, they are it."""
    told = b" T:21.3 /0.0 B:21.3 /0.0 @:0\nSD printing byte 5/99\nx_min: open\nok\n"
    *volunteered, answer = events_of(told, asked=Query.ENDSTOPS)[:2] + events_of(told, asked=Query.ENDSTOPS)[-1:]
    assert volunteered == [Volunteered("T:21.3 /0.0 B:21.3 /0.0 @:0"), Volunteered("SD printing byte 5/99")]
    assert answer == Answer(Query.ENDSTOPS, ("x_min: open",), "")
    assert events_of(told, asked=None)[0] == volunteered[0]
    asked = events_of(b" T:21.3 /0.0 @:0\nok\n", asked=Query.TEMPERATURES)
    assert asked[-1] == Answer(Query.TEMPERATURES, ("T:21.3 /0.0 @:0",), "")


def test_the_checksum_is_marlins() -> None:
    """The exclusive-or of the line's bytes, as in the documentation's own example."""
    assert checksummed("N3 M105") == b"N3 M105*36\n"


@given(st.lists(st.integers(min_value=0, max_value=40), max_size=60))
def test_any_chunking_of_a_session_gives_the_same_events(sizes: list[int]) -> None:
    """Where the pieces end makes no difference."""
    assert events_of(SESSION, sizes) == events_of(SESSION)


@given(
    st.lists(LINES, max_size=12),
    st.lists(st.integers(min_value=0, max_value=300), max_size=40),
    st.booleans(),
)
def test_any_chunking_of_anything_gives_the_same_events(lines: list[bytes], sizes: list[int], asked: bool) -> None:
    """The same for noise, overlong lines and nonsense; and the buffer stays bounded."""
    data = b"\n".join(lines)
    query = Query.TEMPERATURES if asked else None
    assert events_of(data, sizes, asked=query) == events_of(data, asked=query)
    connection = MarlinConnection()
    connection.receive_data(data)
    assert len(connection._buffer) <= MAX_LINE


@pytest.mark.parametrize("length", range(len(M115)))
def test_a_cut_answer_is_no_answer(length: int) -> None:
    """Up to the very last byte nothing is an `Answer`."""
    assert not any(isinstance(event, Answer) for event in events_of(M115[:length]))


def test_a_session_as_marlin_speaks_it() -> None:
    """Start, chatter, then the answer with its lines, `echo:` taken off."""
    connection = MarlinConnection()
    greeting = SESSION.removesuffix(M115)
    assert connection.receive_data(greeting) == [
        Started(),
        Info("Marlin 2.0.9.3"),
        Waiting(),
        Busy("processing"),
    ]
    connection.query("M115")
    answer = connection.receive_data(M115)[-1]
    assert isinstance(answer, Answer)
    assert answer.query is Query.FIRMWARE
    assert answer.lines[1:] == ("Cap:EEPROM:1", "Cap:AUTOREPORT_TEMP:1")
    assert not answer.unknown


def test_a_refused_line_is_asked_again_under_the_expected_number() -> None:
    """`Resend: 9` renumbers; the `ok` that follows it is no answer."""
    connection = MarlinConnection()
    assert connection.query("M105") == checksummed("N1 M105")
    events = connection.receive_data(b"Error:Line Number is not Last Line Number+1, Last Line: 8\nResend: 9\nok\n")
    assert [type(event) for event in events] == [ErrorReported, ResendRequested, StrayOk]
    assert connection.repeat() == checksummed("N9 M105")
    (answer,) = connection.receive_data(b"ok T:21.3 /0.0 B:21.3 /0.0 @:0\n")
    assert isinstance(answer, Answer) and answer.text.startswith("T:21.3")
    assert connection.query("M27") == checksummed("N10 M27")


@pytest.mark.parametrize(
    "text",
    [
        "Error:MAXTEMP triggered, system stopped! Heater_ID: 0",
        "Error:Thermal Runaway, system stopped! Heater_ID: bed",
        "Error:Printer halted. kill() called!",
        "!! Lost communication with MCU 'mcu'",
        "fatal: Heater/sensor error - Printer stopped and heaters disabled due to this error.",
    ],
)
def test_a_stopped_firmware_is_asked_nothing_more(text: str) -> None:
    """A fatal error halts the conversation; only `start` begins another, with line numbers from 1."""
    connection = MarlinConnection()
    connection.query("M105")
    (event,) = connection.receive_data(text.encode() + b"\n")
    assert isinstance(event, ErrorReported) and event.fatal
    connection.receive_data(b"ok\n")
    with pytest.raises(LocalProtocolError):
        connection.query("M105")
    connection.receive_data(b"start\n")
    assert connection.query("M105") == checksummed("N1 M105")


@pytest.mark.parametrize(
    "text",
    [
        "checksum mismatch, Last Line: 3",
        "No Checksum with line number, Last Line: 3",
        "expected line 4 got 5, the line was stopped",
    ],
)
def test_a_complaint_about_a_line_is_not_the_end(text: str) -> None:
    """The firmware asks again and goes on."""
    (event,) = events_of(f"Error:{text}\n".encode())
    assert event == ErrorReported(text, fatal=False, about_line=True)


def test_a_restart_while_a_question_is_open() -> None:
    """The question is lost with the restart: what comes later is no answer to it."""
    assert events_of(b"start\nok\n") == [Started(), StrayOk()]


def test_our_own_line_coming_back_is_an_echo() -> None:
    """A wire that repeats what it hears is no printer."""
    connection = MarlinConnection()
    assert connection.receive_data(connection.query("M105")) == [Echoed()]
    assert connection.state is State.ASKED


def test_an_answer_that_comes_too_late_answers_nothing() -> None:
    """After `give_up` the old answer is a stray `ok`."""
    connection = MarlinConnection()
    connection.query("M105")
    connection.give_up()
    assert connection.receive_data(b"ok T:21.3 /0.0\n") == [StrayOk()]


def test_noise_is_counted_not_kept() -> None:
    """A megabyte without a line end costs a kilobyte, and is told once as one event."""
    connection = MarlinConnection()
    assert connection.receive_data(b"\x80" * 1_000_000) == []
    assert len(connection._buffer) <= MAX_LINE
    assert connection.receive_data(b"\n") == [Noise(1_000_000)]
    assert connection.unreadable == 1_000_000


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("call", ["query", "repeat"])
def test_illegal_calls_are_refused(state: State, call: str) -> None:
    """Every pair of state and call that the table does not allow raises, and sends nothing."""
    connection = MarlinConnection()
    if state is not State.IDLE:
        connection.query("M105")
    if state is State.REFUSED:
        connection.receive_data(b"Resend: 1\n")
    if state is State.HALTED:
        connection.receive_data(b"!! stopped\n")
    assert connection.state is state
    allowed = {("query", State.IDLE), ("repeat", State.REFUSED)}
    arguments = ["M105"] if call == "query" else []
    if (call, state) in allowed:
        assert getattr(connection, call)(*arguments)
    else:
        with pytest.raises(LocalProtocolError):
            getattr(connection, call)(*arguments)
