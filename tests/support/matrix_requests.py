"""Requests with something at one place of one API: the ways in which a caller can put text there."""

from dataclasses import dataclass
from typing import Any, Final

from msgspec import json

from tests.support.matrix import CANARY, NUMBER, SAID

Body = dict[str, Any]
PATHS: Final = {
    "chat": "/v1/chat/completions",
    "completions": "/v1/completions",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
    "count_tokens": "/v1/messages/count_tokens",
    "embeddings": "/v1/embeddings",
    "moderations": "/v1/moderations",
    "rerank": "/v1/rerank",
    "images": "/v1/images/generations",
    "audio": "/v1/audio/speech",
}
_TRANSLATED: Final = {
    "chat": ("messages", "responses"),
    "messages": ("chat", "responses"),
    "responses": ("chat", "messages"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One way. `number`: the canary is one. `kept`: what is there goes to upstreams of another API too."""

    surface: str
    place: str
    way: str
    body: Body
    kept: bool = True

    @property
    def upstreams(self) -> tuple[str, ...]:
        return ("native", *(_TRANSLATED.get(self.surface, ()) if self.kept else ()))

    @property
    def canary(self) -> str:
        return str(NUMBER) if "number" in self.way else CANARY


_ESCAPED: Final = '{"q": "before ' + "".join(f"\\u{ord(char):04x}" for char in CANARY) + ' behind"}'
_ARGUMENTS: Final = {
    "call": json.encode({"q": SAID}).decode(),
    "call, escaped": _ESCAPED,
    "call, a number": json.encode({"q": {"deep": [1, NUMBER]}}).decode(),
    "call, a name": json.encode({SAID: 1}).decode(),
    "call, JSON inside": json.encode({"q": json.encode({"w": SAID}).decode()}).decode(),
}
_RESULTS: Final = {
    "result": SAID,
    "result, escaped": _ESCAPED,
    "result, a number": json.encode({"q": NUMBER}).decode(),
}
_SCHEMAS: Final[dict[str, Body]] = {
    "description of a property": {"type": "object", "properties": {"q": {"type": "string", "description": SAID}}},
    "enum": {"type": "object", "properties": {"q": {"type": "string", "enum": [SAID]}}},
    "default": {"type": "object", "properties": {"q": {"type": "string", "default": SAID}}},
    "example, a number": {"type": "object", "properties": {"q": {"type": "integer", "examples": [NUMBER]}}},
}
_HARMLESS: Final[Body] = {"type": "object", "properties": {"q": {"type": "string"}}}

# --- chat completions ------------------------------------------------------------------------------------------------


def _chat(*messages: Body, **more: Any) -> Body:
    return {"messages": [*messages, {"role": "user", "content": "Hi"}], **more}


def _chat_call(arguments: str = "{}", result: Any = "done") -> list[Body]:
    call = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": arguments}}
    return [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": result},
    ]


def _chat_tool(schema: Body = _HARMLESS, description: str = "Looks.") -> Body:
    return {
        "tools": [{"type": "function", "function": {"name": "look", "description": description, "parameters": schema}}]
    }


_PART: Final = [{"type": "text", "text": "before"}, {"type": "text", "text": SAID}]
_FORMAT: Final = {"type": "json_schema", "json_schema": {"name": "x", "schema": _SCHEMAS["description of a property"]}}
_CHAT: Final[list[tuple[str, str, Body]]] = [
    *((role, "text", _chat({"role": role, "content": SAID})) for role in ("system", "developer", "user", "assistant")),
    *((role, "parts", _chat({"role": role, "content": _PART})) for role in ("system", "developer", "user", "assistant")),
    *(("assistant", way, _chat(*_chat_call(arguments), **_chat_tool())) for way, arguments in _ARGUMENTS.items()),
    *(("tool_result", way, _chat(*_chat_call(result=result), **_chat_tool())) for way, result in _RESULTS.items()),
    ("tool_result", "parts", _chat(*_chat_call(result=_PART), **_chat_tool())),
    ("tool_definition", "description", _chat(**_chat_tool(description=SAID))),
    *(("tool_definition", way, _chat(**_chat_tool(schema))) for way, schema in _SCHEMAS.items()),
    ("tool_definition", "format of the answer", _chat(response_format=_FORMAT)),
]  # fmt: skip
_CHAT_ALONE: Final[list[tuple[str, str, Body]]] = [
    ("user", "name", _chat({"role": "user", "content": "x", "name": SAID})),
    ("user", "metadata", _chat(metadata={"note": SAID})),
    ("user", "prediction", _chat(prediction={"type": "content", "content": SAID})),
    ("user", "a field nobody knows", _chat(made_up={"deep": [SAID]})),
    ("assistant", "refusal", _chat({"role": "assistant", "refusal": SAID})),
    ("assistant", "reasoning", _chat({"role": "assistant", "content": "x", "reasoning_content": SAID})),
    ("assistant", "call, nothing but a number", _chat(*_chat_call(str(NUMBER)), **_chat_tool())),
    ("user", "metadata, a number", _chat(metadata={"note": NUMBER})),
    (
        "tool_definition",
        "choice of a tool",
        _chat(tool_choice={"type": "function", "function": {"name": SAID}}, **_chat_tool()),
    ),
    ("user", "a part nobody knows", _chat({"role": "user", "content": [{"type": "made_up", "deep": {"x": SAID}}]})),
]

# --- Messages --------------------------------------------------------------------------------------------------------


def _messages(*turns: Body, **more: Any) -> Body:
    asked = [*turns] if turns and turns[-1]["role"] == "user" else [*turns, {"role": "user", "content": "Hi"}]
    return {"max_tokens": 1000, "messages": asked, **more}


def _messages_call(arguments: Any, result: Any = "done") -> list[Body]:
    return [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "look", "input": arguments}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": result}]},
    ]


def _messages_tool(schema: Body = _HARMLESS, description: str = "Looks.") -> Body:
    return {"tools": [{"name": "look", "description": description, "input_schema": schema}]}


_HI: Final = {"role": "user", "content": "Hi"}
_MESSAGES: Final[list[tuple[str, str, Body]]] = [
    ("system", "text", _messages(system=SAID)),
    ("system", "parts", _messages(system=_PART)),
    ("user", "text", _messages({"role": "user", "content": SAID})),
    ("user", "parts", _messages({"role": "user", "content": _PART})),
    ("assistant", "text", _messages(_HI, {"role": "assistant", "content": SAID})),
    ("assistant", "parts", _messages(_HI, {"role": "assistant", "content": _PART})),
    *(("assistant", way, _messages(*_messages_call(json.decode(given)), **_messages_tool())) for way, given in _ARGUMENTS.items()),
    *(("tool_result", way, _messages(*_messages_call({}, given), **_messages_tool())) for way, given in _RESULTS.items()),
    ("tool_result", "parts", _messages(*_messages_call({}, _PART), **_messages_tool())),
    ("tool_definition", "description", _messages(**_messages_tool(description=SAID))),
    *(("tool_definition", way, _messages(**_messages_tool(schema))) for way, schema in _SCHEMAS.items()),
]  # fmt: skip
_SCHEMA_FORMAT: Final = {"type": "json_schema", "name": "x", "schema": _SCHEMAS["description of a property"]}
_MESSAGES_ALONE: Final[list[tuple[str, str, Body]]] = [
    ("user", "metadata", _messages(_HI, metadata={"user_id": SAID})),
    ("tool_definition", "format of the answer", _messages(_HI, output_config={"format": _SCHEMA_FORMAT})),
    ("tool_definition", "choice of a tool", _messages(_HI, tool_choice={"type": "tool", "name": SAID}, **_messages_tool())),
    ("user", "a document", _messages({"role": "user", "content": [
        {"type": "document", "title": "x", "source": {"type": "text", "media_type": "text/plain", "data": SAID}},
    ]})),
    ("user", "a block nobody knows", _messages({"role": "user", "content": [{"type": "made_up", "deep": {"x": SAID}}]})),
    ("tool_result", "a search result", _messages(*_messages_call({}, [
        {"type": "search_result", "source": "https://a.example", "title": "x", "content": [{"type": "text", "text": SAID}]},
    ]))),
]  # fmt: skip

# --- Responses -------------------------------------------------------------------------------------------------------


def _responses(*items: Body, **more: Any) -> Body:
    return {"input": [*items, {"role": "user", "content": "Hi"}], **more}


def _responses_call(arguments: str = "{}", result: Any = "done") -> list[Body]:
    return [
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": arguments},
        {"type": "function_call_output", "call_id": "call_1", "output": result},
    ]


def _responses_tool(schema: Body = _HARMLESS, description: str = "Looks.") -> Body:
    return {"tools": [{"type": "function", "name": "look", "description": description, "parameters": schema}]}


def _typed(role: str) -> list[Body]:
    return [{"type": "output_text" if role == "assistant" else "input_text", "text": SAID}]


_RESPONSES: Final[list[tuple[str, str, Body]]] = [
    ("system", "instructions", {"input": "Hi", "instructions": SAID}),
    ("user", "text", {"input": SAID}),
    *((role, "message", _responses({"role": role, "content": SAID})) for role in ("system", "developer", "user", "assistant")),
    *((role, "parts", _responses({"role": role, "content": _typed(role)})) for role in ("system", "developer", "user")),
    ("assistant", "parts", _responses({"type": "message", "role": "assistant", "content": _typed("assistant")})),
    *(("assistant", way, _responses(*_responses_call(given), **_responses_tool())) for way, given in _ARGUMENTS.items()),
    *(("tool_result", way, _responses(*_responses_call(result=given), **_responses_tool())) for way, given in _RESULTS.items()),
    ("tool_definition", "description", _responses(**_responses_tool(description=SAID))),
    *(("tool_definition", way, _responses(**_responses_tool(schema))) for way, schema in _SCHEMAS.items()),
]  # fmt: skip
_RESPONSES_ALONE: Final[list[tuple[str, str, Body]]] = [
    ("assistant", "reasoning", _responses({"type": "reasoning", "summary": [{"type": "summary_text", "text": SAID}]})),
    ("tool_result", "parts", _responses(*_responses_call(result=[{"type": "input_text", "text": SAID}]))),
    ("user", "metadata", _responses(metadata={"note": SAID})),
    ("assistant", "call, nothing but a number", _responses(*_responses_call(str(NUMBER)), **_responses_tool())),
    ("tool_definition", "format of the answer", _responses(text={"format": _SCHEMA_FORMAT})),
    ("user", "an item nobody knows", _responses({"type": "made_up", "deep": {"x": SAID}})),
]

# --- the smaller APIs ------------------------------------------------------------------------------------------------

_SMALL: Final[list[tuple[str, str, str, Body]]] = [
    ("completions", "user", "text", {"prompt": SAID}),
    ("completions", "user", "list", {"prompt": ["Hi", SAID]}),
    ("completions", "user", "suffix", {"prompt": "Hi", "suffix": SAID}),
    ("embeddings", "user", "text", {"input": SAID}),
    ("embeddings", "user", "list", {"input": ["Hi", SAID]}),
    ("moderations", "user", "text", {"input": SAID}),
    ("moderations", "user", "list", {"input": ["Hi", SAID]}),
    ("moderations", "user", "parts", {"input": [{"type": "text", "text": SAID}]}),
    ("rerank", "user", "query", {"query": SAID, "documents": ["Hi"]}),
    ("rerank", "user", "query, a number", {"query": NUMBER, "documents": ["Hi"]}),
    ("rerank", "user", "documents, a number for an id", {"query": "Hi", "documents": [{"text": "x", "id": NUMBER}]}),
    ("rerank", "user", "documents, a number", {"query": "Hi", "documents": [{"text": "x", "note": NUMBER}]}),
    ("rerank", "user", "documents", {"query": "Hi", "documents": ["a", SAID]}),
    ("rerank", "user", "objects", {"query": "Hi", "documents": [{"text": SAID}]}),
    ("images", "user", "prompt", {"prompt": SAID}),
    ("audio", "user", "text", {"input": SAID, "voice": "alloy"}),
    ("audio", "system", "instructions", {"input": "Hi", "voice": "alloy", "instructions": SAID}),
]


_WORD: Final = str(NUMBER)


def _as_word(value: Any) -> Any:
    """With the number as a word of ASCII in the place of the text: nobody may take it for an id or a setting."""
    if isinstance(value, dict):
        return {_as_word(name): _as_word(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_as_word(held) for held in value]
    return value.replace(SAID, _WORD) if isinstance(value, str) else value


def _made(surface: str, kept: bool, rows: list[tuple[str, str, Body]]) -> list[Asked]:
    return [Asked(surface, place, way, body, kept) for place, way, body in rows]


_TEXTS: Final = [
    *_made("chat", True, _CHAT),
    *_made("chat", False, _CHAT_ALONE),
    *_made("messages", True, _MESSAGES),
    *_made("messages", False, _MESSAGES_ALONE),
    *_made("count_tokens", False, _MESSAGES + _MESSAGES_ALONE),
    *_made("responses", True, _RESPONSES),
    *_made("responses", False, _RESPONSES_ALONE),
    *(Asked(surface, place, way, body) for surface, place, way, body in _SMALL),
]
ASKED: Final = [
    *_TEXTS,
    *(
        Asked(one.surface, one.place, f"{one.way}, a number as text", word, kept=False)
        for one in _TEXTS
        if (word := _as_word(one.body)) != one.body and one.way != "choice of a tool"  # whose name is one of the API
    ),
]
