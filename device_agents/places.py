"""Where a laptop keeps its things, and where checklists are taken from. Light: every command asks this first."""

import os
import sys
from pathlib import Path

CHECKLISTS = "checklists"
Document = tuple[str, bytes]
_folders: tuple[Path, ...] = ()
_documents: tuple[Document, ...] = ()


def home_folder() -> Path:
    """`STEM_CHECK_HOME`, or the place that the system has for a user's data."""
    named = os.environ.get("STEM_CHECK_HOME", "")
    if named:
        return Path(named)
    if sys.platform == "linux":  # as platformdirs has it (a test compares them), which takes long to load
        shared = os.environ.get("XDG_DATA_HOME", "").strip()
        return Path(shared or Path.home() / ".local" / "share") / "stem-check"
    import platformdirs

    return Path(platformdirs.user_data_dir("stem-check", False))


def use_folders(*folders: Path) -> None:
    """Take checklists from these folders too, from now on; those before do not count any more."""
    global _folders
    _folders = folders


def use_documents(*documents: Document) -> None:
    """Take these checklists (name, content) too, from now on; those before do not count any more."""
    global _documents
    _documents = documents


def documents() -> tuple[Document, ...]:
    """The checklists that came in another way than by a folder."""
    return _documents


def folders() -> tuple[Path, ...]:
    """The folders that checklists are taken from, beside the package's own."""
    return _folders
