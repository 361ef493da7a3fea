"""The detectors with large libraries keep the promises that are asked of others. The rest of ours: `tests/unit/proving/test_own.py`."""

import pytest

from gateway.guards.check import Check
from gateway.guards.libraries.guardrails_ai import GuardrailsAiCheck
from gateway.guards.libraries.presidio import PresidioCheck
from gateway.policy import detectors
from gateway.proving.subject import Subject
from gateway.proving.suite import failures

pytestmark = pytest.mark.slow


def said_of(detector: detectors.Detector, check: Check, positives: list[str], *, disguises: bool) -> list[str]:
    return [str(one) for one in failures(Subject(detector, positives, ["order twelve", ""], disguises), check)]


def test_presidio_keeps_the_promises() -> None:
    positives = ["write to anna@example.com", "card 4111 1111 1111 1111"]
    assert said_of(detectors.Presidio(), PresidioCheck(), positives, disguises=True) == []


def test_a_validator_of_guardrails_ai_keeps_the_promises() -> None:
    validator = "tests.slow.validators:BannedWords"
    spec = detectors.GuardrailsAi(validator=validator, arguments={"words": ["forbidden"]})
    check = GuardrailsAiCheck(validator, {"words": ["forbidden"]})
    assert said_of(spec, check, ["a forbidden word"], disguises=False) == []
