"""The peers' own libraries, run by their own environment (`.venv-peers`, made by scripts/bench-peers).

    .venv-peers/bin/python benchmarks/_peers.py microfs|mpremote|mpremote-resume PORT ROUNDS

Prints the seconds from before the port is opened until the device has said what it is, the best of the rounds: without
the program's start-up, and without the farewell. Nothing of ours is imported here, and nothing of theirs elsewhere.
"""

import sys
import time
from collections.abc import Callable

UNAME = "import os; print(os.uname())"


def microfs(port: str) -> float:
    import microfs as peer  # type: ignore[import-not-found]  # only in the peers' environment
    from serial import Serial

    begun = time.perf_counter()
    with Serial(port, 115200, timeout=1, parity="N") as line:
        said, error = peer.execute(["import os", "print(os.uname())"], line)
        took = time.perf_counter() - begun
    assert b"micro:bit" in said, (said, error)
    return took


def mpremote(port: str, soft_reset: bool = True) -> float:
    from mpremote.transport_serial import SerialTransport  # type: ignore[import-not-found]  # as above

    begun = time.perf_counter()
    line = SerialTransport(port)
    line.enter_raw_repl(soft_reset=soft_reset)  # its command resets, unless it is told `resume`
    said = line.exec(UNAME)
    took = time.perf_counter() - begun
    line.exit_raw_repl()
    line.close()
    assert b"micro:bit" in said, said
    return took


if __name__ == "__main__":
    name, where, rounds = sys.argv[1:]
    peers: dict[str, Callable[[str], float]] = {
        "microfs": microfs,
        "mpremote": mpremote,
        "mpremote-resume": lambda port: mpremote(port, soft_reset=False),
    }
    print(min(peers[name](where) for _ in range(int(rounds))))
