"""The envelope: what was signed is what is read, and nothing else passes for it."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from device_agents.envelope import (
    MAX_BYTES,
    READERS,
    Envelope,
    EnvelopeUnreadable,
    Place,
    SignatureWrong,
    canonical,
    read_envelope,
    seal,
)
from device_agents.home import public_bytes
from tests.device_agents.reports import make_report

KEY = Ed25519PrivateKey.generate()
PLACE = Place("AGENT23", 3, "ab" * 32, "KABC2345", "9900Α", "Μαρία")


def sealed(**identity: Any) -> Envelope:
    return seal(make_report(**identity), PLACE, KEY)


def test_what_was_sealed_is_read_and_fits_its_key() -> None:
    """Bytes, fields, report and signature survive the way."""
    envelope = sealed(name="micro:bit «Ά»", temperature=21.25)
    read = read_envelope(envelope.to_bytes())
    read.verify(public_bytes(KEY))
    assert read == envelope and read.read_report() == make_report(name="micro:bit «Ά»", temperature=21.25)
    assert (read.agent, read.sequence, read.previous, read.kit) == ("AGENT23", 3, "ab" * 32, "KABC2345")


def test_another_way_of_writing_it_changes_nothing() -> None:
    """White space, escapes and the order of keys are not what is signed."""
    envelope = sealed()
    content = json.loads(envelope.to_bytes())
    loose = json.dumps(dict(reversed(content.items())), indent=3, ensure_ascii=True).encode()
    read = read_envelope(loose)
    read.verify(public_bytes(KEY))
    assert read.digest() == envelope.digest()


def test_another_agents_key_does_not_fit() -> None:
    """A signature holds for one key only."""
    with pytest.raises(SignatureWrong):
        sealed().verify(public_bytes(Ed25519PrivateKey.generate()))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a JSON document that holds a bare value."""
    if isinstance(value, dict):
        return [p for key, part in value.items() for p in places(part, (*path, key))]
    if isinstance(value, list):
        return [p for number, part in enumerate(value) for p in places(part, (*path, number))]
    return [path]


@given(st.data())
def test_a_change_of_any_single_value_shows(data: st.DataObject) -> None:
    """Whichever value of the document is changed, it is unreadable or its signature is wrong."""
    content = json.loads(sealed(name="x", hot=True, none=None).to_bytes())
    path = data.draw(st.sampled_from(places(content)))
    part = content
    for step in path[:-1]:
        part = part[step]
    old = part[path[-1]]
    new = data.draw(st.sampled_from([None, 0, 1, 2, 21.5, True, "x", "", "FAIL", "KABC2346", "0" * 128]))
    if canonical(new) == canonical(old):
        return
    part[path[-1]] = new
    with pytest.raises((EnvelopeUnreadable, SignatureWrong)):
        read_envelope(canonical(content)).verify(public_bytes(KEY))


@given(st.binary(max_size=400))
def test_garbage_is_refused_and_never_more(data: bytes) -> None:
    """Any bytes are an envelope or `EnvelopeUnreadable`."""
    with pytest.raises(EnvelopeUnreadable):
        read_envelope(data)


def test_every_truncation_is_refused() -> None:
    """An envelope that was cut anywhere is no envelope."""
    whole = sealed().to_bytes()
    for length in range(0, len(whole), 7):
        with pytest.raises(EnvelopeUnreadable):
            read_envelope(whole[:length])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"[" * 100_000, "not-json"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "not-json"),
        (b'{"agent":"A","agent":"B"}', "not-json"),
        (b'{"a":NaN}', "not-json"),
        (b'{"a":1e999}', "not-json"),
        (b'{"a":"\\ud800"}', "not-json"),
        (b'{"a":' + b"9" * 5000 + b"}", "not-json"),
        (b"\xff\xfe{}", "not-json"),
        (b"{}", "envelope-wrong"),
        (b"[]", "envelope-wrong"),
        (b" " * (MAX_BYTES + 1), "too-big"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_input_has_its_problem_named(data: bytes, problem: str) -> None:
    """What is no envelope is refused with the name of its fault, without harm."""
    with pytest.raises(EnvelopeUnreadable) as caught:
        read_envelope(data)
    assert caught.value.problem == problem


def test_an_unknown_schema_is_named_with_those_that_are_read() -> None:
    """A report of a schema that is not among the last three is refused by name."""
    content = json.loads(sealed().to_bytes())
    content["report"]["schema"] = "stem-check/99"
    with pytest.raises(EnvelopeUnreadable) as caught:
        read_envelope(canonical(content)).read_report()
    assert (caught.value.problem, caught.value.place) == ("schema-unknown", "stem-check/99")
    assert all(schema in caught.value.detail for schema in READERS) and len(READERS) <= 3


def test_a_report_that_contradicts_itself_is_refused() -> None:
    """A verdict that does not follow from the steps is named."""
    content = json.loads(sealed().to_bytes())
    content["report"]["verdict"] = "FAIL"
    with pytest.raises(EnvelopeUnreadable) as caught:
        read_envelope(canonical(content)).read_report()
    assert caught.value.problem == "report-wrong"
