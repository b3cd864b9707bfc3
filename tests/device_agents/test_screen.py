"""The station's screen: what it says is what the engine knows, in both languages, by the keyboard alone."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from device_agents.desk import Checked
from device_agents.kitlist import Found, KitList, Status
from device_agents.messages import LANGUAGES, text
from device_agents.screen.parts import Tile
from device_agents.screen.scanning import meaning, readings
from device_agents.screen.words import say_device
from device_agents.station.devices import Phase
from firmware_checks.verdicts import Verdict
from tests.device_agents.boxes import (
    MICROBIT,
    OPEN_THERMISTOR,
    UNO,
    Box,
    Silent,
    expecting,
    replayed,
    sighting,
    target,
    timed,
)
from tests.device_agents.reports import make_report
from tests.device_agents.screens import screen

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
GREEK = re.compile("[Α-Ωα-ωάέήίόύώ]")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


async def test_a_box_fills_the_screen(box: Box) -> None:
    """Devices come up as they are plugged in, each with word, shape and reason; the figures and the list follow; what
    is unplugged says so and stays."""
    box.devices = {"u": replayed(UNO), "c": replayed(UNO), "m": replayed(MICROBIT), "p": replayed(OPEN_THERMISTOR)}
    kit = expecting(arduino_avr=["UNO-1", "UNO-2"], microbit=1, printer_marlin=["P-1"])
    async with screen(box, kit) as on:
        assert "Συνδέστε" in on.text("#empty") and on.figure("expected") == 4 and on.figure("missing") == 4
        on.plugs.there = [
            sighting("u", "arduino-avr", "UNO-1"),
            sighting("c", "arduino-avr", "UNO-1"),
            sighting("m", "microbit"),
            sighting("p", "printer-marlin", "P-1"),
        ]
        await on.until(lambda: on.figure("found") == 3, "the verdicts")
        assert "good" in on.tile(1) and "UNO-1" in on.tile(1) and "✔ Εντάξει" in on.tile(1)
        assert "warn" in on.tile(2) and "διπλός αριθμός" in on.tile(2)
        assert "bad" in on.tile(4) and "✖ Βλάβη" in on.tile(4) and "αισθητήρας" in on.tile(4)
        assert [on.figure(name) for name in ("missing", "twice", "faulty")] == [1, 1, 1]
        assert "UNO-2" in on.text("#list") and "Διπλός αριθμός (1)" in on.text("#list")
        await on.press("down")  # the device below, with all of its words
        assert on.app.selected == 3 or on.app.selected == 2
        on.plugs.there = on.plugs.there[1:]
        await on.until(lambda: "gone" in on.tile(1), "the unplugging")
        assert "αποσυνδέθηκε" in on.tile(1) and on.figure("found") == 3


async def test_every_word_changes_its_language(box: Box) -> None:
    """One key, and nothing Greek is left but the button that brings it back."""
    box.devices = {"u": replayed(UNO), "p": replayed(OPEN_THERMISTOR)}
    async with screen(box, expecting(arduino_avr=1)) as on:
        on.plugs.there = [sighting("u", "arduino-avr", "UNO-1"), sighting("p", "printer-marlin", "P-1"), sighting("x")]
        await on.until(lambda: on.figure("foreign") == 1 and "Τι είναι" in on.tile(3))
        await on.press("f2")
        words = [on.tile(number) for number in (1, 2, 3)]
        words += [on.text(where) for where in ("#who", "#line", "#list", "#detail", "#keys")]
        assert "In order" in words[0] and "What is it?" in words[2]
        assert not GREEK.search(" ".join(words).replace("Ελληνικά", ""))
        await on.press("f1")
        assert "Plug the devices in" in on.dialog()
        await on.press("escape", "f2")
        assert "Εντάξει" in on.tile(1)


async def test_nothing_is_opened_before_a_person_has_chosen(box: Box) -> None:
    """A port that says nothing asks; a scan into the open question answers nothing; arrows and Enter do."""
    box.devices = {"p": replayed(OPEN_THERMISTOR)}
    async with screen(box, expecting(printer_marlin=1)) as on:
        on.plugs.there = [sighting("p")]
        await on.until(lambda: "ask" in on.tile(1) if on.app.query(Tile) else False)
        await on.press("enter")
        assert "Συσκευή 1" in on.dialog()
        await on.scan("P-0413")
        await on.press("enter")  # nothing is highlighted yet
        assert on.dialog() and box.opened == []
        await on.press("escape")
        assert not on.dialog() and box.opened == []
        await on.press("enter")
        options = [option.id for option in on.app.screen.query_one("Choices").options]  # type: ignore[attr-defined] # ours
        await on.press(*["down"] * (options.index("printer-marlin") + 1))
        await on.press("enter")
        await on.until(lambda: on.figure("faulty") == 1)
        assert box.opened == ["p"]


async def test_a_checklist_is_gone_through_by_keyboard(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scanning a Bee-Bot's number begins its list; question follows question; a wrong photo is told; it can PASS."""
    (tmp_path / "front.png").write_bytes(PNG)
    monkeypatch.chdir(tmp_path)
    async with screen(box, expecting(bee_bot=["BEE1", "BEE2"])) as on:
        await on.scan("bee1")
        for key in ("body", "charging", "power", "buttons", "drive", "turns", "speaker"):
            question = text("el", f"question.bee-bot.{key}")
            await on.until(lambda question=question: question in on.dialog(), key)  # type: ignore[misc] # a default
            await on.press("down", "enter")
        await on.until(lambda: "φωτογραφία" in on.dialog())
        await on.press("x", "enter")
        assert "δεν διαβάζεται" in on.dialog()
        await on.press("backspace")
        await on.scan("front.png")
        await on.until(lambda: "όνομά σας" in on.dialog())
        await on.scan("Μαρία")
        await on.until(lambda: on.figure("found") == 1)
        assert "✔ Εντάξει" in on.tile(1) and not on.dialog()
        await on.press("f7")  # the one that is left, chosen without a scanner
        assert "χωρίς θύρα" in on.dialog()
        await on.press("down", "enter")
        await on.until(lambda: "BEE2" in on.dialog())
        await on.press("escape")  # later: its tile goes on asking
        await on.pilot.pause(0.3)
        assert not on.dialog() and "ask" in on.tile(2) and on.app.selected == 2
        await on.press("enter")
        await on.until(lambda: bool(on.dialog()))


