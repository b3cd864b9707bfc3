"""The station in a real terminal, before a real board and the real service: as a technician sits in front of it."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from litestar import Litestar

from stem_logistics.db.engine import fetch
from tests.checks.seeding import issue_code, make_kit
from tests.checks.serving import Laptop, free_port, served
from tests.device_agents.terminal import Terminal, terminal
from tests.emulators.arduino import sketch, uno

STEM_CHECK = str(Path(sys.executable).parent / "stem-check")


@asynccontextmanager
async def station(laptop: Laptop, kit: str, ports: Path, *more: str) -> AsyncIterator[Terminal]:
    environment = {**os.environ, "STEM_CHECK_HOME": str(laptop.home / "data"), "STEM_CHECK_LANG": "el"}
    environment["STEM_CHECK_PORTS_FILE"] = str(ports)
    async with terminal([STEM_CHECK, "station", kit, "--no-flash", *more], environment) as shown:
        yield shown


async def passes(shown: Terminal, *words: str) -> None:
    """Wait for the board's PASS. Its bootloader listens for a second, which a busy machine may miss: the screen says
    so then, and to check it again (F3), which is done."""
    for _ in range(5):
        await shown.until_any(("✔ Εντάξει", *words), ("○ Δεν ολοκληρώθηκε",), gone="αποσυνδέθηκε")
        if "✔ Εντάξει" in shown.text:
            return
        shown.press("f3")
        await shown.passing("Ελέγχεται")
    raise AssertionError(f"never in order:\n{shown.text}")


async def reports() -> list[tuple[str, str]]:
    rows = await fetch("SELECT serial_number, verdict FROM check_report ORDER BY id")
    return [(row["serial_number"], row["verdict"]) for row in rows]


@pytest.mark.emulator
async def test_a_technicians_morning(app: Litestar, tmp_path: Path) -> None:
    """A board is plugged in, checked, sent; unplugged and plugged in again without a network it is checked again and
    its report waits; the window changes its size; the language changes; leaving gives the terminal back and says what
    waits; later it is sent, and both reports are there."""
    laptop, ports, port = Laptop(tmp_path / "laptop"), tmp_path / "ports.txt", free_port()
    with uno(sketch()) as board:
        line = f"{board.port}=arduino-avr:UNO-1\n"
        async with served(app, port) as url:
            assert (await laptop.run("enrol", await issue_code(), "--server", url)).code == 0
            kit = await make_kit({"arduino-uno": ("arduino-avr", ["UNO-1", "UNO-2"])})
            async with station(laptop, kit, ports) as shown:
                await shown.until("Αναμένονται", "UNO-2", "Συνδέστε τις συσκευές")
                ports.write_text(line + "COM9=toaster\n")
                await shown.passing("UNO-1", "Ελέγχεται", "Αρχείο θυρών, γραμμή 2")
                await passes(shown, "Όλες οι αναφορές στάλθηκαν")
                sent = await reports()
                assert sent[-1] == ("UNO-1", "PASS")
                ports.write_text("")
                await shown.until("αποσυνδέθηκε")
                shown.press("f10")
                assert await shown.ended() == 2  # UNO-2 is missing
                assert b"\x1b[?1049l" in shown.raw and "Καμία αναφορά δεν περιμένει" in shown.raw.decode()
        async with station(laptop, kit, ports) as shown:
            await shown.until("Χωρίς δίκτυο", "UNO-2")
            ports.write_text(line)
            await passes(shown, "Περιμένουν αναφορές:")
            shown.resize(64, 20)
            await shown.until("Βρέθηκαν 1", "UNO-1", "✔ Εντάξει", gone="UNO-2")  # the list is behind F4
            shown.resize(150, 50)
            await shown.until("UNO-2")
            shown.press("f2")
            await shown.until("✔ In order", "Reports waiting:")
            shown.press("f10")
            assert await shown.ended() == 2 and "Reports that wait:" in shown.raw.decode()
    async with served(app, port):
        assert (await laptop.run("sync")).code == 0
        later = (await reports())[len(sent) :]
        assert later[-1] == ("UNO-1", "PASS") and (await laptop.run("sync")).code == 0
        assert (await reports())[len(sent) :] == later


@pytest.mark.emulator
async def test_a_board_pulled_out_in_mid_check(app: Litestar, tmp_path: Path) -> None:
    """The cable is pulled while the board is asked: the tile says what happened and what to do, its report is kept;
    back on another port the board is the same one, checked again under its number, and both reports arrive."""
    laptop, ports = Laptop(tmp_path / "laptop"), tmp_path / "ports.txt"
    async with served(app, free_port()) as url:
        assert (await laptop.run("enrol", await issue_code(), "--server", url)).code == 0
        kit = await make_kit({"arduino-uno": ("arduino-avr", ["UNO-1"])})
        async with station(laptop, kit, ports) as shown:
            with uno(sketch()) as board:
                board.process.send_signal(signal.SIGSTOP)  # so that its check is not over before the cable is pulled
                ports.write_text(f"{board.port}=arduino-avr:UNO-1\n")
                await shown.passing("UNO-1", "Ελέγχεται")
                board.process.kill()
                await shown.until("○ Δεν ολοκληρώθηκε", "αποσυνδέθηκε", "χάθηκε από τη θύρα")
            with uno(sketch()) as board:
                ports.write_text(f"{board.port}=arduino-avr:UNO-1\n")
                await passes(shown, "Όλες οι αναφορές στάλθηκαν")
            shown.press("f10")
            assert await shown.ended() == 0
        filed = await reports()
        assert filed[0] == ("UNO-1", "INCONCLUSIVE") and filed[-1] == ("UNO-1", "PASS")


@pytest.mark.emulator
async def test_ended_from_outside_in_mid_check(app: Litestar, tmp_path: Path) -> None:
    """A closed lid or a shut-down (SIGTERM) in the middle of a check: it ends in seconds, the port is free, what was
    seen is filed as not complete, the terminal is given back."""
    laptop, ports = Laptop(tmp_path / "laptop"), tmp_path / "ports.txt"
    async with served(app, free_port()) as url:
        assert (await laptop.run("enrol", await issue_code(), "--server", url)).code == 0
        kit = await make_kit({"arduino-uno": ("arduino-avr", ["UNO-1"])})
        with uno(sketch()) as board:
            board.process.send_signal(signal.SIGSTOP)  # so that its check is not over before the program is told to end
            ports.write_text(f"{board.port}=arduino-avr:UNO-1\n")
            async with station(laptop, kit, ports, "--no-sync") as shown:
                await shown.passing("UNO-1", "Ελέγχεται")
                shown.process.terminate()
                assert await shown.ended() == 2
                assert b"\x1b[?1049l" in shown.raw
            board.process.send_signal(signal.SIGCONT)
        assert (await laptop.run("sync")).code == 0
        assert await reports() == [("UNO-1", "INCONCLUSIVE")]


async def test_without_a_terminal_it_says_what_to_do(tmp_path: Path) -> None:
    """In a pipe there is no screen: exit code 3, and the command that serves there."""
    done = await Laptop(tmp_path / "laptop").run("station", "KABC2345")
    assert done.code == 3 and "stem-check check" in done.err
