"""A machine of a show's own: a folder with an embedded database, the real commands as processes, and their deaths."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx
import psutil

ROOT = Path(__file__).parent.parent.parent
MAIN = ("-c", "from stem_logistics.cli import main; main()")
START_SECONDS = 240
END_SECONDS = 120


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class Host:
    """What one installation is: its data, its address, its running processes."""

    folder: Path
    port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the service answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """Where servers and workers write."""
        return self.folder / "service.log"

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a process here; none of the caller's own settings."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("STEM_")}
        mine = {"STEM_DATA_DIR": str(self.folder), "STEM_PORT": str(self.port), "STEM_LOG_FORMAT": "json"}
        return {**clean, **mine, "PYTHONPATH": str(ROOT), **more}

    def stem(self, *arguments: str, seconds: float = 180) -> subprocess.CompletedProcess[str]:
        """`stem ARGUMENTS`, to its end."""
        return self.python(*MAIN, *arguments, seconds=seconds)

    def python(self, *arguments: str, seconds: float = 180) -> subprocess.CompletedProcess[str]:
        """A Python of its own, to its end."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )

    def start(self, command: str, **settings: str) -> subprocess.Popen[bytes]:
        """`stem serve` or `stem worker`, left running."""
        output: IO[bytes]
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *MAIN, command],
                cwd=self.folder,
                env=self.environment(**settings),
                stdout=output,
                stderr=output,
            )
        self.running.append(process)
        return process

    def serve(self, **settings: str) -> subprocess.Popen[bytes]:
        """The server, taking requests when this returns.

        Raises:
            RuntimeError: it ended or did not come up in time.
        """
        process = self.start("serve", **settings)
        self.await_ready(process)
        return process

    def await_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the service says that it is ready for work."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with {process.returncode}: {self.last_words()}")
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"the service did not come up: {self.last_words()}")

    def last_words(self) -> str:
        """The end of the log."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:] if self.log.exists() else ""

    def postmaster(self) -> int | None:
        """The process id of the embedded PostgreSQL, while it lives."""
        try:
            pid = int((self.folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if psutil.pid_exists(pid) else None

    def database(self) -> str:
        """The URL of the running embedded database, for a look past the product."""
        lines = (self.folder / "postgres" / "postmaster.pid").read_text().splitlines()
        return f"postgresql://postgres@/postgres?host={lines[4]}&port={lines[3]}"

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL: no word of farewell."""
        process.kill()
        process.wait(END_SECONDS)
        self.running.remove(process)

    def end(self, process: subprocess.Popen[bytes]) -> bool:
        """SIGTERM; whether the process ended by itself in time."""
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill(process)
            return False
        self.running.remove(process)
        return True

    def kill_postgres(self) -> None:
        """SIGKILL to PostgreSQL's first process; its children see it gone and end."""
        pid = self.postmaster()
        assert pid is not None, "PostgreSQL is not running"
        children = psutil.Process(pid).children(recursive=True)
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs(children, timeout=END_SECONDS)

    def close(self) -> None:
        """End whatever still runs here, PostgreSQL too."""
        for process in list(self.running):
            self.end(process)
        pid = self.postmaster()
        if pid is not None:
            os.kill(pid, signal.SIGINT)  # PostgreSQL's fast shutdown
            for _ in range(END_SECONDS * 20):
                if self.postmaster() is None:
                    break
                time.sleep(0.05)


@contextlib.contextmanager
def new_host() -> Iterator[Host]:
    """A machine with a migrated, empty database; gone with the block."""
    # A short path: a Unix socket's name is limited to about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="stem-proof-"))
    folder.chmod(0o755)
    host = Host(folder)
    kept = os.environ.get("PROOF_LOG")  # where to keep the log of a run that is to be looked into
    try:
        done = host.stem("migrate")
        assert done.returncode == 0, done.stderr
        yield host
    finally:
        host.close()
        if kept and host.log.exists():
            shutil.copy(host.log, kept)
        shutil.rmtree(folder, ignore_errors=True)
