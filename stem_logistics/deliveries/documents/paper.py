"""A numbered paper of one or two pages: facts, sentences, a table, places to sign. PDF/A-2b.

What custody needs (hand-over, repair, loan, transfer, disposal, stocktake) differs in words only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stem_logistics.deliveries.documents.parties import Sender
from stem_logistics.deliveries.documents.render import render
from stem_logistics.deliveries.documents.text import greek_date, greek_time


@dataclass(frozen=True, slots=True)
class Paper:
    """Everything that the document says, in Greek.

    Args:
        title: in capitals without accents, as official titles are.
        name: the document's name in the file and its foot.
        moment: in the zone to be shown.
        facts: pairs (label, value); one without a value is left out.
        heads: the table's heads; the last column is for numbers where `numeric` is set.
        signers: who signs, a place each.
    """

    title: str
    name: str
    number: str
    moment: datetime
    sender: Sender
    facts: tuple[tuple[str, str], ...]
    sentences: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    signers: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()


def paper_pdf(paper: Paper) -> bytes:
    """The paper as PDF/A-2b; the same paper gives the same bytes."""
    data = {
        "title": paper.title,
        "name": paper.name,
        "number": paper.number,
        "moment": f"{greek_date(paper.moment)}, {greek_time(paper.moment)}",
        "sender": paper.sender.data(),
        "facts": [list(pair) for pair in paper.facts if pair[1]],
        "sentences": list(paper.sentences),
        "heads": list(paper.heads),
        "rows": [list(_padded(row, len(paper.heads))) for row in paper.rows],
        "signers": list(paper.signers),
        "closing": list(paper.closing),
    }
    return render("paper.typ", data, paper.moment)


def _padded(row: Sequence[str], width: int) -> tuple[str, ...]:
    assert len(row) == width, f"{len(row)} cells for {width} columns"
    return tuple(row)
