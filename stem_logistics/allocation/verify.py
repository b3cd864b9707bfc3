"""Check a published outcome against the published input: `python3 verify.py INPUT.json OUTCOME.json`.

One file, standard library only, no line shared with the solver. `certificate` holds each fact of the outcome against
the rule and names the first that is wrong. As cut-offs cannot prove the whole (schools with crossed wishes pass them),
`worked_out` and `rows` find everything anew from the input. Exit status: 0 verified, 1 outcome refused, 2 bad input.
"""

import hashlib
import json
import re
import sys
from bisect import bisect, insort
from collections import Counter, defaultdict, namedtuple
from collections.abc import Collection, Container, Iterator
from functools import lru_cache
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import IO, Any

Json = dict[str, Any]
Place = tuple[int, str]  # minus the score in millionths, then the ticket: smaller is stronger
Fits = tuple[str, ...]  # the reserve lines of a kit that a school fits, in published order
EVERYONE, NOBODY = (1, ""), (-(10**18), "")  # the cut-offs printed as null and "CLOSED"
Cuts = dict[str, dict[str, Place]]  # the cut-offs of each kit's lines
canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
# One submission: its score in millionths, its region as `open@…`, in `asks` the kits that suit, with the lines it fits.
School = namedtuple("School", "id number score region level wishes asks kind")
# What the files look like: `?` marks a key that may be left out, `*` stands for any key.
KIT: Json = {"id": str, "stock": int, "levels": [str], "reserves": [{"id": str, "any_of": [str], "places": int}]}
KIT |= {"?open_region_cap": {"*": int}, "?university_blocks": int}
WAVE = {"seed": str, "kits": [KIT], "?block_size": int, "?reserve_rule": str, "?tie_break": str, "?duplicates": str}
ROW: Json = {"id": str, "?submission": int, "level": str, "region": str, "categories": [str]}
INPUT: Json = {"wave": WAVE, "applicants": [{**ROW, "score": str, "preferences": [str]}]}
OUTCOME: Json = {"input_sha256": str, "allocation": {"*": {"kit": str, "line": str, "units": int}}}
OUTCOME |= {"cutoffs": {"*": {"*": object}}, "reasons": [dict]}


class Wrong(Exception):
    """A file is not what it has to be. In the input: unusable; in the outcome: refused."""


def hold(condition: object, message: str) -> None:
    """Refuse the file unless the condition holds."""
    if not condition:
        raise Wrong(message)


def show(value: object) -> str:
    """A value as it may stand in a message: short, plain ASCII."""
    return str(json.dumps(value))[:200]


def check(value: Any, shape: Any, where: str) -> None:
    """Refuse a value that has not this shape."""
    kind = shape if isinstance(shape, type) else type(shape)
    if kind is not object and type(value) is not kind:  # to JSON, unlike Python, true is not a number
        raise Wrong(f"{where} must be {kind.__name__}, not {show(value)}")
    if isinstance(shape, list):
        for number, item in enumerate(value, 1):
            check(item, shape[0], f"{where}[{number}]")
    elif isinstance(shape, dict):
        lacking = [key for key in shape if key not in value and key[0] not in "?*"]
        for key in lacking or value:
            form = shape.get(key) or shape.get(f"?{key}") or shape.get("*")
            if lacking or not form or (key[:1] == "?" and "*" not in shape):
                raise Wrong(f"{where} {'lacks the' if lacking else 'has the unknown'} key {show(key)}")
            check(value[key], form, f"{where}.{key!a}")


def read(data: bytes, shape: Json, what: str) -> tuple[Any, str]:
    """Strict JSON of a given shape (UTF-8, no repeated key, no NaN, every text writable), and its digest."""

    def fields(pairs: list[tuple[str, Any]]) -> Json:
        if len(found := dict(pairs)) < len(pairs):
            raise Wrong(f"{what}: a key is repeated among {show([key for key, _ in pairs])}")
        return found

    try:
        value = json.loads(data.decode(), object_pairs_hook=fields, parse_constant=int)  # int refuses NaN
        digest = hashlib.sha256(canonical(value).encode()).hexdigest()
    except (ValueError, RecursionError) as error:  # bad UTF-8 or JSON, half a surrogate, too long, too deep
        raise Wrong(f"{what} is not usable JSON: {show(str(error))}") from None
    check(value, shape, what)
    return value, digest


