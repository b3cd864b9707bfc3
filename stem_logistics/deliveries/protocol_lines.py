"""The lines of a protocol: everything that was sent, as it stood with one receipt."""

from typing import Any
from zoneinfo import ZoneInfo

from stem_logistics import runtime
from stem_logistics.checks import service as checks
from stem_logistics.checks.rules import DeviceHealth
from stem_logistics.codes import shown_code
from stem_logistics.deliveries import queries, receipt_queries
from stem_logistics.deliveries.documents.protocol import Kit, Line
from stem_logistics.deliveries.documents.text import greek_date
from stem_logistics.deliveries.reasons import DAMAGE_WORDS, MISSING_WORDS
from stem_logistics.web.i18n import gettext, use_locale

CHECK_WORDS = {
    "PASS": "εντάξει",
    "FAIL": "βλάβη",
    "INCONCLUSIVE": "δεν ολοκληρώθηκε ο έλεγχος",
    "OUTDATED": "παλιά έκδοση",
    "UNKNOWN": "άγνωστο",
    "MISMATCH": "άλλο υλικολογισμικό",
    "DAMAGED": "κατεστραμμένο υλικολογισμικό",
}
SETTLED = ("received", "damaged", "missing")


def _check(device: DeviceHealth | None) -> str:
    """The word of a device's last check, as the official document has it."""
    if device is None or device.verdict is None or device.observed_at is None:
        return ""
    when = device.observed_at.astimezone(ZoneInfo(runtime.settings().timezone))
    return f"{CHECK_WORDS[device.verdict.value]} ({greek_date(when)})"


async def kits_of(consignment_id: int, part: int) -> tuple[Kit, ...]:
    """Every line that was sent, kit by kit, with what the receipts up to one said of it.

    Args:
        part: which receipt of the consignment; what later ones say is still awaited.
    """
    lines = sorted(await queries.lines_of(consignment_id), key=lambda line: int(line["kit_id"]))
    answers = await receipt_queries.lines_until(consignment_id, part)
    devices: dict[int, dict[int, str]] = {}
    for row in await queries.devices_of(consignment_id):
        devices.setdefault(row["line_id"], {})[row["id"]] = row["serial_number"]
    said: dict[tuple[int, int | None], list[dict[str, Any]]] = {}
    for row in answers:
        said.setdefault((row["line_id"], row["device_id"]), []).append(row)
        if row["device_id"]:  # what a receipt named had been sent, whatever became of it since
            devices.setdefault(row["line_id"], {})[row["device_id"]] = row["serial_number"]
    health = await checks.health_of_kits(list({line["kit_id"] for line in lines})) if lines else {}
    checked = {each.device_id: each for kit in health.values() for each in kit.devices if each.verdict is not None}
    kits: dict[int, list[Line]] = {}
    titles: dict[int, tuple[str, str]] = {}
    for line in lines:
        mine = sorted(devices.get(line["id"], {}).items(), key=lambda each: each[1])
        parts: list[tuple[int | None, str, int]] = [(device, serial, 1) for device, serial in mine]
        if loose := line["quantity"] - len(mine):
            parts.append((None, "", loose))
        for device, serial, sent in parts:
            check = _check(checked.get(device)) if device is not None else ""
            kits.setdefault(line["head_id"], []).append(
                _line(line, serial, sent, said.get((line["id"], device), []), part, check)
            )
        titles[line["head_id"]] = shown_code(line["kit_code"]), line["kit_title_el"]
    return tuple(Kit(*titles[head], tuple(found)) for head, found in kits.items())


def _line(line: dict[str, Any], serial: str, sent: int, said: list[dict[str, Any]], part: int, check: str) -> Line:
    before = sum(row[name] for row in said if row["part"] < part for name in SETTLED)
    now = next((row for row in said if row["part"] == part), dict.fromkeys(SETTLED, 0) | {"found": 0})
    return Line(
        line["name_el"],
        line["item"],
        serial,
        sent,
        now["received"] - now["found"],
        now["damaged"] + now["found"],
        now["missing"],
        sent - before - sum(now[name] for name in SETTLED),
        _remarks(now),
        check,
        before,
    )


def _remarks(row: dict[str, Any]) -> tuple[str, ...]:
    """Why something is short, in Greek; what was found when the quality was looked at comes last."""
    said = []
    with use_locale("el"):
        if row["damaged"]:
            reason = str(DAMAGE_WORDS[row["damage_reason"]])
            said.append(gettext("Damaged %(count)s: %(reason)s", count=row["damaged"], reason=reason))
        if row["missing"]:
            reason = str(MISSING_WORDS[row["missing_reason"]])
            said.append(gettext("Missing %(count)s: %(reason)s", count=row["missing"], reason=reason))
        if row.get("note"):
            said.append(f"«{row['note']}»")
        if row["found"]:
            reason = str(DAMAGE_WORDS[row["found_reason"]])
            said.append(gettext("Found damaged %(count)s: %(reason)s", count=row["found"], reason=reason))
            if row["found_note"]:
                said.append(f"«{row['found_note']}»")
    return tuple(said)
