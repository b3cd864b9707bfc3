"""The waves' vocabulary in the reader's language: levels, categories, phases, kinds of evidence, parts of a score."""

from collections.abc import Iterable, Mapping
from typing import Any

from stem_logistics.waves.criteria import all_criteria
from stem_logistics.waves.rules_document import WaveRules
from stem_logistics.waves.wording import Message
from stem_logistics.web.formats import number
from stem_logistics.web.i18n import LazyText, Text, _, gettext

CATEGORIES: Mapping[str, LazyText] = {
    "special": _("special"),
    "minority": _("minority"),
    "second-chance": _("second-chance"),
    "remote": _("remote"),
}
PHASES: Mapping[str, tuple[LazyText, str]] = {
    "draft": (_("Draft"), "wait"),
    "upcoming": (_("Opens soon"), "wait"),
    "open": (_("Takes applications"), "good"),
    "closed": (_("Closed, draw to come"), "busy"),
    "drawn": (_("Closed, draw known"), "busy"),
    "allocated": (_("Allocated, not published"), "warn"),
    "provisional": (_("Provisional results, appeals are taken"), "busy"),
    "appeals": (_("Provisional results, appeals are decided"), "warn"),
    "published": (_("Results published"), "good"),
    "historic": (_("Completed"), "off"),
}
EVIDENCE: Mapping[str, LazyText] = {
    "national-prize": _("Prize in a national contest"),
    "european-prize": _("Prize in a European contest"),
    "national-quality-label": _("National Quality Label"),
    "european-quality-label": _("European Quality Label"),
    "school-label": _("eTwinning School Label"),
    "ite-label": _("ITE label of a university department"),
    "national-project": _("national project"),
    "european-project": _("European project"),
    "completed-course": _("Completed course"),
}
POSTS: Mapping[str, LazyText] = {
    "head": _("head of the school"),
    "in-charge": _("head of a small school or kindergarten"),
    "deputy": _("deputy head, in the head's place"),
    "chair": _("chair of the department"),
}
SOURCES: Mapping[str, LazyText] = {
    "form": _("by NSO staff"),
    "file": _("from a file"),
    "import": _("from a file of evidence"),
    "link": _("by the school"),
}
EVIDENCE_STATES: Mapping[str, tuple[LazyText, str]] = {
    "waiting": (_("not checked yet"), "wait"),
    "accepted": (_("accepted"), "good"),
    "rejected": (_("not accepted"), "bad"),
    "vouched": (_("entered by the NSO"), "off"),
}
CHANNELS: Mapping[str, LazyText] = {
    "form": _("by NSO staff"),
    "file": _("from a file"),
    "link": _("by the school"),
}


def missing_words(rules: WaveRules, missing: Iterable[str], language: str) -> list[Text]:
    """What an application lacks (`application_steps.missing_of`), in words."""
    titles = {c.slug: c.title.in_language(language) for c in rules.conditions}
    return [_("a kit that is wanted") if slug == "preferences" else titles.get(slug, slug) for slug in missing]


def word(words: Mapping[str, LazyText], key: str) -> Text:
    """The word of a key; the key itself where it has none (a wave's own vocabulary)."""
    return words.get(key, key)


def criterion_title(slug: str) -> str:
    """A criterion's name."""
    known = all_criteria().get(slug)
    return slug if known is None else gettext(known.title)


def key_title(slug: str, key: str) -> str:
    """The name of one of a criterion's figures."""
    known = all_criteria().get(slug)
    return key if known is None else gettext(known.keys.get(key, key))


def told(message: Message | Mapping[str, Any]) -> str:
    """A stored reason in the reader's language, its numbers as the language writes them."""
    text, params = (
        (message.text, message.params) if isinstance(message, Message) else (message["text"], message["params"])
    )
    shown = {
        key: str(word(CATEGORIES, str(value)))
        if key == "category"
        else number(value)
        if isinstance(value, int) and not isinstance(value, bool) and key != "year" and key != "id"
        else value
        for key, value in params.items()
    }
    return gettext(text, **shown)