async def test_what_a_scan_means(box: Box) -> None:
    """A label goes to the device without a number and is filed; a known one shows its device; another kit's code opens
    it after a question; nonsense is told. Also where the keyboard's layout is Greek."""
    box.devices = {"u": replayed(UNO), "v": replayed(UNO)}
    other = KitList.model_validate({**expecting(microbit=2).model_dump(), "kit": "KCDV2345"})
    async with screen(box, expecting(arduino_avr=["UNO1", "UNO2"]), others=[other]) as on:
        on.plugs.there = [sighting("u", "arduino-avr"), sighting("v", "arduino-avr")]
        await on.until(lambda: on.station.view().count(Status.WITHOUT_NUMBER) == 2)
        await on.press("right")
        await on.scan("uno2")
        assert on.figure("found") == 1 and "UNO2" in on.tile(2)
        await on.scan("ΘΝΟ1")  # UNO1 on a Greek layout; the only one left without a number
        assert on.figure("found") == 2 and "UNO1" in on.tile(1)
        await on.scan("UNO2")
        assert on.app.selected == 2
        await on.scan("ΚΨΔΩ2345")  # KCDV2345 on a Greek layout
        assert "KCDV-2345" in on.dialog()
        await on.press("down", "enter")
        await on.until(lambda: "KCDV-2345" in on.text("#who"))
        assert on.figure("expected") == 2 and not on.app.query(Tile) and "21 Νοεμβρίου 2026" in on.text("#notice")
        await on.scan("KZZZ2345")
        await on.press("down", "enter")
        await on.pilot.pause(0.3)
        assert "KCDV-2345" in on.text("#who") and len(box.outbox.all()) == 4


async def test_any_window_will_do(box: Box) -> None:
    """Resized while it works, narrow or low, it shows devices or list and no error; wide, both; the figures always."""
    box.devices = {"u": replayed(UNO), "m": timed(MICROBIT)}
    async with screen(box, expecting(arduino_avr=["UNO-1"], microbit=1)) as on:
        on.plugs.there = [sighting("u", "arduino-avr", "UNO-1"), sighting("m", "microbit")]
        for width, height in ((60, 20), (20, 6), (200, 60), (80, 24)):
            await on.pilot.resize_terminal(width, height)
            await on.pilot.pause(0.2)
            await on.press("up", "down", "tab")
        await on.until(lambda: on.figure("found") == 2)
        assert not on.app.query_one("#side").display and "Βρέθηκαν 2" in on.text("#line")
        await on.press("f4")
        assert on.app.query_one("#side").display and not on.app.query_one("#table").display
        await on.pilot.resize_terminal(140, 44)
        await on.pilot.pause(0.2)
        assert on.app.query_one("#side").display and on.app.query_one("#table").display


