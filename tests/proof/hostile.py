"""What nobody sends by accident: values, forms and bodies that look for the place where somebody trusted a browser."""

import random
import re
from html import unescape
from typing import Any
from urllib.parse import quote

PLAIN = r"""
0 -1 1e9 1.5 ٣ ² ½ ９ 99999999999999999999 9223372036854775807 9223372036854775808 2147483648 -2147483649 NaN inf 0x10
1_000 true null None [] {} 00 +1 ' " \ % %% %s %(x)s {0} {{7*7}} ${7*7} <script> -- ; a:* &|!() ../../etc/passwd /
// \\x . .. %2e%2e http://x.example/ javascript:alert(1) =1+1 @x 2026-13-45 0000-00-00 9999-12-31 10000-01-01
0001-01-01T00:00 9999-12-31T23:59 2026-02-30T25:61 2026-11-21T10:00+99:99 31/02/2026 - τρία ΆΈΉ ß ı Ǆ asc -asc -name
name --name code csv xlsx json html CSV
"""
VALUES: tuple[str, ...] = (
    *PLAIN.split(),
    *("", " ", "' OR 1=1 --", "\x00", "a\x00b", "\x01\x02", "\x7f", "\r\n", "\u2028", "\u202eabc", "\ufeff", "\ufffd"),
    *("\U0010ffff", "e\u0301" * 50, "α" * 300, "x" * 5_000, "1" * 5_000, "-" * 400),
)
NAMES: tuple[str, ...] = (
    *("q", "sort", "page", "limit", "after", "before", "format", "region", "directorate", "level", "category", "state"),
    *("kind", "kit", "line", "definition", "batch", "place", "next", "check", "status", "admitted", "actor", "subject"),
    *("id", "action", "remote", "late", "verdict", "wave", "school", "item", "reason", "from", "to", "since", "until"),
    *("layout", "lang", "code", "token", "key", "seen", "offset", "order", "show", "agent", "health", "chain", ""),
)  # fmt: skip
# Bytes that no text encoder gives: surrogates in UTF-8, overlong forms, cut sequences.
RAW: tuple[bytes, ...] = tuple(b"%ED%A0%80 %C0%AF %F5%80%80%80 %CE %FF%FE %00 % %zz + %0d%0a".split())
FILES = (b"", b"\x00" * 50, b"PK\x03\x04", b"\xff\xd8\xff\xe0" + bytes(40), b"a;b\n1;2\n", b"x" * 3000)
FILE_NAMES = ("a.csv", "", "../../x", "\u202e.exe", "α.png")
FORM_KIND = "application/x-www-form-urlencoded"
KINDS = (*(f"multipart/form-data{end}" for end in ("", "; boundary=", "; boundary=x")), "application/json", "x")


def value(rng: random.Random) -> str:
    """One hostile value."""
    return rng.choice(VALUES)


def escaped(rng: random.Random) -> str:
    """One hostile value as it stands in an address or a form: now and then bytes that are no text."""
    if rng.random() < 0.15:
        return rng.choice(RAW).decode()
    return quote(value(rng), safe="")


def query(rng: random.Random) -> str:
    """A query string."""
    pairs = [f"{quote(rng.choice(NAMES))}={escaped(rng)}" for _ in range(rng.randint(0, 5))]
    return "&".join(pairs)


FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL | re.IGNORECASE)
ATTRIBUTE = re.compile(r'\b(name|value|action|method|formaction)="([^"]*)"')
FIELD = re.compile(r"<(?:input|select|textarea|button)\b[^>]*>", re.IGNORECASE)
OPTION = re.compile(r'<option\b[^>]*\bvalue="([^"]*)"')


def forms_of(page: str, here: str) -> list[tuple[str, dict[str, list[str]]]]:
    """The forms of a page that post: where to, and each field's name with values that the page itself knows."""
    found = []
    for match in FORM.finditer(page):
        text = match[0]
        head = dict(ATTRIBUTE.findall(text[: text.index(">") + 1]))
        if head.get("method", "get").lower() != "post":
            continue
        fields: dict[str, list[str]] = {}
        options = [unescape(each) for each in OPTION.findall(text)]
        for tag in FIELD.findall(text):
            attributes = dict(ATTRIBUTE.findall(tag))
            name = unescape(attributes.get("name", ""))
            if name and name != "_csrf_token":
                fields.setdefault(name, []).append(unescape(attributes.get("value", "")))
                if tag.lower().startswith("<select"):
                    fields[name] += options
        found.append((unescape(head.get("action", "")) or here, fields))
    return found


def fields_for(rng: random.Random, fields: dict[str, list[str]]) -> list[tuple[str, str]]:
    """A form filled in with ill will: many fields as the page has them, some hostile, dropped, doubled, invented."""
    given: list[tuple[str, str]] = []
    spite = rng.choice((0.1, 0.3, 0.8))
    for name, known in fields.items():
        chance = rng.random()
        if chance < spite * 0.3:
            continue
        given.append((name, value(rng) if chance < spite else rng.choice(known) or "1"))
        if rng.random() < 0.1:
            given.append((name, value(rng)))
    for _ in range(rng.choice((0, 0, 1, 3))):
        given.append((rng.choice(NAMES) or "x", value(rng)))
    return given


def body(rng: random.Random, fields: dict[str, list[str]], token: str) -> dict[str, Any]:
    """The arguments of a request that sends a form: as a browser would, or as none would."""
    given = [("_csrf_token", token), *fields_for(rng, fields)]
    encoded = "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in given)
    header = {"x-csrftoken": token}
    way = rng.random()
    if way < 0.55:
        return _sent(encoded.encode(), FORM_KIND, header)
    if way < 0.7:
        return _sent(encoded.encode() + b"&" + rng.choice(RAW) + b"=" + rng.choice(RAW), FORM_KIND, header)
    if way < 0.9:
        names = [*fields, "file", "document", "photo-1", "photo-1-1"]
        data: dict[str, list[str]] = {}
        for name, text in given:
            data.setdefault(name, []).append(text)
        upload = (rng.choice(FILE_NAMES), rng.choice(FILES), rng.choice(("text/csv", "image/png", "x", "")))
        return {"data": data, "files": {rng.choice(names): upload}, "headers": header}
    return _sent(rng.choice((encoded.encode(), b"{", b"[]", b"--x\r\n\r\n", b"")), rng.choice(KINDS), header)


def _sent(content: bytes, kind: str, header: dict[str, str]) -> dict[str, Any]:
    return {"content": content, "headers": {"content-type": kind, **header}}
