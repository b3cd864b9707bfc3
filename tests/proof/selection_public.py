"""What everybody may read and prove in the show of a whole selection."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests.e2e.acting import greek, press, says
from tests.e2e.eyes import Eyes
from tests.proof.section import Section
from tests.proof.selection_desk import WAVE


def read_results(page: Page, eyes: Eyes, name: str) -> None:
    """The table for everybody, its excluded schools, and one of their pages."""
    page.goto(f"/results/{WAVE}")
    says(page, "Δράση STEM 7", "Βάση")
    eyes.look(page, name)
    page.goto(f"/results/{WAVE}?outcome=excluded")
    page.locator("main table tbody th a").first.click()
    eyes.look(page, f"{name}-not-admitted")


def rejected_codes(page: Page, kit: str, count: int) -> list[str]:
    """Schools that asked for a kit and received none, in the order of the table."""
    page.goto(f"/results/{WAVE}?outcome=not&kit={kit}")
    codes = page.locator("main table").first.locator("tbody td.code").all_inner_texts()
    assert len(codes) >= count, codes
    return codes[:count]


def excluded_code(page: Page) -> str:
    """A school that was not admitted."""
    page.goto(f"/results/{WAVE}?outcome=excluded")
    return page.locator("main table").first.locator("tbody td.code").first.inner_text()


def received_codes(page: Page, kit: str) -> list[str]:
    """Schools that received something and asked for this kit."""
    page.goto(f"/results/{WAVE}?outcome=received&kit={kit}")
    return page.locator("main table").first.locator("tbody td.code").all_inner_texts()


def download(page: Page, folder: Path) -> list[Path]:
    """Every file of the results' page by its own link, and the table as CSV; the runs' files in order."""
    page.goto(f"/results/{WAVE}")
    names = page.locator(f'main a[href^="/results/{WAVE}/"][download]').evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )
    for name in dict.fromkeys(names):
        with page.expect_download() as waiting:
            page.locator(f'main a[href="{name}"]').first.click()
        waiting.value.save_as(folder / name.rsplit("/", 1)[1])
    table = page.request.get(f"/results/{WAVE}?format=csv").body()
    (folder / "results.csv").write_bytes(table)
    runs = sorted(folder.glob("input-*.json"))
    return [each for path in runs for each in (path, path.with_name(path.name.replace("input", "outcome")))]


def prove(section: Section, folder: Path, chain: list[Path]) -> None:
    """The two published programs over the published files, without us; and over altered ones."""

    def status(*arguments: str) -> int:
        command = [sys.executable, "-I", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False).returncode

    section.expect(status("verify.py", "input.json", "outcome.json") == 0, "verify.py refuses the published outcome")
    names = [path.name for path in chain]
    for given, outcome in zip(names[::2], names[1::2], strict=True):
        section.expect(status("verify.py", given, outcome) == 0, f"verify.py refuses {outcome}")
    section.expect(status("verify_final.py", "final.json", *names) == 0, "verify_final.py refuses the final file")
    alter(folder / "outcome.json", folder / "altered.json", _swap)
    section.expect(status("verify.py", "input.json", "altered.json") == 1, "an altered outcome is accepted")
    section.figures["runs verified offline by the published program"] = len(names) // 2


def alter(source: Path, target: Path, edit: Callable[[dict[str, object]], None]) -> None:
    """A file as somebody edits it by hand."""
    document = json.loads(source.read_bytes())
    edit(document)
    target.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def _swap(document: dict[str, object]) -> None:
    allocation = document["allocation"]
    assert isinstance(allocation, dict)
    first = min(allocation)
    allocation["9999999"] = allocation.pop(first)


def drop_files(page: Page, eyes: Eyes, folder: Path) -> None:
    """The two files given to the page: verified; one of them edited by hand: refused, with the place."""
    for name, words in (("outcome.json", "Verified: "), ("altered.json", "Refused: ")):
        page.goto("/verify-results")
        if name == "outcome.json":
            eyes.look(page, "verify", allowed=("verify", "final", "input", "outcome", "python"))
        page.set_input_files('[name="input"]', folder / "input.json")
        page.set_input_files('[name="outcome"]', folder / name)
        press(page, "Check the files")
        title = {
            "Verified: ": "Verified: the outcome follows from the input, to the last reason.",
            "Refused: ": "Refused: a fact of the outcome is wrong. The first one is named:",
        }[words]
        says(page, greek(title))
        eyes.look(page, f"verify-{name.split('.')[0]}", allowed=("verify", "final", "input", "outcome", "python"))
