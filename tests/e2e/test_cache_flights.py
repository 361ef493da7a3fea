"""Equal requests under way share one call: each gets the whole answer through its own rules, whoever of them leaves."""

import re
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support.eventually import eventually, in_flight
from tests.support.flying import BEGUN, CHANGING, COST, ONE, REST, Callers, body, flights, ids, marks, said, under_way
from tests.support.rawclient import ask
from tests.support.scripted import PATHS, Stage, chat_body, fresh
from tests.support.simulation import Simulation

EVERY: Final = pytest.mark.parametrize("route", ["one", "ruled"])


@pytest.fixture(scope="module")
def stage(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with flights(tmp_path_factory.mktemp("flights"), upstream.url) as made:
        yield made
        assert eventually(lambda: in_flight(ask(made.process.url, "/metrics", b"", method="GET").body.decode()) == 0)


@pytest.fixture
def callers(stage: Stage) -> Iterator[Callers]:
    with Callers(stage) as made:
        yield made


@EVERY
def test_fifty_equal_streams_are_one_call_and_fifty_equal_transcripts(
    stage: Stage, callers: Callers, route: str
) -> None:
    model, go = fresh(route), threading.Event()
    stage.upstreams.play("one", *BEGUN, go, *REST)
    lines = [callers.ask(model) for _ in range(50)]
    go.set()
    answers = [line.answer() for line in lines]
    assert stage.upstreams.count("one") == 1
    assert len({said(one) for one in answers}) == 1
    assert "하나" in said(answers[0])
    assert "둘" in said(answers[0])
    assert "[DONE]" in said(answers[0])
    assert sorted(marks(answers)) == ["hit"] * 49 + ["miss"]
    assert len(set.union(*map(ids, answers))) == 50
    rows = eventually(lambda: rows if len(rows := stage.records_of(model)) == 50 else [])
    assert sorted(row["cost_nanodollars"] for row in rows) == [0] * 49 + [COST]
    assert [row["input_tokens"] for row in rows] == [3] * 50
    assert eventually(lambda: under_way(stage) == 0)
    assert marks([stage.ask(model, streamed=True, temperature=0)]) == ["hit"]


@pytest.mark.parametrize("caller", PATHS)
def test_one_who_comes_half_way_gets_the_whole_stream(stage: Stage, callers: Callers, caller: str) -> None:
    model, go = fresh("one"), threading.Event()
    stage.upstreams.play("one", *BEGUN, go, *REST)
    leader = callers.ask(model, caller)
    before = leader.read_until(ONE)
    late = callers.ask(model, caller)
    seen = late.read_until(ONE)
    assert before.partition(b"\r\n\r\n")[2].count(b"data:") == seen.partition(b"\r\n\r\n")[2].count(b"data:")
    go.set()
    assert CHANGING.sub("…", late.answer_rest().decode()) == CHANGING.sub("…", leader.answer_rest().decode())
    assert stage.upstreams.count("one") == 1


def test_waiting_for_a_shared_call_is_nobodys_overhead_and_its_pieces_are_timed_once(
    stage: Stage, callers: Callers
) -> None:
    def streams() -> float:
        page = ask(stage.process.url, "/metrics", b"", method="GET").body.decode()
        name = "gen_ai_client_operation_time_to_first_chunk_seconds_count"
        return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line.startswith(name))

    before = streams()
    model, go = fresh("one"), threading.Event()
    stage.upstreams.play("one", *BEGUN, go, *REST)
    lines = [callers.ask(model) for _ in range(2)]
    for line in lines:
        line.read_until(ONE)
    time.sleep(1)  # nobody waits for this: it is what they wait
    go.set()
    for line in lines:
        line.answer_rest()
    rows = eventually(lambda: rows if len(rows := stage.records_of(model)) == 2 else [])
    assert sorted(len(row["attempts"]) for row in rows) == [0, 1]
    assert all(row["seconds"] - row["overhead_seconds"] > 0.95 for row in rows)
    assert streams() == before + 1


