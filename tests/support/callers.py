"""Every SDK as one question and one answer, so that a test can be written once for all of them."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

import anthropic
import msgspec
import openai
from anthropic import Anthropic
from openai import OpenAI

_SCHEMA: Final = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


class Place(Protocol):
    """A gateway, or an upstream itself."""

    url: str
    v1: str


class Said(NamedTuple):
    """An answer, the same from every API. `usage`: input and output tokens."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    finish: str = "stop"
    usage: tuple[int, int] | None = None
    pieces: int = 0
    ids: tuple[str, ...] = ()


class Caller(NamedTuple):
    """One SDK: how it asks, and what it heard."""

    ask: Callable[..., Said]
    error: type[Exception]


def _chat(gateway: Place, model: str, turns: list[Any], *, streamed: bool = False, **more: Any) -> Said:
    system = [{"role": "system", "content": more.pop("system")}] if "system" in more else []
    limit = {"max_tokens": more.pop("limit")} if "limit" in more else {}
    tools = [{"type": "function", "function": {"name": name, "parameters": _SCHEMA}} for name in more.pop("tools", [])]
    stop = {"stop": more.pop("stops")} if "stops" in more else {}
    think = {"reasoning_effort": "low"} if more.pop("think", False) else {}
    asked: Any = {"model": model, "messages": [*system, *turns], **limit, **stop, **think, **more}
    if tools:
        asked["tools"] = tools
    with OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as client:
        if not streamed:
            whole = client.chat.completions.create(**asked)
            choice = whole.choices[0]
            used = whole.usage
            return Said(
                choice.message.content or "",
                getattr(choice.message, "reasoning_content", None) or "",
                tuple((c.function.name, c.function.arguments) for c in choice.message.tool_calls or []),
                choice.finish_reason,
                (used.prompt_tokens, used.completion_tokens) if used else None,
                1,
                tuple(c.id for c in choice.message.tool_calls or []),
            )
        chunks: Any = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    calls: dict[int, list[str]] = {}
    for piece in (piece for delta in deltas for piece in delta.tool_calls or []):
        held = calls.setdefault(piece.index, ["", "", ""])
        held[0] += piece.function.name or ""
        held[1] += piece.function.arguments or ""
        held[2] += piece.id or ""
    used = chunks[-1].usage
    (finish,) = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
    return Said(
        "".join(delta.content or "" for delta in deltas),
        "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas),
        tuple((held[0], held[1]) for held in calls.values()),
        finish,
        (used.prompt_tokens, used.completion_tokens) if used else None,
        sum(1 for delta in deltas if delta.content),
        tuple(held[2] for held in calls.values()),
    )


_STOPS: Final = {
    "end_turn": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "stop_sequence": "stop",
    "refusal": "content_filter",
}


def _messages(gateway: Place, model: str, turns: list[Any], *, streamed: bool = False, **more: Any) -> Said:
    limit = more.pop("limit", 3000)
    tools = [{"name": name, "input_schema": _SCHEMA} for name in more.pop("tools", [])]
    stop = {"stop_sequences": more.pop("stops")} if "stops" in more else {}
    think = {"thinking": {"type": "enabled", "budget_tokens": 1024}} if more.pop("think", False) else {}
    system = {"system": more.pop("system")} if "system" in more else {}
    extra = {"extra_body": more} if more else {}
    asked: Any = {"model": model, "messages": turns, "max_tokens": limit, **system, **stop, **think, **extra}
    if tools:
        asked["tools"] = tools
    pieces = 1
    with Anthropic(base_url=gateway.url, api_key="any", max_retries=0) as client:
        if streamed:
            with client.messages.stream(**asked) as stream:
                pieces = sum(1 for event in stream if event.type == "text")
                answer: Any = stream.get_final_message()
        else:
            answer = client.messages.create(**asked)
    uses = [block for block in answer.content if block.type == "tool_use"]
    used = answer.usage
    return Said(
        "".join(block.text for block in answer.content if block.type == "text"),
        "".join(block.thinking for block in answer.content if block.type == "thinking"),
        tuple((block.name, msgspec.json.encode(block.input).decode()) for block in uses),
        _STOPS[answer.stop_reason],
        (used.input_tokens + (used.cache_read_input_tokens or 0), used.output_tokens),
        pieces,
        tuple(block.id for block in uses),
    )


