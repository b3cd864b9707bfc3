"""Who answers a checklist's questions: a person at the terminal, or a file of answers."""

import hashlib
import json
import sys
from pathlib import Path

from device_agents.conversation import Answer, Question
from device_agents.errors import BadArguments
from device_agents.kinds import AnyKind
from device_agents.messages import text
from device_agents.pump import Nobody, Questioner

_MOST_PHOTO_BYTES = 25 * 1024 * 1024
_MOST_FILE_BYTES = 1024 * 1024


class _FileAnswers:
    def __init__(self, values: dict[str, str], folder: Path, person: Questioner) -> None:
        self._values = values
        self._folder = folder
        self._person = person

    def ask(self, question: Question) -> Answer | None:
        if question.in_person:
            return self._person.ask(question)
        value = self._values.get(question.key)
        return None if value is None else checked_answer(question, value, self._folder)


class _Terminal:
    """Asks on standard error and reads standard input, so that standard output stays the report's."""

    def __init__(self, language: str) -> None:
        self._language = language

    def ask(self, question: Question) -> Answer | None:
        words = text(self._language, f"question.{question.kind}.{question.key}")
        if question.choices:
            labels = (f"{choice}={text(self._language, f'choice.{choice}')}" for choice in question.choices)
            words += " [" + ", ".join(labels) + "]"
        while True:
            print(words, end=" ", file=sys.stderr, flush=True)
            line = sys.stdin.readline()
            if not line.strip():
                return None
            try:
                return checked_answer(question, line.strip(), Path())
            except BadArguments as fault:
                print(text(self._language, f"error.{fault.problem}", fault.params), file=sys.stderr)


def terminal_questioner(language: str) -> Questioner:
    """A person, where there is a terminal; nobody otherwise."""
    return _Terminal(language) if sys.stdin.isatty() else Nobody()


def file_questioner(path: Path, kind: AnyKind, language: str) -> Questioner:
    """The answers of a JSON file: `{"charging": "yes", "photo": "front.jpg", "signature": "…"}`.

    Photos are taken from paths relative to the file. What only a person at the device can answer is asked there.

    Raises:
        BadArguments: the file is missing, is no such JSON, or answers a question that the kind does not ask.
    """
    try:
        if not path.is_file() and path.exists():
            raise BadArguments("answers-unreadable", path=str(path), detail="not a file")
        if path.stat().st_size > _MOST_FILE_BYTES:
            raise BadArguments("answers-unreadable", path=str(path), detail="too large")
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as fault:
        raise BadArguments("answers-unreadable", path=str(path), detail=str(fault)) from fault
    if not isinstance(document, dict):
        raise BadArguments("answers-unreadable", path=str(path), detail="not an object")
    values: dict[str, str] = {}
    known = [question.key for question in kind.questions if not question.in_person]
    for key, value in document.items():
        if key not in known:
            raise BadArguments("unknown-question", question=str(key)[:80], known=", ".join(known) or "—")
        if value is None:
            continue
        if not isinstance(value, str | bool):
            raise BadArguments("answer-not-text", question=key)
        values[key] = ("yes" if value else "no") if isinstance(value, bool) else value
    return _FileAnswers(values, path.parent, terminal_questioner(language))


def checked_answer(question: Question, value: str, folder: Path) -> Answer | None:
    """The answer that `value` is to the question; None where it is empty.

    Raises:
        BadArguments: not one of the choices, or a photo that cannot be read.
    """
    value = value.strip()
    if not value:
        return None
    if question.choices:
        if value not in question.choices:
            choices = ", ".join(question.choices)
            raise BadArguments("not-a-choice", question=question.key, value=value[:80], choices=choices)
        return Answer(value)
    if question.form == "photo":
        return _photo(question, folder / value)
    return Answer(value)


def _photo(question: Question, path: Path) -> Answer:
    try:
        # A device or a pipe has no end, and is no photo.
        data = path.read_bytes() if path.is_file() and path.stat().st_size <= _MOST_PHOTO_BYTES else b""
        path.stat()
    except (OSError, ValueError) as fault:
        raise BadArguments("photo-unreadable", question=question.key, path=str(path)) from fault
    if not _is_photo(data):
        raise BadArguments("not-a-photo", question=question.key, path=str(path))
    return Answer(path.name, len(data), hashlib.sha256(data).hexdigest())


def _is_photo(data: bytes) -> bool:
    jpeg = data.startswith(b"\xff\xd8\xff")
    png = data.startswith(b"\x89PNG\r\n\x1a\n")
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    heic = data[4:8] == b"ftyp"
    return jpeg or png or webp or heic
