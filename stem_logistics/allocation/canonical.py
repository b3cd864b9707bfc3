"""Canonical JSON, so that two implementations agree to the byte, and the strict reading of JSON.

Canonical: keys sorted by code point, separators `,` and `:`, no escapes beyond JSON's own, UTF-8.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NoReturn

from stem_logistics.allocation.errors import N_, UnusableInput, quoted

_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def canonical_text(value: object) -> str:
    """The canonical JSON of a value, as text."""
    return _encode(value)


def canonical_chunks(document: dict[str, Any]) -> Iterator[bytes]:
    """The canonical JSON of an object in pieces: a list in it is written item by item, never as a whole.

    Raises:
        UnusableInput: a text holds half of a surrogate pair, which UTF-8 cannot write.
    """
    try:
        opening = "{"
        for key in sorted(document):
            yield f"{opening}{_encode(key)}:".encode()
            opening = ","
            value = document[key]
            if isinstance(value, list) and value:
                yield f"[{_encode(value[0])}".encode()
                for start in range(1, len(value), 1000):
                    yield "".join("," + _encode(item) for item in value[start : start + 1000]).encode()
                yield b"]"
            else:
                yield _encode(value).encode()
        yield b"{}" if opening == "{" else b"}"
    except UnicodeEncodeError:
        raise UnusableInput(N_("A text holds half of a surrogate pair, which is not a character.")) from None


def canonical_digest(document: dict[str, Any]) -> str:
    """SHA-256, in hexadecimal, of an object's canonical JSON (without a newline)."""
    digest = sha256()
    for chunk in canonical_chunks(document):
        digest.update(chunk)
    return digest.hexdigest()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise UnusableInput(N_("The key %(key)s stands twice in one object."), key=quoted(key))
            seen.add(key)
    return found


def _constant(name: str) -> NoReturn:
    raise UnusableInput(N_("%(name)s is not JSON."), name=name)


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant).decode


def strict_json(data: bytes) -> object:
    """Read UTF-8 JSON, refusing what JSON leaves open: repeated keys, NaN, other encodings.

    Raises:
        UnusableInput: with the place of the fault.
    """
    try:
        return _decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UnusableInput(
            N_("Not UTF-8: byte %(place)s cannot be read. Save the file as UTF-8."), place=error.start + 1
        ) from None
    except json.JSONDecodeError as error:
        raise UnusableInput(
            N_("Not JSON: line %(line)s, column %(column)s: %(fault)s."),
            line=error.lineno, column=error.colno, fault=error.msg,
        ) from None  # fmt: skip
    except RecursionError:
        raise UnusableInput(N_("Not usable: nested too deeply.")) from None
    except ValueError:  # Python refuses to read whole numbers of more than 4,300 digits
        raise UnusableInput(N_("Not usable: a number with thousands of digits.")) from None