async def test_many_devices_in_a_small_window(box: Box) -> None:
    """In a window of 80 by 24 the whole box is told in two lines each, and with room again in large tiles: also where
    nothing has changed but the window."""
    names = [f"u{number}" for number in range(8)]
    box.devices = {name: replayed(UNO) for name in names}
    async with screen(box, expecting(arduino_avr=[name.upper() for name in names]), size=(80, 24)) as on:
        on.plugs.there = [sighting(name, "arduino-avr", name.upper()) for name in names]
        await on.until(lambda: on.figure("found") == 8, limit_s=60)
        tiles = on.app.query_one("#tiles")
        await on.until(lambda: tiles.has_class("dense") and tiles.size.height <= on.app.query_one("#table").size.height)
        assert all("✔ Εντάξει" in on.tile(number) and f"U{number - 1}" in on.tile(number) for number in range(1, 9))
        await on.pilot.resize_terminal(200, 60)
        await on.until(lambda: not tiles.has_class("dense") and on.app.query_one(Tile).size.width > 45)


async def test_leaving_in_mid_check_asks_first(box: Box) -> None:
    """Ctrl-C, F10 and Ctrl-Q ask while something is checked; staying harms nothing; leaving ends with a code and files
    what was seen."""
    box.devices = {"m": Silent}
    async with screen(box, expecting(microbit=1)) as on:
        on.plugs.there = [sighting("m", "microbit")]
        await on.until(lambda: on.station.busy)
        for key in ("ctrl+c", "f10", "ctrl+q"):
            await on.press(key)
            assert "Να τελειώσει" in on.dialog()
            await on.press("escape")
        await on.press("f10", "down", "down", "enter")
        await on.until(lambda: on.app.return_value is not None)
        assert on.app.return_value == 2
    assert not box.open_now and len(box.outbox.all()) == 1


async def test_without_a_network_reports_wait_and_it_says_so(box: Box) -> None:
    """The service does not answer: nothing stops, the number of waiting reports is shown."""
    box.devices = {"u": replayed(UNO)}
    async with screen(box, expecting(arduino_avr=1), send=True) as on:
        on.plugs.there = [sighting("u", "arduino-avr", "UNO-1")]
        await on.until(lambda: "Περιμένουν αναφορές: 1" in on.text("#who"))
        await on.press("f5")
        assert on.figure("found") == 1 and not on.app.bench.courier.post.online


async def test_nothing_is_said_to_be_sent_that_was_not_counted(box: Box) -> None:
    """A report that was kept a moment ago waits, also where the last round of sending left nothing behind."""
    async with screen(box, expecting(arduino_avr=["UNO-1"])) as shown:
        courier = shown.app.bench.courier
        courier.stop()
        courier.post = replace(courier.post, online=True)
        shown.app.redraw()
        await shown.until(lambda: "Όλες οι αναφορές στάλθηκαν" in shown.text("#who"))
        courier.wake(1)
        shown.app.redraw()
        await shown.until(lambda: "Περιμένουν αναφορές: 1" in shown.text("#who"))
        courier.round()
        assert courier.uncounted == 0


def test_every_state_has_its_words(box: Box) -> None:
    """Whatever a device's state and verdict, in each language: a shape, a word, no bare message key."""
    box.devices = {"u": replayed(UNO)}
    station = box.station(expecting(arduino_avr=["UNO-1"]))
    station.add(target("u", "arduino-avr", "UNO-1"))
    assert station.wait(20)
    view = station.view()
    (device,) = view.devices
    words = set()
    for language in LANGUAGES:
        for phase in Phase:
            for verdict in Verdict:
                found = Found("x", "arduino-avr", ("UNO-1",), make_report("arduino-avr", verdict))
                state = replace(device, phase=phase, checked=Checked(found), reason="no-usb-identity")
                said = say_device(view, state, language)
                assert said.shape and said.word and said.tone
                whole = f"{said.word} {said.sentence} {said.next}"
                assert not re.search(r"\b(station|verdict|reason|step|next)\.", whole)
                words.add((language, said.shape, said.word))
    shapes = {(language, shape) for language, shape, _ in words}
    assert len(shapes) == len(words), "every word has a shape of its own"


def test_readings_of_a_line(box: Box) -> None:
    """A Greek layout's letters are read by their keys, and by their looks; a kit's code is not taken for a label."""
    assert "KABC2345" in readings("ΚΑΒΨ2345") and "KABE2345" in readings("ΚΑΒΕ2345")
    view = box.station(expecting(arduino_avr=["UNO 1"], bee_bot=["B-7"])).view()
    assert meaning("b-7", view, 0).act == "checklist" and meaning(" uno  1 ", view, 0).act == "nothing"
    assert meaning("kxyz-2345", view, 0).value == "KXYZ2345" and meaning("kabc2345", view, 0).act == "nothing"
    assert meaning("????", view, 0).act == "nothing" and meaning("Σ" * 500, view, 3).act == "nothing"


def test_the_screen_is_loaded_for_the_station_alone() -> None:
    """No other command pays for the screen's libraries."""
    import subprocess
    import sys

    code = (
        "import sys; from device_agents.cli import main\n"
        "try: main(['check', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit('textual' in sys.modules)"
    )
    begun = time.monotonic()
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL).returncode == 0
    assert time.monotonic() - begun < 20
