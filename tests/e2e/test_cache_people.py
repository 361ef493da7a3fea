"""Reviews by people: what would have been given waits in memory, and a verdict counts once, like any reviewer's."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from gateway.cache.waiting import Waiting, Waits
from gateway.config.cache import CacheClass
from tests.support.likeworld import World, world_of
from tests.support.simulation import Simulation

PEOPLE: Final = CacheClass(temperature=1.0, one_caller=1.0, reviewer="people", audit=0.5)
ASKED: Final = "What is the capital of Ruritania?"
LIKE: Final = "Please tell me what the capital of Ruritania is."


@pytest.fixture
async def world(simulation: Simulation, tmp_path: Path) -> AsyncIterator[World]:
    async with world_of("memory", PEOPLE, simulation, tmp_path) as made:
        yield made


async def waits(world: World) -> list[Waits]:
    assert world.answers.waiting is not None
    return await world.answers.waiting.all(world.answers.store.epochs)


async def judged(world: World, *, wrong: bool) -> str:
    waiting, semantic = world.answers.waiting, world.answers.semantic
    assert isinstance(waiting, Waiting)
    assert semantic is not None
    one = waiting.take((await waits(world))[0].id)
    assert one is not None
    return await semantic.reviewed(one.found, wrong=wrong, by="mina")


async def test_what_would_have_been_given_waits_with_both_texts_and_counts_when_somebody_has_looked(
    world: World,
) -> None:
    world.play(["Balon.", "It is Balon."])
    await world.ask(ASKED)
    assert await world.mark(LIKE) == "shadow"
    one = (await waits(world))[0]
    assert (one.said.asked, one.said.live, one.said.stored, one.said.kept) == (LIKE, "It is Balon.", ASKED, "Balon.")
    assert (await world.book()).reviews == 0
    assert await judged(world, wrong=False) == "counted"
    book = await world.book()
    assert (book.reviews, book.by) == (1, {"mina": 1})


async def test_a_wrong_pair_meets_never_again(world: World) -> None:
    world.play(["Balon.", "It is Kor."])
    await world.ask(ASKED)
    answer = await world.ask(LIKE)
    assert await judged(world, wrong=True) == "counted"
    assert sum(one.wrong for one in (await world.book()).certificate.tallies) == 1
    await world.forget(answer)
    assert await world.went(LIKE) == ("miss", ["complaints"])
    assert not await waits(world)


async def test_equal_answers_need_nobody(world: World) -> None:
    world.play(["Balon."])
    await world.ask(ASKED)
    await world.ask(LIKE)
    assert not await waits(world)
    assert (await world.book()).reviews == 1


async def test_a_class_that_is_another_by_now_hears_nothing_of_it(world: World, simulation: Simulation) -> None:
    world.play(["Balon.", "It is Balon."])
    await world.ask(ASKED)
    await world.ask(LIKE)
    waiting = world.answers.waiting
    assert waiting is not None
    one = (await waits(world))[0]
    config = world.gateway.gate.pipeline.setup.config
    tier = config.cache.semantic if config.cache is not None else None
    assert config.cache is not None
    assert tier is not None
    changed = CacheClass(temperature=1.0, reviewer="agreement")
    new = type(tier)(classes={"capitals": changed}, deadline_ms=1000)
    await world.gateway.prepare(
        type(config)(providers=config.providers, models=config.models, cache=type(config.cache)(semantic=new))
    )
    assert not await waits(world)
    semantic = world.answers.semantic
    assert semantic is not None
    assert await semantic.reviewed(one.found, wrong=False, by="mina") == "late"
