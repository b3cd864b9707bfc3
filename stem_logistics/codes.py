"""Public codes: what people see, type and scan instead of ids. Eight characters, the last one a check.

The alphabet has 31 letters and digits without 0, 1, I, L, O, so that a code read aloud or off a bad print has one
spelling; 31 is prime, so a weighted sum modulo 31 finds every single wrong character and every swap of two
characters. Greek capitals that look Latin are read as the Latin ones: phones here have Greek keyboards.
"""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_GREEK = str.maketrans("ΑΒΕΖΗΚΜΝΡΤΥΧ", "ABEZHKMNPTYX")


def check_character(body: str) -> str:
    """The check character of a code's body (any length below 31)."""
    total = sum((position + 1) * _VALUE[character] for position, character in enumerate(body))
    return ALPHABET[total % len(ALPHABET)]


def new_code(prefix: str) -> str:
    """A fresh random code that begins with `prefix` (one or two letters of the alphabet: K kit, C consignment …)."""
    body = prefix + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH - 1 - len(prefix)))
    return body + check_character(body)


def parse_code(typed: str) -> str | None:
    """The code that was typed, or None when it cannot be one.

    Case, blanks, hyphens and Greek look-alikes are forgiven; a wrong check character is not.
    """
    folded = "".join(typed.upper().split()).replace("-", "").translate(_GREEK)
    if len(folded) != LENGTH or any(character not in _VALUE for character in folded):
        return None
    return folded if check_character(folded[:-1]) == folded[-1] else None


def shown_code(code: str) -> str:
    """A code as people read it: KXXX-XXXX."""
    return f"{code[:4]}-{code[4:]}" if len(code) == LENGTH else code
