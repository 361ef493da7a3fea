"""What a request's page says of the rules."""

from gateway.console.request import decided
from gateway.record.row import Step
from tests.support.ledgered import a_row

RULES = [("pii", "phones", "tokenize", "enforce", ("personal",)), ("base", "keys", "block", "enforce", ("secrets",))]
FOUND = ("pii", "phones", "user", "KR_PHONE", "tokenize", "enforced", 2)
ELSEWHERE = ("gone", "rule", "user", "X", "log", "shadow", 1)


def test_each_rule_is_told_once_with_all_that_it_found() -> None:
    steps = [
        Step("guardrail", 0, 0.1, {"side": "in", "rules": RULES}),
        Step("guardrail", 1, 0.1, {"side": "out", "rules": RULES[:1]}),
    ]
    phones, keys = decided(a_row(steps=steps, verdicts=[FOUND]))
    assert (phones.policy, phones.rule, phones.side, phones.word) == ("pii", "phones", "both", "tokenize")
    assert phones.found == [FOUND[2:]]
    assert (keys.rule, keys.side, keys.found) == ("keys", "in", ())


def test_a_verdict_without_a_step_is_told_all_the_same() -> None:
    (one,) = decided(a_row(steps=[], verdicts=[ELSEWHERE]))
    assert (one.policy, one.rule, one.found) == ("gone", "rule", [ELSEWHERE[2:]])


def test_where_no_rule_applied_there_is_nothing_to_tell() -> None:
    assert decided(a_row(steps=[], verdicts=None)) == []
