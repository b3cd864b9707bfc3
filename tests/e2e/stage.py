"""What the walk stands on: a data folder of its own, the operator's commands, the service as a process."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

ROOT = Path(__file__).parent.parent.parent
PASSWORD = "σωστό άλογο μπαταρία"
STAFF = "eleni@nso.example"
TECHNICIAN = "nikos@nso.example"


class Stage:
    """The service and its surroundings.

    Args:
        folder: the service's data, with a short path (a Unix socket's name is limited to about a hundred characters).
        port: where it serves, the same before and after a restart.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "service.log"
        self._process: subprocess.Popen[bytes] | None = None

    def _environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("STEM_")}
        mine = {
            "STEM_DATA_DIR": str(self.folder / "data"),
            "STEM_CHECK_HOME": str(self.folder / "laptop"),
            "STEM_PORT": str(self.port),
            "STEM_LOG_FORMAT": "json",
            "STEM_TIMEZONE": clock(),
            "STEM_ORGANISATION_ADDRESS": "Οδός Δοκιμής 1|265 04 Πάτρα",
        }
        return {**clean, **mine}

    def run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of ours, as it is typed; `module` is where its `main` is."""
        return subprocess.run(
            [sys.executable, "-c", f"import sys; from {module} import main; sys.exit(main())", *arguments],
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def stem(self, *arguments: str) -> str:
        """`stem …`, which must succeed; what it said."""
        said = self.run("stem_logistics.cli", *arguments)
        assert said.returncode == 0, f"stem {' '.join(arguments)}: {said.stdout}{said.stderr}"
        return said.stdout

    def check(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`stem-check …` on the technician's laptop."""
        return self.run("device_agents.cli", *arguments)

    def start(self) -> None:
        """Serve, the worker in the same process, and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from stem_logistics.cli import main; main()", "serve"],
                cwd=ROOT,
                env=self._environment(),
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while True:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "the service did not come up"
            time.sleep(0.1)

    def faults(self) -> list[str]:
        """What the service has logged as an error, and every answer of its own fault."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        assert any(line.get("event") == "request" for line in lines), "the service logs its requests"
        return [
            json.dumps(line, ensure_ascii=False)
            for line in lines
            if line.get("level") in ("error", "critical") or int(line.get("status") or 0) >= 500
        ]

    def stop(self) -> None:
        """End the service as an operator does, and wait until it has ended."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)


def clock() -> str:
    """A time zone in which today does not end before the walk has: the draw's day has to be the deadline's."""
    return "Europe/Athens" if datetime.now(ZoneInfo("Europe/Athens")).hour < 21 else "America/New_York"


def today() -> datetime:
    """Now, where the stage is."""
    return datetime.now(ZoneInfo(clock()))


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage with a migrated database, 400 schools and two people, and the service running."""
    folder = Path(tempfile.mkdtemp(prefix="stem-e2e-"))
    folder.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    made = Stage(folder, port)
    try:
        made.stem("migrate")
        made.stem("registry", "generate", "--schools", "400", "--out", str(folder / "schools.csv"))
        made.stem("registry", "import", str(folder / "schools.csv"))
        for email, name, role in ((STAFF, "Ελένη Παππά", "staff"), (TECHNICIAN, "Νίκος Βλάχος", "technician")):
            made.stem("account", "create", email, "--name", name, "--role", role, "--password", PASSWORD)
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
