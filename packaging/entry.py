"""Where the one-file program begins: `stem-check`, or `stem-firmware` where the file goes by that name."""

import sys
from pathlib import Path

from device_agents.cli import main as check
from firmware_checks.cli import main as firmware

if __name__ == "__main__":
    if Path(sys.argv[0]).stem.lower().startswith("stem-firmware"):
        firmware()
    sys.exit(check())
