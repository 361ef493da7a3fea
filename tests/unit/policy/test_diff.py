"""What a change of policies says it changes: each key of a rule by itself, and which way it went."""

from dataclasses import fields, replace
from typing import Any

import pytest

from gateway.policy.actions import Log
from gateway.policy.diff import Change, differences
from gateway.policy.structs import Segment
from tests.unit.policy.documents import document, policies, rule

DETECTORS: dict[str, Any] = {
    "d": {"kind": "pattern", "match": "[0-9]{6}"},
    "e": {"kind": "pattern", "match": "[a-z]{6}"},
}


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    return differences(policies(made(before)), policies(made(after)))


def made(said: dict[str, Any]) -> Any:
    said = {"detectors": DETECTORS, **said}
    rules = said.pop("rules", [rule()])
    return document("p", *rules, **said)


ONE = [
    ({"action": "block"}, {"action": "mask"}, "looser", "action: block -> mask"),
    ({"action": "log"}, {"action": "mask"}, "stricter", "action: log -> mask"),
    ({"action": {"block": {"status": 400}}}, {"action": {"block": {"status": 422}}}, "same", "action: status: 400 -> 422"),
    ({"action": {"mask": {"with": "x"}}}, {"action": {"mask": {"with": "y"}}}, "same", "action: with: x -> y"),
    (
        {"action": {"tokenize": {"restore_into": ["content"]}}},
        {"action": {"tokenize": {"restore_into": ["content", "tool_args"]}}},
        "looser",
        "action: restore_into: [content] -> [content, tool_args]",
    ),
    ({"where": ["user"]}, {"where": ["user", "system"]}, "stricter", "where: user -> system, user"),
    ({"where": ["user"]}, {"where": ["system"]}, "mixed", "where: user -> system"),
    ({"mode": "enforce"}, {"mode": "shadow"}, "looser", "mode: enforce -> shadow"),
    ({"mode": "off"}, {"mode": "shadow"}, "stricter", "mode: off -> shadow"),
    ({"on_error": "block"}, {"on_error": "allow"}, "looser", "on_error: block -> allow"),
    ({"opaque": "allow"}, {"opaque": "refuse"}, "stricter", "opaque: allow -> refuse"),
    ({"min_score": 0.5}, {"min_score": 0.7}, "looser", "min_score: 0.5 -> 0.7"),
    ({"timeout_ms": 50}, {"timeout_ms": 60}, "same", "timeout_ms: 50 -> 60"),
    ({"detect": ["d", "e"]}, {"detect": ["d"]}, "looser", "detect: without e"),
    ({"detect": ["d"]}, {"detect": ["d", "e"]}, "stricter", "detect: with e"),
    ({"detect": ["d"]}, {"detect": ["e"]}, "mixed", "detect: without d"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "way", "detail"), ONE, ids=[detail for *_, detail in ONE])
def test_each_key_of_a_rule_is_told_with_its_way(
    before: dict[str, Any], after: dict[str, Any], way: str, detail: str
) -> None:
    (change,) = changes({"rules": [rule(**before)]}, {"rules": [rule(**after)]})
    assert (change.what, change.policy, change.rule, change.way) == ("changed", "p", "r", way)
    assert change.details[0] == detail


OTHERWISE: dict[str, Any] = {
    "places": frozenset({"content"}), "finders": (), "deed": Log(), "mode": "shadow", "on_error": "allow", "timeout_ms": 7,
    "opaque": "allow", "min_score": 0.3, "asked": "full", "segment": Segment(most=999),
}  # fmt: skip


def test_no_field_of_a_rule_is_forgotten() -> None:
    (one,) = (found := policies(made({}))["p"]).rules
    assert {field.name for field in fields(one)} - {"policy", "id"} == OTHERWISE.keys()
    for name, other in OTHERWISE.items():
        (change,) = differences({"p": found}, {"p": replace(found, rules=(replace(one, **{name: other}),))})
        assert len(change.details) == 1


