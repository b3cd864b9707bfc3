"""An uploaded list of serial numbers, as text."""

from stem_logistics.errors import Invalid
from stem_logistics.inventory.rules import decode, is_text
from stem_logistics.registry.importing.faults import FileRefused
from stem_logistics.registry.importing.sheets import rows_of


def text_of_list(content: bytes) -> str:
    """An uploaded list as text: a spreadsheet's first sheet row by row, its cells divided by tabs; else the text.

    Raises:
        Invalid: a spreadsheet that cannot be read, or neither a spreadsheet nor a text.
    """
    if not content.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        if not is_text(content):
            raise Invalid("list-unreadable")
        return decode(content)
    lines: list[str] = []
    try:
        for row in rows_of(content):
            # a row of the list keeps the number that it has in the spreadsheet
            lines += [""] * (row.number - 1 - len(lines))
            cells = [int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in row.cells]
            lines.append("\t".join(" ".join(str(cell).split()) for cell in cells).rstrip("\t"))
    except FileRefused as refused:
        raise Invalid("list-unreadable") from refused
    return "\n".join(lines)
