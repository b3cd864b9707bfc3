"""What every test may use. Parts that live elsewhere: tests/emulators/ (firmware), tests/e2e/ (browser)."""

import asyncio
import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from litestar import Litestar

    from stem_logistics.settings import Settings


# A busy machine is no failure. Where nothing may skip, a landing does not hang on the luck of a draw either: the same
# cases each time; new ones are looked for on developers' machines and by `make proof`.
settings.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("STEM_TESTS_MUST_RUN")),
)
settings.load_profile("house")


ROOM_BYTES = 3_000_000_000


def require(what: str, present: bool, remedy: str) -> None:
    """Skip the test, naming the remedy, where a system part is missing; fail instead where nothing may skip.

    CI sets STEM_TESTS_MUST_RUN: there a missing part is a fault of `.ci/run`, not a reason to pass.
    """
    if present:
        return
    message = f"{what} is missing: {remedy}"
    if os.environ.get("STEM_TESTS_MUST_RUN"):
        pytest.fail(message)
    pytest.skip(message)


def require_program(name: str, package: str) -> str:
    """The path of a program, or a skip that names the package to install."""
    path = shutil.which(name)
    require(name, path is not None, f"install the package {package} (`make test-system` does it as root)")
    assert path is not None
    return path


def require_file(path: str, package: str) -> Path:
    """The path of a file that a system package brings, or a skip that names the package."""
    require(path, Path(path).exists(), f"install the package {package} (`make test-system` does it as root)")
    return Path(path)


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The embedded PostgreSQL for the whole run; its URL."""
    from stem_logistics.db import embedded
    from tests.support import hurry

    # Short path: a Unix socket's name is limited to about a hundred characters. In memory where there is room: a test's
    # database is copied and dropped a thousand times, and none of it has to outlive a power cut.
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES
    folder = Path(tempfile.mkdtemp(prefix="stem-", dir=memory if roomy else None))
    folder.chmod(0o755)
    # a run's databases are hundreds of megabytes; what is registered first runs last, when the server has stopped
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    url = embedded.start(folder)
    asyncio.run(hurry(url))
    return url


@pytest.fixture(scope="session")
def migrated_template(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with the whole schema and no data: copying it takes a few hundredths of a second."""
    from tests.support import create_database, migrate_database

    async def prepare() -> None:
        url = await create_database(postgres_server, "template_migrated")
        await migrate_database(url, tmp_path_factory.mktemp("template"))

    asyncio.run(prepare())
    return "template_migrated"


@pytest.fixture
async def database_url(postgres_server: str, migrated_template: str) -> AsyncIterator[str]:
    """A database of the test's own: migrated, empty."""
    from tests.support import create_database, drop_database

    name = f"test_{uuid.uuid4().hex[:12]}"
    yield await create_database(postgres_server, name, migrated_template)
    await drop_database(postgres_server, name)


@pytest.fixture
async def service(database_url: str, tmp_path: Path) -> AsyncIterator["Settings"]:
    """A running service without HTTP: settings and keys in force, a pool open, the operator acting."""
    from stem_logistics import runtime
    from stem_logistics.db.engine import pool
    from tests.support import OPERATOR, acting_as, settings_for

    settings = settings_for(database_url, tmp_path)
    runtime.start(settings)
    async with pool(database_url):
        with acting_as(OPERATOR):
            yield settings


@pytest.fixture
async def app(database_url: str, tmp_path: Path) -> "Litestar":
    """The whole service on a database of the test's own; `tests.support.browser(app)` opens it."""
    from stem_logistics.app import create_app
    from tests.support import settings_for

    return create_app(settings_for(database_url, tmp_path))


_LONG = (
    "tests/test_demo.py",
    "tests/e2e/test_whole_path.py",
    "tests/proof/test_shows.py",
    "tests/device_agents/test_usb_guest.py",
    "tests/allocation/test_verify.py",
    "tests/device_agents/test_printer_emulated.py",
    "tests/waves/test_historic.py",
    "tests/checks/test_station.py",
)
"""Files that take a worker a minute or more. They go first: at the end the other workers would wait for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first, the others as they are."""
    order = {name: number for number, name in enumerate(_LONG)}
    items.sort(key=lambda item: order.get(item.nodeid.split("::")[0], len(order)))
