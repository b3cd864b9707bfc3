"""Every kind under every fault, at a scale of seconds; `python -m tests.proof --only faults` does it thoroughly."""

import pytest

from device_agents.conversation import Conversation, Outcome, Send, passed
from device_agents.kinds import AnyKind, all_kinds, kind_by_slug
from device_agents.kinds.base import CheckContext, DeviceKind, Opening, Step
from firmware_checks.verdicts import Verdict
from tests.faults import table
from tests.faults.cell import has_port
from tests.faults.lines import good_report, talks

FEW = ("bee-bot", "printer-marlin")
"""What is filed is the same for every kind; here two stand for all of them."""


@pytest.mark.parametrize("fault", table.FAULTS, ids=lambda fault: fault.name)
def test_no_kind_says_more_than_it_knows(fault: table.Fault) -> None:
    """A bounded time, the right verdict, the port closed, nothing lost: each kind that there is."""
    kinds = all_kinds() if not fault.files else [kind_by_slug(slug) for slug in FEW]
    done = table.run(1, [fault], kinds)
    assert done.failures == []
    assert all(cell.cases or cell.absent for cell in done.cells.values())
    tried = {kind for (_, kind), cell in done.cells.items() if cell.cases}
    assert tried >= {kind.slug for kind in kinds if has_port(kind) and kind.link == "serial" and talks(kind)}


@pytest.mark.parametrize("slug", [kind.slug for kind in all_kinds()])
def test_a_device_in_order_passes(slug: str) -> None:
    """Without a fault each kind says PASS: its silence under faults is not blindness."""
    assert good_report(kind_by_slug(slug)).verdict is Verdict.PASS


def test_a_kind_that_says_too_much_is_caught() -> None:
    """A check that passes whatever comes does not get through the table, and the document says so."""

    class Credulous:
        def __init__(self, context: CheckContext) -> None: ...

        def look(self) -> Conversation[Outcome]:
            yield Send(b"?")
            return passed()

    kind: AnyKind = DeviceKind(
        slug="microbit",
        begin=Credulous,
        steps=(Step("repl", Credulous.look, timeout_s=3.0),),
        opening=Opening.FREELY,
        bauds=(115200,),
    )
    for fault in table.FAULTS:
        if fault.name in ("silence", "garbage", "wrong baud", "another protocol's answer"):
            assert table.run(1, [fault], [kind]).failures, fault.name
    assert "NOT AS IT MUST BE" in table.markdown(table.run(1, table.FAULTS[:1], [kind]))