def test_looser_in_one_thing_and_stricter_in_another_is_mixed() -> None:
    after = {"rules": [rule(action="mask", where=["user", "system"])]}
    (change,) = changes({}, after)
    assert change.way == "mixed"
    assert change.details == ("where: user -> system, user", "action: block -> mask")


def test_a_detector_that_reads_otherwise_is_not_called_looser_or_stricter() -> None:
    (change,) = changes({}, {"detectors": {"d": {"kind": "pattern", "match": "[0-9]{7}"}}})
    assert (change.way, change.details) == ("unclear", ("detect: d reads otherwise",))


def test_another_name_for_the_same_detector_is_no_change() -> None:
    assert changes({}, {"detectors": {"x": DETECTORS["d"]}, "rules": [rule(detect=["x"])]}) == []


def test_rules_come_and_go() -> None:
    assert changes({"rules": [rule()]}, {"rules": [rule(), rule("more", mode="shadow")]}) == [
        Change("added", "p", "more", "stricter", ("block in user, shadow",))
    ]
    assert changes({"rules": [rule(), rule("idle", mode="off")]}, {"rules": []}) == [
        Change("removed", "p", "idle", "same", ("block in user, off",)),
        Change("removed", "p", "r", "looser", ("block in user, enforce",)),
    ]


BINDINGS = [
    ({"teams": ["*"]}, {"teams": ["hr"]}, "looser", "bind.teams: [*] -> [hr]"),
    ({"models": ["gpt-4*"]}, {"models": ["gpt-*"]}, "stricter", "bind.models: [gpt-4*] -> [gpt-*]"),
    ({"models": ["gpt-*"]}, {"models": ["claude-*"]}, "mixed", "bind.models: [gpt-*] -> [claude-*]"),
    ({"tags": []}, {"tags": ["a"]}, "looser", "bind.tags: [] -> [a]"),
    ({"tags": ["a"]}, {"tags": ["a", "b"]}, "stricter", "bind.tags: [a] -> [a, b]"),
    ({"tags": ["a"]}, {"tags": []}, "stricter", "bind.tags: [a] -> []"),
    ({"zones": ["external"]}, {"zones": ["internal"]}, "mixed", "bind.zones: [external] -> [internal]"),
    ({"surfaces": ["chat"]}, {"surfaces": ["*"]}, "stricter", "bind.surfaces: [chat] -> [*]"),
    ({"surfaces": ["*"]}, {"surfaces": ["*", "chat"]}, "same", "bind.surfaces: [*] -> [*, chat]"),
    ("by_name", {}, "stricter", "bind: by name -> by what it says"),
    ({}, "by_name", "looser", "bind: by name now"),
]


@pytest.mark.parametrize(("before", "after", "way", "detail"), BINDINGS, ids=[detail for *_, detail in BINDINGS])
def test_a_binding_that_fits_less_is_looser(before: Any, after: Any, way: str, detail: str) -> None:
    assert changes({"bind": before}, {"bind": after}) == [Change("changed", "p", "", way, (detail,))]  # type: ignore[arg-type]


def test_policies_come_and_go_with_their_rules() -> None:
    one, two = document("one", rule()), document("two", rule())
    assert differences(policies(one), policies(two)) == [
        Change("removed", "one", "", "looser"),
        Change("added", "two", "", "stricter"),
        Change("removed", "one", "r", "looser", ("block in user, enforce",)),
        Change("added", "two", "r", "stricter", ("block in user, enforce",)),
    ]


def test_a_rule_that_is_inherited_twice_changes_once() -> None:
    def family(action: str) -> Any:
        child = {"extends": ["base"], "detectors": {}}
        return policies(document("base", rule(action=action)), document("a", **child), document("b", **child))

    assert [one.rule for one in differences(family("block"), family("mask"))] == ["r"]


def test_nothing_differs_from_itself() -> None:
    assert changes({"bind": {"teams": ["a", "b"]}}, {"bind": {"teams": ["b", "a"]}, "version": 2}) == []
