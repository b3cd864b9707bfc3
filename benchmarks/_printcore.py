"""Printrun's printcore asks a printer who it is: prints the seconds from opening the port to the firmware's name.

printcore is GPL-licensed: nothing of ours imports it, and this file is only ever run as a program of its own, by
`.venv-octoprint`'s Python.
"""

import sys
import threading
import time


def main() -> int:
    from printrun.printcore import printcore  # type: ignore[import-not-found]  # not in our environment

    told = threading.Event()
    host = printcore()
    host.recvcb = lambda line: told.set() if "FIRMWARE_NAME" in line else None
    host.onlinecb = lambda: host.send_now("M115")
    begun = time.perf_counter()
    host.connect(sys.argv[1], 115200)
    answered = told.wait(20)
    seconds = time.perf_counter() - begun
    host.disconnect()
    print(f"{seconds:.3f}")
    return 0 if answered else 1


if __name__ == "__main__":
    sys.exit(main())
