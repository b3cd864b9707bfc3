"""From the bytes of an input file to `AllocationInput`, and back. Every fault names its place and figures.

Levels, regions and categories are the wave's own words: any text. A category or level that stands twice in
one list means what it means once; ids that name a thing (kits, lines, submissions) may not be repeated.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from stem_logistics.allocation.canonical import canonical_chunks, canonical_digest, strict_json
from stem_logistics.allocation.errors import N_, InvalidWave, UnusableInput, quoted
from stem_logistics.allocation.model import (
    DEFAULT_BLOCK_SIZE,
    OPEN,
    UNIVERSITY,
    AllocationInput,
    Applicant,
    Kit,
    Line,
    Wave,
    score_text,
    score_value,
)

_SCORE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_TEXTS = ("reserve_rule", "tie_break", "duplicates")
_APPLICANT_ALL = frozenset(("id", "submission", "level", "region", "categories", "score", "preferences"))
_APPLICANT_NEEDED = _APPLICANT_ALL - {"submission"}


def parse_input(data: bytes) -> AllocationInput:
    """Read and validate an input file.

    Args:
        data: the file's bytes, UTF-8 JSON.

    Raises:
        UnusableInput: it is not JSON, has an unknown, repeated or missing key, or a value of a wrong type.
        InvalidWave: it breaks step 1 of the rule; names the kit or applicant and the figures.
    """
    document = _object(strict_json(data), "input", ("wave", "applicants"))
    wave = _wave(document["wave"])
    applicants = _applicants(document["applicants"], frozenset(kit.id for kit in wave.kits))
    found = AllocationInput(wave, applicants, canonical_digest(document))
    if len(found.counting) != len(applicants):
        _refuse_repeated(applicants)
    return found


def canonical_input(wave: Wave, applicants: Iterable[Applicant]) -> bytes:
    """The file to publish for a wave and its applicants: canonical JSON and a newline.

    Reading it with `parse_input` validates it and gives the same wave and applicants.
    """
    rules: dict[str, Any] = {
        "seed": wave.seed,
        "block_size": wave.block_size,
        "kits": [
            {
                "id": kit.id,
                "stock": kit.stock,
                "levels": sorted(kit.levels),
                "reserves": [
                    {"id": line.id, "any_of": sorted(line.any_of), "places": line.places} for line in kit.reserves
                ],
                "open_region_cap": dict(kit.open_region_cap or {}),
                "university_blocks": kit.university_blocks,
            }
            for kit in wave.kits
        ],
    }
    rules |= {name: text for name in _TEXTS if (text := getattr(wave, name)) is not None}
    rows = [
        {
            "id": a.id,
            "submission": a.submission,
            "level": a.level,
            "region": a.region,
            "categories": list(a.categories),
            "score": score_text(a.score),
            "preferences": list(a.preferences),
        }
        for a in applicants
    ]
    return b"".join(canonical_chunks({"wave": rules, "applicants": rows})) + b"\n"


def _object(value: object, where: str, needed: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnusableInput(N_("%(where)s must be an object, not %(value)s."), where=where, value=quoted(value))
    needed = tuple(needed)
    for key in needed:
        if key not in value:
            raise UnusableInput(N_("%(where)s lacks the key %(key)s."), where=where, key=quoted(key))
    for key in value:
        if key not in needed and key not in optional:
            raise UnusableInput(N_("%(where)s has the unknown key %(key)s."), where=where, key=quoted(key))
    return value


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise UnusableInput(N_("%(where)s must be a list, not %(value)s."), where=where, value=quoted(value))
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise UnusableInput(N_("%(where)s must be text, not %(value)s."), where=where, value=quoted(value))
    return value


def _texts(value: object, where: str) -> tuple[str, ...]:
    return tuple(_text(item, f"{where}[]") for item in _list(value, where))


def _number(value: object, where: str) -> int:
    if type(value) is not int:  # True is an int to Python, not to JSON
        raise InvalidWave(
            N_("%(where)s must be a whole number (no percentage, no fraction), not %(value)s."),
            where=where, value=quoted(value),
        )  # fmt: skip
    if value < 0:
        raise InvalidWave(N_("%(where)s is negative: %(value)s."), where=where, value=quoted(value))
    return value


def _wave(raw: object) -> Wave:
    fields = _object(raw, "wave", ("seed", "kits"), ("block_size", *_TEXTS))
    block_size = _number(fields.get("block_size", DEFAULT_BLOCK_SIZE), "wave.block_size")
    texts = {name: _text(fields[name], f"wave.{name}") for name in _TEXTS if name in fields}
    if texts.get("reserve_rule", "minimum_guarantee") != "minimum_guarantee":
        raise InvalidWave(
            N_('wave.reserve_rule can only be "minimum_guarantee", not %(value)s.'),
            value=quoted(texts["reserve_rule"]),
        )
    kits = tuple(_kit(kit, n, block_size) for n, kit in enumerate(_list(fields["kits"], "wave.kits"), 1))
    seen: set[str] = set()
    for kit in kits:
        if kit.id in seen:
            raise InvalidWave(N_("The kit %(kit)s is repeated."), kit=quoted(kit.id))
        seen.add(kit.id)
    return Wave(_text(fields["seed"], "wave.seed"), kits, block_size, **texts)


def _kit(raw: object, number: int, block_size: int) -> Kit:
    where = f"wave.kits[#{number}]"
    fields = _object(raw, where, ("id", "stock", "levels", "reserves"), ("open_region_cap", "university_blocks"))
    name = _text(fields["id"], f"{where}.id")
    where = f"wave.kits[{quoted(name)}]"
    stock = _number(fields["stock"], f"{where}.stock")
    blocks = _number(fields.get("university_blocks", 0), f"{where}.university_blocks")
    raw_caps = fields.get("open_region_cap", {})
    if not isinstance(raw_caps, dict):
        raise UnusableInput(
            N_("%(where)s must be an object, not %(value)s."),
            where=f"{where}.open_region_cap", value=quoted(raw_caps),
        )  # fmt: skip
    caps = {region: _number(cap, f"{where}.open_region_cap[{quoted(region)}]") for region, cap in raw_caps.items()}
    reserves = tuple(_line(line, where) for line in _list(fields["reserves"], f"{where}.reserves"))
    seen: set[str] = set()
    for line in reserves:
        if line.id in seen:
            raise InvalidWave(N_("%(where)s: the line %(line)s is repeated."), where=where, line=quoted(line.id))
        seen.add(line.id)
    reserved = sum(line.places for line in reserves)
    if reserved + blocks * block_size > stock:
        raise InvalidWave(
            N_(
                "%(where)s: %(reserved)s guaranteed places and %(blocks)s blocks of %(size)s for departments make "
                "%(total)s, more than its stock of %(stock)s."
            ),
            where=where, reserved=quoted(reserved), blocks=quoted(blocks), size=quoted(block_size),
            total=quoted(reserved + blocks * block_size), stock=quoted(stock),
        )  # fmt: skip
    levels = frozenset(_texts(fields["levels"], f"{where}.levels"))
    return Kit(name, stock, levels, reserves, caps, blocks)


def _line(raw: object, where: str) -> Line:
    fields = _object(raw, f"{where}.reserves[]", ("id", "any_of", "places"))
    name = _text(fields["id"], f"{where}.reserves[].id")
    if name in (OPEN, UNIVERSITY) or name.startswith(f"{OPEN}@"):
        raise InvalidWave(
            N_("%(where)s: a line cannot be called %(line)s: that name has a meaning of its own."),
            where=where, line=quoted(name),
        )  # fmt: skip
    where = f"{where}.reserves[{quoted(name)}]"
    any_of = frozenset(_texts(fields["any_of"], f"{where}.any_of"))
    if not any_of:
        raise InvalidWave(N_("%(where)s has no category."), where=where)
    return Line(name, any_of, _number(fields["places"], f"{where}.places"))


def _applicants(raw: object, kits: frozenset[str]) -> tuple[Applicant, ...]:
    lists: dict[tuple[str, ...], tuple[str, ...]] = {}  # one copy of each list that many schools share
    words: dict[str, str] = {}
    found = []
    for number, row in enumerate(_list(raw, "applicants"), 1):
        if type(row) is not dict or not (_APPLICANT_NEEDED <= row.keys() <= _APPLICANT_ALL):
            _object(row, f"applicants[#{number}]", sorted(_APPLICANT_NEEDED), ("submission",))
        name = row["id"]
        if type(name) is not str:
            _text(name, f"applicants[#{number}].id")
        level, region, score = row["level"], row["region"], row["score"]
        if type(level) is not str or type(region) is not str:
            _text(level, f"applicants[{quoted(name)}].level")
            _text(region, f"applicants[{quoted(name)}].region")
        if type(score) is not str or not _SCORE.fullmatch(score):
            raise UnusableInput(
                N_(
                    "%(where)s must be text such as \"47.50\" (at most 9 digits, then 6 after the point), "
                    "not %(value)s."
                ),
                where=f"applicants[{quoted(name)}].score", value=quoted(score),
            )  # fmt: skip
        submission = row.get("submission", 1)
        if type(submission) is not int or submission < 0:
            _number(submission, f"applicants[{quoted(name)}].submission")
        categories, wishes = row["categories"], row["preferences"]
        if type(categories) is not list or not all(type(c) is str for c in categories):
            _texts(categories, f"applicants[{quoted(name)}].categories")
        if type(wishes) is not list or not all(type(w) is str for w in wishes):
            _texts(wishes, f"applicants[{quoted(name)}].preferences")
        if wishes and (len(set(wishes)) != len(wishes) or not kits.issuperset(wishes)):
            _refuse_preferences(name, wishes, kits)
        groups, listed = tuple(categories), tuple(wishes)
        found.append(
            Applicant(
                name,
                submission,
                words.setdefault(level, level),
                words.setdefault(region, region),
                lists.setdefault(groups, groups),
                score_value(score),
                lists.setdefault(listed, listed),
            )
        )
    return tuple(found)


def _refuse_preferences(name: str, wishes: list[str], kits: frozenset[str]) -> None:
    seen: set[str] = set()
    for wish in wishes:
        if wish not in kits:
            raise InvalidWave(
                N_("Applicant %(id)s: the preference %(kit)s is not a kit of the wave."),
                id=quoted(name),
                kit=quoted(wish),
            )
        if wish in seen:
            raise InvalidWave(
                N_("Applicant %(id)s: the preference %(kit)s is repeated."), id=quoted(name), kit=quoted(wish)
            )
        seen.add(wish)


def _refuse_repeated(found: Sequence[Applicant]) -> None:
    seen: set[tuple[str, int]] = set()
    for a in found:
        if (a.id, a.submission) in seen:
            raise InvalidWave(
                N_("Applicant %(id)s stands twice with submission %(submission)s."),
                id=quoted(a.id), submission=quoted(a.submission),
            )  # fmt: skip
        seen.add((a.id, a.submission))
