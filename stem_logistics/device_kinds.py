"""The kinds of device that laptops can check, as the catalogue of items names them."""

from pathlib import Path

from device_agents.kinds import all_kinds, use_folders
from device_agents.kinds.base import UsbRule
from device_agents.messages import text
from stem_logistics.web.i18n import current_locale


def use_folder(folder: Path | None) -> None:
    """Know the organisation's own checklists of this folder too.

    Raises:
        ChecklistInvalid: one of its files is wrong; better told now than on a kit's page.
    """
    use_folders(*([folder] if folder is not None else []))
    all_kinds()


def is_known(slug: str) -> bool:
    """Whether reports may name this kind."""
    return any(kind.filed == slug for kind in all_kinds())


def choices() -> list[tuple[str, str]]:
    """Every kind that a report may name and its title in the reader's language, by title."""
    slugs = {kind.filed for kind in all_kinds()}
    return sorted(((slug, text(current_locale.get(), f"kind.{slug}")) for slug in slugs), key=lambda pair: pair[1])


def title(slug: str) -> str:
    """A kind's title in the reader's language; its slug where the kind is not known here."""
    return dict(choices()).get(slug, slug)


def usb_rules(slug: str) -> list[UsbRule]:
    """The USB identities by which the checker takes a device for one of this kind."""
    return list(dict.fromkeys(rule for kind in all_kinds() if kind.filed == slug for rule in kind.usb))


def recognises(slug: str, usb_id: str) -> bool:
    """Whether the checker takes a device of this identity (`0D28:0204`) for one of the kind."""
    vid, _, pid = usb_id.partition(":")
    return any(rule.vid == int(vid, 16) and rule.pid in (None, int(pid, 16)) for rule in usb_rules(slug))
