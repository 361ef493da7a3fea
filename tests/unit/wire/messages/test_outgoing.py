import copy
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire.chat.request import read_request as read_chat
from gateway.wire.messages.outgoing import DROPPED, prepare, write_request
from gateway.wire.neutral import (
    Audio,
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

OLD = "claude-3-5-sonnet-20241022"
NEW = "claude-opus-5"


def asked(*messages: Message, **fields: Any) -> Request:
    turns = list(messages) or [Message(role="user", parts=[Text(text="Hi")])]
    return Request(**{"dialect": "chat", "model": OLD, "messages": turns, **fields})


def user(*parts: Part) -> Message:
    return Message(role="user", parts=list(parts))


def said(*parts: Part) -> Message:
    return Message(role="assistant", parts=list(parts))


def refused(request: Request) -> GatewayError:
    with pytest.raises(GatewayError) as raised:
        write_request(request)
    return raised.value


def test_the_least_request() -> None:
    assert write_request(asked()) == {"model": OLD, "max_tokens": 8192, "messages": [{"role": "user", "content": "Hi"}]}


# --- turns -----------------------------------------------------------------------------------------------------------


def test_leading_instructions_become_the_system_prompt() -> None:
    body = write_request(
        asked(
            Message(role="system", parts=[Text(text="one")]),
            Message(role="developer", parts=[Text(text="two")]),
            user(Text(text="Hi")),
        )
    )
    assert body["system"] == [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    assert body["messages"] == [{"role": "user", "content": "Hi"}]


def test_a_lone_instruction_is_a_string() -> None:
    assert (
        write_request(asked(Message(role="system", parts=[Text(text="one")]), user(Text(text="Hi"))))["system"] == "one"
    )


def test_a_later_instruction_keeps_its_place() -> None:
    body = write_request(
        asked(user(Text(text="a")), said(Text(text="b")), Message(role="system", parts=[Text(text="c")]))
    )
    assert body["messages"][-1] == {"role": "user", "content": "<system>\nc\n</system>"}
    assert "system" not in body


def test_turns_of_one_role_become_one() -> None:
    body = write_request(asked(user(Text(text="a")), user(Text(text="b")), said(Text(text="c")), said(Text(text="d"))))
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant"]
    assert [block["text"] for turn in body["messages"] for block in turn["content"]] == ["a", "b", "c", "d"]


def test_a_native_turn_with_fields_of_its_own_stays_apart() -> None:
    marked = Message(role="user", parts=[Text(text="b")], extras={"invented": 1})
    turns = write_request(asked(user(Text(text="a")), marked, dialect="messages", max_tokens=1))["messages"]
    assert turns == [{"role": "user", "content": "a"}, {"role": "user", "content": "b", "invented": 1}]


def test_tool_results_go_to_the_front_of_their_turn() -> None:
    body = write_request(
        asked(
            user(Text(text="a")),
            said(ToolCall(id="t", name="n", arguments="{}"), ToolCall(id="u", name="n", arguments="")),
            user(Text(text="look:"), ToolResult(call_id="t", parts=[Text(text="1")])),
            user(ToolResult(call_id="u", parts=[], is_error=True)),
        )
    )
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "t", "content": "1"},
        {"type": "tool_result", "tool_use_id": "u", "is_error": True},
        {"type": "text", "text": "look:"},
    ]
    assert [block["input"] for block in body["messages"][1]["content"]] == [{}, {}]


def test_empty_text_is_not_sent() -> None:
    body = write_request(asked(user(Text(text=""), Text(text="a")), said(Text(text="")), user(Text(text="b"))))
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
    ]


def test_a_conversation_of_nothing_is_refused() -> None:
    assert refused(asked(user(Text(text="")))).param == "messages"


