"""Which rules a request gets; that more policies are never less; and that nothing is skipped in silence."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.structs import Exempt
from gateway.errors import GatewayError
from gateway.policy.actions import STRICTNESS, Tokenize
from gateway.policy.bind import HEADER, MOST_ASKED, Binder, Bound, Facts, NotImplementedHere
from gateway.policy.rule import Policy
from gateway.policy.structs import Document
from tests.unit.policy.documents import VERSIONS, document, one_policy, policies, rule

ALL = Facts(frozenset({"fast"}), "chat", frozenset({"internal"}), "app", "support", frozenset({"eu", "paid"}))


def binder(*documents: Document, exempt: list[Exempt] | None = None) -> Binder:
    return Binder(policies(*documents), exempt or [], VERSIONS)


def keys(bound: Bound) -> list[tuple[str, str]]:
    return [one.key for one in bound.rules]


FITS: list[tuple[Any, bool]] = [
    ({}, True),
    ({"models": ["fast"]}, True),
    ({"models": ["fa*", "slow"]}, True),
    ({"models": ["slow"]}, False),
    ({"models": ["fas"]}, False),
    ({"teams": ["support"]}, True),
    ({"teams": ["sales"]}, False),
    ({"tags": []}, True),
    ({"tags": ["eu"]}, True),
    ({"tags": ["us"]}, False),
    ({"surfaces": ["chat", "messages"]}, True),
    ({"surfaces": ["messages"]}, False),
    ({"zones": ["internal"]}, True),
    ({"zones": ["external"]}, False),
    ({"models": ["fast"], "teams": ["support"], "tags": ["paid"], "surfaces": ["*"], "zones": ["*"]}, True),
    ({"models": ["fast"], "teams": ["sales"]}, False),
    ("by_name", False),
]


@pytest.mark.parametrize(("bind", "fits"), FITS, ids=str)
def test_a_policy_applies_where_every_list_has_an_entry_that_fits(bind: Any, fits: bool) -> None:
    assert bool(binder(document("p", rule(), bind=bind)).bound(ALL)) == fits


def test_no_team_is_none_of_the_teams_but_one_of_all() -> None:
    nobody = Facts(frozenset({"fast"}), "chat", frozenset({"internal"}))
    assert not binder(document("p", rule(), bind={"teams": ["support"]})).bound(nobody)
    assert binder(document("p", rule(), bind={"teams": ["*"], "tags": ["*"]})).bound(nobody)


def test_one_target_abroad_and_one_model_that_the_plan_can_come_to_are_enough() -> None:
    far = Facts(frozenset({"fast", "slow"}), "chat", frozenset({"internal", "external"}))
    assert binder(document("p", rule(), bind={"zones": ["external"], "models": ["slow"]})).bound(far)


def test_rules_come_strictest_first_by_place_without_those_that_are_off() -> None:
    found = binder(
        document(
            "p",
            rule("a", action="log"),
            rule("b", action="mask", where=["user", "content"]),
            rule("c", action="block", mode="shadow"),
            rule("d", action="block", mode="off"),
            rule("e", action={"tokenize": {"restore_into": ["content", "tool_args"]}}),
            rule("f", action={"route": {"model": "m"}}),
        )
    ).bound(ALL)
    assert [one.id for one in found.rules] == ["c", "f", "b", "e", "a"]
    assert [one.id for one in found.by_place["user"]] == ["c", "f", "b", "e", "a"]
    assert [one.id for one in found.by_place["content"]] == ["b"]
    assert "system" not in found.by_place


def test_what_cannot_be_read_is_refused_where_one_enforced_rule_says_so() -> None:
    found = binder(
        document(
            "p",
            rule("a", where=["user"], opaque="allow"),
            rule("b", where=["user", "system"]),
            rule("c", where=["content"], mode="shadow"),
            rule("d", where=["reasoning"], opaque="allow"),
        )
    ).bound(ALL)
    assert found.unreadable_refused == {"user", "system"}


def test_an_inherited_rule_stands_once_though_both_policies_apply() -> None:
    found = binder(document("base", rule("a")), document("child", rule("b"), extends=["base"])).bound(ALL)
    assert keys(found) == [("base", "a"), ("child", "b")]
    assert found.policies == (("base", 1), ("child", 1))


def test_a_caller_adds_policies_by_name_and_takes_none_away() -> None:
    one = binder(document("base", rule("a")), document("strict", rule("b"), bind="by_name"))
    assert keys(one.bound(ALL)) == [("base", "a")]
    assert keys(one.bound(ALL, one.asked_for(" strict , strict"))) == [("base", "a"), ("strict", "b")]
    assert keys(one.bound(ALL, one.asked_for(None))) == keys(one.bound(ALL, one.asked_for(" ,"))) == [("base", "a")]


@pytest.mark.parametrize("header", ["strict, srtict", "-base", "*", ",".join(["strict"] * 3 + ["x"])])
def test_a_name_that_is_no_policy_is_refused_and_not_quoted(header: str) -> None:
    with pytest.raises(GatewayError) as caught:
        binder(document("strict", rule())).asked_for(header)
    assert caught.value.code == "invalid_request"
    assert caught.value.param == HEADER
    assert "srtict" not in caught.value.message


def test_a_header_of_endless_names_is_refused() -> None:
    many = [document(f"p{number}", rule()) for number in range(MOST_ASKED + 1)]
    one = binder(*many)
    assert len(one.asked_for(",".join(each.name for each in many[:-1]))) == MOST_ASKED
    with pytest.raises(GatewayError):
        one.asked_for(",".join(each.name for each in many))


EXEMPT = Exempt(name="night", policy="base", rule="a", reason="why", key="app")


@pytest.mark.parametrize(
    ("exempt", "away"),
    [
        (EXEMPT, True),
        (Exempt(name="x", policy="base", rule="a", reason="why", team="support"), True),
        (Exempt(name="x", policy="base", rule="a", reason="why", key="desk"), False),
        (Exempt(name="x", policy="base", rule="a", reason="why", team="app"), False),
        (Exempt(name="x", policy="child", rule="a", reason="why", key="app"), False),
        (Exempt(name="x", policy="base", rule="z", reason="why", key="app"), False),
    ],
)
def test_an_exemption_takes_one_rule_from_one_caller_and_is_told(exempt: Exempt, away: bool) -> None:
    found = binder(document("base", rule("a"), rule("b")), document("child", extends=["base"]), exempt=[exempt]).bound(
        ALL
    )
    assert (("base", "a") not in keys(found)) == away
    assert ("base", "b") in keys(found)
    assert found.exempted == ((exempt,) if away else ())


def test_an_exemption_changes_the_digest() -> None:
    documents = document("base", rule("a"), rule("b")), document("child", extends=["base"])
    assert binder(*documents).bound(ALL).digest != binder(*documents, exempt=[EXEMPT]).bound(ALL).digest


def test_the_version_of_a_detector_that_is_used_changes_the_digest() -> None:
    made = policies(document("p", rule()))
    digest = Binder(made, [], VERSIONS).bound(ALL).digest
    assert Binder(made, [], VERSIONS | {"pattern": "2"}).bound(ALL).digest != digest
    assert Binder(made, [], VERSIONS | {"keywords": "2"}).bound(ALL).digest == digest


def test_the_same_policies_give_the_same_object() -> None:
    one = binder(document("p", rule()), document("q", rule(), bind={"models": ["slow"]}))
    other = Facts(frozenset({"other"}), "messages", frozenset({"external"}))
    assert one.bound(ALL) is one.bound(other)
    assert one.bound(ALL) is not one.bound(Facts(frozenset({"slow"}), "chat", frozenset({"internal"})))


def test_a_detector_without_code_is_refused_by_name_unless_all_its_rules_are_off() -> None:
    detectors = {"j": {"kind": "judge", "model": "m", "rubric": "?"}, "l": {"kind": "length", "max_chars": 5}}
    with pytest.raises(NotImplementedHere) as caught:
        binder(document("p", rule("a", detect=["j"]), rule("b", detect=["l"]), detectors=detectors))
    first, second = str(caught.value).splitlines()
    assert "policy p, rule a: this gateway has no code for detector `j` of kind `judge`" in first
    assert "detector `l` of kind `length`" in second
    binder(document("p", rule("a", detect=["j"], mode="off"), detectors=detectors))


def test_values_come_back_only_where_every_rule_on_the_same_detector_grants_it() -> None:
    wide = {"tokenize": {"linkable_within": "tenant"}}
    narrow = {"tokenize": {"linkable_within": "conversation", "restore_into": ["content"]}}
    other = {"kind": "pattern", "match": "[a-z]{6}"}
    one = binder(
        document("wide", rule("a", action=wide)),
        document("narrow", rule("b", action=narrow), bind="by_name"),
        document("shadow", rule("c", action=narrow, mode="shadow"), bind="by_name"),
        document("elsewhere", rule("d", action=narrow, where=["system"]), bind="by_name"),
        document("different", rule("e", action=narrow), bind="by_name", detectors={"d": other}),
    )

    def deed(*asked: str) -> tuple[list[str], str]:
        found = next(each for each in one.bound(ALL, asked).rules if each.policy == "wide").deed
        assert isinstance(found, Tokenize)
        return list(found.restore_into), found.linkable_within

    assert deed() == deed("shadow") == deed("elsewhere") == deed("different") == (["content", "tool_args"], "tenant")
    assert deed("narrow") == (["content"], "conversation")


PLACES = ["user", "system", "tool_result"]
SPECS = {
    "d": {"kind": "pattern", "match": "[0-9]{6}"},
    "e": {"kind": "pattern", "match": "[a-z]{6}"},
    "f": {"kind": "keywords", "words": ["x"]},
}
actions = st.one_of(
    st.sampled_from(["block", "mask", "annotate", "log", {"route": {"model": "m"}}]),
    st.builds(
        lambda sinks, link: {"tokenize": {"restore_into": sorted(sinks), "linkable_within": link}},
        st.sets(st.sampled_from(["content", "tool_args"])),
        st.sampled_from(["user", "conversation", "tenant"]),
    ),
)
rules = st.builds(
    rule,
    where=st.sets(st.sampled_from(PLACES), min_size=1),
    detect=st.sets(st.sampled_from(list(SPECS)), min_size=1),
    action=actions,
    mode=st.sampled_from(["enforce", "shadow", "off"]),
    opaque=st.sampled_from(["refuse", "allow"]),
    on_error=st.sampled_from(["block", "allow"]),
    min_score=st.sampled_from([0.0, 0.5, 0.9]),
)
binds = st.sampled_from([{}, "by_name", {"teams": ["support"]}, {"models": ["slow"]}, {"zones": ["external"]}])


@st.composite
def several(draw: st.DrawFn) -> list[Policy]:
    return [
        one_policy(
            *({**one, "id": f"r{number}"} for number, one in enumerate(draw(st.lists(rules, max_size=3)))),
            name=f"p{number}",
            bind=draw(binds),
            detectors=SPECS,
        )
        for number in range(draw(st.integers(1, 4)))
    ]


def outcome(bound: Bound, place: Any, finder: str, score: float) -> tuple[int, frozenset[str], int]:
    """What happens to a finding: how strict, into which sinks it may come back, how widely it can be linked."""
    rules = [
        one
        for one in bound.by_place.get(place, ())
        if one.is_enforced and score >= one.min_score and any(each.name == finder for each in one.finders)
    ]
    if not rules:
        return 0, frozenset({"content", "tool_args"}), 3
    deed = rules[0].deed
    assert all(STRICTNESS[rules[0].word] >= STRICTNESS[one.word] for one in rules)
    if isinstance(deed, Tokenize):
        width = ["conversation", "user", "tenant"].index(deed.linkable_within)
        return STRICTNESS["tokenize"], frozenset(deed.restore_into), width
    return STRICTNESS[rules[0].word], frozenset({"content", "tool_args"}), 3


def assert_not_looser(before: Bound, after: Bound) -> None:
    assert before.unreadable_refused <= after.unreadable_refused
    for place in PLACES:
        for finder in SPECS:
            for score in (0.0, 0.6, 1.0):
                old, new = outcome(before, place, finder, score), outcome(after, place, finder, score)
                assert new[0] >= old[0]
                if new[0] == old[0] == STRICTNESS["tokenize"]:
                    assert new[1] <= old[1]
                    assert new[2] <= old[2]


@given(several(), st.data())
def test_more_policies_and_more_names_never_loosen(made: list[Policy], data: st.DataObject) -> None:
    some = data.draw(st.sets(st.sampled_from([one.name for one in made])))
    exempt = [Exempt(name="x", policy="p0", rule="r0", reason="why", key="app")] if data.draw(st.booleans()) else []
    every = Binder({one.name: one for one in made}, exempt, VERSIONS)
    fewer = Binder({one.name: one for one in made if one.name in some}, exempt, VERSIONS)
    asked = tuple(data.draw(st.sets(st.sampled_from([one.name for one in made]))))
    assert_not_looser(fewer.bound(ALL), every.bound(ALL))
    assert_not_looser(every.bound(ALL), every.bound(ALL, asked))
    assert set(every.bound(ALL).policies) <= set(every.bound(ALL, asked).policies)
