"""National data: the whole country's schools imported in one go, again, and found however their names are written."""

import csv
import json
import random
import statistics
import sys
import time
import unicodedata
from collections.abc import Callable

import httpx

from tests.proof.host import MAIN, Host, new_host
from tests.proof.section import Scale, Section, by_scale

PASSWORD = "correct horse battery"
LATIN_LOOKALIKES = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX")
# as people type Greek on a keyboard without it
GREEKLISH = str.maketrans(
    {
        **dict(zip("αβγδεζηικλμνξοπρστυφω", "avgdeziiklmnxoprstyfo", strict=True)),
        **{"ς": "s", "θ": "th", "χ": "ch", "ψ": "ps"},
    }
)
# Runs a command and tells its peak memory; small itself, as a process counts what it was forked from.
MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""
MOST_SECONDS = 120
MOST_MEGABYTES = 700


def bare(text: str) -> str:
    """Without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda name: name,
    "small letters, no accents": lambda name: bare(name).lower(),
    "capitals, no accents": lambda name: bare(name).upper(),
    "capitals, Latin look-alikes": lambda name: bare(name).upper().translate(LATIN_LOOKALIKES),
    "Greeklish": lambda name: bare(name).lower().translate(GREEKLISH),
    "words turned round": lambda name: " ".join(reversed(name.split())),
    "decomposed letters": lambda name: unicodedata.normalize("NFD", name),
}


def run(scale: Scale) -> Section:
    """The show."""
    schools = by_scale(scale, 300, 3000, 14_000)
    section = Section(
        "The whole country in one go",
        "A national registry is generated, imported all or nothing within two minutes and bounded memory, imported "
        "again without a change, and every school is found however its name is written.",
    )
    with new_host() as host:
        file = host.folder / "registry.csv"
        _timed(host, section, "generate", "registry", "generate", "--schools", str(schools), "--out", str(file))
        first = _timed(host, section, "import", "registry", "import", str(file), "--json")
        section.expect(json.loads(first)["created"] == schools, f"the import says {first[:300]}")
        again = _timed(host, section, "import again", "registry", "import", str(file), "--json")
        unchanged = {"created": 0, "updated": 0, "unchanged": schools, "errors": []}
        section.expect(json.loads(again) == unchanged, f"the second import says {again[:300]}")
        made = host.stem(
            "account", "create", "a@nso.example", "--name", "A", "--role", "auditor", "--password", PASSWORD
        )
        assert made.returncode == 0, made.stderr
        host.serve(STEM_LOG_LEVEL="WARNING")
        with file.open(encoding="utf-8", newline="") as source:
            rows = list(csv.DictReader(source))
        sample = random.Random(7).sample(rows, by_scale(scale, 12, 60, 250))
        _search(host, section, sample)
    section.ran = (
        f"`stem registry generate --schools {schools}`, `stem registry import` twice, each a process of its own on an "
        f"embedded database; then {len(sample)} schools drawn by lot, each asked for over the API in "
        f"{len(SPELLINGS)} spellings of its full name and by its code."
    )
    return section


def _timed(host: Host, section: Section, name: str, *arguments: str) -> str:
    """Run a command; its time and its peak memory are figures. Returns its output."""
    started = time.monotonic()
    done = host.python("-S", "-c", MEASURED, sys.executable, *MAIN, *arguments)
    seconds = time.monotonic() - started
    said, _, kilobytes = done.stdout.rpartition("peak ")
    megabytes = int(kilobytes) // 1024
    section.figures[name] = f"{seconds:.1f} s, {megabytes} MB at the most"
    section.expect(done.returncode == 0, f"{name} ended with {done.returncode}: {said[-300:]}{done.stderr[-300:]}")
    section.expect(seconds < MOST_SECONDS, f"{name} took {seconds:.0f} s")
    section.expect(megabytes < MOST_MEGABYTES, f"{name} took {megabytes} MB")
    return said


def _search(host: Host, section: Section, sample: list[dict[str, str]]) -> None:
    with httpx.Client(base_url=host.url, headers={"accept": "text/html"}) as client:
        client.get("/sign-in")
        who = {"email": "a@nso.example", "password": PASSWORD, "_csrf_token": client.cookies["stem_csrf"]}
        assert client.post("/sign-in", data=who).status_code == 303
        took: list[float] = []
        for spelling in (*SPELLINGS, "the code"):
            write = SPELLINGS.get(spelling)
            found = 0
            for row in sample:
                question = row["registry_no"] if write is None else write(row["name"])
                started = time.monotonic()
                answer = client.get("/api/v1/institutions", params={"q": question, "limit": 500})
                took.append((time.monotonic() - started) * 1000)
                codes = {item["code"] for item in answer.json()["items"]} if answer.status_code == 200 else set()
                if row["registry_no"] in codes:
                    found += 1
                else:
                    section.failures.append(f"{row['name']} is not found as “{question}” ({spelling})")
            section.figures[f"found, {spelling}"] = f"{found} of {len(sample)}"
        took.sort()
        section.figures["a search takes"] = (
            f"{statistics.median(took):.0f} ms, p95 {took[len(took) * 95 // 100]:.0f} ms"
        )