def test_only_reasoning_that_this_vendor_signed_goes_back_and_unedited() -> None:
    body = write_request(
        asked(
            user(Text(text="a")),
            said(
                Reasoning(text="mine", signature="s", origin="messages"),
                Reasoning(encrypted="e", redacted=True, origin="messages"),
                Reasoning(text="unsigned", origin="messages"),
                Reasoning(text="theirs", origin="chat"),
                Reasoning(text="sealed", encrypted="x", origin="responses"),
                Text(text="b"),
            ),
        )
    )
    assert body["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "mine", "signature": "s"},
        {"type": "redacted_thinking", "data": "e"},
        {"type": "text", "text": "b"},
    ]


def test_ids_that_the_vendor_would_refuse_get_the_same_new_one() -> None:
    body = write_request(
        asked(
            user(Text(text="a")),
            said(
                ToolCall(id="functions.get:0", name="n", arguments="{}"),
                ToolCall(id="functions.get.0", name="n", arguments="{}"),
            ),
            user(ToolResult(call_id="functions.get:0", parts=[]), ToolResult(call_id="functions.get.0", parts=[])),
        )
    )
    calls = [block["id"] for block in body["messages"][1]["content"]]
    assert calls == [block["tool_use_id"] for block in body["messages"][2]["content"]]
    assert len(set(calls)) == 2
    assert all(call.replace("_", "").isalnum() for call in calls)


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Image(url="https://x", detail="low"), {"type": "image", "source": {"type": "url", "url": "https://x"}}),
        (
            Image(url="data:image/png;base64,AA=="),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}},
        ),
        (
            File(data="AA==", media_type="application/pdf", filename="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="},
                "title": "a.pdf",
            },
        ),
        (
            File(data="AA==", filename="a.PDF"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="},
                "title": "a.PDF",
            },
        ),
        (
            File(data="6rCA", media_type="text/plain"),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "가"}},
        ),
        (
            File(data="AA==", media_type="image/webp"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/webp", "data": "AA=="}},
        ),
        (File(url="https://x/a.pdf"), {"type": "document", "source": {"type": "url", "url": "https://x/a.pdf"}}),
        (
            Text(text="a", extras={"cache_control": {"type": "ephemeral"}, "annotations": []}),
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        ),
    ],
)
def test_every_part_has_a_block(part: Part, block: dict[str, Any]) -> None:
    assert write_request(asked(user(part)))["messages"][0]["content"] == [block]


@pytest.mark.parametrize(
    "part",
    [
        Audio(data="AA==", format="wav"),
        File(file_id="file-1"),
        File(data="AA==", filename="a.docx"),
        Image(),
        Opaque(dialect="responses", value={"type": "web_search_call"}),
        Text(text="a", extras={"invented": 1}),
        Text(text="a", extras={"citations": {"enabled": True}}),
        ToolResult(call_id="t", parts=[Opaque(dialect="chat", value={"type": "x"})]),
    ],
)
def test_a_part_that_cannot_be_said_is_refused(part: Part) -> None:
    error = refused(asked(user(part)))
    assert (error.code, (error.param or "").startswith("messages.0")) == ("unsupported_parameter", True)


def test_a_mark_on_a_whole_message_goes_to_its_last_block() -> None:
    marked = Message(
        role="user", parts=[Text(text="a"), Text(text="b")], extras={"cache_control": {"type": "ephemeral"}}
    )
    blocks = write_request(asked(marked))["messages"][0]["content"]
    assert [block.get("cache_control") for block in blocks] == [None, {"type": "ephemeral"}]


def test_arguments_that_are_no_object_are_the_callers_mistake() -> None:
    error = refused(asked(user(Text(text="a")), said(ToolCall(id="t", name="n", arguments="[1]"))))
    assert (error.code, error.param) == ("invalid_request", "messages.1.content.0")


