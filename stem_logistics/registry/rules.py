"""What a school is: levels, categories, states, and how the words of a source tell them. Pure.

The one home of the vocabulary of levels and categories: waves, kits and the rule of allocation use these slugs.
"""

import re
from enum import StrEnum

from stem_logistics.registry.folding import plain, search_key
from stem_logistics.registry.geography import Stage, unit_named


class Level(StrEnum):
    """What a kit may be suitable for (βαθμίδα). `support` is no school (a directorate, a centre): never a recipient
    of a wave, but in the sources, and known so that a whole file can be imported.
    """

    KINDERGARTEN = "kindergarten"
    PRIMARY = "primary"
    LOWER_SECONDARY = "lower_secondary"
    UPPER_SECONDARY = "upper_secondary"
    VOCATIONAL = "vocational"
    SPECIAL = "special"
    SECOND_CHANCE = "second_chance"
    POST_SECONDARY = "post_secondary"
    LAB_CENTRE = "lab_centre"
    UNIVERSITY = "university"
    SUPPORT = "support"


class Category(StrEnum):
    """Priority categories that the sources tell. `remote` is the fourth, and the NSO's own flag."""

    SPECIAL = "special"
    MINORITY = "minority"
    SECOND_CHANCE = "second-chance"


REMOTE = "remote"


class State(StrEnum):
    """Whether a school works."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


# Tried in this order on the unit's type, then on its name: the special before the general.
_LEVELS: tuple[tuple[Level, str], ...] = (
    (Level.UNIVERSITY, r"πανεπιστημ|\bα\.?ε\.?ι\b|παιδαγωγικο τμημα"),
    (Level.SECOND_CHANCE, r"δευτερησ ευκαιριασ|\bσ\.?δ\.?ε\b"),
    (
        Level.SUPPORT,
        r"διευθυνση|γραφειο|κεδασυ|κεσυ|πεκεσ|βιβλιοθηκη|\bκ\.?π\.?ε\b|κεα|κεπεα|περιβαλλοντικησ εκπαιδευσησ|κεσυπ|"
        r"εκφε|υποστηριξησ|συμβουλευτικ|φυσικων επιστημων|συντονιστη",
    ),
    (
        Level.SPECIAL,
        r"\bε\.?ε\.?ε\.?ε\.?κ\b|εν\.?ε\.?ε\.?γυ\.?|ειδικησ επαγγελματικησ|ενιαιο ειδικο|"
        r"ειδικ(?:ο|ησ αγωγησ) (?:επαγγελματικο|γυμνασιο.*λυκειο)",
    ),
    (Level.LAB_CENTRE, r"εργαστηριακο κεντρο|^\W*(?:\d+\W*(?:ο|oσ)?\s*)?σ?\.?ε\.?κ\b\.?"),
    (
        Level.POST_SECONDARY,
        r"ινστιτουτο επαγγελματικησ|ανωτερησ επαγγελματικησ|\bι\.?ε\.?κ\b|\bσ\.?α\.?ε\.?κ\b|"
        r"επαγγελματικη σχολη καταρτισησ|\bε\.?σ\.?κ\b|μεταλυκειακο",
    ),
    (Level.KINDERGARTEN, r"νηπ"),
    (Level.PRIMARY, r"δημοτικ|\bδημ\b|\bδ\.?σ\b"),
    (Level.VOCATIONAL, r"επαγγελματικ\w* λυκει|\bεπα\.?λ\b|επα\.?σ\b|επαγγελματικη σχολη|\bε\.?π\.?α\.?λ\b"),
    # a γυμνάσιο με λυκειακές τάξεις is one school, and the lower stage its home
    (Level.LOWER_SECONDARY, r"γυμν"),
    (Level.UPPER_SECONDARY, r"λυκ|\bγ\.?ε\.?λ\b"),
    (Level.PRIMARY, r"πρωτοβαθμια"),
)
_LEVEL_PATTERNS = tuple((level, re.compile(pattern)) for level, pattern in _LEVELS)

_PRIMARY_STAGE = frozenset({Level.KINDERGARTEN, Level.PRIMARY})
_SPECIAL = re.compile(r"\bειδικ(?:ο|η|α|ησ|ου|ων) ?(?:αγωγησ)?\b|ειδικησ|\bε\.?ε\.?ε\.?ε\.?κ\b|εν\.?ε\.?ε\.?γυ|σμεαε")
_MINORITY = re.compile(r"μειονοτικ|ιεροσπουδ")

_STATES = {
    "ενεργη": State.ACTIVE,
    "ενεργο": State.ACTIVE,
    "ενεργοσ": State.ACTIVE,
    "active": State.ACTIVE,
    "": State.ACTIVE,
    "σε αναστολη": State.SUSPENDED,
    "αναστολη": State.SUSPENDED,
    "suspended": State.SUSPENDED,
    "καταργημενη": State.CLOSED,
    "καταργημενο": State.CLOSED,
    "καταργηθηκε": State.CLOSED,
    "κλειστη": State.CLOSED,
    "closed": State.CLOSED,
}
STATE_WORDS = ("ΕΝΕΡΓΗ", "ΣΕ ΑΝΑΣΤΟΛΗ", "ΚΑΤΑΡΓΗΜΕΝΗ")


def level_of(unit_type: str, name: str, education_level: str = "") -> Level | None:
    """The level that a source's words say: by the unit's type, else by its name, else by its stage.

    Returns:
        None where none of them says.
    """
    for text in (plain(unit_type), plain(name), plain(education_level)):
        for level, pattern in _LEVEL_PATTERNS:
            if text and pattern.search(text):
                return level
    return None


def categories_of(level: Level, *words: str) -> tuple[Category, ...]:
    """The priority categories that a school's type, subtype and name say."""
    if level is Level.SUPPORT:
        return ()
    text = " ; ".join(plain(word) for word in words)
    found = []
    if level is Level.SPECIAL or _SPECIAL.search(text):
        found.append(Category.SPECIAL)
    if _MINORITY.search(text):
        found.append(Category.MINORITY)
    if level is Level.SECOND_CHANCE:
        found.append(Category.SECOND_CHANCE)
    return tuple(sorted(found))


