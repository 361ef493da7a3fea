"""Requests of chat completions: what is read out of each form."""

from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire.chat.request import read_request, write_request
from gateway.wire.neutral import (
    Audio,
    File,
    Format,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

WEATHER: dict[str, Any] = {"name": "weather", "description": "날씨", "parameters": {"type": "object"}, "strict": True}


def body(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages) or [{"role": "user", "content": "hi"}], **fields}


def parts_of(content: Any) -> list[Part]:
    return read_request(body({"role": "user", "content": content})).messages[0].parts


# --- reading ---------------------------------------------------------------------------------------------------------


def test_roles_names_and_plain_content_are_read() -> None:
    request = read_request(
        body(
            {"role": "system", "content": "s"},
            {"role": "developer", "content": [{"type": "text", "text": "d"}]},
            {"role": "user", "content": "안녕", "name": "minsu"},
            {"role": "assistant", "content": None, "refusal": "no"},
        )
    )
    assert request.messages == [
        Message(role="system", parts=[Text(text="s")]),
        Message(role="developer", parts=[Text(text="d")]),
        Message(role="user", parts=[Text(text="안녕")], name="minsu"),
        Message(role="assistant", parts=[Refusal(text="no")]),
    ]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
            Text(text="a", extras={"cache_control": {"type": "ephemeral"}}),
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://x/a.png", "detail": "low"}},
            Image(url="https://x/a.png", detail="low"),
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
            Image(data="QUJD", media_type="image/png"),
        ),
        (
            {"type": "image_url", "image_url": {"url": "data:image/svg+xml,%3Csvg%3E"}},
            Image(url="data:image/svg+xml,%3Csvg%3E"),
        ),
        ({"type": "image_url", "image_url": "https://x/a.png"}, Image(url="https://x/a.png")),
        (
            {"type": "image_url", "image_url": {"url": "u", "max_pixels": 9}},
            Image(url="u", extras={"image_url": {"max_pixels": 9}}),
        ),
        ({"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}}, Audio(data="QQ==", format="wav")),
        ({"type": "file", "file": {"file_id": "file-1"}}, File(file_id="file-1")),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,QQ==", "filename": "a.pdf"}},
            File(data="QQ==", media_type="application/pdf", filename="a.pdf"),
        ),
        ({"type": "file", "file": {"file_data": "QQ=="}}, File(data="QQ==")),
        ({"type": "refusal", "refusal": "no"}, Refusal(text="no")),
        (
            {"type": "video_url", "video_url": {"url": "v"}},
            Opaque(dialect="chat", value={"type": "video_url", "video_url": {"url": "v"}}),
        ),
        ("bare", Text(text="bare")),
    ],
)
def test_each_kind_of_part_is_read(part: Any, expected: Part) -> None:
    assert parts_of([part]) == [expected]


def test_calls_and_results_become_parts_and_the_users_words_join_the_results() -> None:
    request = read_request(
        body(
            {
                "role": "assistant",
                "content": "",
                "reasoning_content": "hm",
                "tool_calls": [
                    {
                        "id": "a",
                        "type": "function",
                        "function": {"name": "f", "arguments": "{}"},
                        "extra_content": {"x": 1},
                    },
                    {"id": "b", "type": "custom", "custom": {"name": "g", "input": "free"}},
                ],
            },
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "2"}]},
            {"role": "user", "content": "and now?"},
            {"role": "user", "content": "well?"},
        )
    )
    assert request.messages == [
        Message(
            role="assistant",
            parts=[
                Reasoning(text="hm", origin="chat"),
                Text(text=""),
                ToolCall(id="a", name="f", arguments="{}", extras={"extra_content": {"x": 1}}),
                ToolCall(id="b", name="g", arguments="free", custom=True),
            ],
        ),
        Message(
            role="user",
            parts=[
                ToolResult(call_id="a", parts=[Text(text="1")]),
                ToolResult(call_id="b", parts=[Text(text="2")]),
                Text(text="and now?"),
            ],
        ),
        Message(role="user", parts=[Text(text="well?")]),
    ]


def test_a_named_user_keeps_a_turn_of_their_own_after_a_result() -> None:
    request = read_request(
        body({"role": "tool", "tool_call_id": "a", "content": "1"}, {"role": "user", "name": "kim", "content": "x"})
    )
    assert [turn.name for turn in request.messages] == [None, "kim"]


def test_reasoning_is_read_under_both_of_its_names() -> None:
    for name in ("reasoning_content", "reasoning"):
        request = read_request(body({"role": "assistant", "content": "x", name: "hm"}))
        assert request.messages[0].parts == [Reasoning(text="hm", origin="chat"), Text(text="x")]


def test_legacy_functions_are_mapped_to_tools() -> None:
    request = read_request(
        body(
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": "{}"}},
            {"role": "function", "name": "weather", "content": "sunny"},
            functions=[WEATHER],
            function_call={"name": "weather"},
        )
    )
    assert request.legacy_functions
    assert request.tools == [Tool(**WEATHER)]
    assert request.tool_choice == ToolChoice(mode="tool", name="weather")
    call = request.messages[1].parts[0]
    assert isinstance(call, ToolCall)
    assert request.messages[2].parts == [ToolResult(call_id=call.id, parts=[Text(text="sunny")])]
    assert not request.extras


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", ToolChoice(mode="auto")),
        ("none", ToolChoice(mode="none")),
        ("required", ToolChoice(mode="required")),
        ("any", ToolChoice(mode="required")),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice(mode="tool", name="f")),
        ({"type": "custom", "custom": {"name": "g"}}, ToolChoice(mode="tool", name="g")),
    ],
)
def test_each_form_of_tool_choice_is_read(choice: Any, expected: ToolChoice) -> None:
    assert read_request(body(tool_choice=choice)).tool_choice == expected


