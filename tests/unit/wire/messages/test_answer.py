from typing import Any

import pytest
from anthropic.types import Message as SDKMessage

from gateway.errors import GatewayError
from gateway.wire.chat.answer import read_answer as read_chat
from gateway.wire.messages.answer import read_answer, write_answer
from gateway.wire.neutral import (
    Answer,
    Choice,
    Finish,
    Image,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    Usage,
)

REQUEST = Request(dialect="messages", model="m", messages=[])


def answer(*parts: Part, finish: Finish | None = "stop") -> Answer:
    return Answer(
        id="a",
        model="m",
        created=9,
        choices=[Choice(index=0, parts=list(parts), finish=finish)],
        usage=Usage(input_tokens=1),
    )


def content(*parts: Part) -> Any:
    return write_answer(answer(*parts), REQUEST)["content"]


def test_a_body_is_read_whole() -> None:
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "쪽", "citations": [{"type": "page_location"}]},
            {"type": "tool_use", "id": "t", "name": "n", "input": {"a": 1}, "caller": {"type": "direct"}},
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        ],
        "stop_reason": "stop_sequence",
        "stop_sequence": "끝",
        "stop_details": None,
        "container": {"id": "c"},
        "usage": {"input_tokens": 1, "cache_read_input_tokens": 2, "output_tokens": 3},
    }
    read = read_answer(body)
    assert read == Answer(
        id="msg_1",
        model="claude-test",
        created=0,
        usage=Usage(input_tokens=3, cached_tokens=2, output_tokens=3),
        choices=[
            Choice(
                index=0,
                finish="stop_sequence",
                stop_sequence="끝",
                extras={"container": {"id": "c"}},
                parts=[
                    Reasoning(text="hm", signature="s", origin="messages"),
                    Text(text="쪽", extras={"citations": [{"type": "page_location"}]}),
                    ToolCall(id="t", name="n", arguments='{"a":1}', extras={"caller": {"type": "direct"}}),
                    Opaque(
                        dialect="messages",
                        value={"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
                    ),
                ],
            )
        ],
    )
    assert write_answer(read, REQUEST)["content"] == body["content"]


@pytest.mark.parametrize(
    "body", [{}, {"content": "x", "stop_reason": 3}, {"content": [3]}, {"content": [{"type": "text"}]}]
)
def test_a_body_that_is_no_message_is_the_upstreams_fault(body: dict[str, Any]) -> None:
    with pytest.raises(GatewayError) as raised:
        read_answer(body)
    assert raised.value.code == "upstream_invalid_response"


def test_an_answer_of_chat_has_the_form_of_this_api() -> None:
    chat = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-test",
        "system_fingerprint": "fp",
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "message": {
                    "role": "assistant",
                    "content": "볼게요",
                    "reasoning_content": "hm",
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "w", "arguments": '{"city": "서울"}'}},
                        {"id": "c2", "type": "function", "function": {"name": "w", "arguments": ""}},
                    ],
                },
            }
        ],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "total_tokens": 13,
            "prompt_tokens_details": {"cached_tokens": 2},
        },
    }
    body = write_answer(read_chat(chat), REQUEST)
    assert body == {
        "id": "chatcmpl-1",
        "type": "message",
        "role": "assistant",
        "model": "gpt-test",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": ""},
            {"type": "text", "text": "볼게요"},
            {"type": "tool_use", "id": "c1", "name": "w", "input": {"city": "서울"}},
            {"type": "tool_use", "id": "c2", "name": "w", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 7,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 2,
            "output_tokens": 4,
        },
    }
    assert SDKMessage.model_validate(body).to_dict(exclude_unset=True) == body


def test_a_refusal_of_another_api_is_text_and_a_stop_reason() -> None:
    body = write_answer(answer(Refusal(text="no")), REQUEST)
    assert (body["content"], body["stop_reason"]) == ([{"type": "text", "text": "no"}], "refusal")


def test_reasoning_of_another_api_brings_no_fields_of_its_own() -> None:
    part = Reasoning(text="a", signature="s", origin="responses", extras={"summary": []})
    assert content(part) == [{"type": "thinking", "thinking": "a", "signature": "s"}]


def test_what_says_nothing_here_is_left_out() -> None:
    sealed = Reasoning(encrypted="x", origin="responses")
    assert content(Text(text=""), sealed, Opaque(dialect="responses", value={"type": "x"}), Text(text="a")) == [
        {"type": "text", "text": "a"}
    ]


@pytest.mark.parametrize(
    "part",
    [
        ToolCall(id="t", name="n", arguments='{"cut off'),
        ToolCall(id="t", name="n", arguments="[1]"),
        ToolCall(id="t", name="n", arguments="{}", custom=True),
        Image(url="https://x"),
    ],
)
def test_what_has_no_block_is_not_passed_off_as_something_else(part: Part) -> None:
    with pytest.raises(GatewayError) as raised:
        content(part)
    assert raised.value.code == "upstream_invalid_response"


def test_more_than_one_answer_cannot_be_said() -> None:
    both = answer()
    both.choices.append(Choice(index=1, parts=[]))
    with pytest.raises(GatewayError):
        write_answer(both, REQUEST)


def test_an_answer_without_an_end_has_no_invented_reason() -> None:
    assert write_answer(answer(finish=None), REQUEST)["stop_reason"] is None
