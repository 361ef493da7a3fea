"""Scopes: what differs in anything that may change an answer never shares one; how it is to be delivered splits nothing."""

from copy import deepcopy
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.scope import Circumstances, Scope, scoped, way
from gateway.dialects import DIALECTS

HERE: Final = Circumstances(("user", "k", "u"), "rules", ("demo", "a/b/c"))
QUESTION: Final = "수도는 어디인가요?"
IMAGE: Final = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}
TOOL: Final = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
CHAT: Final[dict[str, Any]] = {
    "model": "demo",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": QUESTION},
    ],
    "max_tokens": 100,
}
MESSAGES: Final[dict[str, Any]] = {
    "model": "demo",
    "system": "Be brief.",
    "messages": [*CHAT["messages"][1:]],
    "max_tokens": 100,
}
RESPONSES: Final[dict[str, Any]] = {
    "model": "demo",
    "input": [{"role": "system", "content": "Be brief."}, *CHAT["messages"][1:]],
    "max_output_tokens": 100,
}


def of(body: dict[str, Any], dialect: str = "chat", around: Circumstances = HERE) -> Scope:
    found = scoped(DIALECTS[dialect], body, around)
    assert found is not None
    return found


def changed(**fields: Any) -> dict[str, Any]:
    return {**deepcopy(CHAT), **fields}


def asked(place: int, **fields: Any) -> dict[str, Any]:
    body = deepcopy(CHAT)
    body["messages"][place] |= fields
    return body


OTHER: Final = {
    "system prompt": asked(0, content="Be long."),
    "earlier question": asked(1, content="Hello!"),
    "earlier answer": asked(2, content="Hi!"),
    "role": asked(0, role="developer"),
    "name": asked(1, name="minsu"),
    "temperature": changed(temperature=0.5),
    "length": changed(max_tokens=101),
    "seed": changed(seed=1),
    "stop": changed(stop=["x"]),
    "n": changed(n=2),
    "log-probabilities": changed(logprobs=True),
    "tools": changed(tools=[TOOL]),
    "tool choice": changed(tools=[TOOL], tool_choice="none"),
    "format": changed(response_format={"type": "json_object"}),
    "reasoning": changed(reasoning_effort="high"),
    "a field that nobody knows": changed(frobnicate=1),
    "that field with another value": changed(frobnicate=2),
    "an image": asked(1, content=[{"type": "text", "text": "Hello"}, IMAGE]),
    "one turn less": changed(messages=CHAT["messages"][1:]),
}
SAME: Final = {
    "stream": changed(stream=True, stream_options={"include_usage": True}),
    "metadata": changed(metadata={"trace": "1"}),
    "user": changed(user="somebody"),
    "the vendor's cache": changed(prompt_cache_key="k"),
    "store": changed(store=True),
    "parts instead of text": asked(3, content=[{"type": "text", "text": QUESTION}]),
    "a mark for the vendor's cache": asked(
        3, content=[{"type": "text", "text": QUESTION, "cache_control": {"type": "ephemeral"}}]
    ),
}


@pytest.mark.parametrize("name", OTHER)
def test_what_may_change_an_answer_has_a_scope_of_its_own(name: str) -> None:
    plain, other = of(CHAT), of(OTHER[name])
    assert other.exact != plain.exact
    assert other.around != plain.around


def test_no_two_of_them_meet_either() -> None:
    exact = [of(body).exact for body in OTHER.values()]
    around = [of(body).around for body in OTHER.values()]
    assert len(set(exact)) == len(set(around)) == len(OTHER)


@pytest.mark.parametrize("name", SAME)
def test_how_it_is_delivered_or_filed_splits_nothing(name: str) -> None:
    assert of(SAME[name])[:3] == of(CHAT)[:3]


def test_the_question_alone_is_left_out_of_what_is_around_it() -> None:
    plain, other = of(CHAT), of(asked(3, content="수도가 어디죠?"))
    assert other.around == plain.around
    assert other.exact != plain.exact
    assert (plain.question, other.question) == (QUESTION, "수도가 어디죠?")


