"""The same SDK script, once straight to the simulator and once through the gateway: the transcripts are equal."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.support.gatewayprocess import GatewayProcess
from tests.support.simulation import Simulation

_TOOL = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
}
_CHAT_TOOLS: Any = [
    {"type": "function", "function": {"name": "weather", "description": "Weather", "parameters": _TOOL}},
    {"type": "function", "function": {"name": "forecast", "parameters": _TOOL}},
]
_MESSAGES_TOOLS: Any = [{"name": "weather", "description": "Weather", "input_schema": _TOOL}]
_RESPONSES_TOOLS: Any = [{"type": "function", "name": "weather", "parameters": _TOOL, "strict": False}]
_KOREAN = "안녕하세요, 오늘 날씨 어때요? 🙂"

Script = Callable[[str], list[Any]]


def chat(**more: Any) -> Script:
    def run(url: str) -> list[Any]:
        said = {"messages": [{"role": "user", "content": _KOREAN}], **more}
        with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
            answer: Any = client.chat.completions.create(model="demo", **said)
            return _transcript(answer, streamed=bool(more.get("stream")))

    return run


def completions(**more: Any) -> Script:
    def run(url: str) -> list[Any]:
        with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
            answer: Any = client.completions.create(model="demo", prompt=_KOREAN, **more)
            return _transcript(answer, streamed=bool(more.get("stream")))

    return run


def embeddings(**more: Any) -> Script:
    def run(url: str) -> list[Any]:
        with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
            return _transcript(client.embeddings.create(model="demo", input=[_KOREAN, "b"], **more), streamed=False)

    return run


def moderations() -> Script:
    def run(url: str) -> list[Any]:
        with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
            return _transcript(client.moderations.create(model="demo", input=_KOREAN), streamed=False)

    return run


def responses(**more: Any) -> Script:
    def run(url: str) -> list[Any]:
        with OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
            answer: Any = client.responses.create(**{"model": "demo", "input": _KOREAN, **more})
            return _transcript(answer, streamed=bool(more.get("stream")))

    return run


def messages(**more: Any) -> Script:
    def run(url: str) -> list[Any]:
        said = {"messages": [{"role": "user", "content": _KOREAN}], "max_tokens": 1000, **more}
        with Anthropic(base_url=url, api_key="any", max_retries=0) as client:
            answer: Any = client.messages.create(model="demo", **said)
            return _transcript(answer, streamed=bool(more.get("stream")))

    return run


_ASK_TOOL: Any = [{"role": "user", "content": "Use a tool please"}]
_ASK_TOOLS: Any = [{"role": "user", "content": "Use all tools please"}]

SCRIPTS: dict[str, Script] = {
    "chat": chat(),
    "chat, n 2": chat(n=2),
    "chat, logprobs": chat(logprobs=True, top_logprobs=2),
    "chat, tool": chat(tools=_CHAT_TOOLS, messages=_ASK_TOOL),
    "chat, parallel tools": chat(tools=_CHAT_TOOLS, messages=_ASK_TOOLS),
    "chat, structured": chat(
        response_format={"type": "json_schema", "json_schema": {"name": "w", "strict": True, "schema": _TOOL}}
    ),
    "chat, too long": chat(max_tokens=2),
    "chat streamed": chat(stream=True),
    "chat streamed, n 2": chat(stream=True, n=2),
    "chat streamed, logprobs": chat(stream=True, logprobs=True),
    "chat streamed, with usage": chat(stream=True, stream_options={"include_usage": True}),
    "chat streamed, without usage": chat(stream=True, stream_options={"include_usage": False}),
    "chat streamed, tool": chat(stream=True, tools=_CHAT_TOOLS, messages=_ASK_TOOL),
    "chat streamed, parallel tools, n 2, usage": chat(
        stream=True, n=2, stream_options={"include_usage": True}, tools=_CHAT_TOOLS, messages=_ASK_TOOLS
    ),
    "completions": completions(),
    "completions streamed": completions(stream=True),
    "completions streamed, with usage": completions(stream=True, stream_options={"include_usage": True}),
    "embeddings": embeddings(),
    "embeddings, floats": embeddings(encoding_format="float", dimensions=16),
    "moderations": moderations(),
    "responses": responses(),
    "responses, tool": responses(tools=_RESPONSES_TOOLS, input="Use a tool please"),
    "responses, too long": responses(max_output_tokens=16, input="one two three " * 20),
    "responses, reasoning": responses(reasoning={"effort": "low", "summary": "auto"}),
    "responses streamed": responses(stream=True),
    "responses streamed, tool": responses(stream=True, tools=_RESPONSES_TOOLS, input="Use a tool please"),
    "responses streamed, reasoning": responses(stream=True, reasoning={"effort": "low", "summary": "auto"}),
    "messages": messages(),
    "messages, tool": messages(tools=_MESSAGES_TOOLS, messages=_ASK_TOOL),
    "messages, too long": messages(max_tokens=2),
    "messages, thinking": messages(thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2000),
    "messages streamed": messages(stream=True),
    "messages streamed, tool": messages(stream=True, tools=_MESSAGES_TOOLS, messages=_ASK_TOOL),
    "messages streamed, thinking": messages(
        stream=True, thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2000
    ),
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_the_transcript_through_the_gateway_is_the_one_without_it(
    script: Script, simulation: Simulation, gateway: GatewayProcess
) -> None:
    direct = script(simulation.url)
    assert direct, "a transcript with nothing in it proves nothing"
    assert script(gateway.url) == direct


_CHANGING = {
    "id", "created", "created_at", "completed_at", "obfuscation", "item_id", "call_id", "response_id", "previous_response_id",
    "signature", "encrypted_content", "tool_call_id",
}  # fmt: skip
_ID = re.compile(r"\b(?:chatcmpl|resp|msg|call|toolu|req|fc|rs|cmpl|modr)[-_][A-Za-z0-9_-]{8,}")


def _transcript(answer: Any, *, streamed: bool) -> list[Any]:
    return [_steady(one.model_dump(exclude_unset=True)) for one in (answer if streamed else [answer])]


def _steady(value: Any) -> Any:
    """Without what differs from call to call; that it is there is still seen."""
    if isinstance(value, dict):
        return {
            key: f"<{key}>" if key in _CHANGING and held is not None else _steady(held) for key, held in value.items()
        }
    if isinstance(value, list):
        return [_steady(one) for one in value]
    return _ID.sub("<id>", value) if isinstance(value, str) else value
