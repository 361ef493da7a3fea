"""Why one request was blocked, changed or let through, in words: who is bound and why, what was found where, and who won."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from gateway.config.structs import Config, Exempt, Key, Policies
from gateway.policy.rule import Policy
from gateway.trying.explaining import Binding, Explanation, Found, Over, RuleSaid, Unreadable, explained, told
from gateway.trying.replaying import run_once
from gateway.trying.traffic import line_of
from tests.unit.policy.documents import document, policies

CANARY = "seol.canary@planted.co.kr"
NUMBER = "900113-1123451"
DETECTORS: dict[str, Any] = {
    "mail": {"kind": "personal", "entities": ["EMAIL_ADDRESS"]},
    "planted": {"kind": "pattern", "match": r"planted[.]co[.]kr is", "name": "PLANTED", "score": 0.7},
    "code": {"kind": "pattern", "match": "INT-[0-9]{6}", "name": "CODE"},
}
MAIL = {"id": "mail", "where": ["user"], "detect": ["mail"], "action": "tokenize"}


def set_of(*rules: dict[str, Any], **more: Any) -> Mapping[str, Policy]:
    return policies(document("p", *rules, **{"detectors": DETECTORS, "defaults": {"opaque": "allow"}, **more}))


def why(found: Mapping[str, Policy], line: dict[str, Any], config: Config | None = None, **how: Any) -> Explanation:
    return explained(asyncio.run(run_once(found, config, line_of(1, msgspec.json.encode(line)))), found, **how)


def says(text: Any, answer: Any = None, **more: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": "Help."}, {"role": "user", "content": text}]
    return {"request": {"model": "gpt-5", "messages": messages}, "answer": answer, **more}


def rule(found: Explanation, name: str) -> RuleSaid:
    return next(one for one in found.rules if one.rule == name)


def test_what_was_found_is_told_with_its_place_and_position() -> None:
    found = why(set_of(MAIL), says(f"I am {CANARY}."))
    said = rule(found, "p/mail")
    assert said.looked == ("messages.1.content",)
    assert said.found == (Found("user", "messages.1.content", "EMAIL_ADDRESS", (5, 30), 1.0, "enforced", decides=True),)
    assert (said.action, said.mode, said.detectors) == ("tokenize", "enforce", ("mail (personal)",))
    assert said.guarantees == {"user": "full"}
    (decision,) = found.decisions
    assert (decision.where, decision.span, decision.rule, decision.effect) == (
        "messages.1.content", (5, 30), "p/mail", "tokenize",
    )  # fmt: skip
    assert (found.outcome.outcome, found.outcome.status, found.outcome.model_asked) == ("passes", 200, True)


RIVALS = [
    ({"action": "mask"}, {"action": "tokenize"}, "p/first", "`mask` is stricter than `tokenize`"),
    ({"action": "mask"}, {"action": "mask", "detect": ["planted"]}, "p/first", "it is as strict, and comes later in the order of rules or in the text"),
    ({"action": "mask"}, {"action": "log"}, "p/first", "`log` changes nothing"),
    ({"action": "mask"}, {"action": "block", "mode": "shadow"}, "p/first", "it is in shadow and changes nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "winner", "reason"), RIVALS)
def test_of_rules_that_touch_one_span_the_winner_is_told_and_why(
    first: Any, second: Any, winner: str, reason: str
) -> None:
    rules = [{**MAIL, "id": "first", **first}, {**MAIL, "id": "second", **second}]
    (decision,) = why(set_of(*rules), says(f"{CANARY} is it")).decisions
    assert decision.rule == winner
    assert [(one.rule, one.why) for one in decision.over] == [("p/second", reason)]


def test_a_stricter_rule_wins_all_of_what_it_touches_in_part() -> None:
    rules = [{**MAIL, "id": "a"}, {**MAIL, "id": "b", "detect": ["planted"], "action": "mask"}]
    (decision,) = why(set_of(*rules), says(f"{CANARY} is it")).decisions
    assert (decision.rule, decision.kind, decision.span) == ("p/b", "PLANTED", (0, 28))
    assert decision.over == (Over("p/a", "tokenize", "`mask` is stricter than `tokenize`"),)


def test_who_blocks_is_told_and_what_the_caller_gets() -> None:
    codes = {**MAIL, "id": "codes", "detect": ["code"], "action": {"block": {"status": 422, "message": "No."}}}
    found = why(set_of(codes), says("it is INT-123456"))
    assert (found.outcome.outcome, found.outcome.by) == ("blocked", "p/codes")
    assert (found.outcome.status, found.outcome.code, found.outcome.param) == (
        422, "policy_blocked", "messages.1.content",
    )  # fmt: skip
    assert found.outcome.message == "No. (rule p/codes)"
    assert not found.outcome.model_asked


def test_answers_are_explained_by_their_lane_however_they_came() -> None:
    codes = {**MAIL, "id": "codes", "where": ["content"], "detect": ["code"], "action": "mask"}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    pieces = [{**chunk, "choices": [{"index": 0, "delta": {"content": one}, "finish_reason": None}]} for one in ("it is INT", "-123456.")]  # fmt: skip
    end = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    for answer in ("it is INT-123456.", [*pieces, end]):
        said = rule(why(set_of(codes), says("x", answer)), "p/codes")
        assert said.looked == ("choice 0",)
        assert said.found == (Found("content", "choice 0", "CODE", (6, 16), 1.0, "enforced", decides=True),)
        assert said.guarantees == {"content": "proven"}


def test_what_is_found_in_an_answer_that_is_held_keeps_its_position() -> None:
    rules = [
        {**MAIL, "id": "codes", "where": ["content"], "detect": ["code"], "action": "block"},
        {**MAIL, "id": "long", "where": ["content"], "detect": ["long"], "action": "log"},
    ]
    detectors = {**DETECTORS, "long": {"kind": "length", "max_chars": 5}}
    found = why(set_of(*rules, detectors=detectors), says("x", "it is INT-123456."))
    assert found.outcome.by == "p/codes"
    assert [one.span for one in rule(found, "p/codes").found] == [(6, 16)]


def test_where_a_rule_starts_over_what_comes_then_is_not_guessed() -> None:
    codes = {
        **MAIL,
        "id": "codes",
        "where": ["content"],
        "detect": ["code"],
        "action": {"fallback": {"model": "other"}},
    }
    found = why(set_of(codes), says("x", "it is INT-123456."))
    assert (found.outcome.outcome, found.outcome.starts) == ("started over", ("p/codes",))
    assert len(rule(found, "p/codes").found) == 1


def test_a_detector_that_fails_is_told_with_what_its_rule_says_to_that() -> None:
    slow = {"id": "slow", "where": ["user"], "detect": ["slow"], "action": "mask"}
    detectors = {"slow": {"kind": "pattern", "match": "(?:[a-z]{1,3}-?){1,12}#"}}
    found = why(set_of(slow, detectors=detectors), says("a" * 300 + "!#"))
    (one,) = rule(found, "p/slow").found
    assert (one.span, one.said) == (None, "failed")
    assert (found.outcome.outcome, found.outcome.by) == ("blocked", "p/slow")
    assert "    failed in user: on_error is block" in list(told(found, "f"))


IMAGE = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]


def test_what_nobody_can_read_is_told_with_who_refuses_it() -> None:
    found = why(set_of(MAIL), says(IMAGE))
    assert found.unreadable == (Unreadable("image", "messages.1.content.1.image_url.url", refused=False, by=()),)
    assert found.outcome.outcome == "passes"
    refusing = set_of(MAIL, {**MAIL, "id": "strict", "opaque": "refuse"})
    found = why(refusing, says(IMAGE))
    assert found.unreadable[0].refused
    assert found.unreadable[0].by == ("p/strict",)
    assert (found.outcome.outcome, found.outcome.by) == ("blocked", "what cannot be read (image)")


def test_each_policy_is_told_with_why_it_applies_or_does_not() -> None:
    every: dict[str, Any] = {
        "all": {},
        "fits": {"models": ["gpt-*"], "teams": ["hr"], "tags": ["a"], "surfaces": ["chat"], "zones": ["external"]},
        "not": {"models": ["x"], "teams": ["it"], "tags": ["b"], "surfaces": ["messages"], "zones": ["internal"]},
        "unasked": "by_name",
        "asked": "by_name",
    }
    found = policies(*(document(name, bind=bind) for name, bind in every.items()))
    line = says("x", team="hr", tags=["a"], zones=["external"], headers={"x-haechi-policy": "asked"})
    assert why(found, line).policies == (
        Binding("all", 1, applies=True, why=("it is bound to everything",)),
        Binding("fits", 1, applies=True, why=(
            "models: wants gpt-*, here gpt-5", "teams: wants hr, here hr", "tags: wants a, here a",
            "surfaces: wants chat, here chat", "zones: wants external, here external",
        )),
        Binding("not", 1, applies=False, why=(
            "models: wants x, here gpt-5", "teams: wants it, here hr", "tags: wants b, here a",
            "surfaces: wants messages, here chat", "zones: wants internal, here external",
        )),
        Binding("unasked", 1, applies=False, why=("it is bound by name, and x-haechi-policy does not ask for it",)),
        Binding("asked", 1, applies=True, why=("x-haechi-policy asks for it",)),
    )  # fmt: skip


def test_exemptions_are_told() -> None:
    config = Config(
        keys=[Key(name="desk", hash="sha256:" + "1" * 64, team="hr")],
        policies=Policies(exempt=[Exempt(name="slips", policy="p", rule="mail", team="hr", reason="a good one")]),
    )
    found = why(set_of(MAIL), says(CANARY, key="desk"), config)
    assert found.exemptions == ("slips: without p/mail",)
    assert (found.team, found.rules) == ("hr", ())


def test_who_is_not_asked_is_told() -> None:
    hook = {"id": "ask", "where": ["user"], "detect": ["j"], "action": "block"}
    found = why(set_of(hook, detectors={"j": {"kind": "judge", "model": "m", "rubric": "Good?"}}), says("x"))
    assert not rule(found, "p/ask").asked
    assert any("asks others, who are not asked here" in one for one in told(found, "f"))


def test_no_text_is_told_unless_it_is_asked_for() -> None:
    codes = {**MAIL, "id": "codes", "where": ["content"], "detect": ["code"], "action": "mask"}
    line = says(f"I am {CANARY} and {NUMBER}", "it is INT-123456.")
    line["request"]["tools"] = [{"type": "function", "function": {"name": "f", "parameters": {"seol.canary": CANARY}}}]
    for answer in (None, "it is INT-123456.", [{"choices": [{"index": 0, "delta": {"content": "INT-123456"}}]}]):
        found = why(set_of(MAIL, codes), {**line, "answer": answer})
        said = "\n".join(told(found, "f")) + msgspec.json.encode(found).decode()
        for word in ("seol", "canary", "planted.", "900113", "123456"):
            assert word not in said


def test_what_the_model_sees_has_kinds_where_values_were() -> None:
    found = why(set_of(MAIL), says(f"I am {CANARY}."), show_text=True)
    assert found.model_sees == (("messages.0.content", "Help."), ("messages.1.content", "I am [EMAIL_ADDRESS]."))
    assert "  messages.1.content: 'I am [EMAIL_ADDRESS].'" in list(told(found, "f"))
    blocked = why(set_of({**MAIL, "action": "block"}), says(CANARY), show_text=True)
    assert blocked.model_sees is None


def test_a_request_that_is_not_judged_says_what_the_gateway_said() -> None:
    found = why(set_of(MAIL), says("x", headers={"x-haechi-policy": "q"}))
    assert (found.outcome.outcome, found.outcome.code, found.rules) == ("not judged", "invalid_request", ())


FORM = """\
f:1 (a): blocked by p/codes
  surface chat, model gpt-5, key not said, team none, tags none
  screened for zone external
  the caller gets status 400, policy_blocked, about messages.1.content: A policy of this gateway forbids this request. (rule p/codes)
  the model was not asked
policies
  p v1 applies: it is bound to everything
rules, strictest first
  p/codes: block, enforce, finds by code (pattern)
    guarantee: looked at whole in user
    looked at: messages.1.content
    found CODE in messages.1.content [0:10], score 1, decides
  p/mail: tokenize, shadow, finds by mail (personal)
    looked at: messages.1.content
    found EMAIL_ADDRESS in messages.1.content [11:17], score 1, in shadow
decisions
  messages.1.content [0:10] CODE: p/codes (block)"""


def test_all_of_it_is_told_in_plain_lines() -> None:
    rules = [{**MAIL, "mode": "shadow"}, {**MAIL, "id": "codes", "detect": ["code"], "action": "block"}]
    found = why(set_of(*rules), says("INT-123456 a@b.kr", id="a", zones=["external"]))
    assert "\n".join(told(found, "f")) == FORM
