"""What ends an exchange from outside does so once, and not after it is over."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from starlette.types import Message

from gateway.api.leash import LEAVING, SAID, Leash, Leaving, Reason
from gateway.exchange import Exchange
from tests.support.exchanges import exchange

pytestmark = pytest.mark.clockwork


async def nothing() -> Message:
    """A caller that stays and says no more."""
    await asyncio.Event().wait()
    raise AssertionError("never")


def opened(seconds: float = 60.0, **fields: Any) -> Exchange:
    return exchange(started=asyncio.get_running_loop().time(), seconds=seconds, **fields)


def scope(leaving: Leaving | None) -> dict[str, Any]:
    return {"type": "http", "extensions": {LEAVING: leaving} if leaving else {}}


async def held(x: Exchange, leaving: Leaving | None, act: Callable[[Leash], None]) -> tuple[Leash, int]:
    """An exchange's task, on whose leash `act` acts; gives how many cancellations reached it."""
    made: list[Leash] = []

    async def task() -> int:
        leash = Leash(x, scope(leaving))
        made.append(leash)
        leash.watch(nothing)
        act(leash)
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            current = asyncio.current_task()
            assert current is not None
            return current.cancelling()
        finally:
            leash.drop()
        return 0

    count = await asyncio.create_task(task())
    return made[0], count


# -- Leaving


def test_who_wants_to_know_is_told_when_the_line_is_lost() -> None:
    leaving, told = Leaving(), list[str]()
    leaving.tell(lambda: told.append("a"))
    leaving.tell(lambda: told.append("b"))
    assert (leaving.lost, told) == (False, [])
    leaving.lose()
    assert (leaving.lost, sorted(told)) == (True, ["a", "b"])


def test_who_comes_too_late_is_told_at_once() -> None:
    leaving, told = Leaving(), list[str]()
    leaving.lose()
    leaving.tell(lambda: told.append("a"))
    assert told == ["a"]


def test_who_has_been_forgotten_is_not_told() -> None:
    leaving, told = Leaving(), list[str]()

    def callback() -> None:
        told.append("a")

    leaving.tell(callback)
    leaving.forget(callback)
    leaving.forget(callback)
    leaving.lose()
    assert not told


def test_who_forgets_another_while_all_are_told_breaks_nothing() -> None:
    leaving, told = Leaving(), list[str]()

    def once() -> None:
        told.append("a")
        leaving.forget(once)

    leaving.tell(once)
    leaving.tell(lambda: told.append("b"))
    leaving.lose()
    assert sorted(told) == ["a", "b"]


# -- Leash


@pytest.mark.parametrize(
    ("reason", "committed", "outcome", "code"),
    [
        ("client_gone", False, "client_gone", None),
        ("client_gone", True, "client_gone", None),
        ("out_of_time", False, "failed", "upstream_timeout"),
        ("out_of_time", True, "cut", "upstream_timeout"),
        ("draining", False, "drained", "draining"),
        ("draining", True, "drained", "draining"),
    ],
)
async def test_a_pull_cancels_and_says_why(reason: Reason, committed: bool, outcome: str, code: str | None) -> None:
    x = opened(committed=committed)
    leash, cancelled = await held(x, Leaving(), lambda leash: leash.pull(reason))
    assert (cancelled, leash.reason) == (1, reason)
    assert (x.outcome, x.error.code if x.error else None) == (outcome, code)
    assert x.error is SAID.get(reason)


async def test_the_first_pull_counts() -> None:
    x = opened()

    def act(leash: Leash) -> None:
        leash.pull("draining")
        leash.pull("client_gone")
        leash.pull("out_of_time")

    leash, cancelled = await held(x, Leaving(), act)
    assert (cancelled, leash.reason, x.outcome) == (1, "draining", "drained")


async def test_time_is_up_at_the_deadline() -> None:
    x = opened(seconds=0.02)
    leash, cancelled = await held(x, Leaving(), lambda _leash: None)
    assert (cancelled, leash.reason) == (1, "out_of_time")
    assert asyncio.get_running_loop().time() >= x.deadline


async def test_the_callers_leaving_pulls() -> None:
    leaving = Leaving()
    leash, cancelled = await held(opened(), leaving, lambda _leash: leaving.lose())
    assert (cancelled, leash.reason) == (1, "client_gone")


async def test_a_caller_that_left_before_its_request_was_read_pulls_at_once() -> None:
    leaving = Leaving()
    leaving.lose()
    leash, cancelled = await held(opened(), leaving, lambda _leash: None)
    assert (cancelled, leash.reason) == (1, "client_gone")


async def test_a_connection_that_goes_on_forgets_an_exchange_that_is_over() -> None:
    leaving = Leaving()

    async def task() -> Leash:
        leash = Leash(opened(seconds=0.02), scope(leaving))
        leash.watch(nothing)
        leash.drop()
        leaving.lose()
        await asyncio.sleep(0.05)  # past the deadline, which is over too
        return leash

    leash = await asyncio.create_task(task())
    assert leash.reason is None
    assert not leaving._told


async def test_after_a_pull_the_task_may_say_goodbye() -> None:
    async def task() -> int:
        leash = Leash(opened(), scope(Leaving()))
        leash.pull("draining")
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(5)
        leash.loosen()
        leash.drop()
        async with asyncio.timeout(1):  # which would take a cancellation that still counts for its own
            await asyncio.sleep(0)
        current = asyncio.current_task()
        assert current is not None
        return current.cancelling()

    assert await asyncio.create_task(task()) == 0


# -- servers that do not tell


@pytest.mark.parametrize("before", [[], ["http.request", "http.request"]])
async def test_under_another_server_the_caller_is_listened_to(before: list[str]) -> None:
    messages: asyncio.Queue[Message] = asyncio.Queue()
    for kind in (*before, "http.disconnect"):
        messages.put_nowait({"type": kind})

    async def task() -> Leash:
        leash = Leash(opened(), scope(None))
        leash.watch(messages.get)
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(5)
        leash.loosen()
        leash.drop()
        return leash

    assert (await asyncio.create_task(task())).reason == "client_gone"


async def test_under_another_server_nobody_listens_on_when_it_is_over() -> None:
    stopped = asyncio.Event()

    async def receive() -> Message:
        try:
            return await nothing()
        finally:
            stopped.set()

    async def task() -> None:
        leash = Leash(opened(), scope(None))
        leash.watch(receive)
        await asyncio.sleep(0)
        leash.drop()

    await asyncio.create_task(task())
    async with asyncio.timeout(1):
        await stopped.wait()


async def test_our_server_is_never_asked() -> None:
    async def receive() -> Message:
        raise AssertionError("asked")

    async def task() -> None:
        leash = Leash(opened(), scope(Leaving()))
        leash.watch(receive)
        await asyncio.sleep(0)
        leash.drop()

    await asyncio.create_task(task())
