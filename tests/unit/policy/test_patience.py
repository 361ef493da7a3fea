"""A rule that does not say how long it waits, waits for what it has to wait for."""

from typing import Any

import pytest

from gateway.policy.kinds import KINDS
from gateway.policy.patience import PATIENCE
from tests.unit.policy.documents import one_policy, rule

_PATTERN = {"kind": "pattern", "match": "x"}
_JUDGE = {"kind": "judge", "model": "m", "rubric": "Is it rude?"}


@pytest.mark.parametrize(
    ("detectors", "defaults", "own", "milliseconds"),
    [
        ({"d": _PATTERN}, {}, {}, 50),
        ({"d": {"kind": "length", "max_chars": 1}}, {}, {}, 500),
        ({"d": _JUDGE}, {}, {}, 10_000),
        ({"d": _PATTERN, "e": _JUDGE}, {}, {"detect": ["d", "e"]}, 10_000),
        ({"d": {"kind": "presidio"}}, {}, {}, 500),
        ({"d": {"kind": "presidio", "engine": "spacy", "model": "m"}}, {}, {}, 5_000),
        ({"d": _JUDGE}, {"timeout_ms": 70}, {}, 70),
        ({"d": _JUDGE}, {"timeout_ms": 70}, {"timeout_ms": 60}, 60),
    ],
)
def test_the_rule_says_or_the_document_or_the_slowest_kind(
    detectors: dict[str, Any], defaults: dict[str, Any], own: dict[str, Any], milliseconds: int
) -> None:
    [made] = one_policy(rule(**own), detectors=detectors, defaults=defaults).rules
    assert made.timeout_ms == milliseconds


def test_every_kind_of_the_table_is_one() -> None:
    assert PATIENCE.keys() <= KINDS.keys()
