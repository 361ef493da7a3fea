"""Each remark appears where it is due, and a policy as it should be gets none."""

from typing import Any

import pytest

from gateway.config.strict import Secret
from gateway.policy.lint import lint
from gateway.policy.structs import Document
from tests.unit.policy.documents import document, policies, rule

TESTED = [{"name": "t", "expect": {"found_by": ["r", "s"]}}]


def remarks(*documents: Document) -> list[tuple[str, Any, str]]:
    found = lint({one.name: one for one in documents}, policies(*documents))
    return [(name, one.trail[1] if len(one.trail) > 1 else None, one.message) for name, one in found]


def test_a_policy_as_it_should_be_gets_none() -> None:
    assert remarks(document("p", rule(), rule("s", where=["content"], action="mask"), tests=TESTED)) == []


TWO: list[tuple[dict[str, Any], dict[str, Any], int | None, str]] = [
    ({}, {"action": "mask"}, 1, "never acts: rule `r` has its detectors and places, and is stricter (`block`)"),
    ({"where": ["user", "system"]}, {"action": "log"}, 1, "never acts"),
    ({}, {}, 1, "does the same"),
    ({"mode": "shadow"}, {"action": "mask"}, None, ""),
    ({"min_score": 0.5}, {"action": "mask"}, 1, "overlaps rule `r`: what `d` finds in `user` gets `block`"),
    ({}, {"action": "mask", "where": ["user", "content"]}, 1, "overlaps rule `r`"),
    ({}, {"action": "mask", "where": ["content"]}, None, ""),
    ({}, {"mode": "off", "action": "mask"}, 1, "never runs: it is off"),
    ({}, {"min_score": 1.0, "where": ["content"]}, None, ""),
]


@pytest.mark.parametrize(("first", "second", "index", "says"), TWO)
def test_two_rules(first: dict[str, Any], second: dict[str, Any], index: int | None, says: str) -> None:
    found = remarks(document("p", rule(**first), rule(**{"name": "s", **second}), tests=TESTED))
    assert [one[:2] for one in found] == ([("p", index)] if says else [])
    assert says in "".join(one[2] for one in found)


def test_an_inherited_rule_that_is_stricter_is_named_with_its_policy() -> None:
    child = document("b", rule("s", action="mask"), extends=["a"], detectors={}, tests=TESTED)
    found = remarks(document("a", rule(), tests=TESTED), child)
    assert found == [("b", 0, "never acts: rule `r` of `a` has its detectors and places, and is stricter (`block`)")]


WAITING: list[tuple[dict[str, Any], bool]] = [
    ({"detect": ["long"]}, True),
    ({"detect": ["long"], "where": ["reasoning"]}, True),
    ({"detect": ["long"], "mode": "shadow"}, True),
    ({"action": "reask"}, True),
    ({"guarantee": "full"}, True),
    ({}, False),
    ({"detect": ["long"], "where": ["user"]}, False),
    ({"detect": ["long"], "mode": "off"}, False),
    ({"action": "reask", "mode": "shadow"}, False),
    ({"guarantee": "full", "mode": "shadow"}, False),
    ({"detect": ["orders"], "guarantee": "segment"}, False),
]


@pytest.mark.parametrize(("other", "in_vain"), WAITING, ids=str)
def test_segments_win_nothing_where_another_rule_needs_all_of_the_answer(other: dict[str, Any], in_vain: bool) -> None:
    detectors = {
        "d": {"kind": "pattern", "match": "[0-9]{6}"},
        "long": {"kind": "length", "max_chars": 9},
        "orders": {"kind": "injection"},
    }
    watch = rule("s", where=["content"], detect=["orders"], action="log", guarantee="segment")
    found = remarks(document("p", watch, rule(**{"where": ["content"], **other}), detectors=detectors, tests=TESTED))
    told = [one for one in found if "wins no time" in one[2]]
    assert told == ([("p", 0, told[0][2])] if in_vain else [])
    assert not in_vain or "rule `r` has to see all of an answer" in told[0][2]


