"""`stem`: the service's commands. A noun's commands stand in its `cli.py` and are imported only when called."""

import asyncio
import importlib
import sys
from typing import Any

try:
    import click
except ModuleNotFoundError:  # a technician's laptop: the extra `server` is not installed
    sys.exit("Η υπηρεσία δεν είναι εγκατεστημένη. The service is not installed: pip install 'stem-logistics[server]'")

# command → module:attribute
COMMANDS: dict[str, str] = {
    "account": "stem_logistics.accounts.cli:account",
    "allocation": "stem_logistics.allocation.cli:allocation",
    "audit": "stem_logistics.operating:audit_group",
    "checks": "stem_logistics.checks.cli:checks",
    "demo": "stem_logistics.demo.cli:demo",
    "ledger": "stem_logistics.inventory.cli:ledger",
    "migrate": "stem_logistics.operating:migrate",
    "registry": "stem_logistics.registry.cli:registry",
    "serve": "stem_logistics.operating:serve",
    "stock": "stem_logistics.inventory.cli:stock",
    "settings": "stem_logistics.operating:settings_command",
    "wave": "stem_logistics.waves.cli:wave",
    "worker": "stem_logistics.operating:worker_command",
}


class Commands(click.Group):
    """A group that imports a command when it is called: `stem allocation verify` needs no web framework."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands there are."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command, imported now."""
        target = COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def stem() -> None:
    """STEM equipment for schools: registry, waves, allocation, stock, deliveries, checks."""


def main(arguments: list[str] | None = None) -> Any:
    """Run `stem`; the console script's entry."""
    try:
        return stem.main(arguments, prog_name="stem", standalone_mode=True)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
