"""An answer whose time is over is given once more, and one request in the background asks for a newer one."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.support.eventually import eventually, records
from tests.support.flying import marks
from tests.support.gatewayprocess import GatewayProcess, running, simulated
from tests.support.policed import PERSONAL, SECRET, policed
from tests.support.rawclient import Answer, ask
from tests.support.redis_server import redis_server
from tests.support.scripted import PATHS, asking, fresh
from tests.support.simulation import Simulation

PHONE: Final = "010-9274-6183"
OLD: Final = {"answer": "첫째"}
NEW: Final = {"answer": "둘째"}
FAILS: Final = {"status": 400}


class Desk:
    """A gateway whose answers are young for one second."""

    def __init__(self, process: GatewayProcess, simulation: Simulation, folder: Path) -> None:
        self.process = process
        self.simulation = simulation
        self._folder = folder

    def ask(self, model: str, headers: dict[str, str] | None = None, *, streamed: bool = False) -> Answer:
        body = asking(model, streamed=streamed) | {
            "messages": [{"role": "user", "content": f"제 번호는 {PHONE}입니다"}]
        }
        return ask(self.process.url, PATHS["chat"], body, headers=headers)

    def ask_until(self, model: str, said: str) -> list[Answer]:
        """All answers up to the first one that says this."""
        answers: list[Answer] = []

        def last() -> bool:
            answers.append(self.ask(model))
            return text(answers[-1]) == said

        eventually(last)
        return answers

    def purge(self, **what: Any) -> None:
        assert ask(self.process.url, "/haechi/cache/purge", what).status == 200

    def rows(self, model: str) -> list[dict[str, Any]]:
        return [row for row in records(self._folder / "records.jsonl") if row["model"] == model]

    def asked(self) -> int:
        return len(self.simulation.requests())

    def becomes_stale(self, model: str) -> Answer:
        """The first answer that is given though its time is over."""

        def stale() -> Answer | None:
            answer = self.ask(model)
            assert marks([answer]) == ["hit"]
            return answer if int(answer.headers["age"]) >= 1 else None

        found = eventually(stale)
        assert found is not None
        return found


@contextmanager
def desk(folder: Path, simulation: Simulation, **more: Any) -> Iterator[Desk]:
    cache = {"seconds": 1, "jitter": 0, "stale_seconds": 60} | more.pop("cache", {})
    config = simulated(
        simulation.url,
        **{
            "secret": SECRET,
            "cache": cache,
            "breaker": {"failures": 1000},
            "record": {"file": str(folder / "records.jsonl")},
            **more,
        },
    )
    with running(folder, policed(folder, config, PERSONAL)) as process:
        yield Desk(process, simulation, folder)
    assert "Traceback" not in process.log, process.log
    assert "never retrieved" not in process.log, process.log


@pytest.fixture(scope="module")
def made(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("stale"), upstream) as one:
        yield one


@pytest.fixture
def at(made: Desk, simulation: Simulation) -> Desk:
    return made


def text(answer: Answer) -> str:
    assert answer.status == 200, answer
    return str(answer.json["choices"][0]["message"]["content"])


def test_the_old_answer_is_given_while_a_new_one_is_asked_for(at: Desk, simulation: Simulation) -> None:
    simulation.misbehave(OLD, NEW)
    model = fresh("stale")
    assert marks([at.ask(model)]) == ["miss"]
    assert text(at.becomes_stale(model)) == "첫째"

    def renewed() -> bool:
        answer = at.ask(model)
        assert marks([answer]) == ["hit"]
        return text(answer) == "둘째"

    assert eventually(renewed)
    assert PHONE not in msgspec.json.encode(simulation.requests()).decode()
    rows = eventually(
        lambda: rows if len(rows := [row for row in at.rows(model) if row["cache"] == "miss"]) > 1 else []
    )
    assert [len(row["attempts"]) for row in rows[:2]] == [1, 1]
    assert {len(row["attempts"]) for row in at.rows(model) if row["cache"] == "hit"} == {0}


def test_nobody_waits_for_it_and_there_is_one_however_many_ask(at: Desk, simulation: Simulation) -> None:
    simulation.misbehave(OLD, NEW | {"delay_first_token": 60})
    model = fresh("stale")
    at.ask(model)
    at.becomes_stale(model)
    began = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: at.ask(model), range(40)))
    took = time.monotonic() - began
    assert {text(one) for one in answers} == {"첫째"}
    assert took < 20
    assert eventually(lambda: at.asked() > 1)
    assert at.asked() == 2


def test_what_fails_leaves_the_old_answer_and_is_not_tried_at_once_again(at: Desk, simulation: Simulation) -> None:
    simulation.misbehave(OLD, FAILS)
    model = fresh("stale")
    at.ask(model)
    at.becomes_stale(model)
    eventually(lambda: [row for row in at.rows(model) if row["status"] == 400])
    for _ in range(20):
        assert text(at.ask(model)) == "첫째"
    assert at.asked() == 2


@pytest.mark.parametrize(
    "wish", [{"cache-control": "max-age=0"}, {"x-haechi-cache": "refresh"}, {"cache-control": "no-cache"}]
)
def test_who_wants_a_new_answer_waits_for_it(at: Desk, simulation: Simulation, wish: dict[str, str]) -> None:
    simulation.misbehave(OLD, FAILS, NEW)
    model = fresh("stale")
    at.ask(model)
    at.becomes_stale(model)
    eventually(lambda: [row for row in at.rows(model) if row["status"] == 400])
    answer = at.ask(model, wish)
    assert (marks([answer]), text(answer)) == (["miss"], "둘째")


def test_what_was_purged_is_never_given(at: Desk, simulation: Simulation) -> None:
    simulation.misbehave(OLD, FAILS, NEW)
    model = fresh("stale")
    at.ask(model)
    at.becomes_stale(model)
    eventually(lambda: [row for row in at.rows(model) if row["status"] == 400])
    at.purge(model=model)
    answer = at.ask(model)
    assert (marks([answer]), text(answer)) == (["miss"], "둘째")


def test_the_new_answer_can_be_purged_by_the_tags_of_the_old_one(at: Desk, simulation: Simulation) -> None:
    simulation.misbehave(OLD, NEW, {"answer": "셋째"})
    model = fresh("stale")
    at.ask(model, {"x-haechi-cache-tags": "spring"})
    at.becomes_stale(model)
    eventually(lambda: text(at.ask(model)) == "둘째")
    at.purge(tag="spring")
    assert marks([at.ask(model)]) == ["miss"]


def test_it_is_given_no_longer_than_it_may_be(simulation: Simulation, tmp_path: Path) -> None:
    with desk(tmp_path, simulation, cache={"stale_seconds": 5}) as at:
        simulation.misbehave(OLD, FAILS)
        model, began = fresh("stale"), time.monotonic()
        at.ask(model)
        at.becomes_stale(model)
        eventually(lambda: at.ask(model).status != 200)
        assert time.monotonic() - began >= 5.7


def test_without_the_setting_its_time_is_its_time(simulation: Simulation, tmp_path: Path) -> None:
    with desk(tmp_path, simulation, cache={"stale_seconds": 0}) as at:
        simulation.misbehave(OLD, NEW)
        model = fresh("stale")
        at.ask(model)
        assert marks(at.ask_until(model, "둘째")[-1:]) == ["miss"]


def test_a_gateway_that_ends_does_not_wait_for_it(simulation: Simulation, tmp_path: Path) -> None:
    with desk(tmp_path, simulation) as at:
        simulation.misbehave(OLD, {"delay_head": 60})
        model = fresh("stale")
        at.ask(model)
        at.becomes_stale(model)
        eventually(lambda: at.asked() == 2)
        at.process.signal(signal.SIGTERM)
        assert at.process.wait(20) == 0
        (renewal,) = eventually(
            lambda: [one for one in simulation.requests() if one["client_gone_after_ms"] is not None]
        )
        assert renewal["client_gone_after_ms"] < 20_000
        assert [row["outcome"] for row in at.rows(model)].count("failed") == 1


def test_redis_holds_it_for_as_long(simulation: Simulation, tmp_path: Path) -> None:
    """A Redis that takes longer than 20 ms makes a miss of a request, so that the model may be asked once more."""
    with redis_server(tmp_path) as redis:
        shared: Any = {"cache": {"backend": "redis", "wait_ms": 5000}, "redis": {"url": redis.url, "timeout_ms": 5000}}
        with desk(tmp_path, simulation, **shared) as at:
            simulation.misbehave(OLD, *[NEW] * 3)
            model = fresh("stale")
            at.ask(model)
            answers = at.ask_until(model, "둘째")
            given = [one for one in answers[:-1] if marks([one]) == ["hit"] and int(one.headers["age"]) >= 1]
            assert {text(one) for one in given} == {"첫째"}
