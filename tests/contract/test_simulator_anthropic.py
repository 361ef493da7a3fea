"""The `anthropic` SDK, sync and async, talks to the simulator directly."""

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import pytest
from msgspec import json

from tests.support.simulation import Simulation, close, events, result

SAID = "hello 안녕하세요"
ASK: dict[str, Any] = {"model": "demo", "max_tokens": 2000, "messages": [{"role": "user", "content": SAID}]}
WEATHER = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
TIME = {"name": "time", "input_schema": {"type": "object"}}
USE = {"role": "user", "content": "use tools"}


@pytest.fixture(params=[anthropic.Anthropic, anthropic.AsyncAnthropic], ids=["sync", "async"])
async def client(request: pytest.FixtureRequest, simulation: Simulation) -> AsyncIterator[Any]:
    made = request.param(base_url=simulation.url, api_key="sk-test", max_retries=0)
    yield made
    await close(made)


async def test_messages_answer_whole(client: Any) -> None:
    made = await result(client.messages.create(**ASK))
    assert (made.content[0].text, made.stop_reason) == (f"You said: {SAID}", "end_turn")
    assert made.usage.output_tokens > 0
    assert made._request_id.startswith("req_")


async def test_messages_answer_as_events(client: Any) -> None:
    seen = await events(client.messages.create(**ASK, stream=True))
    whole = await result(client.messages.create(**ASK))
    kinds = [event.type for event in seen if event.type != "content_block_delta"]
    edges = ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]
    assert kinds == edges
    assert "".join(e.delta.text for e in seen if e.type == "content_block_delta") == whole.content[0].text
    assert seen[0].message.usage.input_tokens == whole.usage.input_tokens
    assert seen[-2].usage.output_tokens == whole.usage.output_tokens
    assert seen[-2].delta.stop_reason == "end_turn"


async def test_tools_are_called_in_pieces_as_they_are_whole(client: Any) -> None:
    asked = {**ASK, "messages": [USE], "tools": [WEATHER, TIME]}
    whole = await result(client.messages.create(**asked))
    assert whole.stop_reason == "tool_use"
    assert [(use.name, use.input) for use in whole.content] == [("weather", {"city": "use tools"}), ("time", {})]
    seen = await events(client.messages.create(**asked, stream=True))
    for index, use in enumerate(whole.content):
        deltas = [e.delta for e in seen if e.type == "content_block_delta" and e.index == index]
        assert json.decode("".join(delta.partial_json for delta in deltas)) == use.input
    results = [{"type": "tool_result", "tool_use_id": use.id, "content": "sunny"} for use in whole.content]
    turn = [USE, {"role": "assistant", "content": whole.content}, {"role": "user", "content": results}]
    made = await result(client.messages.create(**{**asked, "messages": turn}))
    assert made.content[0].text == "The tool said: sunny sunny"
    with pytest.raises(anthropic.BadRequestError):
        await result(client.messages.create(**{**asked, "messages": [USE, turn[2]]}))


async def test_one_tool_at_a_time_if_told(client: Any) -> None:
    asked = {**ASK, "messages": [USE], "tools": [WEATHER, TIME]}
    choice = {"type": "any", "disable_parallel_tool_use": True}
    made = await result(client.messages.create(**asked, tool_choice=choice))
    assert [use.name for use in made.content] == ["weather"]
    made = await result(client.messages.create(**asked, tool_choice={"type": "tool", "name": "time"}))
    assert [use.name for use in made.content] == ["time"]
    made = await result(client.messages.create(**asked, tool_choice={"type": "none"}))
    assert made.content[0].type == "text"


async def test_thinking_is_signed_and_the_signature_checked(client: Any) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    seen = await events(client.messages.create(**ASK, thinking=thinking, stream=True))
    deltas = [e.delta for e in seen if e.type == "content_block_delta" and e.index == 0]
    assert {delta.type for delta in deltas[:-1]} == {"thinking_delta"}
    assert deltas[-1].type == "signature_delta"
    whole = await result(client.messages.create(**ASK, thinking=thinking))
    assert whole.content[0].thinking == "".join(delta.thinking for delta in deltas[:-1])
    assert whole.content[0].signature == deltas[-1].signature
    turn: list[Any] = [
        {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in whole.content]},
        USE,
    ]
    asked = {**ASK, "messages": [*ASK["messages"], *turn]}
    assert (await result(client.messages.create(**asked))).stop_reason == "end_turn"
    turn[0]["content"][0]["thinking"] += "!"
    with pytest.raises(anthropic.BadRequestError, match="signature"):
        await result(client.messages.create(**asked))


