from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.wire.messages.request import read_count_request, read_request
from gateway.wire.neutral import (
    File,
    Format,
    Image,
    Message,
    Opaque,
    Reasoning,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)


def body(**fields: Any) -> dict[str, Any]:
    return {"model": "claude-test", "max_tokens": 10, "messages": [{"role": "user", "content": "Hi"}], **fields}


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return body(messages=[{"role": "user", "content": list(blocks)}])


def part_of(block: dict[str, Any]) -> Any:
    return read_request(user(block)).messages[0].parts[0]


def test_the_least_request() -> None:
    assert read_request(body()) == Request(
        dialect="messages",
        model="claude-test",
        max_tokens=10,
        messages=[Message(role="user", parts=[Text(text="Hi")])],
    )


def test_system_comes_first_and_keeps_its_cache_marks() -> None:
    marked = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
    assert read_request(body(system=[marked])).messages[0] == Message(
        role="system", parts=[Text(text="Be brief.", extras={"cache_control": {"type": "ephemeral"}})]
    )
    assert read_request(body(system="Be brief.")).messages[0].parts == [Text(text="Be brief.")]


@pytest.mark.parametrize(
    ("block", "part"),
    [
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}},
            Image(data="AA==", media_type="image/png"),
        ),
        ({"type": "image", "source": {"type": "url", "url": "https://x"}}, Image(url="https://x")),
        (
            {
                "type": "document",
                "title": "T",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "AA=="},
            },
            File(data="AA==", media_type="application/pdf", filename="T"),
        ),
        ({"type": "document", "source": {"type": "url", "url": "https://x"}}, File(url="https://x")),
        ({"type": "document", "source": {"type": "file", "file_id": "f"}}, File(file_id="f")),
        (
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "가"}},
            File(data="6rCA", media_type="text/plain"),
        ),
        (
            {"type": "tool_use", "id": "t", "name": "n", "input": {"도시": "서울"}},
            ToolCall(id="t", name="n", arguments='{"도시":"서울"}'),
        ),
        ({"type": "tool_result", "tool_use_id": "t"}, ToolResult(call_id="t", parts=[])),
        (
            {"type": "tool_result", "tool_use_id": "t", "content": "no", "is_error": True},
            ToolResult(call_id="t", parts=[Text(text="no")], is_error=True),
        ),
        (
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            Reasoning(text="hm", signature="s", origin="messages"),
        ),
        ({"type": "thinking", "thinking": "hm", "signature": ""}, Reasoning(text="hm")),
        ({"type": "redacted_thinking", "data": "d"}, Reasoning(encrypted="d", redacted=True, origin="messages")),
    ],
)
def test_every_block_becomes_a_part(block: dict[str, Any], part: Any) -> None:
    assert part_of(block) == part


@pytest.mark.parametrize(
    "block",
    [
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
        {"type": "search_result", "source": "x", "title": "t", "content": []},
        {"type": "image", "source": {"type": "file", "file_id": "f"}},
        {"type": "document", "source": {"type": "content", "content": "x"}},
        {"type": "invented_later", "deep": {"as": ["it", None, "came"]}},
    ],
)
def test_what_has_no_word_here_is_kept_whole(block: dict[str, Any]) -> None:
    assert part_of(block) == Opaque(dialect="messages", value=block)


def test_cache_marks_stay_on_every_block() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    blocks: list[dict[str, Any]] = [
        {"type": "image", "source": {"type": "url", "url": "https://x"}, **mark},
        {"type": "tool_use", "id": "t", "name": "n", "input": {}, **mark},
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x", **mark}], **mark},
    ]
    assert all(part_of(block).extras == mark for block in blocks)
    assert part_of(blocks[2]).parts[0].extras == mark


def test_tools_of_the_caller_and_of_the_vendor_are_told_apart() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
    own = {
        "name": "f",
        "description": "d",
        "input_schema": {"type": "object"},
        "strict": True,
        "cache_control": {"type": "ephemeral"},
    }
    request = read_request(body(tools=[own, search, {"type": "custom", "name": "g", "input_schema": {}}]))
    assert request.hosted == [search]
    assert request.tools == [
        Tool(
            name="f",
            description="d",
            parameters={"type": "object"},
            strict=True,
            extras={"cache_control": {"type": "ephemeral"}},
        ),
        Tool(name="g", parameters={}),
    ]


@pytest.mark.parametrize(
    ("choice", "mode", "parallel"),
    [
        ({"type": "auto"}, "auto", None),
        ({"type": "any", "disable_parallel_tool_use": True}, "required", False),
        ({"type": "auto", "disable_parallel_tool_use": False}, "auto", True),
        ({"type": "none"}, "none", None),
    ],
)
def test_tool_choices(choice: dict[str, Any], mode: Any, parallel: bool | None) -> None:
    request = read_request(body(tool_choice=choice))
    assert (request.tool_choice, request.parallel_tools) == (ToolChoice(mode=mode), parallel)


