"""`stem-check station KIT`: the full screen for a whole box.

Exit codes as of `stem-check check KIT`, for what was on the table when it ended.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from device_agents.errors import BadArguments
from device_agents.messages import text

PORTS_FILE: Final = "STEM_CHECK_PORTS_FILE"
AT_ONCE: Final = 32


def register(parser: argparse.ArgumentParser, language: str) -> None:
    """Add the arguments."""

    def words(name: str) -> str:
        return text(language, f"desk.{name}")

    parser.add_argument("kit", metavar="KIT", help=words("check-kit"))
    parser.add_argument(
        "--port", action="append", default=[], metavar="PORT[=KIND[:LABEL]]", help=words("station-port")
    )
    parser.add_argument("--ports-file", type=Path, metavar="FILE", help=words("station-ports-file"))
    parser.add_argument("--at-once", type=int, default=AT_ONCE, metavar="N", help=words("station-at-once"))
    parser.add_argument("--no-flash", action="store_true", help=text(language, "ui.probe-no-flash"))
    extras = text(language, "ui.probe-with")
    parser.add_argument("--with", action="append", default=[], dest="extras", metavar="NAME", help=extras)
    parser.add_argument("--baselines", type=Path, metavar="DIR", help=text(language, "ui.probe-baselines"))
    parser.add_argument("--operator", default="", metavar="NAME", help=words("check-operator"))
    parser.add_argument("--no-sync", action="store_true", help=words("check-no-sync"))


def run(arguments: argparse.Namespace) -> int:
    """Fetch the list, watch and show until the person leaves; then end every check and keep what it saw.

    Raises:
        BadArguments: no terminal, or an argument that means nothing.
        DeskError: not enrolled, no list of the kit, an outbox that cannot be used.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadArguments("needs-terminal")
    if arguments.at_once < 1:
        raise BadArguments("bad-at-once", given=arguments.at_once)
    # The screen's libraries load only here: every other command begins without them.
    from device_agents.screen.app import StationApp
    from device_agents.screen.opening import open_bench

    path = arguments.ports_file or (Path(os.environ[PORTS_FILE]) if os.environ.get(PORTS_FILE) else None)
    bench = open_bench(arguments, path)
    app = StationApp(bench, arguments.lang)
    try:
        app.run(mouse=False)
    finally:
        app.stop.set()
        if bench.station.busy:
            print(text(app.language, "station.closing"), file=sys.stderr, flush=True)
        bench.station.close()
        bench.courier.stop()
        bench.courier.count()
        waiting = bench.courier.post.waiting
        print(text(app.language, "desk.waiting" if waiting else "station.end", {"waiting": waiting}))
    return app.exit_code
