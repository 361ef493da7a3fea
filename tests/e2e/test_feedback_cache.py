"""Bad feedback and what is kept: an answer that was called wrong is not given again, and nobody empties what others share."""

from pathlib import Path
from typing import Any

import pytest

from gateway.cache.complaints import MOST_DROPS
from gateway.config.cache import Cache
from gateway.config.strict import Secret
from gateway.config.structs import Redis
from tests.support.rated import ALICE, BOB, ROOT, Rated, head, rated
from tests.support.redis_server import redis_server
from tests.support.simulation import Simulation


async def mark(world: Rated, text: str = "hello", key: str = ALICE) -> tuple[str, str]:
    """What the cache did, and the id of the request."""
    answer = await world.ask(text, key)
    return head(answer, "x-haechi-cache"), head(answer)


async def down(world: Rated, own: str, key: str = ALICE, **more: object) -> None:
    assert (await world.say({"request_id": own, "value": False, **more}, key))[0] == 200


async def test_an_answer_that_was_given_again_and_called_wrong_is_asked_for_anew(simulation: Simulation) -> None:
    async with rated(simulation, cache=Cache()) as world:
        await world.ask()
        status, own = await mark(world)
        assert status == "hit"
        await down(world, own)
        assert (await mark(world))[0] == "miss"
        assert (await mark(world))[0] == "hit", "and the new answer is given again"
        assert 'haechi_feedback_complaints_total{went="dropped"} 1.0' in await world.metrics()


async def test_an_answer_of_the_model_that_was_kept_and_called_wrong_is_not_given_again(simulation: Simulation) -> None:
    async with rated(simulation, cache=Cache()) as world:
        status, own = await mark(world)
        assert status == "miss"
        await down(world, own)
        assert (await mark(world))[0] == "miss"


@pytest.mark.parametrize("said", [{"value": True}, {"value": True, "metric": "slow"}, {"value": 3, "metric": "stars"}])
async def test_what_is_no_complaint_drops_nothing(simulation: Simulation, said: dict[str, object]) -> None:
    async with rated(simulation, cache=Cache()) as world:
        own = (await mark(world))[1]
        assert (await world.say({"request_id": own, **said}))[0] == 200
        assert (await mark(world))[0] == "hit"


async def test_a_complaint_about_an_answer_that_has_been_replaced_leaves_the_new_one(simulation: Simulation) -> None:
    async with rated(simulation, cache=Cache()) as world:
        first = (await mark(world))[1]
        refreshed = await world.ask("hello", headers={"x-haechi-cache": "refresh"})
        assert head(refreshed, "x-haechi-cache") == "miss"
        await down(world, first)
        assert (await mark(world))[0] == "hit"
        assert 'went="gone"' in await world.metrics()


async def test_one_caller_drops_only_so_much_of_what_others_share(simulation: Simulation) -> None:
    async with rated(simulation, cache=Cache(share="team")) as world:
        texts = [f"question {number}" for number in range(MOST_DROPS + 1)]
        for text in texts:
            await down(world, (await mark(world, text))[1])
        page = await world.metrics()
        assert f'went="dropped"}} {MOST_DROPS}.0' in page
        assert 'went="noted"} 1.0' in page
        status, own = await mark(world, texts[-1])
        assert status == "hit", "one word too many was only noted"
        await down(world, own, comment="again")
        status, others = await mark(world, texts[-1], BOB)
        assert status == "hit", "and saying it twice is no second word"
        await down(world, others, BOB)
        assert (await mark(world, texts[-1]))[0] == "miss"


async def test_two_callers_who_have_had_their_share_drop_it_together(simulation: Simulation) -> None:
    async with rated(simulation, cache=Cache(share="team")) as world:
        for number in range(MOST_DROPS):
            for key in (ALICE, BOB):
                await down(world, (await mark(world, f"{key} {number}", key))[1], key)
        own = (await mark(world, "shared"))[1]
        await down(world, own)
        status, others = await mark(world, "shared", BOB)
        assert status == "hit"
        await down(world, others, BOB)
        assert (await mark(world, "shared"))[0] == "miss"


async def test_of_its_own_a_caller_drops_as_much_as_it_likes(simulation: Simulation) -> None:
    async with rated(simulation, cache=Cache(share="key")) as world:
        for number in range(MOST_DROPS + 3):
            await down(world, (await mark(world, f"question {number}"))[1])
        assert f'went="dropped"}} {MOST_DROPS + 3}.0' in await world.metrics()


async def test_an_administrators_word_counts_as_that_of_whoever_asked(simulation: Simulation) -> None:
    async with rated(simulation, cache=Cache()) as world:
        await down(world, (await mark(world))[1], ROOT)
        assert (await mark(world))[0] == "miss"


async def test_replicas_with_one_redis_hear_each_others_words(simulation: Simulation, tmp_path: Path) -> None:
    """The second word may come to another replica than the first; an entry that one of them drops is gone for all."""
    with redis_server(tmp_path) as server:
        shared: dict[str, Any] = {
            "redis": Redis(url=Secret(server.url), timeout_ms=5000),
            "cache": Cache(share="team", backend="redis", wait_ms=5000),
        }
        async with rated(simulation, **shared) as one, rated(simulation, **shared) as other:
            for world, key in ((one, ALICE), (other, BOB)):
                for number in range(MOST_DROPS):
                    await down(world, (await mark(world, f"{key} {number}", key))[1], key)
            own = (await mark(one, "shared"))[1]
            await down(one, own)
            status, others = await mark(other, "shared", BOB)
            assert status == "hit", "one word was noted"
            await down(other, others, BOB)
            assert (await mark(one, "shared"))[0] == "miss"
