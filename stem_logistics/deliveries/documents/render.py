"""Typst, fed with data: templates are fixed files; values reach them as JSON and are shown as text."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import segno
import typst

from stem_logistics.deliveries.documents.text import printable

TEMPLATES = Path(__file__).parent / "templates"
PACKAGE = Path(__file__).parents[2]  # what templates of other nouns may import from: `/deliveries/…/common.typ`


def qr_svg(url: str) -> str:
    """A QR code of `url` as SVG, error correction M, with the quiet zone that scanners need."""
    code = segno.make_qr(url, error="m")
    return str(code.svg_inline(scale=4, border=4, omitsize=False, dark="#000000", light="#ffffff"))


def _printable(value: Any) -> Any:
    """The same data, its texts reduced to what the fonts can print; the QR code is a picture, not text."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {str(k): v if k == "qr" else _printable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value


def render(template: str, data: Mapping[str, Any], moment: datetime, *, folder: Path = TEMPLATES) -> bytes:
    """The PDF/A-2b of a template, tagged for people who listen (PDF/UA-1).

    Args:
        template: file name in `folder`.
        data: what the template shows. Under the key `qr` an SVG; every other text is printed as it stands.
        moment: the document's date; the same arguments give the same bytes.
        folder: where the template lies, inside this package.
    """
    # No system fonts: the same document on every machine, byte for byte.
    pdf = typst.compile(
        str(folder / template),
        root=str(PACKAGE),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(_printable(data), ensure_ascii=False)},
        pdf_standards=["a-2b", "ua-1"],
        timestamp=int(moment.timestamp()),
    )
    assert isinstance(pdf, bytes)
    return pdf
