"""The request of a case, as each API writes it. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from gateway.policy.structs import Case, Surface

MODEL: Final = "scripted"
_CALL: Final = "call_1"
_ANYTHING: Final[Mapping[str, Any]] = {"type": "object"}
_HELLO: Final = "Hello."
_MOST_TOKENS: Final = 1_000_000

Trail = tuple[str | int, ...]


class Request(NamedTuple):
    """`said` is where the text stands that `model_sees` speaks of; None for anywhere."""

    path: str
    body: dict[str, Any]
    said: Trail | None


def request_of(case: Case, *, streamed: bool) -> Request | None:
    """None where a case cannot be put to its surface: what comes as an upload is not tried."""
    row = _ROWS.get(case.surface)
    if row is None:
        return None
    path, write = row
    body, trails = write(case)
    given = {"model": MODEL, **body, **({"stream": True} if streamed else {}), **(case.body or {})}
    texts = [(name, getattr(case, name)) for name in ("say", "tool_result", "system")]
    said = next((trails[name] for name, text in texts if text is not None and name in trails), None)
    return Request(path, given, said if said is not None and said[0] not in (case.body or {}) else None)


Written = tuple[dict[str, Any], dict[str, Trail]]


def _chat(case: Case) -> Written:
    messages: list[dict[str, Any]] = []
    trails: dict[str, Trail] = {}
    if case.system is not None:
        trails["system"] = ("messages", len(messages), "content")
        messages.append({"role": "system", "content": case.system})
    if case.tool_result is not None:
        called = {"id": _CALL, "type": "function", "function": {"name": _looked_up(case), "arguments": "{}"}}
        messages.append({"role": "user", "content": _HELLO})
        messages.append({"role": "assistant", "content": None, "tool_calls": [called]})
        trails["tool_result"] = ("messages", len(messages), "content")
        messages.append({"role": "tool", "tool_call_id": _CALL, "content": case.tool_result})
    if case.say is not None or case.tool_result is None:
        trails["say"] = ("messages", len(messages), "content")
        messages.append({"role": "user", "content": _HELLO if case.say is None else case.say})
    body: dict[str, Any] = {"messages": messages}
    if tools := _tools(case):
        body["tools"] = [
            {"type": "function", "function": {"name": name, "parameters": schema}} for name, schema in tools.items()
        ]
    if case.form is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "form", "schema": case.form}}
    return body, trails


def _responses(case: Case) -> Written:
    items: list[dict[str, Any]] = []
    trails: dict[str, Trail] = {}
    if case.tool_result is not None:
        items.append({"role": "user", "content": _HELLO})
        items.append({"type": "function_call", "call_id": _CALL, "name": _looked_up(case), "arguments": "{}"})
        trails["tool_result"] = ("input", len(items), "output")
        items.append({"type": "function_call_output", "call_id": _CALL, "output": case.tool_result})
    if case.say is not None or case.tool_result is None:
        trails["say"] = ("input", len(items), "content")
        items.append({"role": "user", "content": _HELLO if case.say is None else case.say})
    body: dict[str, Any] = {"input": items}
    if case.system is not None:
        trails["system"] = ("instructions",)
        body["instructions"] = case.system
    if tools := _tools(case):
        body["tools"] = [{"type": "function", "name": name, "parameters": schema} for name, schema in tools.items()]
    if case.form is not None:
        body["text"] = {"format": {"type": "json_schema", "name": "form", "schema": case.form}}
    return body, trails


def _messages(case: Case) -> Written:
    body, trails = _count_tokens(case)
    return {"max_tokens": _MOST_TOKENS, **body}, trails


def _count_tokens(case: Case) -> Written:
    messages: list[dict[str, Any]] = []
    trails: dict[str, Trail] = {}
    parts: list[dict[str, Any]] = []
    if case.tool_result is not None:
        called = {"type": "tool_use", "id": _CALL, "name": _looked_up(case), "input": {}}
        messages.append({"role": "user", "content": _HELLO})
        messages.append({"role": "assistant", "content": [called]})
        trails["tool_result"] = ("messages", 2, "content", 0, "content")
        parts.append({"type": "tool_result", "tool_use_id": _CALL, "content": case.tool_result})
    if case.say is not None or case.tool_result is None:
        trails["say"] = ("messages", len(messages), "content", len(parts), "text")
        parts.append({"type": "text", "text": _HELLO if case.say is None else case.say})
    messages.append({"role": "user", "content": parts})
    body: dict[str, Any] = {"messages": messages}
    if case.system is not None:
        trails["system"] = ("system",)
        body["system"] = case.system
    if tools := _tools(case):
        body["tools"] = [{"name": name, "input_schema": schema} for name, schema in tools.items()]
    if case.form is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": case.form}}
    return body, trails


def _completions(case: Case) -> Written:
    return {"prompt": case.say or _HELLO, "max_tokens": _MOST_TOKENS}, {"say": ("prompt",)}


def _input(case: Case) -> Written:
    return {"input": case.say or _HELLO}, {"say": ("input",)}


def _rerank(case: Case) -> Written:
    return {"query": case.say or _HELLO, "documents": [_HELLO]}, {"say": ("query",)}


def _tools(case: Case) -> Mapping[str, Mapping[str, Any]]:
    """Those that the case declares, or the ones that it needs."""
    if case.tools is not None:
        return case.tools
    names = [case.tool_call.name] if case.tool_call is not None else []
    return dict.fromkeys([*names, *([_looked_up(case)] if case.tool_result is not None else [])], _ANYTHING)


def _looked_up(case: Case) -> str:
    """The tool that has returned something before."""
    return next(iter(case.tools), "look_up") if case.tools is not None else "look_up"


_ROWS: Final[dict[Surface, tuple[str, Callable[[Case], Written]]]] = {
    "chat": ("/v1/chat/completions", _chat),
    "completions": ("/v1/completions", _completions),
    "responses": ("/v1/responses", _responses),
    "messages": ("/v1/messages", _messages),
    "count_tokens": ("/v1/messages/count_tokens", _count_tokens),
    "embeddings": ("/v1/embeddings", _input),
    "moderations": ("/v1/moderations", _input),
    "rerank": ("/v1/rerank", _rerank),
}
