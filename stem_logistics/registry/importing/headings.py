"""Which column of somebody's table means what: by its words, forgivingly. Pure."""

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

ALIKE = 0.84  # how alike two headings are that differ by a slip or an ending
SHORTEST = 4  # shorter words are alike by chance


@lru_cache(maxsize=4096)  # a file says the same few words again and again
def folded(text: str) -> str:
    """A word without accents, case, final sigma, spaces and punctuation, so that ways of writing it meet."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in plain if c.isalnum()).replace("ς", "σ")


def propose(headings: Sequence[str], fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The field of each heading that is understood: exactly first, then nearly; each field once.

    Args:
        headings: as the file writes them, in any order.
        fields: each field and the headings that people write for it.
    """
    known = {folded(word): field for field, words in fields.items() for word in (field, *words)}
    found: dict[str, str] = {}
    for heading in headings:
        field = known.get(folded(heading)) if heading.strip() else None
        if field is not None and field not in found.values():
            found[heading] = field
    for heading in headings:
        word = folded(heading)
        if heading in found or len(word) < SHORTEST:
            continue
        near = difflib.get_close_matches(word, [k for k in known if len(k) >= SHORTEST], n=1, cutoff=ALIKE)
        if near and known[near[0]] not in found.values():
            found[heading] = known[near[0]]
    return found
