"""A message as data: an English text with named places, and what goes into them. Pages translate it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stem_logistics.web.i18n import N_

__all__ = ["N_", "Message"]


@dataclass(frozen=True)
class Message:
    """A sentence that is not finished yet.

    Args:
        text: the English message with places such as ``%(count)s``; also its key in the catalogue.
        params: what the places hold: numbers stay numbers, so that each language writes them its own way.
    """

    text: str
    params: Mapping[str, object] = field(default_factory=dict)

    def english(self) -> str:
        """The sentence in English, for command lines and logs."""
        return self.text % dict(self.params)
