"""`stem ledger verify` as an operator types it."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from stem_logistics.settings import Settings
from tests.inventory.stock import make_definition, receive, tamper


async def stem(settings: Settings, folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the command in a process of its own."""
    assert settings.database_url is not None
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STEM_")}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", "from stem_logistics.cli import main; main()", *arguments],
        env={**clean, "STEM_DATABASE_URL": settings.database_url.get_secret_value(), "STEM_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


async def test_the_ledger_says_whether_it_holds(service: Settings, tmp_path: Path) -> None:
    """Exit 0 and the counts where every balance is the sum of its movements; 1 and the place where one is not."""
    await receive(await make_definition(), 2)
    status, said, _faults = await stem(service, tmp_path, "ledger", "verify")
    assert (status, said.splitlines()[-1]) == (0, "the ledger holds")
    await tamper("UPDATE holding SET quantity = quantity + 5 WHERE device_id IS NULL AND kit_id = 1")
    status, said, faults = await stem(service, tmp_path, "ledger", "verify")
    assert status == 1 and "does not hold" in said
    assert "balance-differs" in faults and "central-store" in faults and "usb-cable" in faults
    status, said, _faults = await stem(service, tmp_path, "ledger", "verify", "--json")
    assert status == 1
    assert {fault["held"] - fault["recomputed"] for fault in json.loads(said)["faults"]} == {5}
