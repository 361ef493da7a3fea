"""A gateway with a provider of kind `litellm`: every caller's dialect, failures, and a client that leaves."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from anthropic import Anthropic
from openai import APIStatusError, OpenAI

from tests.support.eventually import eventually, shortest
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.simulation import Simulation

WITHIN = 0.1
KEY = "canary-litellm-7731"
ASKED = "서울 날씨를 tool 로 알려줘 🙂"
MODELS = ("like-openai", "like-anthropic")
_SCHEMA: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """Two vendors behind the library; the built-in simulator beside them must not become their address."""
    folder = tmp_path_factory.mktemp("library")
    times = {"first_token": 60, "between_tokens": 4}
    config = {
        "providers": {
            "one": {"kind": "litellm", "base_url": upstream.v1, "api_key": KEY, "timeouts": times},
            "other": {"kind": "litellm", "base_url": upstream.url, "api_key": KEY, "timeouts": times},
            "simulated": {},
        },
        "models": {
            "like-openai": {"targets": [{"provider": "one", "model": "openai/demo"}]},
            "like-anthropic": {"targets": [{"provider": "other", "model": "anthropic/demo"}]},
            "second": {
                "targets": [{"provider": "one", "model": "openai/demo"}],
                "fallbacks": {"context_length": ["like-anthropic"]},
            },
            "embed": {"targets": [{"provider": "one", "model": "openai/embed"}]},
        },
        "retry": {"attempts": 2, "base_delay": 0.01},
        "breaker": {"failures": 1000},
    }
    with running(folder, written(folder, config)) as process:
        yield process
        assert KEY not in process.log
        assert "안녕" not in process.log
        assert "Traceback" not in process.log


@pytest.mark.parametrize("model", MODELS)
def test_a_chat_client_gets_text_and_tools(openai: OpenAI, simulation: Simulation, model: str) -> None:
    said: Any = {"model": model, "messages": [{"role": "user", "content": "안녕하세요 🙂"}]}
    whole = openai.chat.completions.create(**said)
    assert whole.choices[0].message.content == "You said: 안녕하세요 🙂"
    chunks = list(openai.chat.completions.create(**said, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "You said: 안녕하세요 🙂"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(c.usage is None for c in chunks), "usage goes only to those who ask"
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": _SCHEMA}}]
    messages: Any = [{"role": "user", "content": ASKED}]
    options: Any = {"include_usage": True}
    chunks = list(
        openai.chat.completions.create(model=model, messages=messages, tools=tools, stream=True, stream_options=options)
    )
    calls = [call for c in chunks if c.choices for call in c.choices[0].delta.tool_calls or []]
    arguments = msgspec.json.decode("".join(call.function.arguments or "" for call in calls if call.function))
    assert "서울" in arguments["city"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("model", MODELS)
def test_a_messages_client_gets_text_and_tools(anthropic: Anthropic, simulation: Simulation, model: str) -> None:
    said: Any = {"model": model, "messages": [{"role": "user", "content": "안녕하세요 🙂"}], "max_tokens": 500}
    whole: Any = anthropic.messages.create(**said)
    assert [block.text for block in whole.content] == ["You said: 안녕하세요 🙂"]
    with anthropic.messages.stream(**said) as stream:
        assert "".join(stream.text_stream) == "You said: 안녕하세요 🙂"
        assert stream.get_final_message().stop_reason == "end_turn"
    tools: Any = [{"name": "weather", "input_schema": _SCHEMA}]
    messages: Any = [{"role": "user", "content": ASKED}]
    with anthropic.messages.stream(model=model, max_tokens=500, tools=tools, messages=messages) as stream:
        final: Any = stream.get_final_message()
    call = next(block for block in final.content if block.type == "tool_use")
    assert "서울" in call.input["city"]
    assert final.stop_reason == "tool_use"


@pytest.mark.parametrize("model", MODELS)
def test_a_responses_client_gets_text_and_tools(openai: OpenAI, simulation: Simulation, model: str) -> None:
    whole = openai.responses.create(model=model, input="안녕하세요 🙂", instructions="Be brief")
    assert whole.output_text == "You said: 안녕하세요 🙂"
    tools: Any = [{"type": "function", "name": "weather", "parameters": _SCHEMA, "strict": False}]
    events: Any = list(openai.responses.create(model=model, input=ASKED, tools=tools, stream=True))
    assert events[-1].type == "response.completed"
    call = next(item for item in events[-1].response.output if item.type == "function_call")
    assert "서울" in msgspec.json.decode(call.arguments)["city"]


def test_embeddings_go_too(openai: OpenAI, simulation: Simulation) -> None:
    assert len(openai.embeddings.create(model="embed", input=["a", "나"], encoding_format="float").data) == 2


def test_an_error_is_ours_and_names_neither_key_nor_library(openai: OpenAI, simulation: Simulation) -> None:
    for name, status in (("invalid_api_key", 502), ("invalid_request", 400), ("rate_limit", 429)):
        simulation.misbehave({"error": name, "message": f"about {KEY}"})
        with pytest.raises(APIStatusError) as caught:
            openai.chat.completions.create(model="like-openai", messages=[{"role": "user", "content": "hi"}])
        assert caught.value.status_code == status
        assert KEY not in caught.value.response.text
        assert "litellm" not in caught.value.response.text.lower()


def test_a_failure_is_tried_again_and_a_long_context_falls_back(openai: OpenAI, simulation: Simulation) -> None:
    messages: Any = [{"role": "user", "content": "hi"}]
    simulation.misbehave({"error": "unavailable"}, then="normal")
    openai.chat.completions.create(model="like-openai", messages=messages)
    assert len(simulation.requests()) == 2
    simulation.misbehave({"error": "context_length_exceeded"}, then="normal")
    answer = openai.chat.completions.create(model="second", messages=messages)
    assert answer.choices[0].message.content == "You said: hi"


def test_a_switch_of_the_library_is_refused_as_an_unknown_parameter(openai: OpenAI, simulation: Simulation) -> None:
    with pytest.raises(APIStatusError) as caught:
        openai.chat.completions.create(
            model="like-openai",
            messages=[{"role": "user", "content": "hi"}],
            extra_body={"api_base": "http://127.0.0.1:9", "mock_response": "forged"},
        )
    assert caught.value.status_code == 400
    assert simulation.requests() == []


@pytest.mark.parametrize("model", MODELS)
def test_a_stalled_stream_ends_in_an_error_event(openai: OpenAI, simulation: Simulation, model: str) -> None:
    simulation.misbehave({"stall_after": 5})
    with pytest.raises(Exception, match="silent") as caught:
        list(
            openai.chat.completions.create(model=model, messages=[{"role": "user", "content": "안녕 hi"}], stream=True)
        )
    assert getattr(caught.value, "code", None) == "stream_stalled"


@pytest.mark.parametrize("model", MODELS)
def test_a_client_that_leaves_is_followed_within_100_ms(
    gateway: GatewayProcess, simulation: Simulation, model: str
) -> None:
    simulation.misbehave({"chunks": ["a "] * 2000, "tokens_per_second": 20})
    assert shortest(lambda: _left(gateway, simulation, model), WITHIN) <= WITHIN


def _left(gateway: GatewayProcess, simulation: Simulation, model: str) -> float:
    """Seconds from the caller's leaving to the end of the upstream's connection."""
    simulation.clear()
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": True}
    with httpx.stream("POST", f"{gateway.v1}/chat/completions", json=body, timeout=60) as answer:
        next(answer.iter_lines())
        left = time.time()
    (gone,) = eventually(lambda: [one for one in simulation.requests() if one["client_gone_after_ms"] is not None])
    return float(gone["at"] + gone["client_gone_after_ms"] / 1000 - left)