def _responses(gateway: Place, model: str, turns: list[Any], *, streamed: bool = False, **more: Any) -> Said:
    system = {"instructions": more.pop("system")} if "system" in more else {}
    limit = {"max_output_tokens": more.pop("limit")} if "limit" in more else {}
    tools = [
        {"type": "function", "name": name, "parameters": _SCHEMA, "strict": False} for name in more.pop("tools", [])
    ]
    think = {"reasoning": {"effort": "low", "summary": "auto"}} if more.pop("think", False) else {}
    asked: Any = {"model": model, "input": turns, **system, **limit, **think, **more}
    if tools:
        asked["tools"] = tools
    pieces = 1
    with OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as client:
        if streamed:
            events: Any = list(client.responses.create(**asked, stream=True))
            assert [event.sequence_number for event in events] == list(range(len(events)))
            pieces = sum(1 for event in events if event.type == "response.output_text.delta")
            answer = events[-1].response
            told = "".join(event.delta for event in events if event.type == "response.output_text.delta")
            assert told == answer.output_text
        else:
            answer = client.responses.create(**asked)
    calls = [item for item in answer.output if item.type == "function_call"]
    finish = {"max_output_tokens": "length", "content_filter": "content_filter"}.get(
        answer.incomplete_details.reason if answer.incomplete_details else "", "tool_calls" if calls else "stop"
    )
    return Said(
        answer.output_text,
        "".join(
            part.text
            for item in answer.output
            if item.type == "reasoning"
            for part in [*item.summary, *(item.content or [])]
        ),
        tuple((item.name, item.arguments) for item in calls),
        finish,
        (answer.usage.input_tokens, answer.usage.output_tokens) if answer.usage else None,
        pieces,
        tuple(item.call_id for item in calls),
    )


CALLERS: Final[dict[str, Caller]] = {
    "chat": Caller(_chat, openai.APIError),
    "messages": Caller(_messages, anthropic.APIError),
    "responses": Caller(_responses, openai.APIError),
}


def said(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


def image_turn(caller: str, text: str) -> list[Any]:
    data = f"data:image/png;base64,{PIXEL}"
    parts: dict[str, list[Any]] = {
        "chat": [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": data}}],
        "messages": [
            {"type": "text", "text": text},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
        ],
        "responses": [
            {"type": "input_text", "text": text},
            {"type": "input_image", "image_url": data, "detail": "auto"},
        ],
    }
    return [{"role": "user", "content": parts[caller]}]


def tool_turns(caller: str, results: list[tuple[str, str, str]]) -> list[Any]:
    """What follows a question: calls of (id, city) by the assistant, and their results."""
    arguments = [msgspec.json.encode({"city": city}).decode() for _, city, _ in results]
    if caller == "chat":
        calls = [
            {"id": own, "type": "function", "function": {"name": "weather", "arguments": said}}
            for (own, _, _), said in zip(results, arguments, strict=True)
        ]
        return [
            {"role": "assistant", "content": None, "tool_calls": calls},
            *({"role": "tool", "tool_call_id": own, "content": heard} for own, _, heard in results),
        ]
    if caller == "messages":
        return [
            {
                "role": "assistant",
                "content": [
                    {"type": "tool_use", "id": own, "name": "weather", "input": {"city": city}}
                    for own, city, _ in results
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": own, "content": heard} for own, _, heard in results],
            },
        ]
    return [
        *(
            {"type": "function_call", "call_id": own, "name": "weather", "arguments": said}
            for (own, _, _), said in zip(results, arguments, strict=True)
        ),
        *({"type": "function_call_output", "call_id": own, "output": heard} for own, _, heard in results),
    ]