def test_a_named_tool_is_chosen() -> None:
    assert read_request(body(tool_choice={"type": "tool", "name": "f"})).tool_choice == ToolChoice(
        mode="tool", name="f"
    )


@pytest.mark.parametrize(
    ("fields", "thinking"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, Thinking(enabled=True, budget_tokens=2000)),
        ({"thinking": {"type": "disabled"}}, Thinking(enabled=False)),
        ({"thinking": {"type": "adaptive"}}, Thinking(enabled=True, extras={"type": "adaptive"})),
        (
            {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "low"}},
            Thinking(enabled=True, effort="low", summary="auto", extras={"type": "adaptive"}),
        ),
        ({"output_config": {"effort": "high"}}, Thinking(effort="high")),
        ({"output_config": {}}, None),
    ],
)
def test_thinking(fields: dict[str, Any], thinking: Thinking | None) -> None:
    assert read_request(body(**fields)).thinking == thinking


@pytest.mark.parametrize("name", ["new", "old"])
def test_structured_output_is_strict(name: str) -> None:
    form = {"type": "json_schema", "schema": {"type": "object"}}
    fields: dict[str, Any] = {"output_config": {"format": form}} if name == "new" else {"output_format": form}
    assert read_request(body(**fields)).format == Format(kind="schema", schema={"type": "object"}, strict=True)


def test_the_rest_of_a_request() -> None:
    request = read_request(
        body(
            stop_sequences=["끝"],
            top_k=3,
            temperature=1,
            metadata={"user_id": "u", "other": 1},
            service_tier="auto",
            stream=True,
            container={"id": "c"},
            mcp_servers=[{"url": "https://x"}],
            output_config={"task_budget": {"total": 1}},
            speed=None,
        )
    )
    assert (request.stop, request.top_k, request.temperature, request.service_tier) == (["끝"], 3, 1, "auto")
    assert (request.user, request.metadata) == ("u", {"other": 1})
    assert (request.stream, request.include_usage) == (True, True)
    assert request.extras == {
        "container": {"id": "c"},
        "mcp_servers": [{"url": "https://x"}],
        "output_config": {"task_budget": {"total": 1}},
    }


def test_a_count_needs_no_max_tokens() -> None:
    asked = {"model": "m", "messages": []}
    assert read_count_request(asked).max_tokens is None
    with pytest.raises(GatewayError) as raised:
        read_request(asked)
    assert raised.value.param == "max_tokens"


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        (body(model=None), "model"),
        (body(messages=None), "messages"),
        (body(messages={}), "messages"),
        (body(messages=["Hi"]), "messages.0"),
        (body(messages=[{"role": "tool", "content": "x"}]), "messages.0.role"),
        (body(messages=[{"role": "user"}]), "messages.0.content"),
        (body(messages=[{"role": "user", "content": 3}]), "messages.0.content"),
        (body(messages=[{"role": "user", "content": ["x"]}]), "messages.0.content.0"),
        (user({"text": "x"}), "messages.0.content.0.type"),
        (user({"type": "text", "text": "x"}, {"type": "image", "source": "x"}), "messages.0.content.1.source"),
        (user({"type": "image", "source": {"type": "base64", "data": 1}}), "messages.0.content.0.source.data"),
        (user({"type": "tool_use", "id": "t", "name": "n", "input": "{}"}), "messages.0.content.0.input"),
        (user({"type": "tool_result", "content": "x"}), "messages.0.content.0.tool_use_id"),
        (
            user({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "thinking", "thinking": "x"}]}),
            "messages.0.content.0.content.0.type",
        ),
        (body(system=3), "system"),
        (body(system=[{"type": "image"}]), "system.0.type"),
        (body(max_tokens="10"), "max_tokens"),
        (body(max_tokens=True), "max_tokens"),
        (body(tools=[{"name": "f"}]), "tools.0.input_schema"),
        (body(tool_choice="auto"), "tool_choice"),
        (body(tool_choice={"type": "some"}), "tool_choice.type"),
        (body(tool_choice={"type": "tool"}), "tool_choice.name"),
        (body(stop_sequences=["a", 1]), "stop_sequences.1"),
        (body(thinking={"type": "enabled"}), "thinking.budget_tokens"),
        (body(output_config={"format": {"type": "xml"}}), "output_config.format.type"),
        (body(metadata={"user_id": 7}), "metadata.user_id"),
        (body(stream="yes"), "stream"),
    ],
)
def test_a_wrong_field_is_named(wrong: dict[str, Any], param: str) -> None:
    with pytest.raises(GatewayError) as raised:
        read_request(wrong)
    assert (raised.value.code, raised.value.param) == ("invalid_request", param)
    assert raised.value.message.startswith(param)
