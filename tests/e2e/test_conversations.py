"""Conversations by `previous_response_id`: kept by the provider, or by the gateway where the provider keeps none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import openai
import pytest
from openai import OpenAI

from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.simulation import Simulation
from tests.support.tenants import ALICE, config


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("conversations")
    with running(folder, written(folder, config(upstream, upstream))) as process:
        yield process


_TOOL: Any = {
    "type": "function",
    "name": "weather",
    "strict": False,
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("model", ["first", "chat", "messages"])
def test_three_turns_with_a_tool_are_remembered(
    alice: OpenAI, bob: OpenAI, simulation: Simulation, model: str, streamed: bool
) -> None:
    def ask(**more: Any) -> Any:
        answer: Any = alice.responses.create(model=model, tools=[_TOOL], stream=streamed, **more)
        return list(answer)[-1].response if streamed else answer

    first = ask(input="서울 이야기", instructions="Only once")
    second = ask(input="use the tool", previous_response_id=first.id)
    call = next(item for item in second.output if item.type == "function_call")
    result: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "맑음"}]
    third = ask(input=result, previous_response_id=second.id)
    assert third.output_text == "The tool said: 맑음"
    fourth = ask(input="recall", previous_response_id=third.id)
    assert fourth.output_text == "You said: 서울 이야기 | use the tool | recall"
    assert fourth.previous_response_id == third.id
    assert "Only once" not in msgspec.json.encode(simulation.requests()[-1]["body"]).decode()

    assert alice.responses.retrieve(fourth.id).output_text == fourth.output_text
    everything = [item.to_dict() for item in alice.responses.input_items.list(fourth.id, order="asc")]
    kinds = [str(item["type"]) for item in everything]
    assert kinds == ["message", "message", "message", "function_call", "function_call_output", "message", "message"]
    paged = list(alice.responses.input_items.list(fourth.id, order="asc", limit=2))
    assert [item.to_dict() for item in paged] == everything
    assert [item.to_dict() for item in alice.responses.input_items.list(fourth.id)] == everything[::-1]

    with pytest.raises(openai.BadRequestError):
        alice.responses.cancel(fourth.id)
    with pytest.raises(openai.NotFoundError):
        bob.responses.retrieve(fourth.id)
    alice.responses.delete(fourth.id)
    for gone in (alice.responses.retrieve, alice.responses.delete, alice.responses.input_items.list):
        with pytest.raises(openai.NotFoundError):
            gone(fourth.id)
    with pytest.raises(openai.BadRequestError):
        ask(input="x", previous_response_id=fourth.id)
    assert ask(input="recall", previous_response_id=third.id).output_text.endswith("| recall")


def test_store_false_keeps_nothing(alice: OpenAI) -> None:
    for model in ("first", "chat", "messages"):
        made = alice.responses.create(model=model, input="hi", store=False)
        with pytest.raises(openai.NotFoundError):
            alice.responses.retrieve(made.id)
        with pytest.raises(openai.BadRequestError):
            alice.responses.create(model=model, input="hi", previous_response_id=made.id)


def test_a_response_in_the_background_is_fetched_and_cancelled(alice: OpenAI) -> None:
    queued = alice.responses.create(model="first", input="hi", background=True)
    assert queued.status == "queued"
    assert alice.responses.retrieve(queued.id).status == "completed"
    queued = alice.responses.create(model="first", input="hi", background=True)
    assert alice.responses.cancel(queued.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="background"):
        alice.responses.create(model="chat", input="hi", background=True)


def test_the_store_of_conversations_is_bounded(upstream: Simulation, tmp_path: Path) -> None:
    with (
        running(tmp_path, written(tmp_path, config(upstream, upstream, kept={"count": 2}))) as small,
        OpenAI(base_url=small.v1, api_key=ALICE, max_retries=0) as client,
    ):
        made = [client.responses.create(model="chat", input=str(number)).id for number in range(3)]
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(made[0])
        assert [client.responses.retrieve(one).id for one in made[1:]] == made[1:]
