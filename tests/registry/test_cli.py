"""`stem registry` as its users run it: its own process, a database of its own, exit codes and JSON as promised."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def stem(database_url: str, tmp_path: Path) -> "Stem":
    return Stem(database_url, tmp_path)


class Stem:
    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STEM_")},
            "STEM_DATABASE_URL": url,
            "STEM_DATA_DIR": str(folder),
        }

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from stem_logistics.cli import main; main()", "registry", *arguments]
        return subprocess.run(
            command,
            env=self.environment | environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
            cwd=Path(__file__).parent.parent.parent,
        )


def test_generate_import_and_import_again(stem: Stem) -> None:
    """The generated file is imported, then unchanged; the JSON has exactly the four promised keys."""
    path = str(stem.folder / "registry.csv")
    assert stem("generate", "--schools", "300", "--seed", "5", "--out", path).returncode == 0
    dry = stem("import", path, "--dry-run", "--json")
    assert (dry.returncode, json.loads(dry.stdout)) == (0, {"created": 300, "updated": 0, "unchanged": 0, "errors": []})
    first = stem("import", path, "--json")
    assert (first.returncode, json.loads(first.stdout)["created"]) == (0, 300)
    again = stem("import", path, "--json")
    assert json.loads(again.stdout) == {"created": 0, "updated": 0, "unchanged": 300, "errors": []}
    assert "unchanged: 300" in stem("import", path).stdout


def test_a_refused_file_says_where_and_writes_nothing(stem: Stem) -> None:
    """Exit 1, row, column and message in the settings' language; for people in both languages; nothing written."""
    made = stem("generate", "--schools", "5").stdout.splitlines()
    cells = made[3].split(",")
    path = stem.folder / "bad.csv"
    path.write_text("\n".join([*made[:3], ",".join(["12", *cells[1:]]), *made[4:]]) + "\n", encoding="utf-8")
    answer = stem("import", str(path), "--json")
    assert answer.returncode == 1
    body = json.loads(answer.stdout)
    assert (body["created"], body["updated"], body["unchanged"]) == (0, 0, 0)
    assert [(each["row"], each["column"]) for each in body["errors"]] == [(4, "registry_no")]
    assert "0000012" in body["errors"][0]["message"] and "Excel" in body["errors"][0]["message"]
    english = json.loads(stem("import", str(path), "--json", STEM_LOCALE="en").stdout)
    assert english["errors"][0]["message"] != body["errors"][0]["message"]
    told = stem("import", str(path))
    assert told.returncode == 1 and "4, registry_no" in told.stderr and "Traceback" not in told.stderr
    good = stem("import", str(path).replace("bad", "none"), "--json")
    assert good.returncode == 1 and json.loads(good.stdout)["errors"][0]["row"] is None


def test_fifty_megabytes_are_refused_unread(stem: Stem) -> None:
    """The size is told before the file is read."""
    path = stem.folder / "big.csv"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    answer = stem("import", str(path), "--json")
    assert answer.returncode == 1
    assert "25" in json.loads(answer.stdout)["errors"][0]["message"]


def test_the_same_seed_writes_the_same_bytes(stem: Stem) -> None:
    """Standard output and a file hold the same, in either column set."""
    for columns in ("school-network", "open-data"):
        path = stem.folder / f"{columns}.csv"
        arguments = ("generate", "--schools", "50", "--seed", "9", "--columns", columns)
        stem(*arguments, "--out", str(path))
        assert stem(*arguments).stdout.encode() == path.read_bytes()
