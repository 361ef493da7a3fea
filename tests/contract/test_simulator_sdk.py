"""The vendors' own SDKs talk to the simulator directly."""

from collections.abc import Iterator

import openai
import pytest

from tests.support.simulation import Simulation, in_thread

SAID = "hello 안녕하세요"
USER = [{"role": "user", "content": SAID}]


@pytest.fixture(scope="module")
def running() -> Iterator[Simulation]:
    with in_thread() as simulation:
        yield simulation


@pytest.fixture
def simulation(running: Simulation) -> Simulation:
    running.reset()
    return running


@pytest.fixture
def client(simulation: Simulation) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=simulation.v1, api_key="sk-test", max_retries=0) as client:
        yield client


def test_chat_answers_whole(client: openai.OpenAI) -> None:
    made = client.chat.completions.create(model="demo", messages=[{"role": "user", "content": SAID}])
    assert made.choices[0].message.content == f"You said: {SAID}"
    assert made.choices[0].finish_reason == "stop"
    assert made.usage
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens


def test_chat_answers_in_chunks(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(model="demo", messages=[{"role": "user", "content": SAID}], stream=True)
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[0].choices[0].delta.content == ""
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == f"You said: {SAID}"
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all("usage" not in chunk.model_fields_set for chunk in chunks)


def test_a_rate_limit_says_when_to_come_back(client: openai.OpenAI, simulation: Simulation) -> None:
    simulation.misbehave({"status": 429, "retry_after": 2})
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="demo", messages=[{"role": "user", "content": SAID}])
    assert caught.value.response.headers["retry-after"] == "2"
    assert caught.value.code == "rate_limit_exceeded"
