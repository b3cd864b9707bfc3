"""Where a workbook's sheet holds formulas. The reader gives a formula's last value only, which may be anybody's."""

import io
import posixpath
import zipfile
from xml.parsers import expat

from stem_logistics.registry.importing.faults import FileRefused


def formula_cells(data: bytes, sheet: str) -> dict[int, set[int]]:
    """Row number → positions of the cells that hold a formula.

    Raises:
        FileRefused: the workbook's XML cannot be read, or declares entities.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        path = _sheet_path(archive, sheet)
        if path is None or path not in archive.namelist():
            return {}
        found: dict[int, set[int]] = {}
        at: list[str] = [""]

        def start(tag: str, attributes: dict[str, str]) -> None:
            local = tag.rsplit(":", 1)[-1]
            if local == "c":
                at[0] = attributes.get("r", "")
            elif local == "f" and at[0]:
                row, column = _place(at[0])
                found.setdefault(row, set()).add(column)

        with archive.open(path) as content:
            _parse(content.read(), start)
        return found


def _parse(xml: bytes, start: object) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = start  # type: ignore[assignment]  # expat's stub knows only its own callable type

    def refuse(*_: object) -> None:
        raise FileRefused("not-a-workbook", cause="XML entities")

    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        # damage, or an encoding that nobody knows
        raise FileRefused("not-a-workbook", cause=f"XML: {error}"[:80]) from None


def _sheet_path(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The part that holds a sheet, by the workbook's relationships."""
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheets(tag: str, attributes: dict[str, str]) -> None:
        if tag.rsplit(":", 1)[-1] == "sheet":
            ids[attributes.get("name", "")] = next((v for k, v in attributes.items() if k.endswith(":id")), "")

    def relations(tag: str, attributes: dict[str, str]) -> None:
        if tag.rsplit(":", 1)[-1] == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    names = archive.namelist()
    if "xl/_rels/workbook.xml.rels" not in names:
        return None
    _parse(archive.read("xl/workbook.xml"), sheets)
    _parse(archive.read("xl/_rels/workbook.xml.rels"), relations)
    target = targets.get(ids.get(sheet, ""))
    if not target:
        return None
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


def _place(reference: str) -> tuple[int, int]:
    letters = reference.rstrip("0123456789")
    if len(letters) > 3 or len(reference) > 12:
        # no spreadsheet has such a column; to reckon with megabytes of letters would take hours
        raise ValueError("cell reference")
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(reference[len(letters) :] or 0), column - 1