# --- parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "logprobs"),
        ({"logit_bias": {"1": 2}}, "logit_bias"),
        ({"presence_penalty": 0.1}, "presence_penalty"),
        ({"frequency_penalty": -1}, "frequency_penalty"),
        ({"format": Format(kind="json")}, "response_format"),
        ({"format": Format(kind="schema")}, "response_format"),
        ({"tools": [Tool(name="f", custom=True)]}, "tools"),
        ({"tools": [Tool(name="f", extras={"invented": 1})]}, "tools.0.invented"),
        ({"hosted": [{"type": "web_search"}]}, "tools"),
        ({"extras": {"guided_json": {}}}, "guided_json"),
        ({"extras": {"background": True}}, "background"),
        ({"extras": {"modalities": ["text", "audio"]}}, "modalities"),
        ({"extras": {"tool_choice": {"type": "allowed_tools"}}}, "tool_choice"),
    ],
)
def test_what_cannot_be_said_is_refused(fields: dict[str, Any], param: str) -> None:
    error = refused(asked(**fields))
    assert (error.code, error.param) == ("unsupported_parameter", param)


def test_what_asks_for_nothing_is_dropped() -> None:
    request = asked(
        seed=7,
        presence_penalty=0,
        frequency_penalty=0.0,
        logprobs=False,
        top_logprobs=0,
        logit_bias={},
        format=Format(kind="text"),
        stop=["\n\n", " ", "끝"],
        metadata={"a": "b"},
        service_tier="flex",
        tool_choice=ToolChoice(mode="none"),
        extras={
            "store": True,
            "prediction": {},
            "truncation": "disabled",
            "background": False,
            "verbosity": "low",
            "modalities": ["text"],
        },
    )
    body = write_request(request)
    assert body == write_request(asked()) | {"stop_sequences": ["끝"]}


def test_everything_that_is_dropped_says_why() -> None:
    assert all(DROPPED.values())


def test_fields_of_this_api_may_come_in_another() -> None:
    body = write_request(
        asked(extras={"container": "c", "thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}})
    )
    assert (body["container"], body["thinking"], body["output_config"]) == (
        "c",
        {"type": "adaptive"},
        {"effort": "low"},
    )


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"temperature": 0.3}, {"temperature": 0.3}),
        ({"temperature": 1.7}, {"temperature": 1}),
        ({"temperature": 0.3, "top_p": 0.5, "top_k": 4}, {"temperature": 0.3, "top_p": 0.5, "top_k": 4}),
        ({"temperature": 0.3, "top_p": 0.5, "model": "claude-sonnet-4-5"}, {"temperature": 0.3}),
        ({"temperature": 1.0, "top_p": 0.5, "model": "claude-sonnet-4-5"}, {"top_p": 0.5}),
        ({"temperature": 0.3, "top_p": 0.5, "top_k": 4, "model": NEW}, {}),
        ({"temperature": 0.3, "top_p": 0.5, "top_k": 4, "thinking": Thinking(effort="low")}, {}),
        ({"temperature": 0.3, "top_p": 0.97, "thinking": Thinking(effort="low")}, {"top_p": 0.97}),
        ({"temperature": 1.7, "top_p": 0.5, "model": "qwen3"}, {"temperature": 1, "top_p": 0.5}),
    ],
)
def test_sampling_is_mapped_to_what_the_model_takes(fields: dict[str, Any], sent: dict[str, Any]) -> None:
    body = write_request(asked(**fields))
    assert {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body} == sent


def test_a_temperature_below_nothing_is_the_callers_mistake() -> None:
    assert refused(asked(temperature=-0.1)).param == "temperature"


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("claude-3-haiku-20240307", 4096),
        (OLD, 8192),
        ("anthropic.claude-opus-4-1-20250805-v1:0", 16384),
        (NEW, 16384),
        ("qwen3", 4096),
    ],
)
def test_max_tokens_has_a_default(model: str, tokens: int) -> None:
    assert write_request(asked(model=model))["max_tokens"] == tokens
    assert write_request(asked(model=model, max_tokens=7))["max_tokens"] == 7


