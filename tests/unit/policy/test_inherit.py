"""Children can only tighten: each way of loosening is named, with both sides; and whatever is taken is never looser."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.actions import STRICTNESS, Tokenize
from gateway.policy.inherit import looser
from gateway.policy.rule import MODES
from tests.unit.policy.documents import document, family, one_policy, policies, rule

DETECTORS = {"d": {"kind": "pattern", "match": "[0-9]{6}"}, "e": {"kind": "keywords", "words": ["x"]}}
PARENT: dict[str, Any] = {
    "where": ["user", "system"],
    "detect": ["d", "e"],
    "action": {"tokenize": {"restore_into": ["content"]}},
    "min_score": 0.5,
    "on_error": "allow",
    "timeout_ms": 100,
}


def findings(parent: dict[str, Any], child: dict[str, Any]) -> list[tuple[str, str]]:
    """What is said of a child's override: the key, and the message."""
    base = document("base", rule(**parent), detectors=DETECTORS)
    found = family(base, document("child", rule(**child), extends=["base"], detectors={})).findings
    return [(str(one.trail[-1]), one.message) for name, one in found if name == "child"]


LOOSER: list[tuple[dict[str, Any], str, str]] = [
    ({"action": "log"}, "action", "`log` is less strict than `tokenize`"),
    ({"action": {"tokenize": {}}}, "action", "`restore_into` adds `tool_args`"),
    (
        {"action": {"tokenize": {"restore_into": [], "linkable_within": "tenant"}}},
        "action",
        "`linkable_within: tenant` is wider than `user`",
    ),
    ({"where": ["user"]}, "where", "`system` is missing"),
    ({"detect": ["d"]}, "detect", "`e` is missing"),
    ({"mode": "shadow"}, "mode", "`shadow` is weaker than `enforce`"),
    ({"mode": "off"}, "mode", "`off` is weaker than `enforce`"),
    ({"min_score": 0.6}, "min_score", "0.6 is higher than 0.5"),
    ({"timeout_ms": 50}, "timeout_ms", "50 is shorter than 100, and what is late passes"),
    ({"opaque": "allow"}, "opaque", "`allow` is weaker than `refuse`"),
]


@pytest.mark.parametrize(("change", "key", "says"), LOOSER, ids=str)
def test_each_way_of_loosening_is_an_error_that_names_both(change: dict[str, Any], key: str, says: str) -> None:
    [(where, message)] = findings(PARENT, PARENT | change)
    assert where == key
    assert "would loosen the rule `r` of `base`, which `child` extends" in message
    assert says in message


SEGMENTS: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({}, {"guarantee": "segment"}, "guarantee", "more of what stands at `content` is sent before"),
    ({"guarantee": "full"}, {}, "", ""),
    ({"guarantee": "segment"}, {}, "", ""),
    ({"guarantee": "segment"}, {"guarantee": "full"}, "", ""),
    ({"detect": ["d"], "guarantee": "full"}, {"detect": ["d"]}, "guarantee", "`content`"),
    ({"detect": ["d"]}, {"guarantee": "segment"}, "", ""),
    (
        {"guarantee": "segment"},
        {"guarantee": "segment", "segment": {"most": 300}},
        "segment",
        "`most: 300` is less than 400",
    ),
    (
        {"guarantee": "segment"},
        {"guarantee": "segment", "segment": {"overlap": 0}},
        "segment",
        "`overlap: 0` is less than 80",
    ),
    ({"guarantee": "segment"}, {"guarantee": "segment", "segment": {"most": 500, "overlap": 90}}, "", ""),
]


@pytest.mark.parametrize(("parent", "child", "key", "says"), SEGMENTS, ids=str)
def test_sending_earlier_or_seeing_less_together_is_looser(
    parent: dict[str, Any], child: dict[str, Any], key: str, says: str
) -> None:
    detectors = {**DETECTORS, "i": {"kind": "injection"}}
    common: dict[str, Any] = {"where": ["user", "content"], "detect": ["d", "i"]}
    base = document("base", rule(**common | parent), detectors=detectors)
    found = family(base, document("child", rule(**common | child), extends=["base"], detectors={})).findings
    told = [(str(one.trail[-1]), one.message) for name, one in found if name == "child"]
    assert [where for where, _ in told] == ([key] if key else [])
    assert all(says in message for _, message in told)


def test_passing_on_errors_is_looser_than_blocking() -> None:
    [(key, message)] = findings(PARENT | {"on_error": "block"}, PARENT)
    assert (key, "`allow` is weaker than `block`" in message) == ("on_error", True)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"action": "mask"},
        {"action": "block", "timeout_ms": 1, "on_error": "block"},
        {"action": {"tokenize": {"restore_into": [], "linkable_within": "conversation"}}},
        {"where": ["user", "system", "assistant"], "min_score": 0.1, "timeout_ms": 200},
    ],
    ids=str,
)
def test_tightening_is_not_an_error(change: dict[str, Any]) -> None:
    assert findings(PARENT, PARENT | change) == []


