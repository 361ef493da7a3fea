from typing import Any

import pytest
from openai.types.responses import ResponseItemList

from gateway.errors import GatewayError
from gateway.wire.neutral import Answer, Choice, Message, Opaque, Request, Text
from gateway.wire.responses import conversation as talk
from gateway.wire.responses.request import read_request
from gateway.wire.responses.stream import write_answer


def asked(**fields: Any) -> Request:
    return read_request({"model": "demo", "input": "hi", **fields})


def exchange(request: Request, text: str) -> talk.Conversation:
    answer = Answer(
        id="resp_1", model="demo", created=1, choices=[Choice(index=0, parts=[Text(text=text)], finish="stop")]
    )
    return talk.decode(talk.encode(talk.kept(request, answer, write_answer(answer, request))))


def test_a_conversation_goes_on_with_the_new_instructions_alone() -> None:
    first = exchange(asked(instructions="Be brief.", input="one"), "eins")
    second = asked(instructions="Be long.", input="two", previous_response_id="resp_1")
    assert talk.previous_id(second.extras) == "resp_1"
    whole = talk.continued(first, second)
    assert [(turn.role, turn.parts[0].text) for turn in whole.messages if isinstance(turn.parts[0], Text)] == [
        ("system", "Be long."),
        ("user", "one"),
        ("assistant", "eins"),
        ("user", "two"),
    ]
    assert talk.previous_id(whole.extras) is None
    assert len(second.messages) == 2
    third = talk.continued(exchange(whole, "zwei"), asked(input="three", previous_response_id="resp_2"))
    assert [turn.parts for turn in third.messages] == [
        [Text(text=text)] for text in ("one", "eins", "two", "zwei", "three")
    ]


def test_an_answer_that_said_nothing_leaves_no_empty_turn() -> None:
    empty = Answer(id="resp_1", model="demo", created=1, choices=[])
    kept = talk.kept(asked(), empty, {})
    assert [turn.role for turn in talk.continued(kept, asked()).messages] == ["user", "user"]


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
    kept = exchange(asked(instructions="Be brief.", input=history), "Sunny.")
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


def test_blocks_of_another_dialect_are_kept_and_not_listed() -> None:
    foreign = Message(role="assistant", parts=[Opaque(dialect="messages", value={"type": "server_tool_use"})])
    kept = talk.Conversation(messages=[foreign], answer=Message(role="assistant", parts=[]), response={"id": "resp_1"})
    assert talk.decode(talk.encode(kept)).messages == [foreign]
    assert [item["type"] for item in talk.input_items(kept)["data"]] == ["message"]


@pytest.mark.parametrize("number", [-(2**63) - 1, 2**64, 10**30])
def test_any_integer_that_a_caller_may_write_is_kept(number: int) -> None:
    turn = Message(role="assistant", parts=[Opaque(dialect="messages", value={"input": number})])
    kept = talk.Conversation(messages=[turn], answer=turn, response={"metadata": number})
    assert talk.decode(talk.encode(kept)) == kept
