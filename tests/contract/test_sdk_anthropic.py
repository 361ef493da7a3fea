"""The `anthropic` SDK, sync and async: every call gives through the gateway what it gives straight at the upstream."""

from typing import Any

import anthropic
import pytest

from tests.contract.sdk_scripts import Scripts, Trip, same_through_both
from tests.support.gatewayprocess import GatewayProcess
from tests.support.simulation import Simulation, close, events, result

SAID = "안녕하세요, 오늘 날씨 어때요? 🙂"
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_TOOLS: Any = [
    {"name": name, "input_schema": _SCHEMA, "cache_control": {"type": "ephemeral"}} for name in ("weather", "forecast")
]
_ASKED: Any = {"model": "demo", "max_tokens": 2000, "messages": [{"role": "user", "content": SAID}]}
_SEEN: Any = [
    {
        "role": "user",
        "content": [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _PIXEL}},
            {"type": "text", "text": SAID, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ],
    }
]
_THINKING: Any = {"type": "enabled", "budget_tokens": 1024}


script = Scripts()


async def _streamed(manager: Any) -> list[Any]:
    """The events of the stream helper, the message it gathered, and the text alone."""
    if hasattr(manager, "__aenter__"):
        async with manager as stream:
            seen = [event async for event in stream]
            return [*map(_plain, seen), await stream.get_final_message()]
    with manager as stream:
        return [*map(_plain, list(stream)), stream.get_final_message()]


def _plain(event: Any) -> Any:
    return event.model_dump(exclude={"snapshot", "partial_json"}, warnings=False)


@script
async def messages(client: Any) -> Any:
    return [
        await result(client.messages.create(**_ASKED, system="Be brief", metadata={"user_id": "u"})),
        await events(client.messages.create(**_ASKED, stream=True)),
        await result(
            client.messages.create(**{**_ASKED, "messages": _SEEN}, tools=_TOOLS, extra_body={"temperature": 0.5})
        ),
        await result(client.messages.create(**_ASKED, stop_sequences=["오늘"])),
    ]


@script
async def messages_streamed_by_the_helper(client: Any) -> Any:
    asked: Any = {**_ASKED, "messages": [{"role": "user", "content": "Use all tools please"}]}
    return [
        await _streamed(client.messages.stream(**_ASKED)),
        await _streamed(client.messages.stream(**_ASKED, thinking=_THINKING)),
        await _streamed(client.messages.stream(**asked, tools=_TOOLS)),
    ]


@script
async def messages_with_signed_thinking_and_a_tool(client: Any) -> Any:
    """The signed block goes back as it came, or the upstream refuses it."""
    asked: Any = {**_ASKED, "messages": [{"role": "user", "content": "use a tool"}], "thinking": _THINKING}
    first = await result(client.messages.create(**asked, tools=_TOOLS))
    call = next(block for block in first.content if block.type == "tool_use")
    heard = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "맑음"}]}
    asked["messages"] += [{"role": "assistant", "content": first.content}, heard]
    second = await result(client.messages.create(**asked, tools=_TOOLS))
    assert second.content[-1].text == "The tool said: 맑음"
    return first, second


@script
async def messages_parsed(client: Any) -> Any:
    made = await result(client.messages.parse(**_ASKED, output_format=Trip))
    assert isinstance(made.parsed_output, Trip)
    return made


@script
async def beta_messages(client: Any) -> Any:
    betas = ["interleaved-thinking-2025-05-14"]
    return [
        await result(client.beta.messages.create(**_ASKED, betas=betas)),
        await events(client.beta.messages.create(**_ASKED, betas=betas, stream=True)),
    ]


@script
async def count_tokens(client: Any) -> Any:
    asked: Any = {"model": "demo", "messages": _SEEN, "tools": _TOOLS, "system": "Be brief"}
    return await result(client.messages.count_tokens(**asked))


@pytest.mark.parametrize("kind", [anthropic.Anthropic, anthropic.AsyncAnthropic], ids=["sync", "async"])
@pytest.mark.parametrize("name", script.keys())
async def test_a_call_gives_what_it_gives_without_the_gateway(
    name: str, kind: Any, behind: Simulation, gateway: GatewayProcess
) -> None:
    await same_through_both(script[name], kind, behind.url, gateway.url)


@pytest.mark.parametrize("kind", [anthropic.Anthropic, anthropic.AsyncAnthropic], ids=["sync", "async"])
async def test_tokens_are_estimated_where_nobody_counts(kind: Any, behind: Simulation, gateway: GatewayProcess) -> None:
    client = kind(base_url=gateway.url, api_key="any", max_retries=0)
    few = await result(client.messages.count_tokens(model="estimated", messages=[{"role": "user", "content": "안녕"}]))
    many = await result(
        client.messages.count_tokens(model="estimated", messages=[{"role": "user", "content": SAID * 50}])
    )
    assert 1 <= few.input_tokens < 20
    assert few.input_tokens * 20 < many.input_tokens < 4000
    assert behind.requests() == []
    with pytest.raises(anthropic.BadRequestError):
        await result(client.messages.count_tokens(model="estimated", messages=[{"role": "user"}]))
    await close(client)
