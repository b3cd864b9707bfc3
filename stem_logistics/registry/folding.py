"""Names and queries folded into one form, so that a school is found however its name is written.

A token becomes a short Latin skeleton by its sound: Greek letters, Greeklish and Latin letters that only look Greek
meet there ("Κατερίνης", "KATERINIS", "Katerinhs", "KATEPINHΣ"). What a reader may have meant by an ambiguous letter
(x: ξ or χ; h: η or χ; a word not typed to its end) is kept on the query's side as alternatives, so the index stays
small.

The index is `to_tsvector('simple', search_key(…))`; a query is `ts_query(…)`, given to `to_tsquery('simple', …)`.
Both hold only a-z and 0-9, so nothing that was typed reaches PostgreSQL's query syntax.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import filterfalse

LONGEST_QUERY = 200
MOST_TOKENS = 12

# Greek letters by sound. υ stays y for a while: αυ, ευ and ου are decided with the Latin spellings of them.
_SOUND = str.maketrans(
    dict(zip("αβγδεζηικλμνοπρστυφχω", "avgdeziiklmnoprstyvho", strict=True))
    | {"θ": "t", "ξ": "ks", "ψ": "ps", "ς": "s"}
)
# Latin letters by the Greek capital they look like.
_SHAPE = str.maketrans("abehikmnopstvuxyzw", "αβεηικμνορστνυχυζω")
_SHAPED = frozenset("abehikmnopstxyz")
# Spellings of one sound, in the order in which they are tried; repeated until nothing changes.
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("o[uy]", "u"),
        ("a[uy]", "av"),
        ("e[uy]", "ev"),
        ("ch|kh", "h"),
        ("th", "t"),
        ("ph", "v"),
        ("gk|gg|ng", "g"),
        ("y", "i"),
        ("w", "o"),
        ("x", "ks"),
        ("[cq]", "k"),
        ("j", "tz"),
        ("[fb]", "v"),
        ("ai", "e"),
        ("[eo]i", "i"),
        (r"([b-df-hj-np-tv-zi])\1+", r"\1"),
    )
)
# The last letter of an unfinished word may be the first half of a spelling: νηπιαγωγε|ίο.
_UNFINISHED = {"a": "e", "e": "i", "o": "iu", "n": "g", "k": "h", "p": "v"}
# A place is asked for in the nominative and stands in a school's name in the genitive (Βόλος, Βόλου); a kind of
# school the other way round (Νηπιαγωγείου, Νηπιαγωγείο).
_ENDINGS = (("os", "u"), ("o", "u"), ("es", "on"), ("a", "on"), ("as", "a"), ("is", "i"), ("u", "o"), ("on", "u"))

# Ways to write a kind of school; each group's words find each other. Spelled as in `fold`'s input, without accents.
SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("νηπιαγωγειο", "νηπ"),
    ("δημοτικο", "δημ"),
    ("γυμνασιο", "γυμν", "γυμ"),
    ("λυκειο", "λυκ"),
    ("σχολειο", "σχ"),
    ("αγιου", "αγιασ", "αγ"),
    ("δημοτικο σχολειο", "δημ σχ", "δσ"),
    ("γενικο λυκειο", "γελ"),
    ("επαγγελματικο λυκειο", "επαλ"),
    ("εσπερινο επαγγελματικο λυκειο", "εσπερινο επαλ"),
    ("εργαστηριακο κεντρο", "εκ", "σεκ"),
    ("σχολειο δευτερης ευκαιριας", "σδε"),
    ("ενιαιο ειδικο επαγγελματικο γυμνασιο λυκειο", "ενεεγυλ"),
    ("εργαστηριο ειδικης επαγγελματικης εκπαιδευσης και καταρτισης", "εργαστηριο ειδικης αγωγης", "εεεεκ"),
    ("ινστιτουτο επαγγελματικης καταρτισης", "ιεκ"),
    ("σχολη ανωτερης επαγγελματικης καταρτισης", "σαεκ"),
)
_SYNONYMS = tuple(tuple(form.replace("ς", "σ") for form in group) for group in SYNONYMS)
# Contractions with a stroke: Νηπ/γείο. The ending tells that it is one word.
_CONTRACTIONS = {
    "γειο": "νηπιαγωγειο",
    "γειου": "νηπιαγωγειου",
    "κο": "δημοτικο",
    "σιο": "γυμνασιο",
    "νση": "διευθυνση",
    "νσησ": "διευθυνσης",
    "θμιασ": "βαθμιας",
    "σησ": "εκπαιδευσης",
    "ση": "εκπαιδευση",
}
_LETTER = r"[^\W\d_]"
_STROKE = re.compile(rf"({_LETTER}+)\.?/({_LETTER}+)")
_ACRONYM = re.compile(rf"(?<!\w)(?:{_LETTER}{{1,2}}\.-?){{2,}}(?:{_LETTER}{{1,3}}(?!\w))?")
_THETA = re.compile(r"(?<![^\W_])8(?=[a-z]{3})|(?<=[a-z])8(?=[a-z])")
# What makes an ordinal of the number before it (7ο, 7ος, 7ου, 7η, 7o, 7th), as skeletons.
_ORDINAL = frozenset({"o", "os", "u", "on", "i", "is", "in", "a", "as", "h", "hs", "st", "nd", "rd", "t"})
_WORDS = re.compile(r"[a-zα-ω]+|[0-9]+")
_GREEK = re.compile("[α-ω]")


def plain(text: str) -> str:
    """Small letters without accents, compatibility forms resolved, final sigma as the other: still Greek.

    For comparing headers and values as well; `fold` goes further, to sounds.
    """
    # The degree sign and its likes mark an ordinal; NFKD would make letters or digits of some of them.
    text = re.sub(r"[º˚ᵒ⁰]", "°", text)
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    if not decomposed.isascii():
        decomposed = "".join(filterfalse(unicodedata.combining, decomposed))
    return decomposed.replace("ς", "σ").casefold()


def _words(text: str) -> Iterator[str]:
    """The words of a text: plain letters of one script, or digits; contractions written out, ordinals as numbers."""
    # The micro sign and the like turn into Greek letters here; a second pass settles what decomposition left.
    text = plain(text)
    if not text.isascii():
        text = plain(text)
    text = _THETA.sub("th", text)
    text = _STROKE.sub(_written_out, text)
    text = _ACRONYM.sub(lambda match: " " + re.sub(r"[^\w]", "", match[0]) + " ", text)
    after_number = False
    for word in _scripts(text):
        if after_number and _skeleton(word) in _ORDINAL:
            continue
        after_number = word.isdigit()
        yield word


def _scripts(text: str) -> Iterator[str]:
    for word in re.findall(r"[^\W\d_]+|\d+", text):
        if word.isascii():
            yield word
        elif word.isdecimal():
            yield "".join(str(unicodedata.decimal(digit)) for digit in word)
        else:
            if _GREEK.search(word):
                word = word.translate(_SHAPE)
            yield from _WORDS.findall(word)


def _written_out(match: re.Match[str]) -> str:
    start, end = match[1], match[2]
    whole = _CONTRACTIONS.get(end)
    if whole is None:
        return f"{start} {end}"
    if whole.startswith("βαθμ"):
        return {"π": "πρωτοβαθμιας", "α": "πρωτοβαθμιας", "δ": "δευτεροβαθμιας", "β": "δευτεροβαθμιας"}.get(
            start, start
        )
    return whole if whole.startswith(start[:1]) else f"{start} {end}"


@lru_cache(maxsize=50_000)
def _skeleton(word: str) -> str:
    """The sound of one word, as a fixed point of the spelling rules."""
    word = word.translate(_SOUND)
    while True:
        before = word
        for pattern, sound in _SPELLINGS:
            word = pattern.sub(sound, word)
        if word == before:
            return word


def fold(text: str) -> str:
    """The text's skeleton: its words by sound, separated by blanks. Folding twice changes nothing."""
    return " ".join(_skeleton(word) for word in _words(text))


