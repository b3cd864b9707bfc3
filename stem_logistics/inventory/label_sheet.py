"""Labels as PDF: sheets of the shops, and rolls of label printers."""

from collections.abc import Sequence
from datetime import datetime

from stem_logistics.codes import shown_code
from stem_logistics.deliveries.documents.render import qr_svg, render
from stem_logistics.inventory.label_rules import Label, Sheet


def labels_pdf(
    labels: Sequence[Label], sheet: Sheet, first_cell: int, owner: str, address: str, moment: datetime
) -> bytes:
    """The labels as PDF/A-2b.

    Args:
        labels: in the order in which they are printed.
        sheet: what they are printed on.
        first_cell: where on the first page the first one stands, from 1.
        owner: whose the things are.
        address: of the service, for who cannot scan and types.
        moment: the document's date.
    """
    data = {
        "sheet": {
            "width": sheet.width,
            "height": sheet.height,
            "columns": sheet.columns,
            "rows": sheet.rows,
            "label_width": sheet.label_width,
            "label_height": sheet.label_height,
            "left": sheet.left,
            "top": sheet.top,
            "gap": sheet.gap,
        },
        "skip": first_cell - 1,
        "sender": {"name": owner},
        "address": address.split("://", 1)[-1],
        "labels": [
            {
                "code": shown_code(label.code),
                "title": label.title,
                "detail": label.detail,
                "qr": qr_svg(label.url),
            }
            for label in labels
        ],
    }
    return render("label_sheet.typ", data, moment)
