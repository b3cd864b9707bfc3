"""From what was seen to an outcome, by the baselines of `firmware_checks`."""

from collections.abc import Sequence

from device_agents.conversation import Outcome
from device_agents.errors import Scalar
from device_agents.kinds.base import CheckContext
from firmware_checks.verdicts import Finding, Observation, compare


def judge(context: CheckContext, observation: Observation) -> Outcome:
    """Compare an observation with the baseline of its kind; the worst finding is the outcome."""
    return outcome_of(compare(observation, context.catalogue.baseline(observation.kind)))


def outcome_of(finding: Finding) -> Outcome:
    """A finding as a step's outcome; lists among its parameters become texts."""
    params: dict[str, Scalar] = {}
    for name, value in finding.params.items():
        params[name] = ", ".join(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
    return Outcome(finding.verdict, finding.reason, params)
