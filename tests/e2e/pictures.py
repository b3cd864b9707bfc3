"""Pictures of the walk: `python -m tests.e2e.pictures [DIR]` keeps every page at two widths, and renews the README's.

DIR is where they all go (a temporary folder without it); the chosen ones are cut and written to docs/pictures/.
`python -m tests.e2e.pictures --selection DIR` renews those that `python -m tests.proof --only selection` kept in DIR.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent.parent
TARGET = ROOT / "docs" / "pictures"
# name in docs/pictures/ → the walk's page and width; the top of each is shown
CHOSEN = {
    "results": ("results", 1280),
    "receipt": ("receipt", 375),
    "kit": ("kit-checked", 1280),
}
OF_THE_SELECTION = {"school": ("own-result-rejected", 360)}
HEIGHTS = {1280: 800, 375: 812, 360: 740}
MOST_BYTES = 150_000


def cut(source: Path, target: Path, height: int) -> None:
    """The top of a page as a small file: few colours are enough for text and lines."""
    with Image.open(source) as page:
        top = page.convert("RGB").crop((0, 0, page.width, min(height, page.height)))
    top.quantize(128, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(target, optimize=True)
    if target.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{target} has {target.stat().st_size} bytes: choose a calmer page")


def main(folder: Path) -> int:
    """Walk with pictures, then cut the chosen ones; the walk's exit code where it failed."""
    environment = {**os.environ, "STEM_PICTURES": str(folder)}
    command = [sys.executable, "-m", "pytest", "-q", "tests/e2e"]
    code = subprocess.run(command, cwd=ROOT, env=environment).returncode
    if code:
        return code
    renew(folder, CHOSEN)
    return 0


def renew(folder: Path, chosen: Mapping[str, tuple[str, int]]) -> None:
    """Cut the chosen pages of a folder for docs/pictures/."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, (page, width) in chosen.items():
        (source,) = folder.glob(f"[0-9][0-9]-{page}-{width}.png")
        cut(source, TARGET / f"{name}.png", HEIGHTS[width])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--selection"]:
        renew(Path(sys.argv[2]).absolute(), OF_THE_SELECTION)
        sys.exit(0)
    if len(sys.argv) > 1:
        sys.exit(main(Path(sys.argv[1]).absolute()))
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(main(Path(temporary)))
