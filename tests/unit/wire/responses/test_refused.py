"""A Responses caller before an upstream that speaks another API: what is refused, and what passes."""

from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire.chat.request import read_request as read_chat
from gateway.wire.chat.request import write_request as write_chat
from gateway.wire.responses.refused import refuse_untranslatable
from gateway.wire.responses.request import read_request, write_request


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"background": True}, "background"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"truncation": "auto"}, "truncation"),
        ({"context_management": [{"type": "compaction"}]}, "context_management"),
        ({"moderation": {"model": "m"}}, "moderation"),
        ({"tool_choice": {"type": "web_search_preview"}}, "tool_choice"),
        ({"tools": [{"type": "function", "name": "f"}, {"type": "mcp"}]}, "tools.1.type"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input.0"),
        ({"input": [{"id": "msg_1"}]}, "input.0"),
        ({"input": [{"role": "user", "content": "a"}, {"type": "web_search_call"}]}, "input.1.type"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]},
            "input.0.content.0.file_id",
        ),
        ({"include": ["reasoning.encrypted_content", "nonsense"]}, "include.1"),
    ],
)
def test_what_only_the_vendor_can_do_is_refused_with_the_reason(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(GatewayError) as caught:
        refuse_untranslatable({"model": "m", "input": "hi", **fields})
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", param)
    assert len(caught.value.message) > len(param) + 80


USUAL = {
    "model": "demo",
    "instructions": "Be brief.",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {
            "type": "message",
            "id": "m",
            "status": "completed",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "yo", "annotations": []}],
            "phase": "final_answer",
        },
        {"role": "user", "content": "more"},
    ],
    "tools": [{"type": "function", "name": "f", "parameters": {}, "strict": True}],
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
    "background": False,
    "truncation": "disabled",
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "stream": True,
    "stream_options": {"include_obfuscation": False},
    "text": {"verbosity": "low"},
    "reasoning": {"effort": "low", "summary": "auto"},
    "max_tool_calls": 3,
    "prompt_cache_key": "k",
    "safety_identifier": "s",
    "metadata": {"a": "b"},
    "previous_response_id": None,
}


def test_what_clients_usually_say_reaches_a_chat_upstream() -> None:
    refuse_untranslatable(USUAL)
    body = write_chat(read_request(USUAL))
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "yo"},
        {"role": "user", "content": "more"},
    ]
    assert body["stream_options"] == {"include_usage": True}
    assert body["tools"] == [{"type": "function", "function": {"name": "f", "parameters": {}, "strict": True}}]


@pytest.mark.parametrize("name", ["background", "conversation", "prompt", "moderation"])
def test_an_unseen_wish_is_refused_by_the_writer_of_chat_too(name: str) -> None:
    value: Any = {"background": True}.get(name, {"id": "x"})
    with pytest.raises(GatewayError):
        write_chat(read_request({**USUAL, name: value}))


def test_the_request_of_a_native_caller_comes_back_as_it_was() -> None:
    body: dict[str, Any] = {name: value for name, value in USUAL.items() if value is not None}
    written = write_request(read_request(body))
    assert written["instructions"] == "Be brief."
    assert {name: written[name] for name in body if name not in ("input", "reasoning")} == {
        name: value for name, value in body.items() if name not in ("input", "reasoning")
    }


def test_a_chat_request_survives_the_way_through_responses() -> None:
    chat = {
        "model": "demo",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "hi"},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": "42"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}, "strict": False}}],
        "max_tokens": 7,
    }
    again = read_request(write_request(read_chat(chat)))
    again.include_usage = False
    assert write_chat(again) == chat
