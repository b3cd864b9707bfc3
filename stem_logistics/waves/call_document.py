"""The text of a call from the database, and as a Greek document (PDF/A) with its protocol number and ΑΔΑ."""

import asyncio
from dataclasses import dataclass

from stem_logistics.deliveries.documents.render import render
from stem_logistics.deliveries.protocols import sender
from stem_logistics.errors import Conflict, NotFound
from stem_logistics.waves.call_text import Section, call_text
from stem_logistics.waves.service import StoredRules, Wave, get_wave, regions, require_rules
from stem_logistics.web.formats import format_date
from stem_logistics.web.i18n import current_locale, use_locale


@dataclass(frozen=True)
class Call:
    """A wave's call as it is published: the wave, the version of its rules, the text."""

    wave: Wave
    stored: StoredRules
    sections: list[Section]

    @property
    def is_draft(self) -> bool:
        """Whether nothing of it holds yet."""
        return self.stored.frozen_at is None


async def call_of(slug: str) -> Call:
    """The text of a wave's call in the reader's language, of a draft too.

    Raises:
        NotFound: no such wave.
        Conflict: it has no rules (a historic wave never had any).
    """
    wave = await get_wave(slug)
    stored = await require_rules(wave.id)
    return Call(wave, stored, call_text(wave, stored.rules, await region_words()))


async def region_words() -> dict[str, str]:
    """The regions' names by code, in the reader's language."""
    name = "name_en" if current_locale.get() == "en" else "name_el"
    return {region["code"]: region[name] for region in await regions()}


async def published_call(slug: str) -> Call:
    """The same for everybody: only of a call that is published.

    Raises:
        NotFound: no such wave, or its call has not opened.
    """
    wave = await get_wave(slug)
    if wave.state in ("draft", "historic"):
        raise NotFound("wave-not-found", wave=slug)
    try:
        return await call_of(slug)
    except Conflict as error:
        raise NotFound("wave-not-found", wave=slug) from error


async def call_pdf(slug: str, *, published: bool = False) -> bytes:
    """The call as PDF/A in Greek; a draft says on every page that it is one.

    Args:
        slug: the wave.
        published: only what everybody may see.
    """
    with use_locale("el"):
        call = await (published_call(slug) if published else call_of(slug))
        wave = call.wave
        moment = call.stored.frozen_at or call.stored.created_at
        data = {
            "sender": sender().data(),
            "title": "Πρόσκληση υποβολής αιτήσεων",
            "wave": wave.title_el,
            "years": wave.years,
            "draft": call.is_draft,
            "protocol": wave.call_protocol,
            "ada": wave.call_ada,
            "date": format_date(moment),
            "version": str(call.stored.version),
            "sections": [section.as_json() for section in call.sections],
        }
    return await asyncio.to_thread(render, "call.typ", data, moment)
