"""Every SDK against an upstream that speaks only another API: text, tools, streams, in Korean."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.simulation import Simulation

_SCHEMA: Any = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
}
_ASKED = "서울 날씨를 tool 로 알려줘 🙂"
SPOKEN = ("chat", "messages", "responses")


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """The model `chat` leads to an upstream that only speaks chat, and so on."""
    folder = tmp_path_factory.mktemp("translating")
    config = {
        "providers": {
            name: {"kind": "simulated", "base_url": f"{upstream.url}/v1", "dialects": [name]} for name in SPOKEN
        },
        "models": {name: {"targets": [{"provider": name, "model": "demo"}]} for name in SPOKEN},
        "retry": {"attempts": 1},
    }
    with running(folder, written(folder, config)) as process:
        yield process


@pytest.mark.parametrize("model", SPOKEN)
def test_a_chat_client_gets_text_from_every_upstream(openai: OpenAI, simulation: Simulation, model: str) -> None:
    messages: Any = [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "안녕하세요 🙂"}]
    whole = openai.chat.completions.create(model=model, messages=messages, max_tokens=500)
    assert whole.choices[0].message.content == "You said: 안녕하세요 🙂"
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage is not None
    assert whole.usage.completion_tokens > 0
    chunks = list(openai.chat.completions.create(model=model, messages=messages, max_tokens=500, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "You said: 안녕하세요 🙂"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert all(c.usage is None for c in chunks), "usage goes only to those who ask"


@pytest.mark.parametrize("model", SPOKEN)
def test_a_chat_client_streams_a_tool_call_from_every_upstream(
    openai: OpenAI, simulation: Simulation, model: str
) -> None:
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": _SCHEMA}}]
    messages: Any = [{"role": "user", "content": _ASKED}]
    chunks = list(
        openai.chat.completions.create(
            model=model,
            messages=messages,
            tools=tools,
            max_tokens=500,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    calls = [call for c in chunks if c.choices for call in c.choices[0].delta.tool_calls or []]
    assert [call.function.name for call in calls if call.function and call.function.name] == ["weather"]
    arguments = msgspec.json.decode("".join(call.function.arguments or "" for call in calls if call.function))
    assert set(arguments) == {"city", "days"}
    assert "서울" in arguments["city"]
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "tool_calls"
    assert chunks[-1].usage is not None
    # the result of the call goes back and is understood
    messages += [
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": calls[0].id,
                    "type": "function",
                    "function": {"name": "weather", "arguments": msgspec.json.encode(arguments).decode()},
                }
            ],
        },
        {"role": "tool", "tool_call_id": calls[0].id, "content": "맑음, 3도"},
    ]
    answer = openai.chat.completions.create(model=model, messages=messages, tools=tools, max_tokens=500)
    assert "맑음, 3도" in (answer.choices[0].message.content or "")


@pytest.mark.parametrize("model", SPOKEN)
def test_an_anthropic_client_gets_text_from_every_upstream(
    anthropic: Anthropic, simulation: Simulation, model: str
) -> None:
    said: Any = {"messages": [{"role": "user", "content": "안녕하세요 🙂"}], "system": "Be brief", "max_tokens": 500}
    whole: Any = anthropic.messages.create(model=model, **said)
    assert [block.text for block in whole.content] == ["You said: 안녕하세요 🙂"]
    assert whole.stop_reason == "end_turn"
    assert whole.usage.output_tokens > 0
    with anthropic.messages.stream(model=model, **said) as stream:
        assert "".join(stream.text_stream) == "You said: 안녕하세요 🙂"
        assert stream.get_final_message().stop_reason == "end_turn"


@pytest.mark.parametrize("model", SPOKEN)
def test_an_anthropic_client_streams_a_tool_call_from_every_upstream(
    anthropic: Anthropic, simulation: Simulation, model: str
) -> None:
    tools: Any = [{"name": "weather", "input_schema": _SCHEMA}]
    messages: Any = [{"role": "user", "content": _ASKED}]
    with anthropic.messages.stream(model=model, max_tokens=500, tools=tools, messages=messages) as stream:
        final: Any = stream.get_final_message()
    call = next(block for block in final.content if block.type == "tool_use")
    assert call.name == "weather"
    assert "서울" in call.input["city"]
    assert final.stop_reason == "tool_use"
    messages += [
        {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in final.content]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "맑음, 3도"}]},
    ]
    answer: Any = anthropic.messages.create(model=model, max_tokens=500, tools=tools, messages=messages)
    assert "맑음, 3도" in answer.content[0].text


@pytest.mark.parametrize("model", SPOKEN)
def test_a_responses_client_gets_text_and_tools_from_every_upstream(
    openai: OpenAI, simulation: Simulation, model: str
) -> None:
    whole = openai.responses.create(model=model, input="안녕하세요 🙂", instructions="Be brief")
    assert whole.output_text == "You said: 안녕하세요 🙂"
    assert whole.status == "completed"
    tools: Any = [{"type": "function", "name": "weather", "parameters": _SCHEMA, "strict": False}]
    events: Any = list(openai.responses.create(model=model, input=_ASKED, tools=tools, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    final = events[-1].response
    assert events[-1].type == "response.completed"
    call = next(item for item in final.output if item.type == "function_call")
    assert "서울" in msgspec.json.decode(call.arguments)["city"]
    result: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "맑음, 3도"}]
    answer = openai.responses.create(model=model, input=result, tools=tools, previous_response_id=final.id)
    assert "맑음, 3도" in answer.output_text


@pytest.mark.parametrize("model", SPOKEN)
def test_tokens_are_counted_or_estimated(anthropic: Anthropic, simulation: Simulation, model: str) -> None:
    counted = anthropic.messages.count_tokens(model=model, messages=[{"role": "user", "content": "안녕하세요, 세계"}])
    assert 2 <= counted.input_tokens <= 20


def test_what_the_target_cannot_say_is_refused_by_name(openai: OpenAI, simulation: Simulation) -> None:
    messages: Any = [{"role": "user", "content": "hi"}]
    with pytest.raises(Exception, match="n") as caught:
        openai.chat.completions.create(model="messages", messages=messages, n=2)
    assert getattr(caught.value, "status_code", None) == 400
    assert getattr(caught.value, "code", None) == "unsupported_parameter"
