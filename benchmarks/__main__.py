"""`make bench`, or `python -m benchmarks [MODULE …]`: run every module here that has `run()`, print one table.

A new benchmark is a module beside this one with `run() -> list[Row]`; nothing else needs to know of it.
Exit status 1 if a ratio exceeds its mark.
"""

import importlib
import pkgutil
import sys
import time

import benchmarks
from benchmarks.row import Row


def names(chosen: list[str]) -> list[str]:
    """The modules to run: those named, or all."""
    every = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if not m.name.startswith("_"))
    if unknown := set(chosen) - set(every):
        sys.exit(f"no benchmark is called {', '.join(sorted(unknown))}; there are: {', '.join(every)}")
    return chosen or every


def table(rows: list[Row]) -> str:
    cells = [("what", "measured", "ratio", "against", "mark", "")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        mark = "" if row.mark is None else f"≤ {row.mark:g}"
        cells.append((row.what, row.measured, ratio, row.against, mark, row.verdict))
    widths = [max(len(line[n]) for line in cells) for n in range(6)]
    return "\n".join("  ".join(text.ljust(widths[n]) for n, text in enumerate(line)).rstrip() for line in cells)


def main() -> int:
    """Run, print, judge."""
    started = time.perf_counter()
    rows: list[Row] = []
    for name in names(sys.argv[1:]):
        module = importlib.import_module(f"benchmarks.{name}")
        if hasattr(module, "run"):
            print(f"{name} …", file=sys.stderr, flush=True)
            rows += module.run()
    print(table(rows))
    print(f"({time.perf_counter() - started:.0f} s)", file=sys.stderr)
    return 1 if any(row.verdict == "SLOW" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
