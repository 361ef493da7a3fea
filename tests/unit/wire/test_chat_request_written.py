"""Requests of chat completions written for callers of other dialects."""

from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire.chat.request import effort_word, write_request
from gateway.wire.neutral import (
    File,
    Format,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)


def foreign(*parts: Part, dialect: str = "messages", **fields: Any) -> Request:
    return Request(dialect=dialect, model="m", messages=[Message(role="user", parts=list(parts))], **fields)


def written(request: Request) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = write_request(request)["messages"]
    return messages


def test_results_come_before_the_rest_of_the_turn_and_their_images_after_them() -> None:
    request = foreign(
        Text(text="before"),
        ToolResult(call_id="a", parts=[Text(text="1"), Image(url="https://x/1.png"), Text(text="2")]),
        ToolResult(call_id="b", parts=[Text(text="two")]),
        Text(text="after"),
    )
    assert written(request) == [
        {
            "role": "tool",
            "tool_call_id": "a",
            "content": [{"type": "text", "text": "1"}, {"type": "text", "text": "2"}],
        },
        {"role": "tool", "tool_call_id": "b", "content": "two"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "From the result of the tool call a:"},
                {"type": "image_url", "image_url": {"url": "https://x/1.png"}},
                {"type": "text", "text": "before"},
                {"type": "text", "text": "after"},
            ],
        },
    ]


def test_a_result_of_images_alone_still_answers_its_call() -> None:
    tool, user = written(foreign(ToolResult(call_id="a", parts=[Image(data="QQ==", media_type="image/png")])))
    assert tool == {"role": "tool", "tool_call_id": "a", "content": ""}
    assert user["content"][1]["image_url"]["url"] == "data:image/png;base64,QQ=="


@pytest.mark.parametrize(
    ("parts", "content"),
    [
        ([Text(text="no such file")], "Error: no such file"),
        ([Text(text="Error: no such file")], "Error: no such file"),
        ([], "Error:"),
    ],
)
def test_a_failed_tool_says_so_in_its_text(parts: list[Any], content: str) -> None:
    assert written(foreign(ToolResult(call_id="a", parts=parts, is_error=True)))[0]["content"] == content


def test_reasoning_of_another_vendor_is_left_out_and_our_own_is_kept() -> None:
    said: list[Part] = [Reasoning(text="secret", signature="s", origin="messages"), Text(text="x")]
    request = Request(dialect="messages", model="m", messages=[Message(role="assistant", parts=said)])
    assert written(request) == [{"role": "assistant", "content": "x"}]
    request.messages[0].parts[0] = Reasoning(text="open", origin="chat")
    assert written(request) == [{"role": "assistant", "content": "x", "reasoning_content": "open"}]


def test_a_turn_of_nothing_but_foreign_reasoning_is_left_out() -> None:
    turn = Message(role="assistant", parts=[Reasoning(text="x", origin="responses")])
    assert written(Request(dialect="responses", model="m", messages=[turn])) == []


def test_hints_and_echoes_of_another_dialect_are_dropped() -> None:
    request = foreign(
        Text(text="a", extras={"cache_control": {"type": "ephemeral"}}),
        tools=[Tool(name="f", extras={"cache_control": {}, "eager_input_streaming": True})],
        extras={"store": False, "background": False, "context_management": {"edits": []}},
    )
    request.messages.append(
        Message(
            role="assistant", parts=[ToolCall(id="1", name="f", arguments="{}", extras={"caller": {"type": "direct"}})]
        )
    )
    assert write_request(request) == {
        "model": "m",
        "messages": [
            {"role": "user", "content": "a"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
    }


def test_plain_text_documents_are_written_as_text() -> None:
    part = File(data="7JWI64WV", media_type="text/plain", filename="인사.txt")
    assert written(foreign(part))[0]["content"] == "인사.txt\n\n안녕"


def test_settings_of_other_dialects_find_their_place() -> None:
    request = foreign(
        Text(text="x"),
        metadata={"user_id": "u1"},
        service_tier="standard_only",
        max_tokens=9,
        top_k=40,
        stop=["끝"],
        format=Format(kind="schema", schema={"type": "object"}),
        thinking=Thinking(enabled=True, budget_tokens=10_000, summary="auto"),
        tool_choice=ToolChoice(mode="tool", name="g"),
        tools=[
            Tool(name="g", custom=True, extras={"format": {"type": "grammar", "syntax": "lark", "definition": "x"}})
        ],
    )
    assert write_request(request) == {
        "model": "m",
        "messages": [{"role": "user", "content": "x"}],
        "tools": [
            {
                "type": "custom",
                "custom": {
                    "name": "g",
                    "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}},
                },
            }
        ],
        "tool_choice": {"type": "custom", "custom": {"name": "g"}},
        "max_tokens": 9,
        "top_k": 40,
        "stop": ["끝"],
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}},
        "reasoning_effort": "medium",
        "user": "u1",
        "service_tier": "default",
    }


