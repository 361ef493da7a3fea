from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ResponseItemList

from gateway.errors import GatewayError
from gateway.wire.neutral import Answer, Choice, Image, Part, Reasoning, Request, Text, ToolCall
from gateway.wire.responses import conversation as talk
from gateway.wire.responses.request import read_request
from gateway.wire.responses.stream import write_answer


def asked(**fields: Any) -> dict[str, Any]:
    return {"model": "demo", "input": "hi", **fields}


def read(body: dict[str, Any]) -> Request:
    return read_request(body)


def exchange(body: dict[str, Any], *parts: Part) -> talk.Conversation:
    answer = Answer(id="resp_1", model="demo", created=1, choices=[Choice(index=0, parts=list(parts), finish="stop")])
    found = talk.decode(talk.encode(talk.kept(body, write_answer(answer, read(body)))))
    assert found is not None
    return found


def said(body: dict[str, Any]) -> list[tuple[str, list[Part]]]:
    return [(turn.role, turn.parts) for turn in read(body).messages]


def test_a_conversation_goes_on_with_the_new_instructions_alone() -> None:
    first = exchange(asked(instructions="Be brief.", input="one"), Text(text="eins"))
    second = asked(instructions="Be long.", input="two", previous_response_id="resp_1")
    assert talk.previous_id(second) == "resp_1"
    whole = talk.continued(first, second)
    assert [(role, parts[0].text) for role, parts in said(whole) if isinstance(parts[0], Text)] == [
        ("system", "Be long."),
        ("user", "one"),
        ("assistant", "eins"),
        ("user", "two"),
    ]
    assert talk.previous_id(whole) is None
    assert second["input"] == "two"
    third = talk.continued(exchange(whole, Text(text="zwei")), asked(input="three", previous_response_id="resp_2"))
    assert [part.text for _, parts in said(third) for part in parts if isinstance(part, Text)] == [
        *("one", "eins", "two", "zwei", "three")
    ]


def test_what_the_model_did_besides_is_told_again_with_its_signature() -> None:
    thought = Reasoning(text="hm", signature="signed", origin="messages")
    call = ToolCall(id="c", name="f", arguments="{}")
    first = exchange(asked(), thought, Text(text="Looking."), call)
    result = {"type": "function_call_output", "call_id": "c", "output": "sunny"}
    (_, parts) = said(talk.continued(first, asked(input=[result])))[1]
    assert parts[0] == thought
    assert [type(part) for part in parts] == [Reasoning, Text, ToolCall]


def test_what_was_told_of_tokens_is_not_told_again() -> None:
    part = {"type": "output_text", "text": "eins", "annotations": [], "logprobs": [{"token": "eins", "logprob": 0.0}]}
    item = {"type": "message", "role": "assistant", "content": [part]}
    kept = talk.Conversation(input=[], response={"output": [item]})
    assert talk.continued(kept, asked())["input"][0]["content"] == [
        {"type": "output_text", "text": "eins", "annotations": []}
    ]
    assert "logprobs" in part


def test_an_image_that_the_model_made_is_not_told_again() -> None:
    first = exchange(asked(), Image(data="AAAA", media_type="image/png"), Text(text="There."))
    assert [role for role, _ in said(talk.continued(first, asked()))] == ["user", "assistant", "user"]


@pytest.mark.parametrize("response", [{}, {"output": None}, {"output": []}])
def test_an_answer_that_said_nothing_leaves_no_turn(response: dict[str, Any]) -> None:
    assert [role for role, _ in said(talk.continued(talk.kept(asked(), response), asked()))] == ["user", "user"]


def test_a_request_may_go_on_without_an_input_of_its_own_but_not_with_a_wrong_one() -> None:
    first = exchange(asked(), Text(text="eins"))
    assert len(talk.continued(first, {"model": "demo", "previous_response_id": "resp_1"})["input"]) == 2
    with pytest.raises(GatewayError, match="input: expected a string or a list"):
        read(talk.continued(first, asked(input=3)))


@pytest.mark.parametrize(("store", "keeps"), [(None, True), (True, True), (False, False)])
def test_a_response_is_kept_unless_the_caller_says_no(store: bool | None, keeps: bool) -> None:
    assert talk.wants_keeping(asked(store=store)) is keeps


def test_an_id_of_the_wrong_type_is_named_and_an_unknown_one_gets_the_vendors_status() -> None:
    with pytest.raises(GatewayError) as caught:
        talk.previous_id({"previous_response_id": 3})
    assert caught.value.param == "previous_response_id"
    assert (talk.not_kept().status, talk.not_kept().param) == (400, "previous_response_id")


def test_input_items_are_listed_as_the_sdk_expects_page_by_page() -> None:
    history = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "Looking."},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "sunny"},
    ]
    kept = exchange(asked(instructions="Be brief.", input=history), Text(text="Sunny."))
    everything = talk.input_items(kept, order="asc")
    assert [item.type for item in ResponseItemList.model_validate(everything).data] == [
        "message",
        "message",
        "function_call",
        "function_call_output",
    ]
    assert len({item["id"] for item in everything["data"]}) == 4
    first = talk.input_items(kept, limit=3)
    second = talk.input_items(kept, limit=3, after=first["last_id"])
    assert [*first["data"], *second["data"]] == everything["data"][::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert talk.input_items(kept, after="nowhere")["data"] == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(_JSON, max_size=4), st.dictionaries(st.text(), _JSON, max_size=4))
def test_whatever_a_caller_may_write_is_kept_as_it_is(said: list[Any], response: dict[str, Any]) -> None:
    kept = talk.Conversation(input=said, response=response)
    assert talk.decode(talk.encode(kept)) == kept


@pytest.mark.parametrize("stored", [b"", b"{}", b"[]", b'{"input": 1, "response": {}}', b"\xff"])
def test_what_another_version_kept_is_not_there(stored: bytes) -> None:
    assert talk.decode(stored) is None
