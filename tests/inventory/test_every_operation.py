"""All that moves stock, in any order, against a model in plain Python: a short run; `make proof` has thousands."""

from pathlib import Path

from tests.inventory.life.machine import live


def test_every_operation_does_what_the_model_says(database_url: str, tmp_path: Path) -> None:
    """Nothing is created or lost, no device is in two places, what is refused changes nothing, history stays."""
    done = live(database_url, tmp_path, runs=20, steps=25)
    assert done["runs"] >= 20 and done["pick"] >= 20 and sum(done.values()) > 300
    assert done["send again"] >= 1, "what is sent again was not tried"
