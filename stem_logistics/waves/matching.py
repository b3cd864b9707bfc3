"""Which institution a row of somebody's list means: by its code, a code that lost its zeros, an old code, its name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stem_logistics import runtime
from stem_logistics.registry import service as registry
from stem_logistics.registry.folding import fold, matches, search_key
from stem_logistics.registry.model import Asked, Institution
from stem_logistics.waves import queries
from stem_logistics.waves.wording import N_, Message

CANDIDATES = 6
CODE_UNKNOWN = N_("The registry has no school with the code %(code)s, and none with the name “%(name)s”.")
NAME_UNKNOWN = N_("The registry finds no school for “%(name)s”: give its code.")
CHOICE_UNKNOWN = N_("The code %(code)s that was chosen for this row is not in the registry.")


@dataclass(frozen=True)
class Match:
    """What a row means; `how` is code, zeros, merged, name, chosen or unsure (then `candidates` are proposed)."""

    how: str
    institution: Institution | None
    candidates: tuple[Institution, ...] = ()


class NoMatch(Exception):
    """A row that means no institution: the column that is wrong, and why."""

    def __init__(self, column: str, text: str, **params: object) -> None:
        super().__init__(text)
        self.column = column
        self.message = Message(text, params)


@dataclass
class Matcher:
    """Matches rows against the registry, each spelling of a name looked for once."""

    by_code: Mapping[str, Institution]
    names: dict[str, list[Institution]] = field(default_factory=dict)

    @classmethod
    async def of(cls, codes: Iterable[str]) -> "Matcher":
        """A matcher that knows these codes, as they are written."""
        asked = [each for code in codes for each in (code, code.zfill(7)) if code]
        roots = {code: row["code"] for code, row in (await queries.institutions_by_code(asked)).items()}
        known = await registry.institutions_by_codes(roots.values())
        return cls({code: known[root] for code, root in roots.items()})

    async def match(self, code: str, name: str, choice: str = "") -> Match:
        """What a row means.

        Args:
            code: as the row writes it; empty where it has none.
            name: the same.
            choice: the code that somebody chose for it.

        Raises:
            NoMatch: neither code nor name is known.
        """
        if choice:
            if choice not in self.by_code:
                raise NoMatch("code", CHOICE_UNKNOWN, code=choice)
            return Match("chosen", self.by_code[choice])
        padded = code.zfill(7) if code.isdigit() else code
        found = self.by_code.get(code) or self.by_code.get(padded)
        if found is not None:
            if name and not _same_name(name, found):
                # the code says one school and the name another: one of them is a slip
                others = [each for each in await self._by_name(name) if each.id != found.id]
                return Match("unsure", None, (found, *others[: CANDIDATES - 1]))
            how = "code" if found.code == code else "zeros" if found.code == padded else "merged"
            return Match(how, found)
        if not name:
            raise NoMatch("code", CODE_UNKNOWN, code=code, name="–")
        candidates = await self._by_name(name)
        if not candidates:
            raise NoMatch("code" if code else "name", CODE_UNKNOWN if code else NAME_UNKNOWN, code=code, name=name)
        same = [each for each in candidates if _is_the_name(name, each)]
        # a code that is not known makes even the right name doubtful
        if len(same) == 1 and not code:
            return Match("name", same[0])
        return Match("unsure", None, tuple(same + [each for each in candidates if each not in same])[:CANDIDATES])

    async def _by_name(self, name: str) -> list[Institution]:
        key = fold(name)
        if key not in self.names:
            found, _total = await registry.list_institutions(runtime.actor().principal, Asked(q=name), limit=50)
            self.names[key] = found
        return self.names[key]


def _is_the_name(written: str, institution: Institution) -> bool:
    """Whether a name is this institution's in full: every word of each is in the other, however it is spelled."""
    own = [institution.name, f"{institution.name} {institution.municipality}"]
    return any(matches(written, search_key(name)) and matches(name, search_key(written)) for name in own)


def _same_name(written: str, institution: Institution) -> bool:
    """Whether a name beside a code may be this institution's: the search would find it by that name."""
    return matches(written, search_key(institution.name, institution.municipality, institution.code))
