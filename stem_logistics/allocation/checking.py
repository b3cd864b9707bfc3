"""Anyone's two files held against each other: the published verifier itself, run apart, bounded in size and time."""

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stem_logistics import runtime
from stem_logistics.accounts.service import limit_attempts
from stem_logistics.allocation import verify
from stem_logistics.errors import Invalid, TooLarge

MOST_BYTES = 40_000_000
MOST_SECONDS = 60
ATTEMPTS, WINDOW_SECONDS = 20, 15 * 60


@dataclass(frozen=True)
class Verdict:
    """What the verifier said: verified, refused, unusable or too-long, its own words, and its exit status."""

    kind: str
    text: str


_KINDS = {0: "verified", 1: "refused", 2: "unusable"}
_one_at_a_time = asyncio.Semaphore(1)


async def check_files(given: bytes, outcome: bytes) -> Verdict:
    """Run verify.py on two files, as anybody would on their own computer.

    Raises:
        Invalid: a file is missing.
        TooLarge: one is larger than is checked here.
        TooMany: from one address, too often.
    """
    if not given or not outcome:
        raise Invalid("upload-missing")
    limit = min(MOST_BYTES, runtime.settings().max_upload_bytes)
    if max(len(given), len(outcome)) > limit:
        raise TooLarge("upload-too-large", limit=limit // 1_000_000)
    origin = runtime.actor().origin_digest
    await limit_attempts("verify-files", origin.hex() if origin else "-", attempts=ATTEMPTS, seconds=WINDOW_SECONDS)
    async with _one_at_a_time:
        return await _run(given, outcome)


async def _run(given: bytes, outcome: bytes) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="stem-verify-") as folder:
        paths = [Path(folder, name) for name in ("input.json", "outcome.json")]
        for path, content in zip(paths, (given, outcome), strict=True):
            await asyncio.to_thread(path.write_bytes, content)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(Path(verify.__file__)),
            *map(str, paths),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            said, fault = await asyncio.wait_for(process.communicate(), MOST_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            return Verdict("too-long", "")
    text = (said or fault).decode(errors="replace").strip()[:1000]
    return Verdict(_KINDS.get(process.returncode or 0, "refused"), text)
