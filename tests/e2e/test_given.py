"""Ids that an answer gives away unsealed: who got them may send them back, to the account that gave them, and nobody else."""

from collections.abc import Iterator
from typing import Any

import msgspec
import openai
import pytest
from openai import OpenAI

from tests.support import rawclient
from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.rawclient import Answer
from tests.support.simulation import Simulation
from tests.support.tenants import ALICE, BOB, caller, config


@pytest.fixture(scope="module")
def gateway(
    upstream: Simulation, second: Simulation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("given")
    made: Any = config(upstream, second)
    made["providers"]["two"]["vector_stores"] = ["vs_open"]
    with running(folder, written(folder, made)) as process:
        yield process


def refer(client: OpenAI, item: str, model: str = "pair") -> Any:
    turns: Any = [{"type": "item_reference", "id": item}, {"role": "user", "content": "go on"}]
    return client.responses.create(model=model, input=turns)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_an_item_is_sent_back_by_its_id_to_the_account_that_has_it(
    alice: OpenAI, simulation: Simulation, two: Simulation, streamed: bool
) -> None:
    """`pair` would ask the first provider; what the second has made goes there."""
    made: Any = alice.responses.create(model="other", input="hi", stream=streamed)
    whole = list(made)[-1].response if streamed else made
    simulation.clear()
    assert refer(alice, whole.output[0].id).output_text.startswith("You said: go on")
    assert simulation.requests() == []
    assert two.requests()[-1]["body"]["input"][0] == {"type": "item_reference", "id": whole.output[0].id}


def test_nobody_else_gets_at_an_item_by_its_id(
    alice: OpenAI, bob: OpenAI, simulation: Simulation, two: Simulation
) -> None:
    item = alice.responses.create(model="first", input="hi").output[0].id
    simulation.clear()
    for client, own in ((bob, item), (alice, "msg_unknown"), (alice, f"{item}0")):
        with pytest.raises(openai.NotFoundError, match="send the item itself") as caught:
            refer(client, str(own))
        assert (caught.value.code, caught.value.param) == ("not_found", "input.0.id")
    assert simulation.requests() == []
    assert refer(alice, str(item)).output_text


def test_an_item_that_is_not_known_any_more_is_known_again_once_its_response_is_fetched(
    alice: OpenAI, upstream: Simulation, second: Simulation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = alice.responses.create(model="first", input="hi")
    item = str(made.output[0].id)
    folder = tmp_path_factory.mktemp("again")
    with running(folder, written(folder, config(upstream, second))) as replica, caller(replica, ALICE) as client:
        with pytest.raises(openai.NotFoundError):
            refer(client, item)
        client.responses.retrieve(made.id)
        assert refer(client, item).output_text


def test_where_nothing_is_stored_upstream_an_item_has_to_be_sent_itself(alice: OpenAI) -> None:
    item = str(alice.responses.create(model="chat", input="hi").output[0].id)
    with pytest.raises(openai.APIStatusError, match="send the item itself") as caught:
        refer(alice, item, "chat")
    assert caught.value.status_code in (400, 404)


def test_only_a_vector_store_that_the_operator_names_is_searched(
    alice: OpenAI, simulation: Simulation, two: Simulation
) -> None:
    def search(store: str) -> Any:
        tools: Any = [{"type": "file_search", "vector_store_ids": [store]}]
        return alice.responses.create(model="pair", input="hi", tools=tools)

    search("vs_open")
    assert simulation.requests() == []
    assert two.requests()[-1]["body"]["tools"][0]["vector_store_ids"] == ["vs_open"]
    with pytest.raises(openai.NotFoundError, match=r"providers\.NAME\.vector_stores"):
        search("vs_another")


def test_a_container_is_named_by_who_got_it_alone(alice: OpenAI, simulation: Simulation) -> None:
    tools: Any = [{"type": "code_interpreter", "container": "cntr_anybodys"}]
    with pytest.raises(openai.NotFoundError, match="no container of this id is known here for you"):
        alice.responses.create(model="first", input="hi", tools=tools)
    assert simulation.requests() == []
    auto: Any = [{"type": "code_interpreter", "container": {"type": "auto"}}]
    assert alice.responses.create(model="first", input="hi", tools=auto).output_text


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_container_of_messages_goes_back_to_its_account_and_is_nobody_elses(
    gateway: GatewayProcess, simulation: Simulation, two: Simulation, streamed: bool
) -> None:
    own = f"container_{streamed}"
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "demo", "content": [], "usage": {}}
    begun = {"type": "message_start", "message": {**message, "container": {"id": own}}}
    events = "".join(
        f"event: {one['type']}\ndata: {msgspec.json.encode(one).decode()}\n\n"
        for one in (begun, {"type": "message_stop"})
    )
    whole = msgspec.json.encode({**message, "stop_reason": "end_turn", "container": {"id": own}}).decode()
    told = {"content_type": "text/event-stream", "body": events} if streamed else {"body": whole}

    def ask(key: str, model: str, **more: Any) -> Answer:
        body = {"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **more}
        raw = msgspec.json.encode(body)
        return rawclient.ask(gateway.url, "/v1/messages", raw, headers={"x-api-key": key})

    for shown in (own, {"id": own}):
        assert ask(ALICE, "pair", container=shown).status == 404, "nobody was given it yet"
    two.misbehave(told)
    assert ask(ALICE, "other", stream=streamed).status == 200
    two.reset()
    simulation.clear()
    for shown in (own, {"id": own}):
        assert ask(BOB, "pair", container=shown).status == 404
        assert two.requests() == simulation.requests() == []
        assert ask(ALICE, "pair", container=shown).status == 200
        assert two.requests()[-1]["body"]["container"] == shown
        two.clear()