async def test_limits_and_stop_sequences(client: Any) -> None:
    made = await result(client.messages.create(**{**ASK, "max_tokens": 2}))
    assert (made.content[0].text, made.stop_reason, made.usage.output_tokens) == ("You said", "max_tokens", 2)
    made = await result(client.messages.create(**ASK, stop_sequences=[" hel"]))
    assert (made.content[0].text, made.stop_reason, made.stop_sequence) == ("You said:", "stop_sequence", " hel")


async def test_cached_tokens_stand_beside_the_others(client: Any, simulation: Simulation) -> None:
    plain = await result(client.messages.create(**ASK))
    simulation.misbehave({"cached_tokens": 3})
    made = await result(client.messages.create(**ASK))
    assert made.usage.cache_read_input_tokens == 3
    assert made.usage.input_tokens == plain.usage.input_tokens - 3


async def test_tokens_are_counted_and_models_listed(client: Any) -> None:
    counted = await result(client.messages.count_tokens(model="demo", messages=ASK["messages"]))
    whole = await result(client.messages.create(**ASK))
    assert counted.input_tokens == whole.usage.input_tokens
    assert [model.id for model in (await result(client.models.list())).data] == ["demo"]
    assert (await result(client.models.retrieve("demo"))).type == "model"


ERRORS = [
    ({"status": 400}, anthropic.BadRequestError, 400, "invalid_request_error"),
    ({"status": 401}, anthropic.AuthenticationError, 401, "authentication_error"),
    ({"status": 403}, anthropic.PermissionDeniedError, 403, "permission_error"),
    ({"status": 404}, anthropic.NotFoundError, 404, "not_found_error"),
    ({"status": 413}, anthropic.APIStatusError, 413, "request_too_large"),
    ({"status": 429}, anthropic.RateLimitError, 429, "rate_limit_error"),
    ({"status": 500}, anthropic.InternalServerError, 500, "api_error"),
    ({"error": "overloaded"}, anthropic.InternalServerError, 529, "overloaded_error"),
    ({"status": 529}, anthropic.InternalServerError, 529, "overloaded_error"),
]


@pytest.mark.parametrize(("step", "row"), [(row[0], row[1:]) for row in ERRORS], ids=[str(row[0]) for row in ERRORS])
async def test_errors_are_the_vendors(
    client: Any, simulation: Simulation, step: dict[str, Any], row: tuple[type[Exception], int, str]
) -> None:
    kind, status, word = row
    simulation.misbehave({**step, "retry_after": 2})
    with pytest.raises(anthropic.APIStatusError) as caught:
        await result(client.messages.create(**ASK))
    assert isinstance(caught.value, kind)
    assert caught.value.status_code == status
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["type"] == word
    assert caught.value.body["request_id"] == caught.value.response.headers["request-id"]
    assert caught.value.response.headers["retry-after"] == "2"


async def test_an_error_inside_a_stream_is_raised(client: Any, simulation: Simulation) -> None:
    simulation.misbehave({"error_after": 4})
    with pytest.raises(anthropic.APIStatusError, match="overloaded_error"):
        await events(client.messages.create(**ASK, stream=True))


WRONG: list[dict[str, Any]] = [
    {"messages": []},
    {"messages": [{"role": "system", "content": "x"}]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
    {"temperature": 1.5},
    {"thinking": {"type": "enabled", "budget_tokens": 2000}},
    {"tools": [{"name": "no schema"}]},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_wrong_request_is_refused(client: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(anthropic.BadRequestError):
        await result(client.messages.create(**ASK, extra_body=wrong))


async def test_max_tokens_version_and_key_are_demanded(client: Any, simulation: Simulation) -> None:
    with pytest.raises(anthropic.BadRequestError, match="max_tokens"):
        await result(client.post("/v1/messages", body={"model": "demo", "messages": []}, cast_to=object))
    omit = {"anthropic-version": anthropic.Omit()}
    with pytest.raises(anthropic.BadRequestError, match="anthropic-version"):
        await result(client.messages.create(**ASK, extra_headers=omit))
    simulation.play({"keys": ["other"]})
    with pytest.raises(anthropic.AuthenticationError):
        await result(client.messages.create(**ASK))