def state_of(text: str) -> State | None:
    """The state that a source's word says; None where it is none of the known ones."""
    return _STATES.get(" ".join(plain(text).split()))


def stage_of(level: Level) -> Stage:
    """Which of a unit's two directorates a school of this level belongs to."""
    return "primary" if level in _PRIMARY_STAGE else "secondary"


def institution_key(code: str, name: str, municipality: str, office: str) -> str:
    """What an institution is found by. `office` is its directorate's name, as it is stored."""
    words = municipality.split()
    bare = " ".join(words[1:]) if len(words) > 1 and plain(words[0]) in ("δημοσ", "δημου", "δ.") else municipality
    unit = unit_named(office) if office else None
    # without “Δήμος” and “Διεύθυνση”: whoever searches for δημ wants a δημοτικό
    return search_key(code, name, bare, unit.genitive if unit else office)


_SCHOOL_CODE = re.compile(r"[0-9]{7}")
_OTHER_CODE = re.compile(r"[0-9A-ZΑ-Ω](?:[0-9A-ZΑ-Ω]|[-.](?=[0-9A-ZΑ-Ω])){0,19}")
# Laboratory centres and university departments have codes of other forms.
_FREE_CODES = frozenset({Level.LAB_CENTRE, Level.UNIVERSITY, Level.SUPPORT})


class CodeFault(StrEnum):
    """What is wrong with a school's code."""

    EMPTY = "code-empty"
    ZEROS_LOST = "code-zeros-lost"
    MALFORMED = "code-malformed"


def code_fault(code: str, level: Level | None) -> CodeFault | None:
    """What is wrong with a code, or None. Seven digits, save where the level has codes of its own form."""
    if not code:
        return CodeFault.EMPTY
    if _SCHOOL_CODE.fullmatch(code):
        return None
    if level in _FREE_CODES:
        return None if _OTHER_CODE.fullmatch(code) else CodeFault.MALFORMED
    if re.fullmatch(r"[0-9]{1,6}", code):
        return CodeFault.ZEROS_LOST
    return CodeFault.MALFORMED