@EVERY
def test_a_whole_answer_is_shared_too(stage: Stage, callers: Callers, route: str) -> None:
    model, go = fresh(route), threading.Event()
    stage.upstreams.play("one", go, body(chat_body("하나 둘")))
    lines = [callers.ask(model, streamed=False) for _ in range(5)]
    go.set()
    answers = [line.answer() for line in lines]
    assert stage.upstreams.count("one") == 1
    assert len({said(one) for one in answers}) == 1
    assert len(set.union(*map(ids, answers))) == 5
    assert sorted(marks(answers)) == ["hit"] * 4 + ["miss"]
    saved = [one.headers["x-haechi-cache-saved"] for one in answers if one.headers["x-haechi-cache"] == "hit"]
    assert saved == [f"{COST / 1e9:.9f}"] * 4


@EVERY
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_leader_that_leaves_takes_nothing_from_the_others(
    stage: Stage, callers: Callers, route: str, streamed: bool
) -> None:
    """What it cost stands in the record of the one that has waited longest, and is kept."""
    model, go = fresh(route), threading.Event()
    stage.upstreams.play("one", *((*BEGUN, go, *REST) if streamed else (go, body(chat_body("하나 둘")))))
    leader, *others = [callers.ask(model, streamed=streamed) for _ in range(4)]
    leader.close()
    eventually(lambda: [row["outcome"] for row in stage.records_of(model)] == ["client_gone"])
    go.set()
    answers = [line.answer() for line in others]
    assert len({said(one) for one in answers}) == 1
    assert stage.upstreams.count("one") == 1
    rows = eventually(lambda: rows if len(rows := stage.records_of(model)) == 4 else [])
    assert [row["cost_nanodollars"] for row in rows if row["outcome"] == "client_gone"] == [None]
    assert sorted(row["cost_nanodollars"] for row in rows if row["outcome"] == "answered") == [0, 0, COST]
    assert sorted(row["cache"] for row in rows) == ["hit", "hit", "miss", "miss"]
    assert marks([stage.ask(model, streamed=streamed, temperature=0)]) == ["hit"]


@EVERY
def test_an_answer_is_kept_though_its_caller_leaves_as_soon_as_it_has_all(
    stage: Stage, callers: Callers, route: str
) -> None:
    model, never = fresh(route), threading.Event()
    stage.upstreams.play("one", *BEGUN, *REST[:-1], never)
    line = callers.ask(model)
    line.read_until(b"[DONE]")
    line.close()
    eventually(lambda: stage.records_of(model))
    assert marks([stage.ask(model, streamed=True, temperature=0)]) == ["hit"]
    never.set()


@EVERY
def test_one_who_leaves_disturbs_nobody(stage: Stage, callers: Callers, route: str) -> None:
    model, go = fresh(route), threading.Event()
    stage.upstreams.play("one", *BEGUN, go, *REST)
    leader, gone, stays = [callers.ask(model) for _ in range(3)]
    gone.close()
    eventually(lambda: [row["outcome"] for row in stage.records_of(model)] == ["client_gone"])
    go.set()
    assert said(leader.answer()) == said(stays.answer())
    assert stage.upstreams.count("one") == 1


@pytest.mark.parametrize("begun", [False, True], ids=["before the first text", "within the text"])
def test_the_call_ends_at_once_when_the_last_one_has_gone(
    stage: Stage, callers: Callers, simulation: Simulation, begun: bool
) -> None:
    model = fresh("sim")
    simulation.misbehave({"chunks": ["하나 "] * 4000, "tokens_per_second": 20} if begun else {"delay_first_token": 60})
    lines = [callers.ask(model) for _ in range(3)]
    for line in lines:
        if begun:
            line.read_until(ONE)
    eventually(simulation.requests)
    for line in lines[:2]:
        line.close()
    rows = eventually(lambda: rows if len(rows := stage.records_of(model)) == 2 else [])
    (asked,) = simulation.requests()
    assert asked["client_gone_after_ms"] is None
    at = time.time()
    lines[2].close()
    (asked,) = eventually(lambda: [one for one in simulation.requests() if one["client_gone_after_ms"] is not None])
    assert asked["at"] + asked["client_gone_after_ms"] / 1000 - at < 10
    rows = eventually(lambda: rows if len(rows := stage.records_of(model)) == 3 else [])
    assert [row["outcome"] for row in rows] == ["client_gone"] * 3
    assert [len(row["attempts"]) for row in rows] == [0, 0, 1]
    assert under_way(stage) == 0


