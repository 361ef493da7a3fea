"""An embedder that takes its time: whoever waits is bounded, what was asked once is not asked again, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from gateway.cache import awaited
from gateway.cache.awaited import AT_ONCE, Awaited
from gateway.cache.embedder import TextRefused, Unembedded
from gateway.cache.patience import SOME
from gateway.cache.remembered import Remembered
from tests.support.matrix import CANARY

pytestmark = pytest.mark.clockwork


class Scripted:
    """A source that does as it is told; see `awaited.Source`."""

    title = "the embedder of a test"

    def __init__(self) -> None:
        self.id = "scripted-2"
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.error: Exception | None = None
        self.under_way = self.most = 0

    def whose(self, asker: Any) -> str:
        return str(asker or "")

    async def vector(self, text: str, asker: Any) -> Any:
        self.asked.append(text)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.open.wait()
        finally:
            self.under_way -= 1
        if self.error is not None:
            raise self.error
        return np.array([1.0, 0.0], np.float32)


@pytest.fixture
async def source() -> Scripted:
    return Scripted()


@pytest.fixture
async def embedder(source: Scripted) -> AsyncIterator[Awaited]:
    made = Awaited(source, Remembered(), deadline=5.0)
    yield made
    await made.aclose()


async def passed() -> None:
    """Until all that can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_equal_texts_share_one_call_and_what_is_known_needs_none(source: Scripted, embedder: Awaited) -> None:
    found = await asyncio.gather(*[embedder.embed("a", None) for _ in range(50)])
    assert source.asked == ["a"]
    assert all(one is found[0] for one in found)
    assert embedder.at_hand("a", None) is found[0]
    assert embedder.at_hand("b", None) is None


async def test_those_with_other_rules_do_not_share_it(source: Scripted, embedder: Awaited) -> None:
    await embedder.embed("a", "red")
    await embedder.embed("a", "blue")
    assert source.asked == ["a", "a"]


async def test_who_stops_waiting_leaves_the_vector_to_the_next(source: Scripted, embedder: Awaited) -> None:
    source.open.clear()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await embedder.embed("a", None, hurried=True)
    source.open.set()
    await embedder.embed("a", None, hurried=True)
    assert source.asked == ["a"]


async def test_what_came_in_time_is_never_late(source: Scripted) -> None:
    embedder = Awaited(source, Remembered(), deadline=0.01)
    for number in range(SOME):
        await embedder.embed(str(number), None, hurried=True)
    await asyncio.sleep(0.03)
    assert (embedder.figures().late, embedder.figures().state) == (0, "ready")
    await embedder.aclose()


async def test_what_is_under_way_is_bounded(source: Scripted, embedder: Awaited) -> None:
    source.open.clear()
    tasks = [asyncio.create_task(embedder.embed(str(number), None)) for number in range(400)]
    await passed()
    assert source.most == AT_ONCE
    assert sum(task.done() for task in tasks) == 400 - awaited._MOST
    source.open.set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in ended if isinstance(one, Exception)] == [Unembedded] * (400 - awaited._MOST)
    assert source.most == AT_ONCE
    assert not embedder._under_way


async def test_nobody_waits_for_what_has_failed_some_times_but_one_text_a_second_finds_it_well(
    source: Scripted, embedder: Awaited, caplog: pytest.LogCaptureFixture
) -> None:
    now = [100.0]
    embedder._clock = lambda: now[0]
    source.error = Unembedded("upstream_unreachable")
    for number in range(20):
        with pytest.raises(Unembedded):
            await embedder.embed(f"{number} {CANARY}", None, hurried=True)
        await passed()
    assert len(source.asked) == SOME + 1, "and one that was tried"
    assert embedder.figures().state == "away"
    with pytest.raises(Unembedded):
        await embedder.embed("placed later", None)
    assert len(source.asked) == SOME + 1
    source.error = None
    now[0] += 1.0
    with pytest.raises(Unembedded):
        await embedder.embed("tried", None, hurried=True)
    await passed()
    assert embedder.figures().state == "ready"
    await embedder.embed("after", None, hurried=True)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2, "once each"
    assert "upstream_unreachable" in told[0]
    assert "embeds again" in told[1]
    assert CANARY not in caplog.text


async def test_what_hangs_is_late_before_it_fails_and_callers_stop_waiting(
    source: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    embedder = Awaited(source, Remembered(), deadline=0.005)
    source.open.clear()
    waited = 0
    for number in range(30):
        try:
            async with asyncio.timeout(0.02):
                await embedder.embed(str(number), None, hurried=True)
        except TimeoutError:
            waited += 1
        except Unembedded:
            pass
    assert waited == SOME
    assert embedder.figures().state == "slow"
    task = asyncio.create_task(embedder.embed("placed later", None))
    await passed()
    assert source.asked[-1] == "placed later"
    source.open.set()
    await task
    assert len([one for one in caplog.records if "deadline_ms" in one.getMessage()]) == 1
    await embedder.aclose()


async def test_a_refused_text_says_nothing_of_the_next(source: Scripted, embedder: Awaited) -> None:
    source.error = TextRefused("policy_blocked")
    for number in range(10):
        with pytest.raises(Unembedded):
            await embedder.embed(str(number), None, hurried=True)
    assert len(source.asked) == 10
    figures = embedder.figures()
    assert (figures.state, figures.failed, figures.made) == ("ready", 10, 0)


async def test_no_call_lasts_for_ever(source: Scripted, embedder: Awaited, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaited, "SECONDS", 0.01)
    source.open.clear()
    with pytest.raises(Unembedded):
        await embedder.embed("a", None)


async def test_an_embedder_without_an_id_finds_it_out_by_itself_and_tries_again(
    source: Scripted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(awaited, "_PAUSES", (0.0,))
    source.id = ""
    source.error = Unembedded("upstream_unreachable")
    embedder = Awaited(source, Remembered(), 5.0)
    for _ in range(20):
        await passed()
    assert len(source.asked) > SOME
    assert embedder.figures().state == "not known yet"
    source.error = None
    assert embedder._learning is not None
    await embedder._learning
    source.id = "scripted-2"
    assert embedder.figures().state == "ready"
    assert "again" in caplog.records[-1].getMessage()
    await embedder.aclose()


async def test_what_is_closed_asks_nothing_and_drops_what_is_under_way(source: Scripted, embedder: Awaited) -> None:
    source.open.clear()
    task = asyncio.create_task(embedder.embed("a", None))
    await passed()
    await embedder.aclose()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(Unembedded):
        await embedder.embed("b", None)
    assert source.asked == ["a"]
    assert source.under_way == 0
