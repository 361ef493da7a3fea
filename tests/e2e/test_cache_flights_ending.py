"""How a call that several share can end, and who does not share it."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.support.eventually import eventually, resident_bytes
from tests.support.flying import BEGUN, CHANGING, HEAD, ONE, REST, Callers, body, flights, marks, said, under_way
from tests.support.rawclient import Answer, ask
from tests.support.scripted import LAST, Endless, Stage, chat_body, chat_chunk, chunk, event, fresh
from tests.support.simulation import Simulation

FAULT: Final = event({"error": {"message": "as tests do", "type": "server_error"}})
SLOWLY: Final = 4
"""Seconds until an upstream answers whom others are to join meanwhile, or until another has asked: none is held up so long."""
RELOADED: Final = "the configuration was reloaded"
PHONE: Final = "010-9274-6183"
STREAMED: Final = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])


@pytest.fixture(scope="module")
def stage(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with flights(tmp_path_factory.mktemp("flights"), upstream.url) as made:
        yield made


@pytest.fixture
def callers(stage: Stage) -> Iterator[Callers]:
    with Callers(stage) as made:
        yield made


def without_ids(answer: Answer) -> bytes:
    body = CHANGING.sub("…", answer.body.decode()).encode()
    return body.replace(answer.headers["x-haechi-request-id"].encode(), b"")


@STREAMED
@pytest.mark.parametrize(("status", "asked"), [(400, 1), (500, 2)])
def test_an_error_of_the_call_is_the_answer_of_all_who_wait(
    stage: Stage, callers: Callers, streamed: bool, status: int, asked: int
) -> None:
    """Once it has been tried again as often as ever; then nobody begins anew."""
    go = threading.Event()
    error = {"error": {"message": "as tests do", "type": "invalid_request_error", "param": None, "code": None}}
    stage.upstreams.play("one", go, body(error, status))
    model = fresh("one")
    lines = [callers.ask(model, streamed=streamed) for _ in range(5)]
    go.set()
    answers = [line.answer() for line in lines]
    assert stage.upstreams.count("one") == asked
    assert {one.status for one in answers} == {answers[0].status}
    assert answers[0].status == status
    assert len({without_ids(one) for one in answers}) == 1
    rows = eventually(lambda: rows if len(rows := stage.records_of(model)) == 5 else [])
    assert sorted(len(row["attempts"]) for row in rows) == [0] * 4 + [asked]
    assert under_way(stage) == 0


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ((), (body({}, 500),)),
        ((HEAD, chunk(chat_chunk())), (chunk(FAULT), LAST)),
        ((HEAD, chunk(chat_chunk())), (LAST,)),
    ],
    ids=["an error", "a fault before the first text", "an end before the first text"],
)
def test_where_another_target_answers_it_does_for_all(stage: Stage, callers: Callers, before: Any, then: Any) -> None:
    fail, go = threading.Event(), threading.Event()
    stage.upstreams.play("one", *before, fail, *then)
    stage.upstreams.play("two", go, *BEGUN, *REST)
    model = fresh("both")
    lines = [callers.ask(model) for _ in range(3)]
    fail.set()
    eventually(lambda: stage.upstreams.count("two") == 1)
    lines.append(callers.ask(model))
    go.set()
    answers = [line.answer() for line in lines]
    assert len({said(one) for one in answers}) == 1
    assert said(answers[0]).count("assistant") == 1
    assert (stage.upstreams.count("one"), stage.upstreams.count("two")) == (1, 1)


@pytest.mark.parametrize("route", ["one", "ruled"])
@pytest.mark.parametrize("rest", [(LAST,), (chunk(chat_chunk("둘 "), FAULT), LAST)], ids=["cut", "fault"])
def test_an_answer_that_breaks_off_breaks_off_for_all(stage: Stage, callers: Callers, route: str, rest: Any) -> None:
    go = threading.Event()
    stage.upstreams.play("one", *BEGUN, go, *rest)
    model = fresh(route)
    lines = [callers.ask(model) for _ in range(4)]
    seen = [line.read_until(ONE) for line in lines]
    go.set()
    ends = [line.answer_rest() for line in lines]
    assert len(seen) == 4
    assert all(b'"error"' in one and b"[DONE]" not in one for one in ends), ends
    assert stage.upstreams.count("one") == 1
    rows = eventually(lambda: rows if len(rows := stage.records_of(model)) == 4 else [])
    assert {row["outcome"] for row in rows} == {"cut"}
    assert under_way(stage) == 0


@pytest.mark.parametrize(
    ("leads", "follows"),
    [
        ({"temperature": None}, {"temperature": None}),
        ({"temperature": 0.1}, {"temperature": 0.1}),
        ({}, {"seed": 1}),
        ({}, {"headers": {"x-haechi-cache": "bypass"}}),
        ({}, {"headers": {"x-haechi-cache": "refresh"}}),
        ({}, {"headers": {"cache-control": "max-age=0"}}),
        ({"headers": {"x-haechi-cache": "refresh"}}, {}),
        ({}, {"streamed": False}),
        ({}, {"user": "somebody else"}),
    ],
)
def test_who_asks_alone(stage: Stage, callers: Callers, leads: dict[str, Any], follows: dict[str, Any]) -> None:
    go = threading.Event()
    stage.upstreams.play("one", go, body({}, 400))
    model = fresh("one")
    lines = [callers.ask(model, **leads), callers.ask(model, **follows)]
    eventually(lambda: stage.upstreams.count("one") == 2)
    go.set()
    assert [line.answer().status for line in lines] == [400, 400]


@pytest.mark.parametrize(
    "asked", [{"temperature": None, "seed": 7}, {"temperature": 0.0}, {"headers": {"x-haechi-cache": "exact"}}]
)
def test_who_asks_together(stage: Stage, callers: Callers, asked: dict[str, Any]) -> None:
    go = threading.Event()
    stage.upstreams.play("one", go, body({}, 400))
    model = fresh("one")
    lines = [callers.ask(model, **asked) for _ in range(2)]
    go.set()
    assert [line.answer().status for line in lines] == [400, 400]
    assert stage.upstreams.count("one") == 1


def test_who_asks_after_a_purge_is_not_given_what_was_begun_before(stage: Stage, callers: Callers) -> None:
    go = threading.Event()
    stage.upstreams.play("one", go, body(chat_body("하나")))
    model = fresh("one")
    before = callers.ask(model, streamed=False)
    ask(stage.process.url, "/haechi/cache/purge", {"model": model})
    after = [callers.ask(model, streamed=False) for _ in range(2)]
    eventually(lambda: stage.upstreams.count("one") == 2)
    go.set()
    assert marks([before.answer()]) == ["miss"]
    assert marks([line.answer() for line in after]) == ["miss", "hit"]
    assert stage.upstreams.count("one") == 2


def test_what_may_not_be_kept_is_shared_while_it_is_under_way(stage: Stage, callers: Callers) -> None:
    go = threading.Event()
    cut = chat_body("하나") | {"choices": [{**chat_body("하나")["choices"][0], "finish_reason": "length"}]}
    stage.upstreams.play("one", go, body(cut))
    model = fresh("one")
    lines = [callers.ask(model, streamed=False, n=2) for _ in range(3)]
    go.set()
    assert sorted(marks([line.answer() for line in lines])) == ["hit", "hit", "miss"]
    assert stage.upstreams.count("one") == 1
    assert marks([stage.ask(model, temperature=0, n=2)]) == ["miss"]


@STREAMED
def test_each_has_its_values_put_back(stage: Stage, callers: Callers, simulation: Simulation, streamed: bool) -> None:
    simulation.misbehave({"delay_first_token": 1})
    asked = [{"role": "user", "content": f"제 번호는 {PHONE}입니다"}]
    model = fresh("personal")
    lines = [callers.ask(model, streamed=streamed, messages=asked) for _ in range(3)]
    answers = [line.answer() for line in lines]
    (arrived,) = simulation.requests()
    assert PHONE not in msgspec.json.encode(arrived).decode()
    assert len({said(one) for one in answers}) == 1
    assert sorted(marks(answers)) == ["hit", "hit", "miss"]
    assert all(PHONE in _text(one) for one in answers), _text(answers[0])


def _text(answer: Answer) -> str:
    if "event-stream" not in answer.headers["content-type"]:
        return str(answer.json["choices"][0]["message"]["content"])
    chunks = [msgspec.json.decode(data) for _, data in answer.events if data != "[DONE]"]
    return "".join(one["choices"][0]["delta"].get("content") or "" for one in chunks if one["choices"])


@STREAMED
def test_a_rule_blocks_for_each(stage: Stage, callers: Callers, simulation: Simulation, streamed: bool) -> None:
    simulation.misbehave({"answer": "INT-123456", "delay_first_token": SLOWLY})
    model = fresh("blocking")
    lines = [callers.ask(model, streamed=streamed) for _ in range(3)]
    answers = [line.answer() for line in lines]
    assert [one.json["error"]["code"] for one in answers] == ["policy_blocked"] * 3
    assert len(simulation.requests()) == 1
    rows = eventually(lambda: rows if len(rows := stage.records_of(model)) == 3 else [])
    assert {row["outcome"] for row in rows} == {"blocked"}


@STREAMED
def test_those_whom_a_rule_sends_back_ask_together_again(
    stage: Stage, callers: Callers, simulation: Simulation, streamed: bool
) -> None:
    simulation.misbehave(
        {"answer": "INT-123456", "delay_first_token": SLOWLY}, {"answer": "하나", "delay_first_token": SLOWLY}
    )
    model = fresh("asking")
    lines = [callers.ask(model, streamed=streamed) for _ in range(3)]
    answers = [line.answer() for line in lines]
    assert {_text(one) for one in answers} == {"하나"}
    assert len(simulation.requests()) == 2
    rows = eventually(lambda: rows if len(rows := stage.records_of(model)) == 3 else [])
    assert sum(len(row["attempts"]) for row in rows) == 2


def test_a_leader_whose_time_is_up_leaves_the_others_theirs(upstream: Simulation, tmp_path: Path) -> None:
    times = {"connect": 20, "first_token": 60, "between_tokens": 60, "total": 2 * SLOWLY}
    go = threading.Event()
    with flights(tmp_path, upstream.url, timeouts=times) as stage, Callers(stage) as callers:
        one = chunk(chat_chunk("하나 "))
        stage.upstreams.play("one", HEAD, one, float(SLOWLY), one, go, *REST)
        model = fresh("one")
        leader = callers.ask(model)
        leader.read_until(ONE)
        leader.read_until(ONE)
        follower = callers.ask(model)
        assert b"within the time" in leader.answer_rest()
        go.set()
        assert "둘" in said(follower.answer())
        assert stage.upstreams.count("one") == 1


def test_a_call_may_go_on_as_long_as_the_last_of_them_may(upstream: Simulation, tmp_path: Path) -> None:
    fail = threading.Event()
    times = {"connect": 20, "first_token": 60, "between_tokens": 60, "total": 2 * SLOWLY}
    beats = {"heartbeat": SLOWLY}
    with flights(tmp_path, upstream.url, timeouts=times, limits=beats) as stage, Callers(stage) as callers:
        stage.upstreams.play("one", fail, body({}, 500))
        stage.upstreams.play("two", *BEGUN, *REST)
        model = fresh("both")
        leader = callers.ask(model)
        leader.read_until(b"heartbeat")
        follower = callers.ask(model)
        leader.read_until(b"within the time")
        fail.set()
        assert "둘" in said(follower.answer())


def test_a_call_goes_on_over_a_reload_and_may_still_be_joined(upstream: Simulation, tmp_path: Path) -> None:
    """As what is kept outlives it, where neither rules nor targets have changed; with the connections that it has begun on."""
    go = threading.Event()
    with flights(tmp_path, upstream.url) as stage, Callers(stage) as callers:
        stage.upstreams.play("one", *BEGUN, go, *REST)
        model = fresh("one")
        lines = [callers.ask(model) for _ in range(3)]
        file = tmp_path / "haechi.yaml"
        config = msgspec.json.decode(file.read_bytes())
        config["providers"]["one"]["headers"]["x-api-key"] = "another"
        reloads = stage.process.log.count(RELOADED)
        file.write_bytes(msgspec.json.encode(config))
        stage.process.signal(signal.SIGHUP)
        eventually(lambda: stage.process.log.count(RELOADED) > reloads)
        late = callers.ask(model)
        for line in lines:
            line.close()
        eventually(lambda: len(stage.records_of(model)) == 3)
        go.set()
        answer = late.answer()
        assert "둘" in said(answer)
        assert [dict(one.headers)["x-api-key"] for one in stage.upstreams.asked["one"]] == ["k"]


def test_what_outlasts_the_drain_ends_for_all(upstream: Simulation, tmp_path: Path) -> None:
    never = threading.Event()
    with flights(tmp_path, upstream.url, limits={"drain": 0.3}) as stage, Callers(stage) as callers:
        stage.upstreams.play("one", *BEGUN, never, *REST)
        model = fresh("one")
        lines = [callers.ask(model) for _ in range(3)]
        for line in lines:
            line.read_until(ONE)
        stage.process.signal(signal.SIGTERM)
        assert all(b"shutting down" in line.answer_rest() for line in lines)
        assert stage.process.wait() == 0
        never.set()


def test_one_who_does_not_read_keeps_nobody_waiting_for_long_and_nothing_piles_up(
    upstream: Simulation, tmp_path: Path
) -> None:
    piece, most, go = chunk(chat_chunk("가" * 50_000)), 16_000_000, threading.Event()
    with (
        flights(tmp_path, upstream.url, cache={"answer_bytes": 400_000}) as stage,
        Callers(stage) as callers,
    ):
        stage.upstreams.play("one", *BEGUN, go, Endless(piece, most), *REST)
        model = fresh("one")
        asleep = callers.ask(model)
        before = resident_bytes(stage.process.process.pid)
        reads = callers.ask(model)
        go.set()
        answer = reads.answer(60)
        assert answer.end == "whole"
        assert b"[DONE]" in answer.body[-100:]
        assert resident_bytes(stage.process.process.pid) - before < most / 2
        assert b'"code":"stream_cut"' in asleep.answer_rest()
        assert stage.upstreams.count("one") == 1
