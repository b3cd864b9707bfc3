"""The operator's commands as they are typed: settings, migration, serving, and an end that loses nothing."""

import contextlib
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
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A folder of its own with a short name, as a Unix socket's path is limited."""
    folder = Path(tempfile.mkdtemp(prefix="stem-op-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def environment(folder: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STEM_")}
    return {**clean, "STEM_DATA_DIR": str(folder), **more}


def stem(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from stem_logistics.cli import main; main()", *arguments],
        cwd=ROOT,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_settings_are_shown_with_secrets_masked(data_dir: Path) -> None:
    """Every setting is printed by its variable's name; a secret's value never is."""
    secret = "a-very-secret-key-of-more-than-32-characters"
    url = "postgresql://stem:hunter2@db.example/stem"
    said = stem(data_dir, "settings", "--json", STEM_SECRET_KEY=secret, STEM_DATABASE_URL=url)
    assert said.returncode == 0
    shown = json.loads(said.stdout)
    assert shown["STEM_SECRET_KEY"] == "********"
    assert shown["STEM_DATA_DIR"] == str(data_dir)
    assert secret not in said.stdout
    assert "hunter2" not in said.stdout


def test_an_unusable_setting_is_named(data_dir: Path) -> None:
    """A wrong value ends the command with the variable's name and no traceback."""
    said = stem(data_dir, "settings", STEM_PORT="eighty")
    assert said.returncode == 2
    assert "STEM_PORT" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_command_asks_for_migration_and_migration_is_repeatable(data_dir: Path) -> None:
    """An empty database is told to be behind, in both languages; `stem migrate` brings it up, twice without harm."""
    for command in (("audit", "verify"), ("serve",)):
        before = stem(data_dir, *command)
        assert before.returncode == 1
        assert before.stderr.count("stem migrate") == 2
        assert "Τρέξτε" in before.stderr
    first = stem(data_dir, "migrate")
    assert first.returncode == 0, first.stderr
    assert "migrated: " in first.stdout
    second = stem(data_dir, "migrate")
    assert second.stdout.splitlines() == ["the schema is current"]
    assert stem(data_dir, "audit", "verify").returncode == 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from stem_logistics.cli import main; main()", "serve"],
        cwd=ROOT,
        env=environment(folder, STEM_PORT=str(port), STEM_LOG_FORMAT="json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                    break
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < deadline, "the service did not come up"
            time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)


def test_sigterm_answers_what_is_in_flight(data_dir: Path) -> None:
    """A request half sent when SIGTERM comes is answered; then the process ends by itself. Its log is JSON."""
    assert stem(data_dir, "migrate").returncode == 0
    port = free_port()
    with serving(data_dir, port) as process:
        body = b"email=a%40b.example&password=x"
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(
                b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n"
                + f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body[:10]
            )
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            connection.sendall(body[10:])
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
        assert answer.startswith(b"HTTP/1.1 403"), answer[:200]
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert not (data_dir / "postgres" / "postmaster.pid").exists(), "the last one out stops the embedded database"
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["event"] == "request"]
    assert all(line["request_id"] for line in requests)
    assert any(line["path"] == "/sign-in" and line["status"] == 403 for line in requests)


def test_a_taken_port_is_named(data_dir: Path) -> None:
    """A port that another program holds ends the command with what to do about it."""
    assert stem(data_dir, "migrate").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = stem(data_dir, "serve", STEM_PORT=port)
    assert said.returncode == 1
    assert f"127.0.0.1:{port} is taken: set STEM_PORT" in said.stderr
