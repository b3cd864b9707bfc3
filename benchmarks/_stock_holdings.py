"""What schools have already comes in from one file: a row for each kit with its six serial numbers.

The whole use case is measured: reading the file, finding schools and what is known, codes, devices, the ledger's
trigger, commit. Nothing that everybody knows does the same, so that there is no ratio: rows a second, and how far the
memory of this process grew.
"""

import resource
import time
import uuid
from dataclasses import dataclass

from stem_logistics.db.engine import fetch
from stem_logistics.inventory import holdings

EACH = 6
HEAD = "Ministry code;Kit;microbit;arduino;Since;Source"


@dataclass(frozen=True)
class Taken:
    """How long a file took, how large it was, and by how many megabytes the process grew beyond what it had held."""

    seconds: float
    megabytes: float
    grown: float


async def file_of(kits: int) -> bytes:
    """A file of so many kits, dealt to all schools, over a thousand days."""
    codes = [row["code"] for row in await fetch("SELECT code FROM institution ORDER BY id")]
    mark = uuid.uuid4().hex[:6]
    (slug,) = [row["slug"] for row in await fetch("SELECT slug FROM kit_definition ORDER BY id LIMIT 1")]
    lines = [HEAD]
    for n in range(kits):
        micro, arduino = (",".join(f"{kind}{mark}{n:06d}{at}" for at in range(EACH // 2)) for kind in "MA")
        day = f"{1 + n % 28:02d}/{1 + n // 28 % 12:02d}/{2022 + n // 336 % 3}"
        lines.append(f"{codes[n % len(codes)]};{slug};{micro};{arduino};{day};STEM {n % 5}")
    return "\n".join(lines).encode()


async def taking(kits: int) -> Taken:
    """Take a file of so many kits, once."""
    content = await file_of(kits)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    told = await holdings.write(content, "schools.csv", None, holdings.no_report)
    took = time.perf_counter() - begun
    assert told["kits"] == kits, told["reasons"]
    return Taken(took, len(content) / 1e6, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
