"""Feedback and the ledger: kept before it is answered, found after a restart, and said again safely while the database is away."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.config.cache import Cache
from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.config.structs import Record
from gateway.ledger.ledger import Ledger
from gateway.ledger.views import OpinionFilter
from gateway.trying.calling import called
from tests.support.rated import ALICE, BOB, ROOT, Rated, head, rated
from tests.support.simulation import Simulation


def config(folder: Path) -> dict[str, Any]:
    return {
        "ledger": Settings(url=Secret(f"sqlite:///{folder}/ledger.db")),
        "record": Record(spool=str(folder / "spool")),
        "cache": Cache(),
    }


@pytest.fixture
async def world(simulation: Simulation, tmp_path: Path) -> AsyncIterator[Rated]:
    async with rated(simulation, **config(tmp_path)) as made:
        yield made


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Somebody else writes, and does not come to an end."""
    other = sqlite3.connect(folder / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def read(world: Rated, own: str, key: str = ALICE) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {key}"}
    answer = await called(world.gateway.app, "/v1/feedback", b"", headers, method="GET", query=f"request_id={own}")
    return answer.status, msgspec.json.decode(answer.body)


async def once_known(world: Rated, said: dict[str, Any]) -> tuple[int, Any]:
    """Said again until the row of its request is in the ledger, which on a busy machine is after the restart."""
    for _ in range(600):
        answer = await world.say(said)
        if answer[0] != 404:
            break
        await asyncio.sleep(0.1)
    return answer


async def test_it_is_kept_and_told_to_whoever_said_it(world: Rated) -> None:
    own = head(await world.ask())
    status, said = await world.say({"request_id": own, "value": True, "comment": "고마워요", "metric": "thumbs"})
    assert (status, said["stored"]) == (200, True)
    assert await world.say({"request_id": own, "value": True, "comment": "고마워요", "metric": "thumbs"}) == (200, said)
    status, found = await read(world, own)
    del said["stored"]
    assert (status, found) == (200, {"object": "list", "data": [said]})
    assert (await read(world, own, BOB))[0] == 404
    assert (await read(world, own, ROOT))[0] == 200


async def test_what_one_token_says_all_at_once_counts_at_once(world: Rated) -> None:
    with_token = {"x-haechi-feedback-token": head(await world.ask(), "x-haechi-feedback-token")}
    many = [world.say({"value": True, "comment": f"{number}"}, None, with_token) for number in range(12)]
    assert sorted(status for status, _ in await asyncio.gather(*many)) == [200] * 3 + [429] * 9


async def test_after_a_restart_the_same_is_the_same_and_another_thing_is_refused(
    simulation: Simulation, tmp_path: Path
) -> None:
    said: dict[str, Any] = {"metric": "stars", "value": 1, "id": "click 7", "comment": "아니에요"}
    async with rated(simulation, **config(tmp_path)) as world:
        answer = await world.ask()
        said["request_id"] = head(answer)
        first = await world.say(said)
    async with rated(simulation, **config(tmp_path)) as world:
        assert await once_known(world, said) == first
        assert (await world.say({**said, "value": 2}))[0] == 409
        assert (await world.say(said, BOB))[0] == 404
        assert "haechi_feedback_total{" not in await world.metrics(), "it was counted when it was said"


async def test_by_the_id_of_an_answer_and_by_conversation_also_after_a_restart(
    simulation: Simulation, tmp_path: Path
) -> None:
    async with rated(simulation, **config(tmp_path)) as world:
        answer = await world.ask(headers={"x-haechi-conversation": "talk-1", "x-haechi-prompt": "greeting@2"})
        response_id = msgspec.json.decode(answer.body)["id"]
        assert (await world.say({"response_id": response_id, "value": False}))[1]["request_id"] == head(answer)
        assert (await world.say({"response_id": response_id, "value": False}, BOB))[0] == 404
        whole = await world.say({"conversation_id": "talk-1", "metric": "solved", "value": True})
        assert (whole[1]["conversation_id"], whole[1]["request_id"]) == ("talk-1", None)
        assert (await world.say({"conversation_id": "talk-1", "metric": "solved", "value": True}, BOB))[0] == 404
    async with rated(simulation, **config(tmp_path)) as world:
        found = await once_known(world, {"response_id": response_id, "value": True})
        assert found[1]["request_id"] == head(answer)
        assert (await world.say({"conversation_id": "talk-1", "metric": "solved", "value": False}))[0] == 200
        assert (await world.say({"conversation_id": "talk-1", "metric": "solved", "value": False}, BOB))[0] == 404
    ledger = await Ledger.open(config(tmp_path)["ledger"])
    try:
        (score,) = await ledger.scores("prompt", OpinionFilter(metric=("thumbs",)), 0, 1e10)
        assert (score.name, score.said, score.bad, score.mean) == ("greeting@2", 2, 1, 0.5)
    finally:
        await ledger.aclose()


async def test_while_the_database_is_away_nothing_is_kept_and_saying_it_again_counts_once(
    simulation: Simulation, tmp_path: Path
) -> None:
    async with rated(simulation, **config(tmp_path)) as world:
        own = head(await world.ask())
        said = {"request_id": own, "value": False}
        assert (await world.say({**said, "metric": "slow"}))[0] == 200
        assert world.gateway.gate.desk.ledger is not None
        world.gateway.gate.desk.ledger._seconds = 0.2  # type: ignore[attr-defined]
        with locked(tmp_path):
            answer = await world.post(said)
            assert answer.status == 503
            assert head(answer, "retry-after") == "1"
            assert head(answer, "x-should-retry") == "true"
            assert 'metric="thumbs"' not in await world.metrics()
            assert dict((await world.ask()).headers)[b"x-haechi-cache"] == b"hit"
        world.gateway.gate.desk.ledger._seconds = 20  # type: ignore[attr-defined]
        first = await world.say(said)
        assert first == await world.say(said)
        assert first[0] == 200
        assert (await read(world, own))[1]["data"][1]["id"] == first[1]["id"]
        page = await world.metrics()
        assert (
            'haechi_feedback_total{metric="thumbs",model="demo",source="user",value="down",verdict="bad"} 1.0' in page
        )
        assert dict((await world.ask()).headers)[b"x-haechi-cache"] == b"miss", (
            "the complaint was heard when it was kept"
        )


async def test_what_is_said_is_nowhere_but_in_the_ledger(
    simulation: Simulation, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with rated(simulation, **config(tmp_path)) as world:
        own = head(await world.ask())
        said = {"request_id": own, "value": False, "comment": "canary-4711", "correction": "canary-4712"}
        assert (await world.say(said))[0] == 200
        page = await world.metrics()
    assert "canary-47" not in page
    assert "canary-47" not in caplog.text
    for path in (tmp_path / "spool").rglob("*"):
        assert not path.is_file() or b"canary-47" not in path.read_bytes()
    assert "canary-47" not in repr(world.gateway.gate.desk.seen)