def test_what_never_runs() -> None:
    low = {"d": {"kind": "pattern", "match": "x", "score": 0.3}}
    assert [one[2] for one in remarks(document("p", rule(min_score=0.5), detectors=low, tests=TESTED))] == [
        "never acts: `min_score` is 0.5, and its patterns score 0.3 at most"
    ]
    bound = document("p", rule(where=["user", "developer"]), bind={"surfaces": ["messages"]}, tests=TESTED)
    assert [one[2] for one in remarks(bound)] == ["never runs at `developer`: none of the surfaces `messages` has it"]
    assert [one[2] for one in remarks(document("p", rule(mode="off"), tests=TESTED))] == ["is off: every rule of it is"]
    parent = document("a", rule(where=["content"]), tests=TESTED)
    child = document("b", extends=["a"], detectors={}, bind={"surfaces": ["embeddings"]}, tests=TESTED)
    assert [(one[0], one[2]) for one in remarks(parent, child)] == [
        ("b", "the inherited rule `r` of `a` runs on none of `embeddings`")
    ]


def test_what_is_empty_unused_or_untested() -> None:
    assert [one[2] for one in remarks(document("p", detectors={}, tests=TESTED))] == ["has no rules"]
    assert [one[2] for one in remarks(document("p", detectors={}))][1].startswith("has no tests")
    more = {"d": {"kind": "pattern", "match": "x"}, "u": {"kind": "secrets"}}
    assert remarks(document("p", rule(), detectors=more, tests=TESTED)) == [("p", "u", "is used by no rule")]
    untested = remarks(document("p", rule("x"), rule("y", where=["system"], action="mask"), tests=TESTED))
    assert untested == [("p", 0, "is named by no test (`blocked_by` or `found_by`)")]


def test_a_detector_that_a_child_uses_is_used() -> None:
    child = document("b", rule("s"), extends=["a"], detectors={}, tests=TESTED)
    assert (
        remarks(
            document(
                "a",
                rule(where=["content"], detect=["e"]),
                detectors={"d": {"kind": "pattern", "match": "x"}, "e": {"kind": "secrets"}},
                tests=TESTED,
            ),
            child,
        )
        == []
    )


JUDGE = {"kind": "judge", "model": "m", "rubric": "Is it rude?"}
WEBHOOK = {"kind": "webhook", "url": "http://h/", "secret": Secret("s")}
NAMES = {"kind": "presidio", "engine": "spacy", "model": "m"}
HURRIED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    (JUDGE, {"timeout_ms": 50}, {}, "50 ms are too few for the detector `d` of kind `judge`; write 10000, or leave it out"),
    (JUDGE, {}, {"timeout_ms": 50}, "write 10000, or leave it out in rule `r`"),
    (JUDGE, {"timeout_ms": 2_000}, {"timeout_ms": 50}, ""),
    (JUDGE, {}, {}, ""),
    (JUDGE, {"timeout_ms": 50, "mode": "off"}, {}, ""),
    (WEBHOOK, {"timeout_ms": 399}, {}, "write 2000"),
    (WEBHOOK, {"timeout_ms": 400}, {}, ""),
    ({"kind": "moderation", "model": "m"}, {"timeout_ms": 500}, {}, "write 5000"),
    (NAMES, {"timeout_ms": 500}, {}, "write 5000"),
    ({"kind": "presidio"}, {"timeout_ms": 1}, {}, ""),
    ({"kind": "pattern", "match": "x"}, {"timeout_ms": 1}, {}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("detector", "own", "defaults", "says"), HURRIED)
def test_what_asks_somebody_else_is_given_time(
    detector: dict[str, Any], own: dict[str, Any], defaults: dict[str, Any], says: str
) -> None:
    found = remarks(document("p", rule(**own), detectors={"d": detector}, defaults=defaults, tests=TESTED))
    told = [one[2] for one in found if "too few" in one[2]]
    assert len(told) == bool(says)
    assert says in "".join(told)