def millionths(score: str, what: str) -> int:
    """The exact value of a score."""
    hold(re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", score), f"{what}: a score is text like 47.5, not {show(score)}")
    whole, _, rest = score.partition(".")
    return int(whole + rest.ljust(6, "0"))


@lru_cache(maxsize=100_000)  # many rows have their cut-offs in common
def printed(place: Place) -> Any:
    """A place or a cut-off as it stands in the file: scores without trailing zeros."""
    if place in (EVERYONE, NOBODY):
        return None if place == EVERYONE else "CLOSED"
    whole, rest = divmod(-place[0], 10**6)
    return {"score": f"{whole}.{rest:06}".rstrip("0").rstrip("."), "ticket": place[1]}


class Choice:
    """The choice of a kit among the schools that ask for it, given in strict order (step 5)."""

    def __init__(self, rules: Json, stock: int, asking: list[tuple[int, Fits]], regions: list[str]) -> None:
        self.spare, self.caps = dict(rules["places"]), rules["caps"]
        self.on: dict[str, dict[Fits, list[int]]] = {line: {} for line in self.spare}  # line -> lines fitted -> who
        reserve, others, hopeless = list[tuple[int, Fits]](), list[tuple[int, Fits]](), set[Fits]([()])
        for school, fits in asking:
            free = next((line for line in fits if self.spare[line]), None)
            line, way = (free, {free: None}) if free is not None or fits in hopeless else self.search(fits)
            (others if line is None else reserve).append((school, fits))
            if line is None:
                hopeless.add(fits)  # a later one that fits the same lines finds no room either
                continue
            self.spare[line] -= 1
            while (before := way[line]) is not None:  # the weakest that can moves on (step 7)
                groups = [group for group, schools in self.on[before].items() if schools and line in group]
                weakest = max(groups, key=lambda group: self.on[before][group][-1])
                insort(self.on[line].setdefault(weakest, []), self.on[before][weakest].pop())
                line = before
            self.on[line].setdefault(fits, []).append(school)
        self.open, self.refused, self.room = list[tuple[int, Fits]](), list[tuple[int, Fits]](), stock - len(reserve)
        self.in_region = Counter[str]()  # how many open places each holds
        for one in others:
            region = regions[one[0]]
            takes = len(self.open) < self.room and self.in_region[region] < self.caps.get(region, stock)
            (self.open if takes else self.refused).append(one)
            self.in_region[region] += takes
        self.held = reserve + self.open

    def search(self, start: Collection[str]) -> tuple[str | None, dict[str, str | None]]:
        """Breadth-first from some lines, along what the schools on them fit: a line with room, and each line's way."""
        queue, way = list(start), dict[str, str | None].fromkeys(start)
        for line in queue:
            if self.spare[line]:
                return line, way
            fits = {d for group, schools in self.on[line].items() if schools for d in group}
            new = [d for d in self.on if d in fits and d not in way]
            way |= dict.fromkeys(new, line)
            queue += new
        return None, way

    def cuts(self, places: list[Place], regions: list[str]) -> dict[str, Place]:
        """The effective cut-offs."""
        cuts: dict[str, Place] = {}
        for line in self.on:
            room, way = self.search([line])
            weakest = [places[schools[-1]] for c in way for schools in self.on[c].values() if schools]
            cuts[line] = EVERYONE if room is not None else max(weakest, default=NOBODY)
        full = len(self.open) == self.room
        cuts["open"] = EVERYONE if not full else places[self.open[-1][0]] if self.room else NOBODY
        last = {regions[school]: places[school] for school, _ in self.open}
        return cuts | {r: last.get(r, NOBODY) for r, cap in self.caps.items() if self.in_region[r] == cap}


def compare(what: str, right: Json, found: Json) -> None:
    """Refuse the first difference from what is right."""
    for key in sorted(right.keys() | found.keys()) if right != found else ():
        if key not in right or key not in found or right[key] != found[key]:
            mine, theirs = (show(side.get(key, "left out")) for side in (right, found))
            raise Wrong(f"{what}: {show(key)} is {theirs}, but the rule gives {mine}")


class Wave:
    """The validated input (step 1): kits by id, the applications that count, the departments' blocks (step 2)."""

    def __init__(self, data: bytes) -> None:
        raw, self.sha256 = read(data, INPUT, "the input")
        self.seed, self.block_size = raw["wave"]["seed"], raw["wave"].get("block_size", 10)
        known = raw["wave"].get("reserve_rule", "minimum_guarantee") == "minimum_guarantee"
        hold(known and self.block_size >= 0, "INVALID_WAVE: block_size is negative, or the reserve_rule unknown")
        self.kits, self.latest, self.blocks = dict[str, Json](), dict[str, School](), dict[str, Json]()
        for kit in raw["wave"]["kits"]:
            what, places = f"INVALID_WAVE: kit {show(kit['id'])}", {}
            hold(kit["id"] not in self.kits, f"{what} is repeated")
            for name, number in [(line["id"], line["places"]) for line in kit["reserves"]]:
                taken = name in places or name in ("open", "university") or name.startswith("open@")
                hold(not taken, f"{what}: line id {show(name)} is repeated, or has a meaning of its own")
                places[name] = number
            hold(all(line["any_of"] for line in kit["reserves"]), f"{what}: a line has no category")
            caps = {f"open@{region}": cap for region, cap in kit.get("open_region_cap", {}).items()}
            blocks, stock = kit.get("university_blocks", 0), kit["stock"]
            hold(min(stock, blocks, *caps.values(), *places.values()) >= 0, f"{what}: a number is negative")
            wanted = sum(places.values()) + blocks * self.block_size
            hold(wanted <= stock, f"{what}: places and blocks take {show(wanted)} of a stock of {show(stock)}")
            lines = {line["id"]: frozenset(line["any_of"]) for line in kit["reserves"] if line["places"]}
            self.kits[kit["id"]] = {**kit, "caps": caps, "blocks": blocks, "places": places, "lines": lines}
        self.asks = lru_cache(None)(self.suitable)  # one copy for all schools alike
        self.earlier, self.kinds = defaultdict[str, list[School]](list), defaultdict[Any, list[School]](list)
        for school in sorted(map(self.school, raw["applicants"]), key=lambda school: school.number):
            if old := self.latest.get(school.id):
                hold(old.number < school.number, f"INVALID_WAVE: {show(old.id)} repeats submission {show(old.number)}")
                self.earlier[school.id].append(old)
            self.latest[school.id] = school
        for school in sorted(self.latest.values(), key=lambda school: -school.score):  # so that `strong` can stop
            self.kinds[school.kind].append(school)
        self.stock = {kit: rules["stock"] for kit, rules in self.kits.items()}  # what the departments leave
        left = {kit: rules["blocks"] for kit, rules in self.kits.items()}
        for one in sorted(self.kinds.pop("university", ()), key=self.place):
            for kit in [kit for kit in one.wishes if left[kit]][:1]:
                self.blocks[one.id] = {"kit": kit, "line": "university", "units": self.block_size}
                left[kit], self.stock[kit] = left[kit] - 1, self.stock[kit] - self.block_size

    def school(self, row: Json) -> School:
        name, wishes, number = row["id"], tuple(row["preferences"]), row.get("submission", 1)
        if number < 0 or len(set(wishes)) < len(wishes) or not self.kits.keys() >= set(wishes):
            raise Wrong(
                f"INVALID_WAVE: applicant {show(name)}: negative, repeated or unknown: {show([number, *wishes])}"
            )
        region, level = sys.intern("open@" + row["region"]), sys.intern(row["level"])
        suits = self.asks(level, tuple(row["categories"]), wishes)
        return School(name, number, millionths(row["score"], name), region, level, *suits)

    def suitable(self, level: str, have: tuple[str, ...], wishes: tuple[str, ...]) -> tuple[Any, ...]:
        """The preferences, and those that suit a level with the lines that are fitted (step 3)."""
        kits = [kit for kit in wishes if level in ("university", *self.kits[kit]["levels"])]
        asks = {kit: tuple(c for c, has in self.kits[kit]["lines"].items() if not has.isdisjoint(have)) for kit in kits}
        return wishes, asks, level if level == "university" else frozenset(asks.items())

    def place(self, school: School) -> Place:
        """Where a school stands in the strict order (step 4)."""
        return -school.score, hashlib.sha256(f"{self.seed}:{school.id}".encode()).hexdigest()

    def cleared(self, school: School, own: Place, kit: str, cuts: dict[str, Place]) -> list[str]:
        """The lines of a kit, of those that a school fits and of the open places, whose cut-offs it clears."""
        opened = kit in school.asks and own <= cuts["open"] and own <= cuts.get(school.region, EVERYONE)
        return [line for line in school.asks.get(kit, ()) if own <= cuts[line]] + ["open"] * opened

    def strong(self, cuts: Cuts, but: Container[str]) -> Iterator[tuple[str, Place]]:
        """The schools, but for some, whose score may do for a kit they ask for, with their places."""
        for kind, schools in self.kinds.items():
            least = -max((cuts[kit][line] for kit, fits in kind for line in (*fits, "open")), default=NOBODY)[0]
            strong = schools[: bisect(schools, -least, key=lambda school: -school.score)]
            yield from ((s.id, self.place(s)) for s in strong if s.id not in but)

    def certificate(self, outcome: Json) -> tuple[Cuts, dict[str, Place]]:
        """Hold each fact but the reasons against the rule. Gives the cut-offs, and the schools that receive a kit."""
        hold(outcome["input_sha256"] == self.sha256, f"input_sha256 is not that of this input, {self.sha256}")
        awards, raw, receive, on = outcome["allocation"], outcome["cutoffs"], {}, list[tuple[str, str]]()
        for name, award in awards.items():
            if not (school := self.latest.get(name)):
                raise Wrong(f"{show(name)} is not an applicant")
            kit, line = award["kit"], award["line"]
            on += [(kit, line), (kit, school.region)] if line == "open" else [(kit, line)]
            if school.level != "university":  # whose blocks are compared below
                if kit not in school.asks or line not in ("open", *school.asks[kit]) or award["units"] != 1:
                    why = "it did not ask for it, it does not suit its level, it does not fit line, or units are not 1"
                    raise Wrong(f"{show(name)} has {award['units']!a:.99} of {kit!a:.99} on {line!a:.99}: {why}")
                receive[name] = self.place(school)
        hold(raw.keys() == self.kits.keys(), "cutoffs: the kits are not those of the wave")
        count = Counter(on)
        cuts = {kit: self.figures(kit, raw[kit], count) for kit in self.kits}
        compare("departments", self.blocks, {name: award for name, award in awards.items() if name not in receive})
        for name, own in chain(receive.items(), self.strong(cuts, awards)):
            school, award = self.latest[name], awards.get(name, {"kit": None})
            for kit, fits in school.asks.items():
                got: Any = award["line"] if kit == award["kit"] else None
                clears = self.cleared(school, own, kit, cuts[kit])
                right = not clears if got is None else clears == ["open"] if got == "open" else got in clears
                if not right or (got in fits and cuts[kit][got] < max(cuts[kit][line] for line in fits)):
                    raise Wrong(f"{show(name)}, kit {show(kit)}: it is on {show(got)}, clears {clears!a} of {fits!a}")
                if got is not None:
                    break
        return cuts, receive

    def figures(self, kit: str, raw: Json, count: Counter[tuple[str, str]]) -> dict[str, Place]:
        """Check a kit's counts, and that a cut-off is finite or closed where its line, stock or region is full."""
        rules, cuts = self.kits[kit], dict[str, Place]()
        taken = count[kit, "university"] * self.block_size + sum(count[kit, line] for line in rules["places"])
        limits = {**rules["places"], "university": rules["blocks"], **rules["caps"], "open": rules["stock"] - taken}
        for line, limit in limits.items():
            held, what = count[kit, line], f"kit {show(kit)}: {count[kit, line]} awards on {show(line)}, room for"
            hold(held <= limit, f"{what} {show(limit)}")
            if line == "university" or (line.startswith("open@") and held < limit):
                continue
            cut, leads = raw.get(line, "left out"), line in rules["places"] and limit  # perhaps to a line with room
            cuts[line] = EVERYONE if cut is None else NOBODY
            if cut not in (None, "CLOSED"):
                check(cut, {"score": str, "ticket": str}, f"{what} {show(limit)}: the cut-off")
                cuts[line] = -millionths(cut["score"], kit), cut["ticket"]
            right = held == limit if cut is not None else held < limit or leads
            hold(not limit if cut == "CLOSED" else limit and right, f"{what} {limit}: the cut-off is {show(cut)}")
        hold(raw.keys() == cuts.keys(), f"kit {show(kit)}: cut-offs too many: {show(sorted(raw.keys() - cuts.keys()))}")
        return cuts

    def defer(self, ask: dict[str, Place]) -> tuple[Json, Cuts]:
        """Step 6, among these schools: each asks the best kit that has not refused it, until nobody is refused."""
        names = sorted(ask, key=ask.__getitem__)
        places, schools = [ask[name] for name in names], [self.latest[name] for name in names]
        regions, wishes = [school.region for school in schools], [iter(school.asks.items()) for school in schools]
        chosen = {kit: Choice(rules, self.stock[kit], [], regions) for kit, rules in self.kits.items()}
        new = {kit: list[tuple[int, Fits]]() for kit in self.kits}
        free, allocation = list(range(len(names))), dict(self.blocks)
        while free or any(new.values()):
            for school in free:
                for kit, fits in wishes[school]:
                    new[kit].append((school, fits))
                    break
            kit = max(new, key=lambda kit: len(new[kit]))  # which comes first changes nothing
            asking, new[kit] = sorted(chosen[kit].held + new[kit]), []
            chosen[kit] = Choice(self.kits[kit], self.stock[kit], asking, regions)
            free = [school for school, _ in chosen[kit].refused]
        for kit, choice in chosen.items():
            for line, groups in (choice.on | {"open": {(): [n for n, _ in choice.open]}}).items():
                allocation |= {names[n]: {"kit": kit, "line": line, "units": 1} for ns in groups.values() for n in ns}
        return allocation, {kit: choice.cuts(places, regions) for kit, choice in chosen.items()}

    def worked_out(self, outcome: Json) -> tuple[Json, Cuts]:
        """Check all of an outcome but its reasons. Who asks first changes nothing: at first those ask whom it favours,
        then whoever else clears a cut-off that came out. The rest would be refused wherever they asked."""
        claimed, ask = self.certificate(outcome)
        more: Any = True  # who asks from now on
        while more:
            allocation, cuts = self.defer(ask)
            strong = () if cuts == claimed else self.strong(cuts, ask)  # nobody else clears those, says the certificate
            more = {n: own for n, own in strong if any(self.cleared(self.latest[n], own, k, cuts[k]) for k in cuts)}
            ask |= more
        compare("allocation", allocation, outcome["allocation"])
        for kit, found in cuts.items():
            compare(f"cut-offs of {show(kit)}", {c: printed(cut) for c, cut in found.items()}, outcome["cutoffs"][kit])
        return allocation, cuts

    def rows(self, allocation: Json, cuts: Cuts) -> Iterator[Json]:
        """The rows of the reasons in their order: a code, the cut-off that says so, what would have been enough."""
        codes = {"university": "ALLOCATED_BLOCK", "open": "ALLOCATED_OPEN"}
        for name, school in sorted(self.latest.items()):
            own, award = self.place(school), allocation.get(name, {"kit": None})
            for kit in school.wishes or (None,):
                cut, due = EVERYONE, EVERYONE
                if kit is None:
                    code = "NO_PREFERENCE"
                elif kit == award["kit"]:
                    code, cut = codes.get(award["line"], "ALLOCATED_RESERVE"), cuts[kit].get(award["line"], EVERYONE)
                elif school.level == "university":
                    code = "NO_WHOLE_BLOCK"
                elif kit not in school.asks or not self.stock[kit]:
                    code = "NO_STOCK" if kit in school.asks else "NOT_SUITABLE_LEVEL"
                else:
                    opened, lines = cuts[kit]["open"], [cuts[kit][line] for line in school.asks[kit]]
                    capped = cuts[kit].get(school.region, EVERYONE)
                    ways = [way for way in (*lines, min(opened, capped)) if way not in (EVERYONE, NOBODY)]
                    code, cut, due = "NOT_ELIGIBLE_FOR_RESERVE", NOBODY, max(ways, default=EVERYONE)
                    if capped != EVERYONE and own <= opened:
                        code, cut = "REGION_CAP", capped
                    elif opened != NOBODY:
                        code, cut = "TIE_LOST_LOTTERY" if own[0] == opened[0] else "BELOW_OPEN_CUTOFF", opened
                    elif lines:
                        code, cut = "BELOW_RESERVE_CUTOFF", max(lines)
                row = {"id": name, "kit": kit, "code": code, "cutoff": printed(cut), "needed": printed(due)}
                yield row | printed(own)
                if kit == award["kit"]:
                    break
            for old in map(self.place, self.earlier.get(name, ())):
                yield {"id": name, "kit": None, "code": "SUPERSEDED", "cutoff": None, "needed": None, **printed(old)}


def verify(wave: Wave, file: IO[bytes]) -> str:
    """Check an outcome's file; gives the digest of the outcome. Raises Wrong, with the reason."""
    mark, what, digest, same = b',"reasons":[', "the outcome", hashlib.sha256(), True
    try:  # in canonical form the reasons are last, and what stands before them is short
        outcome, _ = read(file.read(2**25).partition(mark)[0] + mark + b"]}", OUTCOME, what)
    except Wrong:
        file.seek(0)
        outcome, _ = read(file.read(), OUTCOME, what)
    allocation, cuts = wave.worked_out(outcome)
    rows = wave.rows(allocation, cuts)
    some = (canonical(batch)[1:-1] for batch in iter(lambda: list(islice(rows, 1000)), []))  # many at once: faster
    file.seek(0)
    for text in chain([canonical({**outcome, "reasons": []})[:-2], next(some, "")], map(",".__add__, some), ["]}\n"]):
        digest.update(piece := text.encode())
        same = same and file.read(len(piece)) == piece
    if not same or file.read(1):  # another layout of the same facts, or a wrong one
        file.seek(0)
        reasons = read(file.read(), OUTCOME, what)[0]["reasons"]
        for number, (right, found) in enumerate(zip_longest(wave.rows(allocation, cuts), reasons), 1):
            hold(right and found, f"reasons: row {number} is {'missing' if right else 'one too many'}")
            compare(f"reasons: row {number} of {show(right['id'])}", right, found)
    return digest.hexdigest()


def main(paths: list[str]) -> int:
    """Verify the files named; says the result and gives the exit status."""
    reading, status = "THE INPUT IS UNUSABLE", 2
    try:
        hold(len(paths) == 2, "say which files: python3 verify.py INPUT.json OUTCOME.json")
        wave = Wave(Path(paths[0]).read_bytes())
        reading, status = "THE OUTCOME IS REFUSED", 1
        with Path(paths[1]).open("rb") as file:
            print(f"VERIFIED. The outcome's SHA-256 is {verify(wave, file)}")
        return 0
    except (Wrong, OSError, ValueError) as error:  # ValueError: a path that no file can have
        print(f"{reading}: {error}", file=sys.stderr)
        return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
