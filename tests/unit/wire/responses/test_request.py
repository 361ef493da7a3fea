from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire.neutral import (
    File,
    Format,
    Image,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from gateway.wire.responses.request import read_request, write_request


def read(**fields: Any) -> Request:
    return read_request({"model": "demo", "input": "hi", **fields})


def asked(dialect: str = "chat", **fields: Any) -> Request:
    messages = fields.pop("messages", [Message(role="user", parts=[Text(text="hi")])])
    return Request(dialect=dialect, model="demo", messages=messages, **fields)


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_string_is_what_the_user_says() -> None:
    assert read().messages == [Message(role="user", parts=[Text(text="hi")])]


def test_instructions_come_first_as_a_system_turn_and_are_echoed() -> None:
    request = read(instructions="Be brief.", input=[{"role": "developer", "content": "Korean."}])
    assert [(turn.role, turn.parts) for turn in request.messages] == [
        ("system", [Text(text="Be brief.")]),
        ("developer", [Text(text="Korean.")]),
    ]
    assert request.echo["instructions"] == "Be brief."


def test_one_turn_of_the_model_is_joined_and_results_belong_to_the_next_turn_of_the_user() -> None:
    request = read(
        input=[
            {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": "Hm."}],
                "encrypted_content": "g=",
            },
            {
                "type": "message",
                "id": "msg_1",
                "status": "completed",
                "role": "assistant",
                "content": [
                    {"type": "output_text", "text": "Looking.", "annotations": [], "logprobs": []},
                    {"type": "refusal", "refusal": "No."},
                ],
            },
            {
                "type": "function_call",
                "id": "fc_1",
                "call_id": "c1",
                "name": "weather",
                "arguments": "{}",
                "status": "completed",
            },
            {"type": "custom_tool_call", "call_id": "c2", "name": "shell", "input": "ls"},
            {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
            {
                "type": "custom_tool_call_output",
                "call_id": "c2",
                "output": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"}],
            },
            {"role": "user", "content": "Go on."},
        ]
    )
    assert request.messages == [
        Message(role="user", parts=[Text(text="Weather?")]),
        Message(
            role="assistant",
            parts=[
                Reasoning(text="Hm.", id="rs_1", encrypted="g=", origin="responses"),
                Text(text="Looking."),
                Refusal(text="No."),
                ToolCall(id="c1", name="weather", arguments="{}"),
                ToolCall(id="c2", name="shell", arguments="ls", custom=True),
            ],
        ),
        Message(
            role="user",
            parts=[
                ToolResult(call_id="c1", parts=[Text(text="sunny")]),
                ToolResult(call_id="c2", parts=[Image(data="AAAA", media_type="image/png")]),
                Text(text="Go on."),
            ],
        ),
    ]


@pytest.mark.parametrize(
    ("item", "role"),
    [
        ({"type": "web_search_call", "id": "ws_1"}, "assistant"),
        ({"type": "computer_call_output", "call_id": "c"}, "user"),
        ({"type": "item_reference", "id": "msg_1"}, "user"),
        ({"type": "mcp_approval_response", "approve": True}, "user"),
    ],
)
def test_an_item_that_only_this_api_knows_is_kept_whole(item: dict[str, Any], role: str) -> None:
    assert read(input=[item]).messages == [Message(role=role, parts=[Opaque(dialect="responses", value=item)])]  # type: ignore[arg-type]


def test_an_image_by_id_is_kept_whole() -> None:
    part = {"type": "input_image", "file_id": "file-1", "detail": "auto"}
    assert read(input=[{"role": "user", "content": [part]}]).messages[0].parts == [
        Opaque(dialect="responses", value=part)
    ]


def test_tools_are_told_apart_from_hosted_ones() -> None:
    request = read(
        tools=[
            {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True},
            {"type": "custom", "name": "c", "format": {"type": "text"}},
            {"type": "web_search", "search_context_size": "low"},
        ],
        tool_choice={"type": "custom", "name": "c"},
    )
    assert request.tools == [
        Tool(name="f", parameters={"type": "object"}, strict=True),
        Tool(name="c", custom=True, extras={"format": {"type": "text"}}),
    ]
    assert request.hosted == [{"type": "web_search", "search_context_size": "low"}]
    assert request.tool_choice == ToolChoice(mode="tool", name="c")


def test_options_find_their_neutral_place() -> None:
    request = read(
        text={"format": {"type": "json_schema", "name": "a", "schema": {}, "strict": True}, "verbosity": "low"},
        reasoning={"effort": "high", "summary": "auto"},
        max_output_tokens=5,
        include=["message.output_text.logprobs"],
        top_logprobs=2,
        safety_identifier="x",
    )
    assert request.format == Format(kind="schema", name="a", schema={}, strict=True)
    assert request.thinking == Thinking(effort="high", summary="auto")
    assert (request.max_tokens, request.logprobs, request.top_logprobs) == (5, True, 2)
    assert request.extras == {"safety_identifier": "x"}
    assert request.include_usage


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": 1}, "model"),
        ({"input": 1}, "input"),
        ({"input": ["hi"]}, "input.0"),
        ({"input": [{"content": "hi"}]}, "input.0.type"),
        ({"input": [{"role": "robot", "content": "hi"}]}, "input.0.role"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "nonsense"}]}]},
            "input.0.content.1.type",
        ),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input.0.content.0.text"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input.0.content.0.image_url"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input.0.content.0.file_id"),
        ({"input": [{"type": "function_call", "call_id": "c", "name": "f"}]}, "input.0.arguments"),
        ({"input": [{"type": "function_call_output", "call_id": "c"}]}, "input.0.output"),
        (
            {
                "input": [
                    {"type": "function_call_output", "call_id": "c", "output": [{"type": "refusal", "refusal": "x"}]}
                ]
            },
            "input.0.output.0.type",
        ),
        ({"input": [{"type": "reasoning", "summary": [{}]}]}, "input.0.summary.0.text"),
        ({"tools": [{"type": "function"}]}, "tools.0.name"),
        ({"tools": [{"name": "f"}]}, "tools.0.type"),
        ({"tool_choice": "any"}, "tool_choice"),
        ({"tool_choice": 3}, "tool_choice"),
        ({"text": {"format": {"type": "yaml"}}}, "text.format.type"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format.name"),
        ({"reasoning": {"effort": 3}}, "reasoning.effort"),
        ({"max_output_tokens": True}, "max_output_tokens"),
        ({"include": [1]}, "include.0"),
        ({"stream": "yes"}, "stream"),
        ({"instructions": ["x"]}, "instructions"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(GatewayError) as caught:
        read(**fields)
    assert (caught.value.code, caught.value.param) == ("invalid_request", param)


def test_a_turn_with_marks_of_its_own_is_not_joined_to_the_results_before_it() -> None:
    output = {"type": "function_call_output", "call_id": "c", "output": "sunny"}
    marked = read(input=[output, {"role": "user", "content": "Go on.", "x_mark": 1}])
    assert [turn.extras for turn in marked.messages] == [{}, {"x_mark": 1}]


def test_rivals_of_tokens_are_a_wish_for_log_probabilities() -> None:
    assert read(top_logprobs=2).logprobs is True
    assert read(top_logprobs=0).logprobs is None


# --- writing ---------------------------------------------------------------------------------------------------------


def test_nothing_moves_and_nothing_is_stored() -> None:
    turns = [
        Message(role="system", parts=[Text(text="Be brief.")]),
        Message(role="user", parts=[Text(text="hi")]),
        Message(role="developer", parts=[Text(text="Now in Korean.")]),
    ]
    body = write_request(asked(messages=turns))
    assert [(item["role"], item["content"]) for item in body["input"]] == [
        ("system", "Be brief."),
        ("user", "hi"),
        ("developer", "Now in Korean."),
    ]
    assert "instructions" not in body
    assert body["store"] is False


def test_a_chat_caller_that_asks_to_store_is_heard() -> None:
    assert write_request(asked(extras={"store": True}))["store"] is True


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"stop": ["x"]}, "stop"),
        ({"n": 2}, "n"),
        ({"seed": 1}, "seed"),
        ({"top_k": 1}, "top_k"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"logit_bias": {"1": 1}}, "logit_bias"),
        ({"hosted": [{"type": "web_search_20250305"}]}, "tools"),
        ({"extras": {"guided_json": {}}}, "guided_json"),
        ({"extras": {"modalities": ["text", "audio"]}}, "modalities"),
        ({"dialect": "messages", "stop": ["x"]}, "stop_sequences"),
        ({"tools": [Tool(name="f", extras={"x": 1})]}, "tools.0.x"),
        ({"messages": [Message(role="user", parts=[Text(text="hi")], name="anna")]}, "messages.0.name"),
        ({"messages": [Message(role="user", parts=[Text(text="hi", extras={"x": 1})])]}, "messages.0.content.0.x"),
        (
            {
                "messages": [
                    Message(role="assistant", parts=[Opaque(dialect="messages", value={"type": "server_tool_use"})])
                ]
            },
            "messages.0.content.0",
        ),
        ({"messages": [Message(role="assistant", parts=[Image(url="u")])]}, "messages.0.content.0"),
    ],
)
def test_what_cannot_be_said_is_refused_by_its_own_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(GatewayError) as caught:
        write_request(asked(**fields))
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", param)


