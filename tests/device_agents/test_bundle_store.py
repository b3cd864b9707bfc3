"""The bundles on a laptop's disk: the newest that holds is used, nothing older is taken, a kill spoils none."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from device_agents.bundle_store import KEEP, BundleStore, catalogue_of
from firmware_checks.bundles import Bundle, Part, public_half, sign
from firmware_checks.errors import BundleRefused

KEY = Ed25519PrivateKey.generate()
HEAD = 'schema = "stem-baseline/1"\nkind = "{kind}"\n[sources.us]\ntitle = "{title}"\n'


def bundle(version: int, title: str = "x", *more: Part) -> bytes:
    part = Part(sort="baseline", slug="microbit", edition=1, content=HEAD.format(kind="microbit", title=title))
    issued = "2026-11-21T08:00:00Z"
    return sign(Bundle(format="stem-bundle/1", version=version, issued_at=issued, parts=[part, *more]), KEY)


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path, public_half(KEY))


def test_versions_only_grow(store: BundleStore, tmp_path: Path) -> None:
    """A higher one is taken, the same again is nothing new, a lower one and another of the same number are refused."""
    assert store.in_force().bundle is None
    for version in (2, 5, 5):
        assert store.take(bundle(version), "s").bundle.version == version
    for data, slug in ((bundle(4), "bundle-older"), (bundle(5, "y"), "bundle-forked"), (b"{}", "bundle-unreadable")):
        with pytest.raises(BundleRefused) as caught:
            store.take(data, "https://s")
        assert caught.value.slug == slug
    in_force = store.in_force()
    assert in_force.bundle is not None and in_force.bundle.version == 5 and in_force.faults == ()


def test_a_spoilt_newest_one_is_named_and_the_one_before_used(store: BundleStore, tmp_path: Path) -> None:
    """Cut, altered, or renamed to a higher number: named by its file; its number is remembered all the same."""
    for version in (1, 2, 3):
        store.take(bundle(version), "s")
    folder = tmp_path / "bundles"
    newest = folder / "bundle-000000000003.json"
    newest.write_bytes(newest.read_bytes()[:-20])
    (folder / "bundle-000000000009.json").write_bytes(bundle(2))
    in_force = store.in_force()
    assert in_force.bundle is not None and in_force.bundle.version == 2
    assert [Path(str(fault.params["file"])).name for fault in in_force.faults] == [
        "bundle-000000000009.json",
        "bundle-000000000003.json",
    ]
    with pytest.raises(BundleRefused):
        store.take(bundle(4), "s")
    assert BundleStore(tmp_path, None).in_force().bundle is None


def test_only_the_newest_stay(store: BundleStore, tmp_path: Path) -> None:
    """A laptop of many years holds a handful of files."""
    for version in range(1, 12):
        store.take(bundle(version), "s")
    assert len(list((tmp_path / "bundles").iterdir())) == KEEP and store.highest() == 11


def test_what_this_program_cannot_read_is_left_out(store: BundleStore, tmp_path: Path) -> None:
    """A part of a newer form is told and does not keep the others from being used."""
    newer = Part(sort="baseline", slug="arduino-avr", edition=1, content='schema = "stem-baseline/7"\nkind = "x"\n')
    trusted = store.take(bundle(1, "x", newer, Part(sort="song", slug="x", edition=1, content="la")), "s")
    catalogue, faults = catalogue_of(None, trusted.bundle)
    assert [fault.slug for fault in faults] == ["baseline-wrong"] and "us" in catalogue.baseline("microbit").sources
    assert "us" not in catalogue.baseline("arduino-avr").sources


def test_lists_of_questions_lie_there_as_they_were_signed(store: BundleStore, tmp_path: Path) -> None:
    """The folder of lists holds what was signed: an altered or added file is put right; one that would replace code,
    or that this program cannot read, is left out."""
    text = (Path(__file__).parent.parent / "checks" / "test_bundle_delivery.py").read_text(encoding="utf-8")
    kind = text.split('KIND = """')[1].split('"""')[0]
    parts = [
        Part(sort="kind", slug="abacus", edition=1, content=kind),
        Part(sort="kind", slug="microbit", edition=1, content=kind.replace("abacus", "microbit")),
        Part(sort="kind", slug="song", edition=1, content="la = la"),
    ]
    store.take(bundle(1, "x", *parts), "s")
    folder = store.kinds_folder()
    assert folder is not None and [path.name for path in folder.iterdir()] == ["abacus.toml"]
    (folder / "abacus.toml").write_text(kind.replace("yes", "no"))
    (folder / "more.toml").write_text(kind)
    assert store.kinds_folder() == folder and (folder / "abacus.toml").read_text() == kind
    assert [path.name for path in folder.iterdir()] == ["abacus.toml"]


TAKER = """
import sys
from pathlib import Path
from device_agents.bundle_store import BundleStore
from tests.device_agents.test_bundle_store import bundle, public_half, KEY
store = BundleStore(Path(sys.argv[1]), public_half(KEY))
print(public_half(KEY).hex(), flush=True)
for version in range(1, 10000):
    store.take(bundle(version, "x" * 20000), "s")
    print(version, flush=True)
"""


def test_a_kill_while_it_is_written_leaves_it_whole(tmp_path: Path) -> None:
    """SIGKILL at any moment: the newest that was told is there and its signature holds."""
    for wait in (0.05, 0.15):
        folder = tmp_path / str(wait)
        process = subprocess.Popen(
            [sys.executable, "-c", TAKER, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent.parent,
        )
        assert process.stdout is not None
        key = bytes.fromhex(process.stdout.readline())
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        told = [int(line) for line in process.stdout.read().split("\n")[:-1]]
        process.wait()
        in_force = BundleStore(folder, key).in_force()
        newest = in_force.bundle.version if in_force.bundle is not None else 0
        assert in_force.faults == () and newest >= max(told, default=0)