def test_tools_and_their_choice() -> None:
    tools = [Tool(name="f", description="d", parameters={"properties": {"a": {}}}, strict=True), Tool(name="g")]
    body = write_request(asked(tools=tools, tool_choice=ToolChoice(mode="tool", name="f"), parallel_tools=False))
    assert body["tools"] == [
        {"name": "f", "description": "d", "input_schema": {"type": "object", "properties": {"a": {}}}, "strict": True},
        {"name": "g", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert body["tool_choice"] == {"type": "tool", "name": "f", "disable_parallel_tool_use": True}


@pytest.mark.parametrize(
    ("choice", "parallel", "sent"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice(mode="required"), None, {"type": "any"}),
        (ToolChoice(mode="none"), False, {"type": "none"}),
    ],
)
def test_parallel_calls_are_switched_off_in_the_choice(
    choice: ToolChoice | None, parallel: bool | None, sent: Any
) -> None:
    assert (
        write_request(asked(tools=[Tool(name="f")], tool_choice=choice, parallel_tools=parallel)).get("tool_choice")
        == sent
    )


def test_a_schema_becomes_a_format() -> None:
    form = Format(kind="schema", name="n", schema={"type": "object"}, strict=True, description="d")
    assert write_request(asked(format=form))["output_config"] == {
        "format": {"type": "json_schema", "schema": {"type": "object"}}
    }


@pytest.mark.parametrize(
    ("fields", "user_id"),
    [
        ({"user": "u"}, "u"),
        ({"extras": {"safety_identifier": "s"}}, "s"),
        ({"user": "u", "extras": {"safety_identifier": "s"}}, "u"),
    ],
)
def test_the_end_user_is_named(fields: dict[str, Any], user_id: str) -> None:
    assert write_request(asked(**fields))["metadata"] == {"user_id": user_id}


@pytest.mark.parametrize(
    ("tier", "sent"), [("auto", "auto"), ("priority", "auto"), ("default", "standard_only"), ("flex", None)]
)
def test_service_tiers(tier: str, sent: str | None) -> None:
    assert write_request(asked(service_tier=tier)).get("service_tier") == sent


def test_a_chat_request_from_the_wire() -> None:
    chat = {
        "model": OLD,
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 99,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "날씨?"},
                    {"type": "image_url", "image_url": {"url": "https://x"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "refusal": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "w", "arguments": '{"a":1}'}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "맑음"},
        ],
        "tools": [{"type": "function", "function": {"name": "w", "parameters": {"type": "object"}}}],
    }
    assert write_request(read_chat(chat)) == {
        "model": OLD,
        "stream": True,
        "max_tokens": 99,
        "system": "Be brief.",
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "날씨?"},
                    {"type": "image", "source": {"type": "url", "url": "https://x"}},
                ],
            },
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "w", "input": {"a": 1}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "맑음"}]},
        ],
        "tools": [{"name": "w", "input_schema": {"type": "object"}}],
    }


# --- a native history ------------------------------------------------------------------------------------------------


def test_thinking_that_the_vendor_did_not_sign_is_taken_out_of_a_native_history() -> None:
    signed = {"type": "thinking", "thinking": "a", "signature": "s"}
    text = {"type": "text", "text": "x"}
    body: dict[str, Any] = {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "b", "signature": ""}, signed, text]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "c"}]},
        ]
    }
    before = copy.deepcopy(body)
    held = body["messages"]
    prepare(body)
    assert body["messages"] == [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [signed, text]}]
    assert held == before["messages"]


@pytest.mark.parametrize(
    "messages", [None, "x", [], [3], [{"role": "assistant", "content": "x"}], [{"role": "assistant", "content": [3]}]]
)
def test_any_other_native_body_stays_as_it_is(messages: Any) -> None:
    body = {"messages": messages}
    prepare(body)
    assert body["messages"] is messages