def test_values_that_ask_for_nothing_are_dropped() -> None:
    body = write_request(
        asked(
            presence_penalty=0,
            frequency_penalty=0.0,
            logit_bias={},
            extras={
                "modalities": ["text"],
                "prediction": {"type": "content"},
                "stream_options": {"include_obfuscation": False},
            },
        )
    )
    assert body.keys() == {"model", "input", "store"}


def test_options_of_chat_are_said_in_their_place() -> None:
    body = write_request(
        asked(
            max_tokens=9,
            logprobs=True,
            top_logprobs=2,
            format=Format(kind="schema", schema={"type": "object"}),
            thinking=Thinking(budget_tokens=5_000),
            extras={"verbosity": "low"},
            tools=[
                Tool(name="f"),
                Tool(name="c", custom=True, extras={"format": {"type": "grammar", "grammar": {"syntax": "lark"}}}),
            ],
            tool_choice=ToolChoice(mode="tool", name="c"),
        )
    )
    assert body["max_output_tokens"] == 9
    assert (body["include"], body["top_logprobs"]) == (["message.output_text.logprobs"], 2)
    assert body["text"] == {
        "format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}},
        "verbosity": "low",
    }
    assert body["reasoning"] == {"effort": "medium"}
    assert body["tools"] == [
        {"type": "function", "name": "f", "parameters": None, "strict": False},
        {"type": "custom", "name": "c", "format": {"type": "grammar", "syntax": "lark"}},
    ]
    assert body["tool_choice"] == {"type": "custom", "name": "c"}


