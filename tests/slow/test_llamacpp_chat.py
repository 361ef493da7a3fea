"""The gateway in front of a real llama.cpp server: what each SDK sees, and what that server does on the wire."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from anthropic import Anthropic
from openai import APIStatusError, OpenAI

from tests.slow.conftest import CONTEXT
from tests.slow.llamacpp import ModelServer
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess
from tests.support.rawclient import ask

pytestmark = pytest.mark.slow

_TO_Z = "bcdefghijklmnopqrstuvwxyz"
_WEATHER: Any = {
    "type": "object",
    "properties": {"city": {"enum": ["Seoul"]}},
    "required": ["city"],
    "additionalProperties": False,
}


def _user(text: str) -> Any:
    return [{"role": "user", "content": text}]


def test_a_unary_answer_comes_with_usage_and_with_the_fields_only_this_server_has(openai: OpenAI) -> None:
    whole = openai.chat.completions.create(model="tiny", messages=_user("say a"))
    assert whole.choices[0].message.content == _TO_Z
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage is not None
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (len("user: say a"), len(_TO_Z) + 1)
    assert whole.model_extra is not None
    assert whole.model_extra["timings"]["predicted_n"] == len(_TO_Z) + 1


def test_a_stream_shows_its_usage_only_to_those_who_ask(openai: OpenAI) -> None:
    hidden = list(openai.chat.completions.create(model="tiny", messages=_user("say a"), stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in hidden) == _TO_Z
    assert hidden[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in hidden)
    shown = list(
        openai.chat.completions.create(
            model="tiny", messages=_user("say a"), stream=True, stream_options={"include_usage": True}
        )
    )
    assert shown[-1].choices == []
    assert shown[-1].usage is not None
    assert shown[-1].usage.completion_tokens == len(_TO_Z) + 1


def test_a_letter_of_three_tokens_comes_whole(openai: OpenAI) -> None:
    """The first chunk of such an answer has no role, because its first token is not text yet."""
    chunks = list(openai.chat.completions.create(model="tiny", messages=_user("가"), stream=True, max_tokens=12))
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["가"] * 4 + [None]
    assert chunks[0].choices[0].delta.role is None
    assert chunks[-1].choices[0].finish_reason == "length"


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_the_limit_of_tokens_holds_under_both_names(openai: OpenAI, limit: str) -> None:
    asked: dict[str, Any] = {limit: 3}
    whole = openai.chat.completions.create(model="tiny", messages=_user("say a"), **asked)
    assert whole.choices[0].message.content == "bcd"
    assert whole.choices[0].finish_reason == "length"


def test_a_stop_sequence_ends_the_answer_before_it(openai: OpenAI) -> None:
    said: Any = {"model": "tiny", "messages": _user("say a"), "stop": ["ghi"]}
    assert openai.chat.completions.create(**said).choices[0].message.content == "bcdef"
    chunks = list(openai.chat.completions.create(**said, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "bcdef"
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_two_answers_come_apart(openai: OpenAI) -> None:
    whole = openai.chat.completions.create(model="tiny", messages=_user("say w"), n=2)
    assert [choice.message.content for choice in whole.choices] == ["xyz", "xyz"]
    chunks = list(openai.chat.completions.create(model="tiny", messages=_user("say w"), n=2, stream=True))
    for index in (0, 1):
        own = [chunk.choices[0] for chunk in chunks if chunk.choices[0].index == index]
        assert "".join(choice.delta.content or "" for choice in own) == "xyz"
        assert own[-1].finish_reason == "stop"


def test_this_server_counts_the_tokens_of_one_answer_only(openai: OpenAI, server: ModelServer, recorded: Path) -> None:
    """A fact to know when reading bills: whole, the usage is that of the first answer; streamed, each answer has its own."""
    body = {"model": "tiny", "messages": _user("say w"), "n": 2}
    assert server.ask("/v1/chat/completions", body).json["usage"]["completion_tokens"] == 4
    streamed = {**body, "stream": True, "stream_options": {"include_usage": True}}
    events = [data for _, data in server.ask("/v1/chat/completions", streamed).events]
    usages = [chunk["usage"] for data in events[:-1] if not (chunk := msgspec.json.decode(data))["choices"]]
    assert [usage["completion_tokens"] for usage in usages] == [4, 4]
    shown = list(openai.chat.completions.create(**streamed))
    assert [chunk.usage.completion_tokens for chunk in shown if chunk.usage] == [4, 4], "as the server says it"
    wanted = {"streamed": True, "input_tokens": len("user: say w"), "output_tokens": 8, "usage_estimated": False}
    assert eventually(lambda: any(wanted.items() <= row.items() for row in records(recorded))), "the record adds it up"


def test_a_structured_answer_keeps_to_its_schema(openai: OpenAI) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": _WEATHER, "strict": True}}
    whole = openai.chat.completions.create(model="tiny", messages=_user("a"), response_format=form, max_tokens=300)
    assert msgspec.json.decode(whole.choices[0].message.content or "") == {"city": "Seoul"}


def test_log_probabilities_come_through(openai: OpenAI) -> None:
    whole = openai.chat.completions.create(
        model="tiny", messages=_user("say a"), logprobs=True, top_logprobs=2, max_tokens=2
    )
    logprobs = whole.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert [(one.token, len(one.top_logprobs)) for one in logprobs.content] == [("b", 2), ("c", 2)]


def test_a_tool_call_is_streamed_and_its_result_goes_back(openai: OpenAI) -> None:
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": _WEATHER}}]
    said: Any = {"model": "tiny", "tools": tools, "tool_choice": "required", "max_tokens": 300}
    whole = openai.chat.completions.create(**said, messages=_user("a"))
    chunks = list(openai.chat.completions.create(**said, messages=_user("a"), stream=True))
    pieces = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or []]
    arguments = "".join(piece.function.arguments or "" for piece in pieces if piece.function)
    assert whole.choices[0].finish_reason == chunks[-1].choices[0].finish_reason == "tool_calls"
    assert msgspec.json.decode(arguments) == {"city": "Seoul"}
    call: Any = (whole.choices[0].message.tool_calls or [])[0]
    assert call.function.name == "weather"
    history = [
        *_user("a"),
        whole.choices[0].message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "sunny, w"},
    ]
    answer = openai.chat.completions.create(model="tiny", messages=history)
    assert answer.choices[0].message.content == "xyz"


def test_completions_stream_too(openai: OpenAI) -> None:
    """Here the usage stands in the chunk that ends the choice, asked for or not, and in none of its own."""
    whole = openai.completions.create(model="tiny", prompt="say w")
    assert whole.choices[0].text == "xyz"
    hidden = list(openai.completions.create(model="tiny", prompt="say w", stream=True))
    assert "".join(chunk.choices[0].text for chunk in hidden) == "xyz"
    assert all(chunk.usage is None for chunk in hidden)
    shown = list(
        openai.completions.create(model="tiny", prompt="say w", stream=True, stream_options={"include_usage": True})
    )
    assert shown[-1].choices[0].finish_reason == "stop"
    assert shown[-1].usage is not None
    assert shown[-1].usage.completion_tokens == 4


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings_are_as_long_as_the_model_is_wide(openai: OpenAI, encoding: Any) -> None:
    answer = openai.embeddings.create(model="tiny", input=["a", "bcd"], encoding_format=encoding)
    assert len(answer.data) == 2
    assert answer.data[0].embedding != answer.data[1].embedding
    assert answer.usage.prompt_tokens == 4


@pytest.mark.parametrize(
    "more",
    [{}, {"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}, {"stop": ["ghi"]}],
    ids=["whole", "streamed", "with-usage", "stop"],
)
def test_the_gateway_says_what_the_server_says(
    server: ModelServer, gateway: GatewayProcess, more: dict[str, Any]
) -> None:
    body = {"model": "tiny", "messages": _user("say a"), **more}
    direct = server.ask("/v1/chat/completions", body)
    through = ask(gateway.url, "/v1/chat/completions", body)
    assert through.status == direct.status == 200
    if more.get("stream"):
        assert direct.events[-1] == through.events[-1] == (None, "[DONE]")
        values = [[msgspec.json.decode(data) for _, data in one.events[:-1]] for one in (direct, through)]
        assert [_lasting(each) for each in values[1]] == [_lasting(each) for each in values[0]]
    else:
        assert _lasting(through.json) == _lasting(direct.json)


def _lasting(value: dict[str, Any]) -> dict[str, Any]:
    """Without what differs from one request to the next. `timings` moves to the usage chunk as soon as there is one."""
    kept = {name: held for name, held in value.items() if name not in ("id", "created", "timings")}
    if isinstance(kept.get("usage"), dict):
        kept["usage"] = {name: held for name, held in kept["usage"].items() if name != "prompt_tokens_details"}
    return kept


def test_an_anthropic_client_talks_to_it(anthropic: Anthropic) -> None:
    said: Any = {"model": "tiny", "messages": _user("say a"), "max_tokens": 100}
    whole: Any = anthropic.messages.create(**said)
    assert whole.content[0].text == _TO_Z
    assert whole.stop_reason == "end_turn"
    usage = whole.usage
    assert usage.input_tokens + usage.cache_read_input_tokens == len("user: say a")
    assert usage.output_tokens == len(_TO_Z) + 1
    with anthropic.messages.stream(**{**said, "max_tokens": 3}) as stream:
        assert "".join(stream.text_stream) == "bcd"
        assert stream.get_final_message().stop_reason == "max_tokens"
    with anthropic.messages.stream(**{**said, "messages": _user("가"), "max_tokens": 6}) as stream:
        assert "".join(stream.text_stream) == "가가"


def test_an_anthropic_client_streams_a_tool_call_from_it(anthropic: Anthropic) -> None:
    tools: Any = [{"name": "weather", "input_schema": _WEATHER}]
    with anthropic.messages.stream(
        model="tiny", max_tokens=300, tools=tools, tool_choice={"type": "any"}, messages=_user("a")
    ) as stream:
        final: Any = stream.get_final_message()
    call = final.content[-1]
    assert (call.type, call.name, call.input) == ("tool_use", "weather", {"city": "Seoul"})
    assert final.stop_reason == "tool_use"
    history: Any = [
        *_user("a"),
        {"role": "assistant", "content": [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny, w"}]},
    ]
    answer: Any = anthropic.messages.create(model="tiny", max_tokens=100, messages=history)
    assert answer.content[0].text == "xyz"


def test_a_responses_client_talks_to_it_and_goes_on(openai: OpenAI) -> None:
    whole = openai.responses.create(model="tiny", input="say a", max_output_tokens=3)
    assert whole.output_text == "bcd"
    assert whole.status == "incomplete"
    further = openai.responses.create(model="tiny", input="say w", previous_response_id=whole.id)
    assert further.output_text == "xyz"
    assert further.usage is not None
    assert further.usage.input_tokens == len("user: say a\nassistant: bcd\nuser: say w")
    events: Any = list(openai.responses.create(model="tiny", input="say a", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == _TO_Z
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == _TO_Z


def test_a_responses_client_gets_a_tool_call_from_it(openai: OpenAI) -> None:
    tools: Any = [{"type": "function", "name": "weather", "parameters": _WEATHER, "strict": True}]
    events: Any = list(
        openai.responses.create(
            model="tiny", input="a", tools=tools, tool_choice="required", max_output_tokens=300, stream=True
        )
    )
    (call,) = [item for item in events[-1].response.output if item.type == "function_call"]
    assert msgspec.json.decode(call.arguments) == {"city": "Seoul"}


def test_this_server_answers_under_any_name(openai: OpenAI) -> None:
    """It has one model and does not look at the name, so only the gateway can say that there is no such model."""
    whole = openai.chat.completions.create(model="stray", messages=_user("say w"))
    assert whole.choices[0].message.content == "xyz"
    with pytest.raises(APIStatusError) as caught:
        openai.chat.completions.create(model="unheard-of", messages=_user("say w"))
    assert (caught.value.status_code, caught.value.code) == (404, "model_not_found")


@pytest.mark.parametrize("streamed", [False, True])
def test_a_prompt_that_is_too_long_is_refused_by_its_code(openai: OpenAI, anthropic: Anthropic, streamed: bool) -> None:
    long = "a" * (CONTEXT + 100)
    with pytest.raises(APIStatusError) as caught:
        openai.chat.completions.create(model="tiny", messages=_user(long), stream=streamed)
    assert caught.value.status_code == 400
    assert caught.value.type == "exceed_context_size_error", "in the server's own words, to a client of its dialect"
    with pytest.raises(Exception, match="context size") as told:
        anthropic.messages.create(model="tiny", messages=_user(long), max_tokens=5, stream=streamed)
    assert getattr(told.value, "status_code", None) == 400


def test_a_prompt_that_is_too_long_goes_where_there_is_more_room(openai: OpenAI, anthropic: Anthropic) -> None:
    long = "a" * (CONTEXT + 100)
    chunks = list(openai.chat.completions.create(model="long", messages=_user(long), stream=True, max_tokens=3))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "bcd"
    whole: Any = anthropic.messages.create(model="long", messages=_user(long), max_tokens=3)
    assert whole.content[0].text == "bcd"


def test_a_wrong_key_is_the_operators_business(openai: OpenAI) -> None:
    with pytest.raises(APIStatusError) as caught:
        openai.chat.completions.create(model="locked", messages=_user("say a"))
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_auth_failed")
    assert "API Key" not in caught.value.message


def test_what_the_server_finds_wrong_with_a_request_is_passed_on(openai: OpenAI) -> None:
    with pytest.raises(APIStatusError) as caught:
        openai.chat.completions.create(model="tiny", messages=_user("a"), n=9)
    assert caught.value.status_code == 400
    assert "'n'" in caught.value.message
