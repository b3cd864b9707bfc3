"""The rule written out from its text, with no thought for speed: what the solver and the verifier must equal.

Choice by definition (all who ask, sorted, matched by trying), deferred acceptance with one school asking at a
time in a random order, canonical lines school by school. It shares no code with the product.
"""

import hashlib
import json
import random
from decimal import Decimal
from itertools import pairwise
from typing import Any

Doc = dict[str, Any]


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Reference:
    def __init__(self, document: Doc, seed: int = 0) -> None:
        self.document = document
        self.wave = document["wave"]
        self.random = random.Random(seed)
        self.kits = {k["id"]: k for k in self.wave["kits"]}
        self.block = self.wave.get("block_size", 10)
        self.rows: dict[str, list[Doc]] = {}
        for a in document["applicants"]:
            self.rows.setdefault(a["id"], []).append(a)
        for rows in self.rows.values():
            rows.sort(key=lambda a: a.get("submission", 1))
        self.a = {i: rows[-1] for i, rows in self.rows.items()}
        self.allocation: dict[str, Doc] = {}
        self._blocks()
        self._accept()

    def ticket(self, i: str) -> str:
        return hashlib.sha256((self.wave["seed"] + ":" + i).encode()).hexdigest()

    def key(self, i: str) -> tuple[Decimal, str]:
        return -Decimal(self.a[i]["score"]), self.ticket(i)

    def order(self, ids: Any) -> list[str]:
        return sorted(ids, key=self.key)

    def _blocks(self) -> None:
        left = {k: kit.get("university_blocks", 0) for k, kit in self.kits.items()}
        for i in self.order(i for i in self.a if self.a[i]["level"] == "university"):
            for k in self.a[i]["preferences"]:
                if left[k] > 0:
                    left[k] -= 1
                    self.allocation[i] = {"kit": k, "line": "university", "units": self.block}
                    break
        self.q = {
            k: kit["stock"] - self.block * (kit.get("university_blocks", 0) - left[k]) for k, kit in self.kits.items()
        }

    def lines(self, k: str) -> list[Doc]:
        return [line for line in self.kits[k]["reserves"] if line["places"] > 0]

    def fits(self, i: str, k: str) -> list[str]:
        return [c["id"] for c in self.lines(k) if set(c["any_of"]) & set(self.a[i]["categories"])]

    def matched(self, k: str, schools: list[str]) -> bool:
        """Whether all can be matched to reserve places at once, by trying (Kuhn, place by place)."""
        places = [(c["id"], n) for c in self.lines(k) for n in range(min(c["places"], len(schools)))]
        sits: dict[tuple[str, int], str] = {}

        def try_(i: str, seen: set[tuple[str, int]]) -> bool:
            for p in places:
                if p[0] in self.fits(i, k) and p not in seen:
                    seen.add(p)
                    if p not in sits or try_(sits[p], seen):
                        sits[p] = i
                        return True
            return False

        return all(try_(i, set()) for i in schools)

    def choice(self, k: str, asking: Any) -> tuple[list[str], list[str]]:
        kept: list[str] = []
        for i in self.order(asking):
            if self.matched(k, [*kept, i]):
                kept.append(i)
        opened: list[str] = []
        caps = self.kits[k].get("open_region_cap", {})
        for i in self.order(set(asking) - set(kept)):
            region = self.a[i]["region"]
            mine = sum(self.a[j]["region"] == region for j in opened)
            if len(opened) < self.q[k] - len(kept) and mine < caps.get(region, mine + 1):
                opened.append(i)
        return kept, opened

    def _accept(self) -> None:
        wishes = {
            i: [k for k in a["preferences"] if a["level"] in self.kits[k]["levels"]]
            for i, a in self.a.items()
            if a["level"] != "university"
        }
        held: dict[str, set[str]] = {k: set() for k in self.kits}
        free = [i for i in wishes if wishes[i]]
        while free:
            i = free.pop(self.random.randrange(len(free)))
            k = wishes[i].pop(0)
            asking = held[k] | {i}
            kept, opened = self.choice(k, asking)
            held[k] = {*kept, *opened}
            free += [j for j in asking - held[k] if wishes[j]]
        self.cutoffs: dict[str, Doc] = {}
        for k in self.kits:
            kept, opened = self.choice(k, held[k])
            self._publish(k, self.canonical_lines(k, kept), opened)

    def canonical_lines(self, k: str, kept: list[str]) -> dict[str, str]:
        places = {c["id"]: c["places"] for c in self.lines(k)}
        on: dict[str, str] = {}
        for i in self.order(kept):
            paths = [[c] for c in self.fits(i, k)]
            seen = set(self.fits(i, k))
            while True:
                path = paths.pop(0)
                c = path[-1]
                if sum(line == c for line in on.values()) < places[c]:
                    break
                for d in places:
                    if d not in seen and any(d in self.fits(j, k) for j, line in on.items() if line == c):
                        seen.add(d)
                        paths.append([*path, d])
            for c, d in reversed(list(pairwise(path))):
                on[self.order(j for j, line in on.items() if line == c and d in self.fits(j, k))[-1]] = d
            on[i] = path[0]
        return on

    def pair(self, i: str) -> Doc:
        score = format(Decimal(self.a[i]["score"]).normalize(), "f")
        return {"score": score, "ticket": self.ticket(i)}

    def _publish(self, k: str, on: dict[str, str], opened: list[str]) -> None:
        for i, c in on.items():
            self.allocation[i] = {"kit": k, "line": c, "units": 1}
        for i in opened:
            self.allocation[i] = {"kit": k, "line": "open", "units": 1}
        cut: Doc = {}
        for line in self.kits[k]["reserves"]:
            if not line["places"]:
                cut[line["id"]] = "CLOSED"
                continue
            reach = {line["id"]}
            while more := {d for i, c in on.items() if c in reach for d in self.fits(i, k)} - reach:
                reach |= more
            some_room = any(
                sum(c == x["id"] for c in on.values()) < x["places"] for x in self.lines(k) if x["id"] in reach
            )
            on_reach = self.order(i for i, c in on.items() if c in reach)
            cut[line["id"]] = None if some_room else self.pair(on_reach[-1])
        room = self.q[k] - len(on)
        cut["open"] = "CLOSED" if room == 0 else None if len(opened) < room else self.pair(self.order(opened)[-1])
        for region, cap in self.kits[k].get("open_region_cap", {}).items():
            mine = [i for i in self.order(opened) if self.a[i]["region"] == region]
            if len(mine) == cap:
                cut["open@" + region] = self.pair(mine[-1]) if mine else "CLOSED"
        self.cutoffs[k] = cut

    @staticmethod
    def strength(pair: Doc) -> tuple[Decimal, str]:
        return -Decimal(pair["score"]), pair["ticket"]

    def reason(self, i: str, k: str) -> tuple[str, Any, Any]:
        """Code, cutoff and needed for a kit that the applicant listed, the table read from top to bottom."""
        a, cut, got = self.a[i], self.cutoffs[k], self.allocation.get(i, {})
        if a["level"] == "university":
            return ("ALLOCATED_BLOCK" if got.get("kit") == k else "NO_WHOLE_BLOCK"), None, None
        if a["level"] not in self.kits[k]["levels"]:
            return "NOT_SUITABLE_LEVEL", None, None
        if got.get("kit") == k:
            return (
                ("ALLOCATED_OPEN" if got["line"] == "open" else "ALLOCATED_RESERVE"),
                cut[got["line"]],
                None,
            )
        if self.q[k] == 0:
            return "NO_STOCK", None, None
        mine = self.pair(i)
        lines = [cut[c] for c in self.fits(i, k)]
        at_cap = "open@" + a["region"] in cut
        region = cut.get("open@" + a["region"])
        open_is_pair = isinstance(cut["open"], dict)
        candidates = [c for c in lines if isinstance(c, dict)]
        if at_cap and "CLOSED" not in (region, cut["open"]):
            both = [c for c in (region, cut["open"]) if isinstance(c, dict)]
            candidates.append(min(both, key=self.strength))
        if not at_cap and open_is_pair:
            candidates.append(cut["open"])
        needed = max(candidates, key=self.strength) if candidates else None
        clears_open = cut["open"] is None or (open_is_pair and self.strength(mine) <= self.strength(cut["open"]))
        if clears_open and at_cap:
            return "REGION_CAP", region, needed
        if open_is_pair and cut["open"]["score"] == mine["score"] and cut["open"]["ticket"] < mine["ticket"]:
            return "TIE_LOST_LOTTERY", cut["open"], needed
        if open_is_pair:
            return "BELOW_OPEN_CUTOFF", cut["open"], needed
        if self.fits(i, k):
            return "BELOW_RESERVE_CUTOFF", max(lines, key=self.strength), needed
        return "NOT_ELIGIBLE_FOR_RESERVE", "CLOSED", needed

    def reasons(self) -> list[Doc]:
        out: list[Doc] = []
        for i in sorted(self.a):
            rows: list[tuple[Any, Any, Any, Any]] = []
            if not self.a[i]["preferences"]:
                rows.append((None, "NO_PREFERENCE", None, None))
            for k in self.a[i]["preferences"]:
                rows.append((k, *self.reason(i, k)))
                if self.allocation.get(i, {}).get("kit") == k:
                    break
            for k, code, cutoff, needed in rows:
                out.append({"id": i, "kit": k, "code": code, **self.pair(i), "cutoff": cutoff, "needed": needed})
            for row in self.rows[i][:-1]:
                score = format(Decimal(row["score"]).normalize(), "f")
                out.append(
                    {"id": i, "kit": None, "code": "SUPERSEDED", "score": score, "ticket": self.ticket(i)}
                    | {"cutoff": None, "needed": None}
                )
        return out

    def outcome(self) -> bytes:
        return (
            canonical(
                {
                    "input_sha256": hashlib.sha256(canonical(self.document)).hexdigest(),
                    "allocation": self.allocation,
                    "cutoffs": self.cutoffs,
                    "reasons": self.reasons(),
                }
            )
            + b"\n"
        )