def test_a_response_can_be_gone_on_from_by_each_by_its_own_id(stage: Stage, callers: Callers) -> None:
    model, go = fresh("one"), threading.Event()
    stage.upstreams.play("one", go, body(chat_body("하나 둘")))
    lines = [callers.ask(model, "responses", streamed=False) for _ in range(3)]
    go.set()
    made = {line.answer().json["id"] for line in lines}
    assert len(made) == 3
    for one in made:
        found = ask(stage.process.url, f"/v1/responses/{one}", b"", method="GET")
        assert (found.status, found.json["id"]) == (200, one)


def test_an_embedding_is_shared_without_a_word(stage: Stage, callers: Callers, simulation: Simulation) -> None:
    simulation.play({"models": {"/v1/embeddings": {"steps": [{"delay_head": 1}]}}})
    model = fresh("sim")
    asked = {"model": model, "input": "하나"}
    lines = [callers.post("/v1/embeddings", asked) for _ in range(3)]
    answers = [line.answer() for line in lines]
    assert sorted(marks(answers)) == ["hit", "hit", "miss"]
    assert len({one.body for one in answers}) == 1
    assert len(simulation.requests()) == 1


def test_where_ordinals_stand_for_values_a_live_answer_is_only_for_those_with_the_same(
    stage: Stage, callers: Callers, simulation: Simulation
) -> None:
    """What is kept of it is for all, but a call under way holds the placeholders of who began it."""
    simulation.misbehave({"delay_first_token": 4})
    model = fresh("personal/free")
    phones = ["010-9274-6183", "010-9274-6183", "010-5512-7788"]
    lines = [
        callers.ask(model, streamed=False, messages=[{"role": "user", "content": f"제 번호는 {phone}입니다"}])
        for phone in phones
    ]
    answers = [line.answer() for line in lines]
    assert [phone in one.body.decode() for phone, one in zip(phones, answers, strict=True)] == [True] * 3
    assert [one.body.decode().count("010-") for one in answers] == [1] * 3
    assert len(simulation.requests()) == 2


def asked_natively(caller: str, what: str) -> dict[str, Any]:
    """A request to an upstream that speaks this API: with two choices, with a tool to call, or plain."""
    turns = [{"role": "user", "content": "도구를 써 주세요: tool" if what == "a tool" else "안녕하세요"}]
    made: dict[str, Any] = {"input": turns} if caller == "responses" else {"messages": turns}
    if what == "two choices":
        return made | {"n": 2}
    if what == "a tool":
        schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
        named: dict[str, Any] = {"name": "weather", "description": "Of a city."}
        if caller == "messages":
            return made | {"tools": [named | {"input_schema": schema}]}
        function = named | {"parameters": schema}
        return made | {
            "tools": [{"type": "function", **(function if caller == "responses" else {"function": function})}]
        }
    return made


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("caller", "what"),
    [*((caller, what) for caller in PATHS for what in ("plain", "a tool")), ("chat", "two choices")],
)
def test_each_api_is_shared_as_its_upstream_speaks_it(
    stage: Stage, callers: Callers, simulation: Simulation, caller: str, what: str, streamed: bool
) -> None:
    simulation.misbehave({"delay_first_token": 1})
    model = fresh("sim")
    lines = [callers.ask(model, caller, streamed=streamed, **asked_natively(caller, what)) for _ in range(3)]
    answers = [line.answer() for line in lines]
    assert len({said(one) for one in answers}) == 1
    assert sorted(marks(answers)) == ["hit", "hit", "miss"]
    assert len(simulation.requests()) == 1
    named = {"chat": "chatcmpl-", "messages": "msg_", "responses": "resp_"}[caller]
    own = [re.findall(rf'"id":"({named}[^"]*)"', one.body.decode()) for one in answers]
    items = [set(re.findall(r'"id":"((?:msg|fc|call)_[^"]*)"', one.body.decode())) for one in answers]
    assert all(own)
    assert not set(own[0]) & set(own[1])
    assert not set(own[1]) & set(own[2])
    assert caller != "responses" or items[0] == items[1] == items[2] != set()
    assert ("weather" in answers[1].body.decode()) == (what == "a tool")