def test_data_without_a_name_gets_one_unless_the_caller_knows_this_api() -> None:
    file = Message(role="user", parts=[File(data="AA", media_type="application/pdf")])
    (part,) = write_request(asked(messages=[file]))["input"][0]["content"]
    assert part == {"type": "input_file", "file_data": "data:application/pdf;base64,AA", "filename": "document.pdf"}
    (part,) = write_request(asked("responses", messages=[file]))["input"][0]["content"]
    assert "filename" not in part


def test_thinking_switched_off_says_nothing() -> None:
    assert "reasoning" not in write_request(asked(thinking=Thinking(enabled=False, budget_tokens=2_000)))


def test_the_end_user_of_messages_is_named() -> None:
    assert write_request(asked("messages", metadata={"user_id": "u1"}))["user"] == "u1"


def test_allowed_tools_of_chat_are_named_flat() -> None:
    choice = {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
    }
    body = write_request(asked(extras={"tool_choice": choice}))
    assert body["tool_choice"] == {
        "type": "allowed_tools",
        "mode": "auto",
        "tools": [{"type": "function", "name": "f"}],
    }


def test_a_failed_tool_says_so_and_a_custom_one_is_answered_as_one() -> None:
    turns = [
        Message(
            role="assistant",
            parts=[
                ToolCall(id="c1", name="f", arguments="{}"),
                ToolCall(id="c2", name="c", arguments="x", custom=True),
            ],
        ),
        Message(
            role="user",
            parts=[
                ToolResult(call_id="c1", parts=[Text(text="boom")], is_error=True),
                ToolResult(call_id="c2", parts=[], is_error=True),
            ],
        ),
    ]
    outputs = write_request(asked(messages=turns))["input"][2:]
    assert outputs == [
        {"type": "function_call_output", "call_id": "c1", "output": "Error: boom"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": "Error"},
    ]


def test_reasoning_goes_back_to_its_author_alone() -> None:
    said = Message(
        role="assistant", parts=[Reasoning(text="Hm.", signature="sig", origin="messages"), Text(text="Hi.")]
    )
    assert [item["type"] for item in write_request(asked("messages", messages=[said]))["input"]] == ["message"]
    own = Message(role="assistant", parts=[Reasoning(text="Hm.", encrypted="g=", id="rs_1", origin="responses")])
    assert write_request(asked(messages=[own]))["input"] == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "Hm."}],
            "encrypted_content": "g=",
        }
    ]
