"""What is kept when things go wrong or change: Redis away, time passing, secrets replaced, rules made stricter."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import openai
import pytest

from tests.support.eventually import eventually
from tests.support.policed import PERSONAL, SECRET, placeholders, policy, seen
from tests.support.redis_server import redis_server
from tests.support.simulation import Simulation
from tests.support.talking import ASKED, EMAIL, PHONE, VALUES, Talk, gateways, known, raw, shared, vault_counts

MODELS: Final = pytest.mark.parametrize("model", ["chat", "responses"])
STRICTER: Final = policy(
    "stricter",
    detectors={"mail": {"kind": "personal", "entities": ["EMAIL_ADDRESS"]}},
    rules=[{"id": "no-mail", "where": ["user"], "detect": ["mail"], "action": "block"}],
)


def test_without_redis_a_gateway_remembers_in_its_own_memory(
    upstream: Simulation, simulation: Simulation, tmp_path: Path
) -> None:
    with gateways(tmp_path, upstream, {}, {}) as replicas:
        names = known(replicas, simulation, "chat")
        simulation.misbehave({"chunks": [names["KR_PHONE"]]})
        for model in ("chat", "messages", "responses"):
            first = Talk(replicas[:1], model).say(ASKED)
            assert Talk(replicas[:1], model).say("또", first).output_text == PHONE
        with pytest.raises(openai.BadRequestError, match="no response with this id is kept"):
            Talk(replicas[1:], "chat").say("또", Talk(replicas[:1], "chat").say(ASKED))


def test_redis_that_is_away_is_told_at_once_and_comes_back(
    upstream: Simulation, simulation: Simulation, tmp_path: Path
) -> None:
    lenient = {**PERSONAL, "defaults": {"opaque": "allow"}}
    with (
        redis_server(tmp_path) as redis,
        gateways(tmp_path, upstream, shared(redis), policies=(lenient,)) as replicas,
    ):
        phone = known(replicas, simulation, "responses")["KR_PHONE"]
        simulation.misbehave({"chunks": [f"전화 {phone}"]})
        kept, stored = Talk(replicas, "chat"), Talk(replicas, "responses")
        made, native = kept.say(ASKED), stored.say(ASKED)
        assert vault_counts(replicas[0]) == {"conversation,kept": 1, "placeholders,kept": 1}

        redis.kill()
        for _ in range(8):  # more than its breaker takes
            began = time.monotonic()
            with pytest.raises(openai.InternalServerError, match="cannot be reached now") as caught:
                kept.say("또", made)
            assert caught.value.status_code == 503
            assert time.monotonic() - began < 10
        for operation in ("retrieve", "delete"):
            with pytest.raises(openai.InternalServerError, match="cannot be reached now"):
                getattr(kept.client.responses, operation)(made.id)
        assert stored.say("또", native).output_text == f"전화 {phone}", "the request goes on"
        assert stored.client.responses.retrieve(native.id).output_text == f"전화 {phone}"
        lost = kept.say(ASKED)
        assert lost.output_text == f"전화 {PHONE}", "what needs nothing of before is answered as ever"
        counts = vault_counts(replicas[0])
        assert counts["placeholders,away"] >= 2
        assert counts["conversation,away"] >= 10

        redis.start()
        fresh = eventually(lambda: _kept(kept))
        assert kept.say("또", fresh).output_text == f"전화 {PHONE}"
        with pytest.raises(openai.BadRequestError, match="no response with this id is kept"):
            kept.say("또", lost)


def _kept(talk: Talk) -> Any:
    made = talk.say(ASKED)
    try:
        talk.client.responses.retrieve(made.id)
    except (openai.NotFoundError, openai.InternalServerError):
        return None
    return made


def test_redis_killed_and_started_again_under_load_mixes_nothing_up(
    upstream: Simulation, simulation: Simulation, tmp_path: Path
) -> None:
    """Whoever is answered is answered from the own conversation, whatever connections were cut in the middle of."""
    ended = threading.Event()

    def one(number: int) -> tuple[int, int]:
        """Turns that went well, and that were refused."""
        well = refused = 0
        talk = Talk(replicas, "chat", streamed=number % 2 == 1)
        while not ended.is_set():
            word = f"{number}-{well}-{refused}"
            try:
                first = talk.say(f"{word} one")
                answer = talk.say("recall", first)
            except (openai.InternalServerError, openai.BadRequestError):
                refused += 1
            else:
                assert answer.output_text == f"You said: {word} one | recall"
                well += 1
        return well, refused

    with (
        redis_server(tmp_path) as redis,
        gateways(tmp_path, upstream, shared(redis), shared(redis)) as replicas,
        ThreadPoolExecutor(8) as workers,
    ):
        asked = [workers.submit(one, number) for number in range(8)]
        try:
            for _ in range(2):
                _after(replicas, "found", 10)
                redis.kill()
                _after(replicas, "away", 10)
                redis.start()
            _after(replicas, "found", 10)
        finally:
            ended.set()
        results = [future.result(60) for future in asked]
        assert all(well for well, _ in results)
        assert sum(refused for _, refused in results) > 0
        made = eventually(lambda: _kept(Talk(replicas, "chat")))
        assert made.output_text


def _after(replicas: Any, went: str, times: int) -> None:
    """Waits until that has happened so many times more."""

    def counted() -> float:
        return sum(vault_counts(one).get(f"conversation,{went}", 0) for one in replicas)

    most = counted() + times
    eventually(lambda: counted() >= most, 60)


@MODELS
def test_what_is_kept_has_an_end(upstream: Simulation, simulation: Simulation, tmp_path: Path, model: str) -> None:
    config = {"kept": {"seconds": 1}}
    with redis_server(tmp_path) as redis, gateways(tmp_path, upstream, shared(redis, **config)) as replicas:
        talk = Talk(replicas, model)
        made = talk.say(ASKED)
        assert len(redis.keys()) == 1
        eventually(lambda: not redis.keys())
        with pytest.raises(openai.BadRequestError):
            talk.say("또", made)


@MODELS
def test_secrets_are_replaced_while_conversations_go_on(
    upstream: Simulation, simulation: Simulation, tmp_path: Path, model: str
) -> None:
    with redis_server(tmp_path) as redis:
        old, new = shared(redis), shared(redis, secret="another one", other_secrets=[SECRET])
        forgotten = shared(redis, secret="another one")
        with gateways(tmp_path, upstream, old, new, forgotten) as replicas:
            phone = known(replicas, simulation, model)["KR_PHONE"]
            simulation.misbehave({"chunks": [f"전화 {phone}"]})
            first = Talk(replicas[:1], model).say(ASKED)
            simulation.clear()
            both = Talk(replicas[1:2], model)
            second = both.say(f"또 {PHONE}", first)
            assert second.output_text == f"전화 {PHONE}"
            assert both.say("또", second).output_text == f"전화 {PHONE}"
            with pytest.raises(openai.BadRequestError):
                Talk(replicas[2:], model).say("또", first)
            assert not [one for one in seen(simulation) if raw(one)]
            if model == "responses":  # the vendor has the first turn with the old placeholder: it stays the same
                assert placeholders(seen(simulation)[0]) == {"KR_PHONE": phone}


@MODELS
def test_rules_that_became_stricter_are_for_the_turns_before_too(
    upstream: Simulation, simulation: Simulation, tmp_path: Path, model: str
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    with (
        redis_server(tmp_path) as redis,
        gateways(one, upstream, shared(redis)) as before,
        gateways(other, upstream, shared(redis), policies=(PERSONAL, STRICTER)) as after,
    ):
        first = Talk(before, model).say(ASKED)
        simulation.clear()
        with pytest.raises(openai.BadRequestError) as caught:
            Talk(after, model).say("또", first)
        assert caught.value.code == "policy_blocked"
        assert "no-mail" in caught.value.message if model == "chat" else "no policy can read" in caught.value.message
        assert simulation.requests() == []
        assert Talk(before, model).say("또", first).output_text


def test_a_conversation_from_before_a_policy_is_screened_from_its_beginning(
    upstream: Simulation, simulation: Simulation, tmp_path: Path
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    with (
        redis_server(tmp_path) as redis,
        gateways(one, upstream, shared(redis, policies={"files": []}), policies=()) as before,
        gateways(other, upstream, shared(redis)) as after,
    ):
        for model in ("chat", "messages"):
            first = Talk(before, model).say(ASKED)
            simulation.clear()
            answer = Talk(after, model).say("recall", first)
            assert answer.output_text == f"You said: {ASKED} | recall"
            (came,) = seen(simulation)
            assert not raw(came)
            assert placeholders(came).keys() == VALUES.keys()


def test_an_answer_that_was_blocked_is_not_kept(upstream: Simulation, simulation: Simulation, tmp_path: Path) -> None:
    blocking = policy(
        "blocking",
        detectors={"code": {"kind": "pattern", "match": "INT-[0-9]{6}"}},
        rules=[{"id": "no-codes", "where": ["content"], "detect": ["code"], "action": "block"}],
    )
    with (
        redis_server(tmp_path) as redis,
        gateways(tmp_path, upstream, shared(redis), policies=(PERSONAL, blocking)) as replicas,
    ):
        simulation.misbehave({"chunks": ["a ", "long ", "beginning ", "INT-", "123456"], "tokens_per_second": 50})
        for streamed in (False, True):
            with pytest.raises(openai.APIError):
                Talk(replicas, "chat", streamed=streamed).say(ASKED)
        assert redis.keys() == []


def test_a_model_that_is_asked_again_by_a_rule_still_gets_and_gives_back_placeholders(
    upstream: Simulation, simulation: Simulation, tmp_path: Path
) -> None:
    again = policy(
        "again",
        detectors={"code": {"kind": "pattern", "match": "INT-[0-9]{6}"}},
        rules=[{"id": "no-codes", "where": ["content"], "detect": ["code"], "action": {"reask": {"times": 1}}}],
    )
    with gateways(tmp_path, upstream, {}, policies=(PERSONAL, again)) as replicas:
        for model in ("chat", "responses"):
            names = known(replicas, simulation, model)
            simulation.misbehave({"chunks": ["INT-123456"]}, {"chunks": [f"{names['EMAIL_ADDRESS']}"]})
            assert Talk(replicas, model).say(ASKED).output_text == EMAIL
            assert len(simulation.requests()) == 2
            assert not [one for one in seen(simulation) if raw(one)]
