"""What can be wrong with a registry file, as places and slugs; the sentences are made in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stem_logistics.web.i18n import N_, gettext

# English sentences by slug, %-formatted; the Greek ones stand in locales/el/registry.po. Each names the remedy.
MESSAGES: Mapping[str, str] = {
    "file-empty": N_("The file is empty. Choose the file that was exported."),
    "file-unreadable": N_("The file cannot be opened (%(cause)s). Check its name and that you may read it."),
    "file-too-large": N_(
        "The file has %(size)s MB; at most %(limit)s MB are taken. Remove sheets and columns that are not needed,"
        " or import it in parts."
    ),
    "too-many-rows": N_("The file has more than %(limit)s rows. Import it in parts."),
    "old-excel": N_("This is an old Excel file (.xls). Open it and save it as .xlsx or as CSV UTF-8."),
    "not-a-workbook": N_(
        "The file is no workbook that can be read (%(cause)s). Open it, save it as .xlsx and import that."
    ),
    "workbook-locked": N_("The workbook is protected by a password. Save it without one and import that."),
    "workbook-too-large": N_(
        "The workbook holds more than %(limit)s MB when unpacked. Save only the sheet that is needed in a file of"
        " its own."
    ),
    "no-sheet": N_("No visible sheet of the workbook has rows. Put the rows on the first sheet."),
    "encoding-broken": N_(
        "The file is UTF-8, but byte %(position)s (line %(line)s) is broken. Export it again; do not edit it "
        "with a program that saves another encoding."
    ),
    "encoding-unknown": N_(
        "The file's encoding is not known: it is neither UTF-8 nor UTF-16, Windows Greek or ISO Greek. Save "
        "it as “CSV UTF-8” and import that."
    ),
    "nul-byte": N_(
        "The cell holds a NUL byte (an invisible zero). Export the file again, or delete the cell and type it anew."
    ),
    "control-character": N_("The cell holds the invisible character %(character)s. Delete the cell and type it anew."),
    "quote-not-closed": N_(
        "A quotation mark that begins here is not closed, or stands in the middle of a quoted cell. Double "
        "every quotation mark inside a quoted cell."
    ),
    "cell-too-long": N_(
        "The cell has more than %(limit)s characters. Shorten it; look for a quotation mark that is not closed."
    ),
    "columns-unknown": N_(
        "The columns are not those of a school registry: neither of the Ministry's open data (school_code, "
        "school_name …) nor of the School Network (registry_no, name …). The first row must hold the columns'"
        " names."
    ),
    "column-missing": N_("The column is missing. The file has: %(found)s. Export it again with this column."),
    "column-repeated": N_("The column stands in the file twice (as column %(other)s too). Keep one of them."),
    "row-ragged": N_(
        "The row has %(cells)s cells, the first row has %(columns)s. A separator inside a text must stand in "
        "quotation marks."
    ),
    "no-rows": N_("The file has a first row with the columns' names and nothing below it."),
    "formula": N_(
        "The cell holds a formula (it begins with “%(sign)s”). Replace it by its value: copy, then paste values only."
    ),
    "error-value": N_("The cell holds an error of the spreadsheet (%(value)s). Correct it."),
    "code-empty": N_("The school's code is missing."),
    "code-zeros-lost": N_(
        "“%(value)s” has fewer than seven digits: Excel drops leading zeros. Format the column as text and "
        "write %(suggestion)s, or import the file that you exported, not opened in Excel."
    ),
    "code-malformed": N_(
        "“%(value)s” is no school code: seven digits are expected (other forms only for laboratory centres). "
        "Correct it."
    ),
    "code-repeated": N_(
        "The code %(value)s stands in row %(other)s too. Each school stands in the file once: delete one of the rows."
    ),
    "name-empty": N_("The school's name is missing."),
    "name-too-long": N_("The name has more than %(limit)s characters. Shorten it."),
    "text-too-long": N_("The cell has more than %(limit)s characters. Shorten it."),
    "level-unknown": N_(
        "The kind of school cannot be told from “%(value)s”. Write it in full, as ΝΗΠΙΑΓΩΓΕΙΟ, ΔΗΜΟΤΙΚΟ, "
        "ΓΥΜΝΑΣΙΟ, ΓΕΝΙΚΟ ΛΥΚΕΙΟ, ΕΠΑΓΓΕΛΜΑΤΙΚΟ ΛΥΚΕΙΟ."
    ),
    "state-unknown": N_("“%(value)s” is no state of a school. Write %(known)s."),
    "region-unknown": N_(
        "The regional directorate cannot be told from “%(value)s”. Write it in full, as ΠΕΡΙΦΕΡΕΙΑΚΗ "
        "ΔΙΕΥΘΥΝΣΗ ΕΚΠΑΙΔΕΥΣΗΣ ΚΕΝΤΡΙΚΗΣ ΜΑΚΕΔΟΝΙΑΣ."
    ),
    "number-malformed": N_("“%(value)s” is no whole number of 0 or more."),
    "coordinate-malformed": N_("“%(value)s” is no coordinate from %(low)s to %(high)s. Write degrees, as 40.2719."),
    "date-malformed": N_("“%(value)s” is no date. Write it as 2026-11-21."),
    "email-malformed": N_("“%(value)s” is no e-mail address. Correct it or leave the cell empty."),
    "outside-region": N_("The school is outside the region that you are responsible for. Remove the row."),
    "too-many-errors": N_("There are more errors than the %(limit)s shown. Correct these and import again."),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong, and where.

    Args:
        slug: a key of MESSAGES.
        row: as the spreadsheet numbers it (the row with the columns' names is 1); None for the file as a whole.
        column: the header as the file writes it; empty for the row as a whole.
        params: what the message is filled with.
    """

    slug: str
    row: int | None = None
    column: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As JSON that keeps its language open."""
        return {"slug": self.slug, "row": self.row, "column": self.column, "params": dict(self.params)}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> "Fault":
        """What `stored` gave."""
        return cls(stored["slug"], stored["row"], stored["column"], stored["params"])

    def sentence(self) -> str:
        """What is wrong and what to do, in the reader's language."""
        return gettext(MESSAGES[self.slug], **self.params)

    def in_english(self) -> str:
        """The sentence, for logs and for reading in a debugger."""
        return MESSAGES[self.slug] % dict(self.params)


class FileRefused(Exception):
    """The file as a whole cannot be read on.

    Attributes:
        faults: why, and where; at least one.
    """

    def __init__(self, slug: str = "", *faults: Fault, row: int | None = None, column: str = "", **params: Any) -> None:
        self.faults = faults or (Fault(slug, row, column, params),)
        super().__init__("; ".join(fault.in_english() for fault in self.faults))
