"""What everybody may see of the results: a journalist at a desk, a school that was not chosen on its telephone."""

import json
import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.acting import greek, says
from tests.e2e.eyes import Eyes
from tests.e2e.office import WAVE
from tests.e2e.stage import ROOT

VERIFIER = ROOT / "stem_logistics" / "allocation" / "verify.py"


def read_results(page: Page, eyes: Eyes) -> str:
    """The result page for everybody, and a school that asked in vain; returns that school's code."""
    page.goto(f"/results/{WAVE}")
    says(page, "Δράση STEM 7", "Βάση")
    eyes.look(page, "results")
    page.goto(f"/results/{WAVE}?outcome=not")
    page.locator("main table tbody th a").first.click()
    code = page.url.rsplit("/", 1)[1]
    eyes.look(page, "result-of-a-school")
    page.goto(f"/results/{WAVE}?outcome=excluded")
    page.locator("main table tbody th a").first.click()
    says(page, "Πράξη του Συλλόγου Διδασκόντων")
    eyes.look(page, "result-not-admitted")
    return code


def verify_files(page: Page, folder: Path, rejected: str) -> None:
    """The published files, downloaded by their links, hold; with a chosen school's kit given to another they do not."""
    page.goto(f"/results/{WAVE}")
    saved: dict[str, Path] = {}
    for name in ("input.json", "outcome.json", "verify.py"):
        with page.expect_download() as waiting:
            page.locator(f'main a[href="/results/{WAVE}/{name}"]').click()
        saved[name] = folder / name
        waiting.value.save_as(saved[name])
    assert saved["verify.py"].read_bytes() == VERIFIER.read_bytes()

    def verify() -> int:
        command = [sys.executable, "-I", str(saved["verify.py"]), str(saved["input.json"]), str(saved["outcome.json"])]
        return subprocess.run(command, capture_output=True, timeout=30, cwd=folder).returncode

    assert verify() == 0
    outcome = json.loads(saved["outcome.json"].read_text(encoding="utf-8"))
    allocation = outcome["allocation"]
    first = min(code for code in allocation if allocation[code]["line"] == "open")
    allocation[rejected] = allocation.pop(first)
    forged = json.dumps(outcome, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    saved["outcome.json"].write_text(forged, encoding="utf-8")
    assert verify() == 1


def read_own_result(page: Page, eyes: Eyes, link: str) -> None:
    """The rejected school reads one sentence, its points, the base, and what it would have needed."""
    page.goto(link)
    lead = page.locator("main .lead").first
    expect(lead).to_be_visible()
    assert len(lead.inner_text().split()) < 40
    says(page, "μόρια", greek("Points by criterion"))
    # where the draw decided, more points or an earlier place in it
    told = page.locator("main").inner_text()
    assert re.search(r"(Χρειαζόταν .*\d+ μόρια|Με τα ίδια μόρια)", told), told
    eyes.look(page, "own-result")
