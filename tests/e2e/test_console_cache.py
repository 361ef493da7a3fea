"""The pages about the cache over HTTP: certificates, and would-be hits that people review."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from gateway.cache.certify import Certificate, Tally
from gateway.config.cache import CacheClass
from tests.support.console import Looker, gateway, keyed, looking, text_of
from tests.support.likeworld import World, world_of
from tests.support.simulation import Simulation

PEOPLE: Final = CacheClass(temperature=1.0, one_caller=1.0, reviewer="people")
ASKED: Final = "What is the capital of Ruritania?"
LIKE: Final = "Please tell me what the capital of Ruritania is."
HERE: Final = "127.0.0.1:8080"


@pytest.fixture
async def world(simulation: Simulation, tmp_path: Path) -> AsyncIterator[World]:
    async with world_of("memory", PEOPLE, simulation, tmp_path) as made:
        yield made


@pytest.fixture
async def looker(world: World) -> AsyncIterator[Looker]:
    async with looking(world.gateway.app) as made:
        yield made


async def shadowed(world: World) -> None:
    world.play(["It is Balon.", "Balon, of course."])
    await world.ask(ASKED)
    assert await world.mark(LIKE) == "shadow"


async def judge(looker: Looker, world: World, verdict: str) -> str:
    assert world.answers.waiting is not None
    one = (await world.answers.waiting.all(world.answers.store.epochs))[0]
    form = {"token": await looker.token("cache/review"), "pair": one.id, "verdict": verdict}
    answer = await looker.post("cache/review", form)
    assert answer.status_code == 303
    return text_of((await looker.client.get(answer.headers["location"])).text)


async def test_both_questions_and_answers_stand_side_by_side_until_somebody_has_looked(
    world: World, looker: Looker
) -> None:
    await shadowed(world)
    page = text_of((await looker.get("cache/review")).text)
    for said in (ASKED, LIKE, "It is Balon.", "Balon, of course."):
        assert said in page
    assert "Counted." in await judge(looker, world, "right")
    book = await world.book()
    assert (book.reviews, book.by) == (1, {"local": 1})
    assert "Nothing waits for you." in text_of((await looker.get("cache/review")).text)
    assert "local (1)" in text_of((await looker.get("cache")).text)


async def test_a_wrong_one_counts_as_wrong_and_one_that_nobody_can_tell_as_nothing(
    world: World, looker: Looker
) -> None:
    await shadowed(world)
    assert "Counted." in await judge(looker, world, "wrong")
    assert sum(one.wrong for one in (await world.book()).certificate.tallies) == 1
    world.play(["So.", "Or so."])
    await world.ask("What is the capital of Balovia?")
    await world.ask("Please tell me what the capital of Balovia is.")
    assert "Left out." in await judge(looker, world, "skip")
    assert (await world.book()).reviews == 1


async def test_a_pair_that_is_gone_counts_for_nobody(world: World, looker: Looker) -> None:
    form = {"token": await looker.token("policies/write"), "pair": "00" * 12, "verdict": "right"}
    assert (await looker.post("cache/review", form)).headers["location"].endswith("became=gone")
    assert (await world.book()).reviews == 0


async def test_a_verdict_is_logged_with_a_name_and_no_text(
    world: World, looker: Looker, caplog: pytest.LogCaptureFixture
) -> None:
    await shadowed(world)
    with caplog.at_level(logging.DEBUG):
        await judge(looker, world, "right")
    assert "says local" in caplog.text
    assert "Balon" not in caplog.text
    assert "Ruritania" not in caplog.text


async def test_a_certificate_is_told_with_its_threshold_and_what_speaks_for_it(world: World, looker: Looker) -> None:
    tallies = [Tally(), Tally(500, 0), Tally(100, 4), Tally(), Tally(), Tally()]
    await world.stands(Certificate(tallies=tallies, certified=[1], audits=7, alarm=1.5))
    page = text_of((await looker.get("cache")).text)
    for said in ("capitals", "certified", "0.92", "100.0%", "99.3%", "1.5 of 4.0", "at most 1.0% wrong"):
        assert said in page


async def test_a_gateway_without_a_cache_says_so() -> None:
    async with gateway() as running, looking(running.app) as looker:
        assert "no section `cache`" in text_of((await looker.get("cache")).text)
        assert (await looker.get("cache/review")).status_code == 404


async def test_without_people_no_text_is_held_and_the_page_says_so(simulation: Simulation, tmp_path: Path) -> None:
    async with world_of("memory", CacheClass(temperature=1.0), simulation, tmp_path) as world:
        await shadowed(world)
        assert world.answers.waiting is not None
        assert len(world.answers.waiting) == 0
        async with looking(world.gateway.app) as looker:
            assert "reviewer: people" in text_of((await looker.get("cache/review")).text)


async def test_nobody_but_administrators_sees_it() -> None:
    config, _, user = keyed(cache={})
    async with gateway(**config) as running, looking(running.app) as looker:
        await looker.sign_in(user)
        for path in ("cache", "cache/review"):
            assert (await looker.get(path)).status_code == 403
