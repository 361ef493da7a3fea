"""An alarm rings when it was last set for, whatever its timer was set for before."""

import asyncio
import gc
import weakref
from collections.abc import Callable

import pytest

from gateway.api.alarm import Alarm

pytestmark = pytest.mark.clockwork

_SOON = 0.02
_LATER = 0.08


def made(rang: list[float]) -> Alarm:
    loop = asyncio.get_running_loop()
    return Alarm(loop, lambda: rang.append(loop.time()))


async def until(seconds: float) -> None:
    await asyncio.sleep(seconds + 0.03)


async def test_it_rings_once() -> None:
    rang: list[float] = []
    alarm = made(rang)
    alarm.set(_SOON)
    waits = [alarm.is_set]
    await until(_SOON)
    assert len(rang) == 1
    waits.append(alarm.is_set)
    assert waits == [True, False]
    await until(_SOON)
    assert len(rang) == 1


async def test_it_does_not_ring_when_it_was_unset() -> None:
    rang: list[float] = []
    alarm = made(rang)
    alarm.set(_SOON)
    alarm.unset()
    assert not alarm.is_set
    await until(_SOON)
    assert rang == []


async def test_it_rings_at_the_later_time_though_its_timer_rings_earlier() -> None:
    rang: list[float] = []
    alarm = made(rang)
    alarm.set(_SOON)
    alarm.unset()
    began = asyncio.get_running_loop().time()
    alarm.set(_LATER)
    await until(_LATER)
    assert len(rang) == 1
    assert rang[0] - began >= _LATER - 0.002


async def test_it_rings_at_the_earlier_time_though_its_timer_would_ring_later() -> None:
    rang: list[float] = []
    alarm = made(rang)
    alarm.set(60)
    alarm.set(_SOON)
    await until(_SOON)
    assert len(rang) == 1


async def test_it_can_be_set_again_by_whom_it_calls() -> None:
    rang: list[int] = []

    def ring() -> None:
        rang.append(len(rang))
        if len(rang) < 2:
            alarm.set(_SOON)

    alarm = Alarm(asyncio.get_running_loop(), ring)
    alarm.set(_SOON)
    await until(2 * _SOON)
    assert rang == [0, 1]


async def test_setting_it_for_each_request_costs_no_timers() -> None:
    timers: list[Callable[[], object]] = []

    class Loop:
        time = staticmethod(asyncio.get_running_loop().time)

        def call_at(self, when: float, ring: Callable[[], object]) -> asyncio.TimerHandle:
            timers.append(ring)
            return asyncio.get_running_loop().call_at(when, ring)

    alarm = Alarm(Loop(), lambda: None)  # type: ignore[arg-type]  # the part of a loop that it uses
    for _ in range(100):
        alarm.set(60)
        alarm.unset()
    alarm.close()
    assert len(timers) == 1


async def test_closed_it_neither_rings_nor_holds_anybody() -> None:
    class Somebody:
        rang = False

        def ring(self) -> None:
            Somebody.rang = True

    one = Somebody()
    alarm = Alarm(asyncio.get_running_loop(), one.ring)
    alarm.set(_SOON)
    alarm.close()
    gone = weakref.ref(one)
    del one
    gc.collect()
    assert gone() is None
    await until(_SOON)
    assert not Somebody.rang