def test_allowed_tools_of_responses_are_said_as_chat_says_them() -> None:
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]}
    assert write_request(foreign(Text(text="x"), dialect="responses", extras={"tool_choice": choice}))[
        "tool_choice"
    ] == {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "f"}}]},
    }


@pytest.mark.parametrize(
    ("thinking", "word"),
    [
        (None, None),
        (Thinking(enabled=True), None),
        (Thinking(enabled=False), "none"),
        (Thinking(effort="high", budget_tokens=1_024), "high"),
        (Thinking(effort="max"), "xhigh"),
        (Thinking(budget_tokens=1_024), "low"),
        (Thinking(budget_tokens=4_096), "low"),
        (Thinking(budget_tokens=4_097), "medium"),
        (Thinking(budget_tokens=16_384), "medium"),
        (Thinking(budget_tokens=16_385), "high"),
    ],
)
def test_a_budget_of_reasoning_becomes_a_word(thinking: Thinking | None, word: str | None) -> None:
    assert effort_word(thinking, native=False) == word


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        (foreign(Opaque(dialect="messages", value={"type": "search_result"})), "messages.0.content.0"),
        (
            foreign(ToolResult(call_id="a", parts=[Opaque(dialect="messages", value={"type": "tool_reference"})])),
            "messages.0.content.0",
        ),
        (foreign(File(url="https://x/a.pdf")), "messages.0.content.0"),
        (foreign(Image()), "messages.0.content.0"),
        (
            foreign(File(data="QQ==", extras={"citations": {"enabled": True}})),
            "messages.0.content.0.citations",
        ),
        (foreign(File(data="QQ==", extras={"context": "read me"})), "messages.0.content.0.context"),
        (foreign(Text(text="x"), hosted=[{"type": "web_search_20250305"}]), "tools"),
        (foreign(Text(text="x"), tools=[Tool(name="f", extras={"x": 1})]), "tools.0.x"),
        (foreign(Text(text="x"), extras={"mcp_servers": [{"url": "u"}]}), "mcp_servers"),
        (foreign(Text(text="x"), extras={"background": True}), "background"),
        (foreign(Text(text="x"), extras={"truncation": "auto"}), "truncation"),
        (foreign(Text(text="x"), extras={"inference_geo": "us"}), "inference_geo"),
        (foreign(Text(text="x"), dialect="responses", extras={"context_management": [{"x": 1}]}), "context_management"),
        (foreign(ToolCall(id="a", name="f", arguments="{}")), "messages.0.content.0"),
    ],
)
def test_what_chat_cannot_say_is_refused_by_name(request_: Request, param: str) -> None:
    with pytest.raises(GatewayError) as caught:
        write_request(request_)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", param)
    assert "chat completions API" in caught.value.message


def test_usage_is_asked_for_only_where_it_may_be() -> None:
    assert "stream_options" not in write_request(foreign(Text(text="x"), include_usage=True))
    streamed = write_request(foreign(Text(text="x"), include_usage=True, stream=True))
    assert streamed["stream_options"] == {"include_usage": True}


def test_an_empty_list_asks_for_nothing_and_is_not_refused() -> None:
    assert "mcp_servers" not in write_request(foreign(Text(text="x"), extras={"mcp_servers": []}))
