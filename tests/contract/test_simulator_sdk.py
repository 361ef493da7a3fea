"""The `openai` SDK, sync and async, talks to the simulator directly: chat completions and Responses."""

import inspect
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from msgspec import json

from tests.support.simulation import Simulation, close, events, result

SAID = "hello 안녕하세요"
USER: list[Any] = [{"role": "user", "content": SAID}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
WEATHER: Any = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
TIME: Any = {"type": "function", "function": {"name": "time", "parameters": {"type": "object"}}}


@pytest.fixture(params=[openai.OpenAI, openai.AsyncOpenAI], ids=["sync", "async"])
async def client(request: pytest.FixtureRequest, simulation: Simulation) -> AsyncIterator[Any]:
    made = request.param(base_url=simulation.v1, api_key="sk-test", max_retries=0)
    yield made
    await close(made)


def texts(chunks: list[Any], choice: int = 0) -> str:
    mine = [each for chunk in chunks for each in chunk.choices if each.index == choice]
    return "".join(each.delta.content or "" for each in mine)


async def test_chat_answers_whole(client: Any) -> None:
    made = await result(client.chat.completions.create(model="demo", messages=USER))
    assert made.choices[0].message.content == f"You said: {SAID}"
    assert made.choices[0].finish_reason == "stop"
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens
    assert made._request_id.startswith("req_")


async def test_chat_answers_in_chunks(client: Any) -> None:
    chunks = await events(client.chat.completions.create(model="demo", messages=USER, stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[0].choices[0].delta.content == ""
    assert texts(chunks) == f"You said: {SAID}"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all("usage" not in chunk.model_fields_set for chunk in chunks)


async def test_usage_comes_last_when_asked_for(client: Any) -> None:
    options = {"include_usage": True}
    chunks = await events(
        client.chat.completions.create(model="demo", messages=USER, stream=True, stream_options=options)
    )
    assert all("usage" in chunk.model_fields_set and chunk.usage is None for chunk in chunks[:-1])
    assert chunks[-1].choices == []
    whole = await result(client.chat.completions.create(model="demo", messages=USER))
    assert chunks[-1].usage == whole.usage


async def test_two_choices_take_turns(client: Any) -> None:
    chunks = await events(client.chat.completions.create(model="demo", messages=USER, stream=True, n=2))
    assert [chunk.choices[0].index for chunk in chunks[:4]] == [0, 1, 0, 1]
    assert texts(chunks, 0) == f"You said: {SAID}"
    assert texts(chunks, 1) == f"You said: {SAID} (2)"
    assert [chunk.choices[0].finish_reason for chunk in chunks].count("stop") == 2


async def test_tools_are_called_in_pieces_as_they_are_whole(client: Any) -> None:
    asked = {"model": "demo", "messages": [{"role": "user", "content": "use tools"}], "tools": [WEATHER, TIME]}
    whole = await result(client.chat.completions.create(**asked))
    assert whole.choices[0].finish_reason == "tool_calls"
    assert whole.choices[0].message.content is None
    calls = whole.choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["weather", "time"]
    assert json.decode(calls[0].function.arguments) == {"city": "use tools", "days": 1}
    chunks = await events(client.chat.completions.create(**asked, stream=True))
    pieces = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    for index, call in enumerate(calls):
        mine = [piece for piece in pieces if piece.index == index]
        assert mine[0].id
        assert mine[0].function.name == call.function.name
        assert all(piece.id is None and piece.function.name is None for piece in mine[1:])
        assert "".join(piece.function.arguments for piece in mine) == call.function.arguments


async def test_a_tools_result_is_answered_with_text(client: Any) -> None:
    asked = {"model": "demo", "tools": [WEATHER]}
    question = {"role": "user", "content": "use a tool"}
    called = (await result(client.chat.completions.create(**asked, messages=[question]))).choices[0].message
    heard = {"role": "tool", "tool_call_id": called.tool_calls[0].id, "content": "sunny"}
    turn = [question, called.model_dump(exclude_none=True), heard]
    made = await result(client.chat.completions.create(**asked, messages=turn))
    assert made.choices[0].message.content == "The tool said: sunny"
    with pytest.raises(openai.BadRequestError):
        await result(client.chat.completions.create(**asked, messages=[question, heard]))


async def test_structured_output_logprobs_limits_and_stops(client: Any) -> None:
    shape = {"type": "json_schema", "json_schema": {"name": "trip", "schema": SCHEMA}}
    made = await result(client.chat.completions.create(model="demo", messages=USER, response_format=shape))
    assert json.decode(made.choices[0].message.content) == {"city": SAID, "days": 1}
    made = await result(client.chat.completions.create(model="demo", messages=USER, logprobs=True, top_logprobs=2))
    odds = made.choices[0].logprobs.content
    assert "".join(each.token for each in odds) == f"You said: {SAID}"
    assert all(len(each.top_logprobs) == 2 for each in odds)
    made = await result(client.chat.completions.create(model="demo", messages=USER, max_tokens=2))
    assert (made.choices[0].message.content, made.choices[0].finish_reason) == ("You said", "length")
    assert made.usage.completion_tokens == 2
    made = await result(client.chat.completions.create(model="demo", messages=USER, stop=[" hel"]))
    assert (made.choices[0].message.content, made.choices[0].finish_reason) == ("You said:", "stop")


async def test_the_script_says_what_is_said(client: Any, simulation: Simulation) -> None:
    said = {"reasoning": "I think so", "chunks": ["a", "bc", "d"]}
    simulation.misbehave(
        said, {"refusal": "I will not"}, {"answer": "x", "finish": "filter"}, {"usage": False}, {"cached_tokens": 3}
    )
    chunks = await events(client.chat.completions.create(model="demo", messages=USER, stream=True))
    assert [text for chunk in chunks if (text := chunk.choices[0].delta.content)] == ["a", "bc", "d"]
    thoughts = [getattr(chunk.choices[0].delta, "reasoning_content", None) or "" for chunk in chunks]
    assert "".join(thoughts) == "I think so"
    made = await result(client.chat.completions.create(model="demo", messages=USER))
    assert (made.choices[0].message.refusal, made.choices[0].message.content) == ("I will not", None)
    made = await result(client.chat.completions.create(model="demo", messages=USER))
    assert made.choices[0].finish_reason == "content_filter"
    made = await result(client.chat.completions.create(model="demo", messages=USER))
    assert made.usage is None
    made = await result(client.chat.completions.create(model="demo", messages=USER))
    assert made.usage.prompt_tokens_details.cached_tokens == 3


ERRORS = [
    ({"status": 400}, openai.BadRequestError, None),
    ({"error": "context_length_exceeded"}, openai.BadRequestError, "context_length_exceeded"),
    ({"error": "content_filter"}, openai.BadRequestError, "content_filter"),
    ({"status": 401}, openai.AuthenticationError, "invalid_api_key"),
    ({"status": 403}, openai.PermissionDeniedError, "unsupported_country_region_territory"),
    ({"error": "model_not_found"}, openai.NotFoundError, "model_not_found"),
    ({"status": 409}, openai.ConflictError, None),
    ({"status": 413}, openai.APIStatusError, None),
    ({"status": 422}, openai.UnprocessableEntityError, None),
    ({"status": 429}, openai.RateLimitError, "rate_limit_exceeded"),
    ({"error": "insufficient_quota"}, openai.RateLimitError, "insufficient_quota"),
    ({"status": 500}, openai.InternalServerError, None),
    ({"status": 503}, openai.InternalServerError, None),
]


@pytest.mark.parametrize(
    ("step", "kind", "code"), ERRORS, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
async def test_errors_are_the_vendors(
    client: Any, simulation: Simulation, step: dict[str, Any], kind: type[openai.APIStatusError], code: str | None
) -> None:
    simulation.misbehave({**step, "retry_after": 2})
    with pytest.raises(kind) as caught:
        await result(client.chat.completions.create(model="demo", messages=USER))
    assert caught.value.code == code
    assert caught.value.response.headers["retry-after"] == "2"
    assert caught.value.request_id
    if "status" in step:
        assert caught.value.status_code == step["status"]


async def test_keys_and_models_are_checked(client: Any, simulation: Simulation) -> None:
    simulation.play({"keys": ["sk-other"]})
    with pytest.raises(openai.AuthenticationError):
        await result(client.chat.completions.create(model="demo", messages=USER))
    simulation.play({"keys": ["sk-test"], "offers": ["one"]})
    with pytest.raises(openai.NotFoundError):
        await result(client.chat.completions.create(model="demo", messages=USER))
    wrongs: list[dict[str, Any]] = [{"messages": []}, {"messages": USER, "temperature": 3}, {"messages": [1]}]
    for wrong in wrongs:
        with pytest.raises(openai.BadRequestError):
            await result(client.chat.completions.create(model="one", **wrong))


async def test_an_error_inside_a_stream_is_raised(client: Any, simulation: Simulation) -> None:
    simulation.misbehave({"error_after": 3})
    with pytest.raises(openai.APIError, match="The server had an error"):
        await events(client.chat.completions.create(model="demo", messages=USER, stream=True))


async def test_responses_answer_whole_and_as_events(client: Any) -> None:
    whole = await result(client.responses.create(model="demo", input=SAID))
    assert (whole.status, whole.output_text) == ("completed", f"You said: {SAID}")
    seen = await events(client.responses.create(model="demo", input=SAID, stream=True))
    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    deltas = [event for event in seen if event.type == "response.output_text.delta"]
    kinds = [event.type.removeprefix("response.") for event in seen if event not in deltas]
    opening = ["created", "in_progress", "output_item.added", "content_part.added"]
    assert kinds == [*opening, "output_text.done", "content_part.done", "output_item.done", "completed"]
    assert "".join(event.delta for event in deltas) == whole.output_text
    assert seen[-1].response.output_text == whole.output_text
    assert seen[-1].response.usage == whole.usage


async def test_responses_reason_and_call_tools(client: Any) -> None:
    tool = {"type": "function", **WEATHER["function"]}
    asked = {"model": "demo", "tools": [tool], "store": False, "include": ["reasoning.encrypted_content"]}
    thinking = {"effort": "low", "summary": "auto"}
    seen = await events(client.responses.create(input="use a tool", stream=True, reasoning=thinking, **asked))
    thought, call = seen[-1].response.output
    assert thought.summary[0].text == "The user said: use a tool"
    deltas = [event.delta for event in seen if event.type == "response.function_call_arguments.delta"]
    assert json.decode("".join(deltas)) == json.decode(call.arguments) == {"city": "use a tool", "days": 1}
    turn = [{"role": "user", "content": "use a tool"}, thought.model_dump(), call.model_dump(exclude_none=True)]
    turn.append({"type": "function_call_output", "call_id": call.call_id, "output": "sunny"})
    made = await result(client.responses.create(input=turn, **asked))
    assert made.output_text == "The tool said: sunny"
    turn[1]["encrypted_content"] = turn[1]["encrypted_content"][:-8] + "AAAAAAA="
    with pytest.raises(openai.BadRequestError) as caught:
        await result(client.responses.create(input=turn, **asked))
    assert caught.value.code == "invalid_encrypted_content"


async def test_responses_are_stored(client: Any) -> None:
    first = await result(client.responses.create(model="demo", input="one"))
    second = await result(client.responses.create(model="demo", input="recall", previous_response_id=first.id))
    assert second.output_text == "You said: one | recall"
    assert (await result(client.responses.retrieve(second.id))) == second
    items = await result(client.responses.input_items.list(first.id))
    assert items.data[0].content[0].text == "one"
    await result(client.responses.delete(first.id))
    with pytest.raises(openai.NotFoundError):
        await result(client.responses.retrieve(first.id))
    with pytest.raises(openai.BadRequestError) as caught:
        await result(client.responses.create(model="demo", input="x", previous_response_id=first.id))
    assert caught.value.code == "previous_response_not_found"
    queued = await result(client.responses.create(model="demo", input="x", background=True))
    assert queued.status == "queued"
    assert (await result(client.responses.cancel(queued.id))).status == "cancelled"
    queued = await result(client.responses.create(model="demo", input="x", background=True))
    assert (await result(client.responses.retrieve(queued.id))).status == "completed"
    unkept = await result(client.responses.create(model="demo", input="x", store=False))
    with pytest.raises(openai.NotFoundError):
        await result(client.responses.retrieve(unkept.id))


async def test_responses_end_early_or_fail(client: Any, simulation: Simulation) -> None:
    long = "word " * 40
    seen = await events(client.responses.create(model="demo", input=long, max_output_tokens=16, stream=True))
    assert seen[-1].type == "response.incomplete"
    assert seen[-1].response.incomplete_details.reason == "max_output_tokens"
    simulation.misbehave({"error_after": 5}, {"refusal": "no"})
    seen = await events(client.responses.create(model="demo", input=SAID, stream=True))
    assert [event.type for event in seen[-2:]] == ["error", "response.failed"]
    assert [event.sequence_number for event in seen] == list(range(7))
    seen = await events(client.responses.create(model="demo", input=SAID, stream=True))
    assert [event.delta for event in seen if event.type == "response.refusal.delta"] == ["no"]
    assert seen[-1].response.output[0].content[0].refusal == "no"


async def test_a_schema_shapes_a_response(client: Any) -> None:
    shape = {"format": {"type": "json_schema", "name": "trip", "schema": SCHEMA, "strict": True}}
    made = await result(client.responses.create(model="demo", input=SAID, text=shape))
    assert json.decode(made.output_text) == {"city": SAID, "days": 1}


async def test_the_stream_helper_of_the_sdk_understands_it(client: Any) -> None:
    manager = client.responses.stream(model="demo", input=SAID)
    if inspect.isasyncgen(manager) or hasattr(manager, "__aenter__"):
        async with manager as stream:
            final = await stream.get_final_response()
    else:
        with manager as stream:
            final = stream.get_final_response()
    assert final.output_text == f"You said: {SAID}"
