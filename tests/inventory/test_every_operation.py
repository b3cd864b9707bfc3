"""All that moves stock, in any order, against a model in plain Python: a short run; `make proof` has thousands."""

from pathlib import Path

from tests.inventory.life.machine import live


def test_every_operation_does_what_the_model_says(postgres_server: str, migrated_template: str, tmp_path: Path) -> None:
    """Nothing is created or lost, no device is in two places, what is refused changes nothing, history stays."""
    done = live(postgres_server, migrated_template, tmp_path, runs=10, steps=25)
    assert done["runs"] >= 10 and done["pick"] >= 10 and sum(done.values()) > 150
    assert done["send again"] >= 1, "what is sent again was not tried"
