"""The disk fills up while devices are checked: what was found is printed, what was kept is safe and arrives."""

import asyncio
import json
import os
import sys
from pathlib import Path

from litestar import Litestar

from stem_logistics.db.engine import fetch
from tests.checks.seeding import issue_code, make_kit
from tests.checks.serving import Laptop, Ran, free_port, served

LIMIT = 36 * 1024
"""No file may grow beyond it: SQLite's shared memory fits, a write-ahead log with several reports does not."""
_RUN = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))
os.execv(sys.argv[1], sys.argv[1:])
"""


async def on_a_full_disk(laptop: Laptop, *arguments: str) -> Ran:
    """Run stem-check where writing beyond a size fails, as on a disk without space."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _RUN.format(LIMIT),
        str(Path(sys.executable).parent / "stem-check"),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "STEM_CHECK_HOME": str(laptop.home / "data"), "STEM_CHECK_LANG": "en"},
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert "Traceback" not in err.decode()
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def test_a_full_disk_loses_nothing_that_was_told(app: Litestar, tmp_path: Path) -> None:
    """Eight devices, space for the reports of some: all verdicts are printed, each device says whether its report was
    kept, the exit code is 3 with the remedy; later exactly the kept ones arrive, and a new check numbers on."""
    laptop, port = Laptop(tmp_path / "laptop"), free_port()
    serials = [f"BEE-{number}" for number in range(8)]
    targets = [part for serial in serials for part in ("--port", f"bee-bot:{serial}")]
    async with served(app, port) as url:
        assert (await laptop.run("enrol", await issue_code(), "--server", url)).code == 0
        kit = await make_kit({"bee-bot": ("bee-bot", serials)})
        assert (await laptop.check(kit, f"bee-bot:{serials[0]}")).document["sync"]["sent"] == 1
    answers = ("--answers", str(laptop.answers))
    full = await on_a_full_disk(laptop, "check", kit, *targets, *answers, "--json")
    devices = full.document["devices"]
    kept = {device["report_id"] for device in devices if device["report_id"]}
    lost = [device for device in devices if device["not_kept"]]
    assert full.code == 3 and len(devices) == 8 and all(device["verdict"] == "PASS" for device in devices)
    assert lost and len(kept) + len(lost) == 8 and not any(device["report_id"] for device in lost)
    assert "outbox.sqlite3" in full.err and "Make space" in full.err
    in_words = await on_a_full_disk(laptop, "check", kit, *targets, *answers)
    assert in_words.code == 3 and ("BEE-7" in in_words.out or "outbox.sqlite3" in in_words.err)
    async with served(app, port):
        done = await laptop.run("sync", "--json")
        assert done.code == 0 and done.document["waiting"] == 0, done.err
        there = {str(row["id"]) for row in await fetch("SELECT report_id::text AS id FROM check_report")}
        assert kept <= there
        again = await laptop.check(kit, f"bee-bot:{serials[7]}")
        assert again.document["sync"]["sent"] == 1, json.dumps(again.document)[:300]
        chain = await fetch("SELECT sequence, chain FROM check_report ORDER BY sequence")
        assert [row["sequence"] for row in chain] == list(range(1, len(chain) + 1))
        assert {row["chain"] for row in chain} == {"whole"}