def test_defaults_of_the_child_can_loosen_too() -> None:
    child = document("child", rule(), extends=["base"], detectors={}, defaults={"mode": "shadow"})
    found = family(document("base", rule()), child).findings
    assert [one.trail for _, one in found] == [("rules", 0, "mode")]


def test_rules_and_detectors_are_inherited_over_generations() -> None:
    found = policies(
        document("c", rule("mine"), extends=["b"], detectors={}),
        document("b", rule("second", action="log"), extends=["a"], detectors={}),
        document("a", rule("first")),
    )["c"]
    assert [one.key for one in found.rules] == [("a", "first"), ("b", "second"), ("c", "mine")]


def test_an_override_stands_in_place_of_the_rule_of_the_parent() -> None:
    found = policies(document("a", rule(action="mask")), document("b", rule(), extends=["a"], detectors={}))
    assert [(one.key, one.word) for one in found["b"].rules] == [(("b", "r"), "block")]
    assert [(one.key, one.word) for one in found["a"].rules] == [(("a", "r"), "mask")]


def test_an_override_is_held_to_every_parent_that_has_the_rule() -> None:
    found = family(
        document("a", rule(action="block")),
        document("b", rule(action="log")),
        document("c", rule(action="mask"), extends=["a", "b"], detectors={}),
    )
    assert ["of `a`" in one.message for _, one in found.findings] == [True]


def test_a_rule_from_a_common_grandparent_comes_once() -> None:
    found = policies(
        document("a", rule()),
        document("b", extends=["a"], detectors={}),
        document("c", extends=["a"], detectors={}),
        document("d", extends=["b", "c"], detectors={}),
    )
    assert [one.key for one in found["d"].rules] == [("a", "r")]


def test_a_detector_of_a_parent_cannot_be_made_another() -> None:
    weaker = {"d": {"kind": "pattern", "match": "[0-9]{60}"}}
    found = family(document("a", rule()), document("b", extends=["a"], detectors=weaker)).findings
    assert [(name, one.trail) for name, one in found] == [("b", ("detectors", "d"))]
    same = family(document("a", rule()), document("b", extends=["a"])).findings
    assert same == []


def test_parents_that_disagree_on_a_detector_are_only_wrong_if_the_child_uses_it() -> None:
    other = {"d": {"kind": "pattern", "match": "[0-9]{60}"}}
    parents = document("a", rule("x")), document("b", rule("y"), detectors=other)
    assert family(*parents, document("c", extends=["a", "b"], detectors={})).findings == []
    [(name, finding)] = family(*parents, document("c", rule("z"), extends=["a", "b"], detectors={})).findings
    assert (name, finding.trail, finding.value) == ("c", ("extends", 1), "b")


@pytest.mark.parametrize(
    ("links", "cycle"),
    [
        ({"a": ["a"]}, "a -> a"),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, "b -> c -> b"),
    ],
)
def test_a_cycle_is_named_once_and_leaves_no_policy(links: dict[str, list[str]], cycle: str) -> None:
    found = family(*(document(name, extends=parents) for name, parents in links.items()))
    assert [one.message for _, one in found.cycles] == [f"closes a cycle: {cycle}"]
    assert found.policies == {}


words = st.sampled_from(["block", "mask", "annotate", "log"])
tokenizing = st.builds(
    lambda sinks, link: {"tokenize": {"restore_into": sorted(sinks), "linkable_within": link}},
    st.sets(st.sampled_from(["content", "tool_args"])),
    st.sampled_from(["user", "conversation", "tenant"]),
)
texts = st.fixed_dictionaries(
    {
        "where": st.sets(st.sampled_from(["user", "system", "assistant"]), min_size=1),
        "detect": st.sets(st.sampled_from(["d", "e"]), min_size=1),
        "action": words | tokenizing,
        "mode": st.sampled_from(["enforce", "shadow", "off"]),
        "on_error": st.sampled_from(["block", "allow"]),
        "opaque": st.sampled_from(["refuse", "allow"]),
        "timeout_ms": st.sampled_from([10, 50]),
        "min_score": st.sampled_from([0.0, 0.5]),
    }
)


@given(texts, texts)
def test_what_is_taken_is_nowhere_looser(parent: dict[str, Any], child: dict[str, Any]) -> None:
    before, after = (one_policy(rule(**text), detectors=DETECTORS).rules[0] for text in (parent, child))
    if findings(parent, child):
        assert list(looser(before, after))
        return
    assert STRICTNESS[after.word] >= STRICTNESS[before.word]
    assert MODES[after.mode] >= MODES[before.mode]
    assert after.places >= before.places
    assert after.min_score <= before.min_score
    assert {one.digest for one in after.finders} >= {one.digest for one in before.finders}
    assert (after.on_error, before.on_error) != ("allow", "block")
    assert (after.opaque, before.opaque) != ("allow", "refuse")
    if isinstance(before.deed, Tokenize) and isinstance(after.deed, Tokenize):
        assert set(after.deed.restore_into) <= set(before.deed.restore_into)