@lru_cache(maxsize=50_000)
def _readings(word: str) -> tuple[str, ...]:
    """What one word can sound like, the likeliest first: only Latin letters leave a choice."""
    readings = [_skeleton(word)]
    if word.isascii() and word.isalpha():
        if set(word) <= _SHAPED:
            readings.append(_skeleton(word.translate(_SHAPE)))
        readings.append(_skeleton(word.replace("ch", "χ").replace("x", "χ")))
        # h that belongs to no th, ch, ph, kh is an η
        readings.append(_skeleton(re.sub(r"(?<![tcpk])h", "i", word)))
        readings.append(_skeleton(re.sub("h", "i", word)))
        readings.append(_skeleton(re.sub(r"(?<![aeo])u", "i", word)))
        readings.append(_skeleton(word.replace("b", "mp")))
    return tuple(dict.fromkeys(readings))


def search_key(*texts: str) -> str:
    """What an institution is found by: every reading of its words, and the other names of its kind.

    Args:
        texts: its code, name, municipality, directorate.
    """
    return " ".join(dict.fromkeys(token for text in texts for token in _key_tokens(text)))


# Municipalities and offices repeat; a school's name does not.
@lru_cache(maxsize=2_000)
def _key_tokens(text: str) -> tuple[str, ...]:
    words = list(_words(text))
    tokens = [reading for word in words for reading in _readings(word)]
    padded = f" {' '.join(words)} "
    for group in _SYNONYMS:
        if any(f" {form} " in padded for form in group):
            tokens += [_skeleton(word) for form in group for word in form.split()]
    return tuple(tokens)


def _asked(word: str) -> list[str]:
    """The prefixes that answer one word of a query."""
    readings = _readings(word)
    more: list[str] = []
    for reading in readings:
        for last in _UNFINISHED.get(reading[-1], ""):
            more.append(_skeleton(reading[:-1] + last))
        if len(reading) >= 4:
            more += [reading[: -len(end)] + other for end, other in _ENDINGS if reading.endswith(end)]
    return list(dict.fromkeys([*readings, *more]))


def ts_query(text: str) -> str:
    """The query for `to_tsquery('simple', …)`: every word, each as a prefix; empty where nothing was asked.

    A small number is taken whole (7 is not 70); a longer one, or one that begins with 0, is the beginning of a code.
    """
    parts: list[str] = []
    for word in _limited(_words(text[:LONGEST_QUERY])):
        if word.isdigit():
            parts.append(f"'{word}'" if len(word) <= 3 and not word.startswith("0") else f"'{word}':*")
            continue
        parts.append("(" + " | ".join(f"'{prefix}':*" for prefix in _asked(word)) + ")")
    return " & ".join(parts)


def _limited(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))[:MOST_TOKENS]


def matches(query: str, key: str) -> bool:
    """What PostgreSQL answers for `ts_query(query)` on a key: the same rule, for tests and for small lists."""
    tokens = key.split()
    for word in _limited(_words(query[:LONGEST_QUERY])):
        if word.isdigit() and len(word) <= 3 and not word.startswith("0"):
            if word not in tokens:
                return False
        elif not any(token.startswith(prefix) for prefix in _asked(word) for token in tokens):
            return False
    return True
