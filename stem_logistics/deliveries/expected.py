"""What a school is expected to confirm: the lines of a consignment as they stand."""

from dataclasses import dataclass

from stem_logistics.deliveries import queries
from stem_logistics.deliveries.rules import ShippedLine
from stem_logistics.web.i18n import current_locale, gettext


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """A line of the form: pieces of an item in a kit, or one device with a serial number.

    Args:
        key: what the form calls it.
        kit_id: the kit that the ledger has it in.
        head_id: the kit under which it is told: another one where something is sent again.
    """

    key: str
    line_id: int
    kit_id: int
    head_id: int
    kit_code: str
    kit_title: str
    item_id: int
    item: str
    device_id: int | None
    serial: str
    shipped: int
    settled: int
    # that the kit is whole without it, or in whose place it came: said behind its name
    remark: str = ""

    @property
    def label(self) -> str:
        """What a person calls it."""
        named = f"{self.item} ({self.serial})" if self.serial else self.item
        return f"{named} – {self.remark}" if self.remark else named

    @property
    def outstanding(self) -> int:
        """Pieces nobody has accounted for yet."""
        return self.shipped - self.settled

    @property
    def is_one(self) -> bool:
        """Whether one thing is left: it arrived, is damaged, is missing or is to come, and nothing is counted."""
        return self.device_id is not None or self.outstanding == 1

    @property
    def rule_line(self) -> ShippedLine:
        """As the rules know it."""
        return ShippedLine(self.key, self.label, self.shipped, self.settled)


async def expected_lines(consignment_id: int) -> list[ExpectedLine]:
    """Every line of a consignment as it stands, a device with a serial number for itself."""
    language = current_locale.get()
    devices = await queries.devices_of(consignment_id)
    found = []
    for row in await queries.lines_of(consignment_id):
        mine = [device for device in devices if device["line_id"] == row["id"]]
        about = (
            row["kit_id"],
            row["head_id"],
            row["kit_code"],
            row[f"kit_title_{language}"],
            row["item_id"],
            row[f"name_{language}"],
        )
        remark = ""
        if row["instead_of_el"]:
            remark = gettext("instead of: %(item)s", item=row[f"instead_of_{language}"])
        elif row["optional"]:
            remark = gettext("the kit is whole without it")
        for device in mine:
            key = f"{row['id']}-{device['id']}"
            found.append(
                ExpectedLine(
                    key, row["id"], *about, device["id"], device["serial_number"], 1, int(device["settled"]), remark
                )
            )
        if left := row["quantity"] - len(mine):
            found.append(ExpectedLine(str(row["id"]), row["id"], *about, None, "", left, row["settled"], remark))
    return found