def test_the_parts_of_a_question_are_told_apart() -> None:
    one = asked(3, content=[{"type": "text", "text": "a\nb"}, {"type": "text", "text": "c"}])
    other = asked(3, content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b\nc"}])
    assert of(one).question == of(other).question
    assert of(one).exact != of(other).exact


def test_values_that_were_hidden_are_part_of_the_scope() -> None:
    one = of(asked(3, content="주문 <ORDER_aaaaaaaaaa> 어디?"))
    other = of(asked(3, content="주문 <ORDER_bbbbbbbbbb> 어디?"))
    again = of(asked(3, content="<ORDER_aaaaaaaaaa> 주문은 어디 있나요?"))
    assert one.around != other.around
    assert one.around == again.around


@pytest.mark.parametrize(
    "last",
    [
        {"role": "user", "content": [{"type": "text", "text": "이건?"}, IMAGE]},
        {"role": "assistant", "content": "그래서"},
        {"role": "tool", "tool_call_id": "c", "content": "3"},
        {"role": "user", "content": "  "},
    ],
    ids=["image", "assistant", "tool", "nothing"],
)
def test_where_something_else_stands_last_there_is_no_question(last: dict[str, Any]) -> None:
    assert of(changed(messages=[*CHAT["messages"][:3], last])).around is None


def test_the_same_request_is_the_same_through_every_api() -> None:
    scopes = [of(CHAT), of(MESSAGES, "messages"), of(RESPONSES, "responses")]
    assert len({scope[:3] for scope in scopes}) == 1


@pytest.mark.parametrize(
    "around",
    [
        Circumstances(("user", "k", "v"), "rules", ("demo", "a/b/c")),
        Circumstances(("user", "k2", "u"), "rules", ("demo", "a/b/c")),
        Circumstances(("team", "k", "u"), "rules", ("demo", "a/b/c")),
        Circumstances(("user", "ku", ""), "rules", ("demo", "a/b/c")),
        Circumstances(("user", "k", "u"), "others", ("demo", "a/b/c")),
        Circumstances(("user", "k", "u"), "rules", ("demo2", "a/b/c")),
        Circumstances(("user", "k", "u"), "rules", ("demo", "a/b/d")),
        Circumstances(("user", "k", "u"), "rules", ("demo", "a/b/c"), (("openai-beta", "x"),)),
    ],
)
def test_who_asks_by_which_rules_and_whom_is_part_of_it(around: Circumstances) -> None:
    assert of(CHAT, around=around)[:2] != of(CHAT)[:2]
    assert of(CHAT, around=around).exact != of(CHAT).exact


@pytest.mark.parametrize("text", ["\ud800", "가\udfff"])
def test_half_a_character_has_no_scope(text: str) -> None:
    assert scoped(DIALECTS["chat"], asked(3, content=text), HERE) is None


def test_a_body_that_the_neutral_form_cannot_hold_is_matched_by_itself_and_in_its_form() -> None:
    odd = changed(messages=[{"role": "user", "content": QUESTION, "frobnicate": {"a": 1}}], stop=3)
    assert of(odd).request is None
    assert of(odd).exact == of(deepcopy(odd)).exact
    assert of({**odd, "stream": True}).exact != of(odd).exact


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(JSON, JSON)
def test_fields_of_the_future_are_compared_as_they_are(one: Any, other: Any) -> None:
    same = _typed(one) == _typed(other) or {one is None, other is None} == {True}
    assert (of(changed(of_the_future=one)).exact == of(changed(of_the_future=other)).exact) == same


def _typed(value: Any) -> Any:
    """As JSON tells values apart: true is no 1."""
    if isinstance(value, dict):
        return {name: _typed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_typed(one) for one in value]
    return (type(value).__name__, value)


def test_an_answer_is_written_another_way_where_its_frames_would_differ() -> None:
    chat, responses = DIALECTS["chat"], DIALECTS["responses"]
    plain = way(chat, CHAT, streamed=True, asked_usage=False)
    assert way(chat, CHAT, streamed=False, asked_usage=False) != plain
    assert way(chat, CHAT, streamed=True, asked_usage=True) != plain
    assert way(chat, changed(metadata={"a": "1"}), streamed=True, asked_usage=False) == plain
    echoed = way(responses, RESPONSES, streamed=False, asked_usage=False)
    assert way(responses, {**RESPONSES, "metadata": {"a": "1"}}, streamed=False, asked_usage=False) != echoed
