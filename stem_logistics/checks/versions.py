"""Which devices run firmware below a version, by their newest reports: for recalls."""

from collections.abc import Mapping
from typing import Any

from firmware_checks.errors import VersionUnreadable
from firmware_checks.versions import Version, find, parse
from stem_logistics.checks import version_queries
from stem_logistics.errors import Invalid

# What a device's report calls its firmware's version, the telling one first.
KEYS = ("firmware_version", "version", "firmware", "bootloader_version", "daplink", "firmata")


def version_of(identity: Mapping[str, Any]) -> Version | None:
    """The version that a report's identity tells; None where none can be read."""
    for key in KEYS:
        said = identity.get(key)
        if isinstance(said, str) and (found := find(said)) is not None:
            return found
    return None


async def devices_known(kind: str) -> set[int]:
    """The devices of a kind whose newest report tells a version."""
    rows = await version_queries.newest_identities(kind)
    return {row["device_id"] for row in rows if version_of(row["identity"]) is not None}


async def devices_below(kind: str, version: str) -> list[dict[str, Any]]:
    """The devices of a kind whose newest report tells an older firmware than `version`.

    Returns:
        Rows with device_id, kit_id, item_id, observed_at and `version`, as the device says it.

    Raises:
        Invalid: `version` cannot be read.
    """
    try:
        limit = parse(version)
    except VersionUnreadable as error:
        raise Invalid("version-unreadable", version=version[:40]) from error
    found = []
    for row in await version_queries.newest_identities(kind):
        told = version_of(row["identity"])
        if told is not None and told < limit:
            found.append({**row, "version": str(told)})
    return found
