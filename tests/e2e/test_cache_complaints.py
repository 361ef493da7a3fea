"""Somebody calls an answer to a like question wrong: the pair, the entry and the class, in memory and in Redis."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from gateway.cache.certify import THRESHOLDS, Certificate
from gateway.cache.stats import stats_of, told
from gateway.config.cache import CacheClass
from tests.support.likeworld import KINDS, NEVER, World, id_of, world_of
from tests.support.simulation import Simulation

DECLARED: Final = CacheClass(temperature=1.0, audit=NEVER)
ASKED: Final = "What is the capital of Ruritania?"
LIKE: Final = "Please tell me what the capital of Ruritania is."
ALSO: Final = "Could you tell me what the capital of Ruritania is?"
RIVER: Final = "It lies on the river."


@pytest.fixture(params=KINDS)
async def world(request: pytest.FixtureRequest, simulation: Simulation, tmp_path: Path) -> AsyncIterator[World]:
    async with world_of(request.param, DECLARED, simulation, tmp_path) as made:
        await made.stands(Certificate(certified=[len(THRESHOLDS) - 1]))
        yield made


async def test_a_complaint_blocks_the_pair_and_its_entry_is_compared_before_it_serves_again(
    world: World,
) -> None:
    world.play([RIVER])
    await world.ask(ASKED)
    given = await world.ask(LIKE)
    assert dict(given.headers)[b"x-haechi-cache"] == b"semantic"
    assert await world.answers.complain(id_of(given), "local")
    status, went = await world.went(ALSO)
    assert (status, went[0]) == ("shadow", "quarantined")
    assert await world.mark(ALSO) == "hit", "the model was asked, and that was kept"
    # The comparison found the entry right, so that another question may have it again.
    assert await world.mark("Tell me, what is the capital of Ruritania?") == "semantic"
    await world.answers.store.next_epoch("all")
    await world.ask(ASKED)
    status, went = await world.went(LIKE)
    assert (status, went[-1]) == ("miss", "complaints")
    book = await world.book()
    assert list(book.complaints.values()) == [1]
    assert "  complaints: 1" in [*told(await stats_of(world.answers))]
    assert book.certificate.heard == pytest.approx(1.6, abs=0.05)


async def test_a_wrong_answer_stays_in_quarantine(world: World) -> None:
    world.play([RIVER, "It was founded in 1204."])
    await world.ask(ASKED)
    given = await world.ask(LIKE)
    assert await world.answers.complain(id_of(given), "local")
    assert (await world.went(ALSO))[0] == "shadow"
    assert b"1204" in (await world.ask("Tell me, what is the capital of Ruritania?")).body, "of the entry beside it"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is certified is known for longer than a busy machine takes."""
    monkeypatch.setattr("gateway.cache.books._FRESH_SECONDS", 600.0)


@pytest.mark.usefixtures("known")
async def test_where_nobody_can_tell_what_was_said_against_an_answer_it_is_not_given(world: World) -> None:
    """A Redis that answers, but for this."""
    if world.redis is None:
        pytest.skip("memory can always tell")
    await world.ask(ASKED)
    assert await world.mark(LIKE) == "semantic", "and what is certified is known for some time"
    with world.redis.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "resetkeys", "~*cache:e:*", "~*cache:v:*", "~*cache:{n}:*")
    status, went = await world.went(LIKE)
    assert (status, went) == ("miss", ["complaints"])
    assert not await world.answers.complain("unknown", "local")


async def test_an_answer_that_nobody_can_read_now_is_not_given_and_not_lost(world: World) -> None:
    """A Redis that answers, but for the entry that is like."""
    if world.redis is None:
        pytest.skip("memory can always tell")
    await world.ask(ASKED)
    assert await world.mark(LIKE) == "semantic"
    keys = world.redis.keys()
    (entry,) = [key.decode() for key in keys if b"cache:e:" in key]
    kind, digits = entry.rpartition(":")[0], entry.rpartition(":")[2]
    others = [f"~{kind}:{digits[:place]}[^{digits[place]}]*" for place in range(6)]
    with world.redis.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "resetkeys", "~*cache:v:*", "~*cache:{*", "%W~*", *others)
        assert (await world.went(ALSO))[0] == "miss"
        client.execute_command("ACL", "SETUSER", "default", "allkeys")
        assert client.exists(entry)
    assert await world.mark(LIKE) == "semantic"


async def test_a_complaint_that_the_store_did_not_take_can_be_made_again(world: World) -> None:
    if world.redis is None:
        pytest.skip("memory takes everything")
    await world.ask(ASKED)
    given = id_of(await world.ask(LIKE))
    with world.redis.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "resetkeys", "~*cache:e:*", "~*cache:v:*", "~*cache:{n}:*")
        assert not await world.answers.complain(given, "local")
        client.execute_command("ACL", "SETUSER", "default", "allkeys")
    assert await world.answers.complain(given, "local")


async def test_an_answer_that_no_reviewer_reads_to_its_end_serves_no_other_question(world: World) -> None:
    world.play(["It lies on the river. " * 1_000])
    await world.ask(ASKED, max_tokens=100_000)
    status, went = await world.went(LIKE, max_tokens=100_000)
    assert (status, went[-1]) == ("miss", "long")
    assert await world.mark(ASKED, max_tokens=100_000) == "hit"
