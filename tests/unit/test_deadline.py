"""The rules are those of `asyncio.timeout`."""

import asyncio
import gc
import weakref

import pytest

from gateway.deadline import Deadlines

pytestmark = pytest.mark.clockwork


def at(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_a_block_that_takes_too_long_times_out() -> None:
    with pytest.raises(TimeoutError), Deadlines().until(at(0.01)):
        await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_deadline_in_the_past_times_out_at_the_first_wait() -> None:
    with pytest.raises(TimeoutError), Deadlines().until(at(-1)):
        await asyncio.Event().wait()


async def test_a_block_in_time_is_not_cancelled_afterwards() -> None:
    with Deadlines().until(at(0.01)):
        await asyncio.sleep(0)
    await asyncio.sleep(0.03)  # the timer has rung meanwhile


async def test_its_own_errors_pass() -> None:
    with pytest.raises(ValueError, match="mine"), Deadlines().until(at(1)):
        raise ValueError("mine")


async def test_a_cancellation_from_outside_stays_one() -> None:
    inside = asyncio.Event()

    async def wait() -> None:
        with Deadlines().until(at(10)):
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_outer_of_two_wins_when_it_is_earlier() -> None:
    inner_fired = False

    async def inner() -> None:
        nonlocal inner_fired
        try:
            with Deadlines().until(at(10)):
                await asyncio.Event().wait()
        except TimeoutError:
            inner_fired = True

    with pytest.raises(TimeoutError), Deadlines().until(at(0.01)):
        await inner()
    assert not inner_fired


@pytest.mark.parametrize("first", [0.01, 10.0])
async def test_one_that_follows_another_times_out_at_its_own_time(first: float) -> None:
    """Whether the timer of the one before has to be set again when it rings, or is too late for this one."""
    deadlines = Deadlines()
    with deadlines.until(at(first)):
        await asyncio.sleep(0)
    due = at(0.05)
    with pytest.raises(TimeoutError), deadlines.until(due):
        await asyncio.Event().wait()
    assert -0.002 <= asyncio.get_running_loop().time() - due < 1


async def test_after_a_timeout_the_next_block_starts_anew() -> None:
    deadlines = Deadlines()
    for _ in range(2):
        with pytest.raises(TimeoutError), deadlines.until(at(0.01)):
            await asyncio.Event().wait()
    with deadlines.until(at(10)):
        await asyncio.sleep(0.02)


async def test_no_timer_is_set_for_a_deadline_that_is_later_than_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    call_at = loop.call_at

    def counted(*args: object) -> asyncio.TimerHandle:
        timers.append(call_at(*args))  # type: ignore[arg-type]
        return timers[-1]

    monkeypatch.setattr(loop, "call_at", counted)
    deadlines = Deadlines()
    for seconds in (10, 11, 12):
        with deadlines.until(at(seconds)):
            await asyncio.sleep(0)
    assert len(timers) == 1
    deadlines.close()
    assert timers[0].cancelled()


async def test_the_end_is_told_whatever_is_waited_for_and_cancels_nothing_itself() -> None:
    told = asyncio.Event()
    deadlines = Deadlines()
    deadlines.tell_at(at(0.02), told.set)
    with deadlines.until(at(10)):
        await told.wait()
    with pytest.raises(TimeoutError), deadlines.until(at(0.01)):
        await asyncio.Event().wait()


async def test_an_end_is_told_also_behind_an_earlier_deadline() -> None:
    told = asyncio.Event()
    deadlines = Deadlines()
    deadlines.tell_at(at(0.03), told.set)
    with pytest.raises(TimeoutError), deadlines.until(at(0.01)):
        await asyncio.Event().wait()
    assert not told.is_set()
    await asyncio.wait_for(told.wait(), 10)


async def test_once_closed_it_holds_nobody_so_that_nothing_waits_for_the_collector() -> None:
    class Listener:
        def __init__(self) -> None:
            self.deadlines = Deadlines()
            self.deadlines.tell_at(at(10), self.told)

        def told(self) -> None: ...

    gc.disable()
    try:
        listener = Listener()
        gone = weakref.ref(listener)
        listener.deadlines.close()
        await asyncio.sleep(0)  # the loop lets go of the timer
        del listener
        assert gone() is None
    finally:
        gc.enable()


async def test_nothing_is_told_once_closed() -> None:
    told = asyncio.Event()
    deadlines = Deadlines()
    deadlines.tell_at(at(0.01), told.set)
    deadlines.close()
    await asyncio.sleep(0.03)
    assert not told.is_set()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look at those that begin now is taken soon, and shared by nobody who began before."""
    monkeypatch.setattr("gateway.deadline._FIRST_LOOK", 0.02)
    monkeypatch.setattr("gateway.deadline._newest", None)


@pytest.mark.usefixtures("soon")
async def test_an_end_behind_the_first_look_is_told_in_time() -> None:
    told = asyncio.Event()
    deadlines = Deadlines()
    end = at(0.06)
    deadlines.tell_at(end, told.set)
    await asyncio.sleep(0.03)
    assert not told.is_set()
    await asyncio.wait_for(told.wait(), 10)
    assert asyncio.get_running_loop().time() >= end - 0.002


@pytest.mark.usefixtures("soon")
async def test_a_deadline_behind_the_first_look_fires_in_time() -> None:
    deadlines = Deadlines()
    deadlines.tell_at(at(60), lambda: None)
    due = at(0.05)
    with pytest.raises(TimeoutError), deadlines.until(due):
        await asyncio.Event().wait()
    assert asyncio.get_running_loop().time() >= due - 0.002
    deadlines.close()


@pytest.mark.usefixtures("soon")
async def test_a_deadline_before_the_first_look_fires_once_and_the_end_is_told_still() -> None:
    told = asyncio.Event()
    deadlines = Deadlines()
    deadlines.tell_at(at(0.05), told.set)
    with pytest.raises(TimeoutError), deadlines.until(at(0.005)):
        await asyncio.Event().wait()
    await asyncio.sleep(0.025)  # the first look is over
    await asyncio.wait_for(told.wait(), 10)


async def test_those_that_begin_together_share_a_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.deadline._newest", None)
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    call_at = loop.call_at

    def counted(*args: object) -> asyncio.TimerHandle:
        timers.append(call_at(*args))  # type: ignore[arg-type]
        return timers[-1]

    monkeypatch.setattr(loop, "call_at", counted)
    for _ in range(10):
        deadlines = Deadlines()
        deadlines.tell_at(at(600), lambda: None)
        with deadlines.until(at(60)):
            await asyncio.sleep(0)
        deadlines.close()
    assert len(timers) == 1
