"""Whatever hides a text from models hides it from those that are asked about it."""

from typing import Any

from gateway.policy.behind import as_shown
from gateway.policy.bind import Binder, Bound, Facts
from tests.unit.policy.documents import VERSIONS, document, policies, rule


def bound(*rules: dict[str, Any]) -> Bound:
    return Binder(policies(document("p", *rules)), [], VERSIONS).bound(
        Facts(frozenset({"m"}), "chat", frozenset({"external"}))
    )


def at_user(*rules: dict[str, Any]) -> list[str]:
    return [one.id for one in as_shown(bound(*rules)).by_place.get("user", ())]


def test_what_a_rule_replaces_in_any_role_it_replaces_in_what_is_shown() -> None:
    shown = at_user(
        rule("mask-results", ["tool_result"], action="mask"),
        rule("tokenize-system", ["system"], action="tokenize"),
        rule("block-results", ["tool_result"]),
        rule("mask-answers", ["content"], action="mask"),
        rule("block-user", ["user"]),
    )
    assert shown == ["block-user", "mask-results", "tokenize-system"]


def test_rules_that_replace_nothing_stay_where_they_are() -> None:
    assert at_user(rule("block-results", ["tool_result"]), rule("mask-answers", ["content"], action="mask")) == []


def test_it_is_told_apart_from_what_holds_for_the_callers_own_requests() -> None:
    one = bound(rule("mask-results", ["tool_result"], action="mask"))
    assert as_shown(one).digest != one.digest
    assert as_shown(one) is as_shown(bound(rule("mask-results", ["tool_result"], action="mask")))
    assert one.by_place.keys() == {"tool_result"}
