"""Equal requests under way share one call: each gets the whole answer through its own rules, whoever of them leaves."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest

from tests.support.eventually import eventually
from tests.support.gatewayprocess import running
from tests.support.policed import PERSONAL, SECRET, policed
from tests.support.rawclient import Answer, Line, ask
from tests.support.scripted import (
    DONE,
    HEAD,
    LAST,
    PATHS,
    Stage,
    asking,
    chat_body,
    chat_chunk,
    chunk,
    configured,
    fresh,
    target,
    upstreams,
    whole,
)
from tests.support.simulation import Simulation

USAGE: Final = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
COST: Final = 3 * 1000 + 2 * 2000
BEGUN: Final = (HEAD, chunk(chat_chunk(), chat_chunk("하나 ")))
REST: Final = (chunk(chat_chunk("둘 "), chat_chunk(finish="stop", usage=USAGE)), chunk(DONE), LAST)
ONE: Final = "하나".encode()
_CHANGING: Final = re.compile(r'"(?:item_)?id":"[^"]*"|"(?:created|created_at|completed_at)":\d+')
EVERY: Final = pytest.mark.parametrize("route", ["one", "ruled"])


@pytest.fixture(scope="module")
def stage(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("flights")
    with upstreams() as made:
        models = {
            "one/*": {"targets": [target("one", prices={"input": 1, "output": 2})]},
            "ruled/*": {"targets": [target("one", prices={"input": 1, "output": 2})]},
            "both/*": {"targets": [target("one"), target("two")]},
            "sim/*": {"targets": [target("sim", "demo")]},
        }
        more: Any = {"cache": {}, "secret": SECRET, "breaker": {"failures": 1000}}
        config = configured(made, folder, {"one": ["chat"], "two": ["chat"]}, models, **more)
        config["providers"]["sim"] = {"kind": "simulated", "base_url": f"{upstream.url}/v1"}
        rules = PERSONAL | {"bind": {"models": ["ruled/*"]}}
        with running(folder, policed(folder, config, rules)) as process:
            yield Stage(process, made, folder / "records.jsonl")
        assert "Traceback" not in process.log, process.log
        assert "never retrieved" not in process.log, process.log


class Callers(ExitStack):
    """Lines to a gateway, on each of which something was asked with a temperature of 0."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage

    def ask(self, model: str, caller: str = "chat", headers: dict[str, str] | None = None, **more: Any) -> Line:
        before = looked(self._stage)
        line = self.enter_context(Line(self._stage.process.url))
        line.ask(PATHS[caller], asking(model, caller, **({"streamed": True, "temperature": 0} | more)), headers=headers)
        eventually(lambda: looked(self._stage) > before)
        return line


@pytest.fixture
def callers(stage: Stage) -> Iterator[Callers]:
    with Callers(stage) as made:
        yield made


def looked(stage: Stage) -> int:
    """How many requests have asked the cache."""
    figures = ask(stage.process.url, "/haechi/cache/stats", b"", method="GET").json
    return sum(one["count"] for one in figures["requests"])


def under_way(stage: Stage) -> int:
    return int(ask(stage.process.url, "/haechi/cache/stats", b"", method="GET").json["under_way"])


def said(answer: Answer) -> str:
    """The transcript, but for id and time."""
    assert (answer.status, answer.end) == (200, "whole"), answer
    return _CHANGING.sub("…", answer.body.decode())


def ids(answer: Answer) -> set[str]:
    return set(re.findall(r'"id":"([^"]*)"', answer.body.decode()))


def marks(answers: list[Answer]) -> list[str]:
    return [one.headers["x-haechi-cache"] for one in answers]


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
    assert _CHANGING.sub("…", late.answer_rest().decode()) == _CHANGING.sub("…", leader.answer_rest().decode())
    assert stage.upstreams.count("one") == 1


@EVERY
def test_a_whole_answer_is_shared_too(stage: Stage, callers: Callers, route: str) -> None:
    model, go = fresh(route), threading.Event()
    stage.upstreams.play("one", go, whole(chat_body("하나 둘")))
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
    stage.upstreams.play("one", *((*BEGUN, go, *REST) if streamed else (go, whole(chat_body("하나 둘")))))
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
    simulation.misbehave({"chunks": ["하나 "] * 400, "tokens_per_second": 20} if begun else {"delay_first_token": 60})
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
    assert asked["at"] + asked["client_gone_after_ms"] / 1000 - at < 1
    rows = eventually(lambda: rows if len(rows := stage.records_of(model)) == 3 else [])
    assert [row["outcome"] for row in rows] == ["client_gone"] * 3
    assert [len(row["attempts"]) for row in rows] == [0, 0, 1]
    assert under_way(stage) == 0
