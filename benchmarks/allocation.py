"""The rule of allocation: solving against `sorted()` over the same schools, verifying against solving.

`python -m benchmarks.allocation [SCHOOLS …]` chooses the sizes; the default is the country's 14,000 schools
and the 500,000 that the action counts in Europe. Each size runs in a process of its own, so that its peak of
memory is its own. "From parsed input" is the measure for solving and for verifying alike: neither reads a file.
"""

import gc
import json
import math
import random
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import IO

from benchmarks.row import Row
from stem_logistics.allocation import verify
from stem_logistics.allocation.model import Applicant, Kit, Line, Wave, ticket
from stem_logistics.allocation.parsing import canonical_input, parse_input
from stem_logistics.allocation.reasons import outcome_chunks, reasons
from stem_logistics.allocation.rules import solve

SIZES = (14_000, 500_000)
CATEGORIES = ("special", "minority", "second_chance", "remote", "island")
VERIFY_MARK = 2
KITS, REGIONS, SHARE = 6, 100, 0.07  # stock for 7% of the schools


def wave(schools: int) -> Wave:
    """Six kits, each with five lines that overlap and a cap for every region on every other kit."""
    stock = int(schools * SHARE / KITS)
    lines = tuple(Line(f"line{n}", frozenset((CATEGORIES[n], CATEGORIES[(n + 1) % 5])), stock // 12) for n in range(5))
    caps = {f"region{n}": max(1, stock // 60) for n in range(REGIONS)}
    kits = (Kit(f"kit{n}", stock, frozenset("psv"), lines, caps if n % 2 else {}) for n in range(KITS))
    return Wave("benchmark", tuple(kits))


def applicants(schools: int) -> tuple[Applicant, ...]:
    rng = random.Random(1)
    kits = [f"kit{n}" for n in range(KITS)]
    return tuple(
        Applicant(
            id=f"{n:07d}",
            submission=1,
            level=rng.choice("psv"),
            region=f"region{rng.randrange(REGIONS)}",
            categories=tuple(rng.sample(CATEGORIES, rng.choice((0, 0, 0, 0, 1, 1, 2)))),
            score=rng.randrange(400) * 250_000,
            preferences=tuple(rng.sample(kits, rng.randint(1, 4))),
        )
        for n in range(schools)
    )


def seconds(work: Callable[[], object], times: int) -> float:
    """The processor's best time of some runs: what else the machine does only ever adds."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def memory(field: str) -> float:
    """What the process holds now (VmRSS), in MB; nought where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), 0.0)


def peak(work: Callable[[], object]) -> float:
    """The most memory, in MB, that some work holds at once beyond what was held before it.

    As Python counts it: what the system counts does not show work that fits into room left by earlier work.
    """
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 2**20


def measure(schools: int) -> dict[str, float]:
    """Everything about one size, in this process."""
    gc.disable()  # as the commands do
    raw = canonical_input(wave(schools), applicants(schools))
    found: dict[str, float] = {"read": seconds(lambda: parse_input(raw), 1)}
    data = parse_input(raw)
    times = 5 if schools > 50_000 else 9
    keys = [(-a.score, ticket(data.wave.seed, a.id)) for a in data.applicants]
    found["sorted"] = seconds(lambda: sorted(keys), times)
    keys.clear()
    found["input_mb"] = memory("VmRSS")
    found["solve"] = seconds(lambda: solve(data), times)
    found["solve_mb"] = peak(lambda: solve(data))
    outcome = solve(data)
    found["awards"] = len(outcome.allocation)
    with tempfile.TemporaryFile() as file:
        started = time.process_time()
        file.writelines(outcome_chunks(data, outcome))
        found["write"] = time.process_time() - started
        found["rows"] = sum(1 for _ in reasons(data, outcome))
        found |= verified(raw, file, times)
    found["whole"] = found["read"] + found["solve"] + found["write"] + found["check_all"]
    return found


def verified(raw: bytes, file: IO[bytes], times: int) -> dict[str, float]:
    """The verifier over the same files: what it takes from parsed input, and with every reason compared."""
    checked = verify.Wave(raw)
    file.seek(0)
    head = file.read(50_000_000).partition(b',"reasons":[')[0] + b',"reasons":[]}'
    parsed, _ = verify.read(head, verify.OUTCOME, "the outcome")
    found = {"certificate": seconds(lambda: checked.certificate(parsed), times)}
    found["verify"] = seconds(lambda: checked.worked_out(parsed), times)
    file.seek(0)
    found["check_all"] = seconds(lambda: verify.verify(checked, file), 1)
    file.seek(0)
    return found | {"verify_mb": peak(lambda: verify.verify(checked, file))}


def rows(schools: int, m: dict[str, float]) -> list[Row]:
    who = f"{schools:,} schools"
    files = m["read"] + m["write"]
    # With 14,000 schools sorting is over in 5 ms and the fixed work shows, so the mark there is wider.
    return [
        Row(f"solve {who}", f"{m['solve'] * 1000:.1f} ms", m["solve"] / m["sorted"],
            f"sorted(), {m['sorted'] * 1000:.1f} ms", 1.5 if schools > 50_000 else 4),
        Row(f"  memory beyond the parsed input's {m['input_mb']:.0f} MB", f"{m['solve_mb']:.0f} MB",
            m["solve_mb"] / 200, "200 MB", 1),
        Row("  its reasons, written", f"{m['rows'] / m['write']:,.0f} rows/s"),
        Row(f"certificate of {who}", f"{m['certificate'] * 1000:.0f} ms"),
        Row(f"verify {who}", f"{m['verify'] * 1000:.0f} ms", m["verify"] / m["solve"], "solve",
            VERIFY_MARK if schools > 50_000 else 4),
        Row("  with every reason compared", f"{m['rows'] / m['check_all']:,.0f} rows/s",
            m["check_all"] / m["write"], f"writing them: {m['write']:.2f} s"),
        Row("  memory beyond the parsed input", f"{m['verify_mb']:.0f} MB", m["verify_mb"] / 200, "200 MB", 1),
        Row(f"read, allocate, explain, write, verify {who}", f"{m['whole']:.2f} s", m["whole"] / files,
            f"read and write: {files:.2f} s", 3),
    ]  # fmt: skip


def run(sizes: tuple[int, ...] = SIZES) -> list[Row]:
    """Measure each size in a process of its own; the last rows say whether they grow linearly."""
    found = {}
    for schools in sizes:
        command = [sys.executable, "-m", "benchmarks.allocation", "--measure", str(schools)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=3600).stdout
        found[schools] = json.loads(answer)
    table = [row for schools, m in found.items() for row in rows(schools, m)]
    small, large = min(sizes), max(sizes)
    if small < large:
        for what in ("solve", "verify"):
            power = math.log(found[large][what] / found[small][what]) / math.log(large / small)
            table.append(Row(f"{what}: exponent of growth from {small:,} to {large:,}", f"{power:.2f}", power, "", 1.1))
    return table


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(int(sys.argv[2]))))
    else:
        from benchmarks.__main__ import table as printed

        print(printed(run(tuple(int(n) for n in sys.argv[1:]) or SIZES)))
