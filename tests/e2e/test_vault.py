"""Personal data in conversations that nobody sends again: two replicas that share a secret and a Redis, and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import openai
import pytest

from gateway.limits.keys import hashed
from tests.support.eventually import eventually, records
from tests.support.gatewayprocess import GatewayProcess
from tests.support.policed import PERSONAL, SPOKEN, placeholders, seen
from tests.support.rawclient import ask
from tests.support.redis_server import RedisServer, redis_server
from tests.support.simulation import Simulation
from tests.support.talking import (
    ACCOUNT,
    ASKED,
    EMAIL,
    PHONE,
    VALUES,
    Talk,
    call_of,
    cut,
    gateways,
    known,
    raw,
    returned,
    shared,
    vault_counts,
)
from tests.support.tenants import ALICE, BOB

STREAMED: Final = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
MODELS: Final = pytest.mark.parametrize("model", SPOKEN)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def replicas(
    upstream: Simulation, redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[GatewayProcess]]:
    with gateways(tmp_path_factory.mktemp("vault"), upstream, shared(redis), shared(redis)) as started:
        yield started


@STREAMED
@MODELS
def test_three_turns_with_a_tool_over_two_replicas_by_the_last_id_alone(
    replicas: list[GatewayProcess], simulation: Simulation, redis: RedisServer, model: str, streamed: bool
) -> None:
    names = known(replicas, simulation, model)
    phone, email, account = (names[label] for label in VALUES)
    simulation.misbehave(
        {"chunks": cut(f"{email}로 볼게요. "), "tool_calls": [{"name": "weather", "arguments": f'{{"city": "{phone}"}}'}]},
        {"chunks": cut(f"{account}, {phone.lower()}. "), "tool_calls": [{"name": "weather", "arguments": f'{{"city": "{account}"}}'}]},
        {"chunks": cut(f"끝: {phone}, {email}, {account}")},
    )  # fmt: skip
    talk = Talk(replicas, model, streamed=streamed)
    first = talk.say(ASKED)
    assert first.output_text == f"{EMAIL}로 볼게요. "
    call, city = call_of(first)
    assert city == PHONE

    second = talk.say(returned(call, f"계좌는 {ACCOUNT}"), first)  # which is no account where nothing says so
    assert second.output_text == f"{ACCOUNT}, {PHONE}. "
    call, city = call_of(second)
    assert city == ACCOUNT
    assert second.previous_response_id == first.id

    third = talk.say(returned(call, "맑음"), second)
    assert third.output_text == f"끝: {PHONE}, {EMAIL}, {ACCOUNT}"

    for one in seen(simulation):
        assert not raw(one)
        assert set(placeholders(one).items()) <= set(names.items())
    assert account in seen(simulation)[1].split("function_call_output")[-1]

    assert talk.client.responses.retrieve(third.id).output_text == third.output_text
    told = [one.to_dict() for one in talk.client.responses.input_items.list(third.id, order="asc")]
    assert not placeholders(str(told))
    assert [str(told).count(value) for value in VALUES.values()] == [3, 2, 4]
    stolen = redis.dump()
    for planted in (*VALUES.values(), first.id, third.id, "맑음", "alice", hashed(ALICE)[-16:]):
        assert planted.encode() not in stolen
    assert redis.keys()
    for gateway in replicas:
        assert not raw(gateway.log)
        assert not raw(gateway.file("records.jsonl"))
        assert not raw(
            ask(gateway.url, "/metrics", b"", method="GET", headers={"authorization": f"Bearer {ALICE}"}).body.decode()
        )


@MODELS
def test_what_is_kept_is_for_the_key_that_made_it(
    replicas: list[GatewayProcess], simulation: Simulation, redis: RedisServer, model: str
) -> None:
    with redis.client() as client:
        client.flushall()
    made = Talk(replicas, model).say(ASKED)
    assert len(redis.keys()) == 1
    mine, theirs = Talk(replicas, model), Talk(replicas, model, key=BOB)
    assert mine.client.responses.retrieve(made.id).id == made.id
    for operation in ("retrieve", "delete"):
        with pytest.raises(openai.NotFoundError):
            getattr(theirs.client.responses, operation)(made.id)
    with pytest.raises(openai.NotFoundError):
        theirs.client.responses.input_items.list(made.id)
    with pytest.raises(openai.BadRequestError):
        theirs.say("recall", made)
    assert mine.client.responses.retrieve(made.id).id == made.id
    mine.client.responses.delete(made.id)
    assert eventually(lambda: not redis.keys())
    with pytest.raises(openai.NotFoundError):
        mine.client.responses.retrieve(made.id)
    with pytest.raises(openai.BadRequestError):
        mine.say("recall", made)


@MODELS
def test_store_false_keeps_nothing_anywhere(
    replicas: list[GatewayProcess], simulation: Simulation, redis: RedisServer, model: str
) -> None:
    with redis.client() as client:
        client.flushall()
    made = Talk(replicas, model).say(ASKED, store=False)
    assert redis.keys() == []
    with pytest.raises(openai.BadRequestError):
        Talk(replicas, model).say("recall", made)


def test_a_response_in_the_background_is_polled_with_its_values(
    replicas: list[GatewayProcess], simulation: Simulation
) -> None:
    names = known(replicas, simulation, "responses")
    phone = names["KR_PHONE"]
    simulation.misbehave(
        {"chunks": [f"전화 {phone}"], "tool_calls": [{"name": "weather", "arguments": f'{{"city": "{phone}"}}'}]}
    )
    talk = Talk(replicas, "responses")
    queued = talk.say(ASKED, background=True)
    assert (queued.status, queued.output_text) == ("queued", "")
    for _ in replicas:
        done = talk.client.responses.retrieve(queued.id)
        assert done.output_text == f"전화 {PHONE}"
        assert call_of(done)[1] == PHONE
    again = list(talk.client.responses.retrieve(queued.id, stream=True))
    assert "".join(one.delta for one in again if one.type == "response.output_text.delta") == f"전화 {PHONE}"


def test_a_map_that_is_gone_is_counted_and_the_policy_says_whether_earlier_turns_may_go_unread(
    replicas: list[GatewayProcess], simulation: Simulation, redis: RedisServer, upstream: Simulation, tmp_path: Path
) -> None:
    phone = known(replicas, simulation, "responses")["KR_PHONE"]
    simulation.misbehave({"chunks": [f"전화 {phone}"]})
    lenient = {**PERSONAL, "defaults": {"opaque": "allow"}}
    with gateways(tmp_path, upstream, shared(redis), policies=(lenient,)) as (other,):
        strict, talk = Talk(replicas[:1], "responses"), Talk([other], "responses")
        first = talk.say(ASKED)
        assert talk.say("또", first).output_text == f"전화 {PHONE}"
        mine = strict.say(ASKED)
        with redis.client() as client:
            client.flushall()
        assert talk.say("또", first).output_text == f"전화 {phone}"
        with pytest.raises(openai.BadRequestError, match="no policy can read"):
            strict.say("또", mine)
        assert vault_counts(other) == {"placeholders,found": 1, "placeholders,missing": 1, "placeholders,kept": 3}
        file = tmp_path / "replica0" / "records.jsonl"
        rows = eventually(lambda: records(file)[2:] and records(file))
    assert [row["unscanned"] for row in rows] == [{}, {}, {"stored": 1}]
    assert rows[-1]["vault"] == [["placeholders", "missing"], ["placeholders", "kept"]]


def test_tampering_and_exchanging_records_gives_nothing_away(
    replicas: list[GatewayProcess], simulation: Simulation, redis: RedisServer
) -> None:
    with redis.client() as client:
        client.flushall()
        talk = Talk(replicas, "chat")
        made = talk.say(ASKED)
        (mine,) = redis.keys()
        record: Any = client.get(mine)
        client.set(mine, record[:-1] + bytes([record[-1] ^ 1]))
        with pytest.raises(openai.BadRequestError, match="no response with this id is kept"):
            talk.say("recall", made)
        his = Talk(replicas, "chat", key=BOB)
        theirs = his.say("안녕하세요")
        (name,) = set(redis.keys()) - {mine}
        client.set(name, record)  # hers, under his name
        with pytest.raises(openai.NotFoundError):
            his.client.responses.retrieve(theirs.id)
        client.set(mine, record)
        assert PHONE in talk.say("recall", made).output_text
    assert all(PHONE not in one.log for one in replicas)
