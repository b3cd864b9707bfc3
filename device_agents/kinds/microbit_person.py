"""What only a person at the board can see, hear or do (`--with ask`): the board sets the stage, a question is put, and
where the board can tell what was done it is asked, so that a button is tested and not an opinion of it.

Sources: https://microbit-micropython.readthedocs.io/en/latest/button.html (`get_presses` counts since the last call)
and https://microbit-micropython.readthedocs.io/en/v2-docs/ (`pin_logo`, `speaker`, `microphone`, V2 only); the names
and values are those of `modmicrobit.c`, `microbit_pin.c` and `modmusic.c` of MicroPython for micro:bit V2, 2.0.0 to
2.1.2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from device_agents.conversation import Answer, Outcome, Question, failed, inconclusive, passed

SLUG = "microbit"
ASK = "ask"
YES, NO, UNSURE = "yes", "no", "unsure"


def _question(key: str) -> Question:
    return Question(SLUG, key, "choice", (YES, NO, UNSURE))


PROGRAM = _question("program")
"""To the person before a board whose program is silent on the line."""


@dataclass(frozen=True)
class PersonTest:
    """One test: `before` sets the stage and reports under `<name>_on`, `after` clears it and reports under
    `<name>_off`; `judge` is given the answer and what both reported."""

    name: str
    before: str
    after: str
    judge: Callable[[str, tuple[Any, ...], tuple[Any, ...]], Outcome]
    v2: bool = False

    @property
    def question(self) -> Question:
        """What is asked."""
        return _question(self.name)

    def read(self, answer: Answer | None, before: tuple[Any, ...], after: tuple[Any, ...]) -> Outcome:
        """What the answer and the board's reports mean."""
        if answer is None or answer.value == UNSURE:
            return inconclusive("unanswered")
        try:
            return self.judge(answer.value, before, after)
        except (TypeError, ValueError):
            return inconclusive("garbled")


def _lights(answer: str, _before: tuple[Any, ...], _after: tuple[Any, ...]) -> Outcome:
    return passed(answer=answer) if answer == YES else failed("lights-dark")


def _presses(answer: str, _before: tuple[Any, ...], after: tuple[Any, ...]) -> Outcome:
    a, b = after
    if type(a) is not int or type(b) is not int:
        return inconclusive("garbled")
    measured = {"presses_a": a, "presses_b": b}
    if a > 0 and b > 0:
        return passed(**measured)
    if answer != YES:
        return inconclusive("unanswered", measured)
    return failed("button-dead", measured, button=", ".join(name for name, n in (("A", a), ("B", b)) if n <= 0))


def _touched(answer: str, _before: tuple[Any, ...], after: tuple[Any, ...]) -> Outcome:
    (touched,) = after
    if type(touched) is not bool:
        return inconclusive("garbled")
    if touched:
        return passed(touched=True)
    return failed("logo-dead") if answer == YES else inconclusive("unanswered")


def _heard(answer: str, before: tuple[Any, ...], _after: tuple[Any, ...]) -> Outcome:
    quiet, loud = before
    if type(quiet) is not int or type(loud) is not int:
        return inconclusive("garbled")
    measured = {"level_quiet": quiet, "level_loud": loud}
    return passed(**measured) if answer == YES else failed("speaker-silent", measured)


PERSON_TESTS: tuple[PersonTest, ...] = (
    PersonTest(
        "lights",
        "from microbit import *\ndisplay.on()\ndisplay.show(Image(':'.join(['99999']*5)))\nR('lights_on')\n",
        "from microbit import *\ndisplay.show(Image(5,5))\nR('lights_off')\n",
        _lights,
    ),
    PersonTest(
        "presses",
        "from microbit import *\nbutton_a.get_presses()\nbutton_b.get_presses()\nR('presses_on')\n",
        "from microbit import *\nR('presses_off',button_a.get_presses(),button_b.get_presses())\n",
        _presses,
    ),
    PersonTest(
        "touch",
        "from microbit import *\npin_logo.was_touched()\nR('touch_on')\n",
        "from microbit import *\nR('touch_off',pin_logo.was_touched())\n",
        _touched,
        v2=True,
    ),
    PersonTest(
        "sound",
        "from microbit import *\n"
        "import music\n"
        "def n():return max(microphone.sound_level() for i in range(5) if sleep(40) is None)\n"
        "q=n()\n"
        "speaker.on()\n"
        "music.pitch(880,4000,wait=False)\n"
        "R('sound_on',q,n())\n",
        "import music\nmusic.stop()\nR('sound_off')\n",
        _heard,
        v2=True,
    ),
)
QUESTIONS = (PROGRAM, *(test.question for test in PERSON_TESTS))