def test_a_choice_among_allowed_tools_is_kept_as_it_came() -> None:
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}
    request = read_request(body(tool_choice=choice))
    assert request.tool_choice is None
    assert request.extras == {"tool_choice": choice}
    assert write_request(request)["tool_choice"] == choice


def test_tools_the_vendor_runs_are_kept_whole() -> None:
    tools = [{"type": "function", "function": WEATHER}, {"type": "builtin_function", "function": {"name": "$web"}}]
    request = read_request(body(tools=tools))
    assert request.hosted == [tools[1]]
    assert write_request(request)["tools"] == tools


def test_a_custom_tool_keeps_its_grammar() -> None:
    custom = {"name": "g", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "x"}}}
    request = read_request(body(tools=[{"type": "custom", "custom": custom}]))
    assert request.tools == [Tool(name="g", custom=True, extras={"format": custom["format"]})]


def test_settings_are_read_and_unknown_ones_kept() -> None:
    request = read_request(
        body(
            max_tokens=1,
            max_completion_tokens=2,
            stop="끝",
            n=2,
            seed=7,
            logit_bias={"5": -100},
            logprobs=True,
            top_logprobs=3,
            reasoning_effort="none",
            stream=True,
            stream_options={"include_usage": True, "include_obfuscation": False},
            response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {}, "strict": True}},
            user="u",
            metadata={"a": "b"},
            parallel_tool_calls=False,
            temperature=None,
            guided_json={"x": 1},
        )
    )
    assert request.max_tokens == 2
    assert request.stop == ["끝"]
    assert (request.n, request.seed, request.logit_bias) == (2, 7, {"5": -100})
    assert (request.logprobs, request.top_logprobs) == (True, 3)
    assert request.thinking == Thinking(effort="none", enabled=False)
    assert (request.stream, request.include_usage) == (True, True)
    assert request.format == Format(kind="schema", name="a", schema={}, strict=True)
    assert (request.user, request.metadata, request.parallel_tools) == ("u", {"a": "b"}, False)
    assert request.extras == {"guided_json": {"x": 1}, "stream_options": {"include_obfuscation": False}}


@pytest.mark.parametrize(
    ("request_body", "param", "said"),
    [
        ({"messages": []}, "model", "expected a string, it is missing"),
        ({"model": "m"}, "messages", "expected a list of messages, it is missing"),
        ({"model": 3, "messages": []}, "model", "expected a string, got an integer"),
        ({"model": "m", "messages": {}}, "messages", "expected a list, got an object"),
        (body("hi"), "messages.0", "expected an object, got a string"),  # type: ignore[arg-type]
        (body({"content": "x"}), "messages.0.role", "missing"),
        (body({"role": "king", "content": "x"}), "messages.0.role", "one of system, developer, user, assistant, tool"),
        (body({"role": "user", "content": 3}), "messages.0.content", "a string or a list of parts, got an integer"),
        (body({"role": "user", "content": [{"type": 3}]}), "messages.0.content.0.type", "a string, got an integer"),
        (body({"role": "user", "content": ["a", {"text": "x"}]}), "messages.0.content.1.type", "missing"),
        (body({"role": "user", "content": [{"type": "text"}]}), "messages.0.content.0.text", "missing"),
        (
            body({"role": "user", "content": [{"type": "image_url", "image_url": {"url": 1}}]}),
            "messages.0.content.0.image_url.url",
            "a string, got an integer",
        ),
        (body({"role": "tool", "content": "x"}), "messages.0.tool_call_id", "missing"),
        (
            body({"role": "tool", "tool_call_id": "a", "content": [{"type": "refusal", "refusal": "x"}]}),
            "messages.0.content.0.type",
            "a text part",
        ),
        (body({"role": "assistant", "tool_calls": [{"id": "a"}]}), "messages.0.tool_calls.0.function", "missing"),
        (body({"role": "assistant", "tool_calls": [{"type": "mcp"}]}), "messages.0.tool_calls.0.type", "'function' or"),
        (body(tools=[{"type": "function", "function": {}}]), "tools.0.function.name", "missing"),
        (body(tool_choice="always"), "tool_choice", "'none', 'auto', 'required'"),
        (body(tool_choice=3), "tool_choice", "got an integer"),
        (body(stop=3), "stop", "a string or a list of strings"),
        (body(stop=["a", 3]), "stop.1", "a string, got an integer"),
        (body(n=True), "n", "an integer, got a boolean"),
        (body(temperature="hot"), "temperature", "a number, got a string"),
        (body(logit_bias={"1": "x"}), "logit_bias.1", "a number, got a string"),
        (body(stream="yes"), "stream", "true or false, got a string"),
        (body(stream_options=[]), "stream_options", "an object, got a list"),
        (body(response_format={"type": "json_schema"}), "response_format.json_schema", "missing"),
    ],
)
def test_a_wrong_type_is_named_by_its_place(request_body: dict[str, Any], param: str, said: str) -> None:
    with pytest.raises(GatewayError) as caught:
        read_request(request_body)
    assert (caught.value.code, caught.value.param) == ("invalid_request", param)
    assert said in caught.value.message


def test_an_error_never_quotes_the_callers_text() -> None:
    with pytest.raises(GatewayError) as caught:
        read_request(body({"role": "user", "content": [{"type": "text", "text": {"canary": "canary"}}]}))
    assert "canary" not in caught.value.message
