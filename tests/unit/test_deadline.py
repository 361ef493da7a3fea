"""The rules are those of `asyncio.timeout`."""

import asyncio

import pytest

from gateway.deadline import deadline


def at(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_a_block_that_takes_too_long_times_out() -> None:
    with pytest.raises(TimeoutError), deadline(at(0.01)):
        await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_deadline_in_the_past_times_out_at_the_first_wait() -> None:
    with pytest.raises(TimeoutError), deadline(at(-1)):
        await asyncio.Event().wait()


async def test_a_block_in_time_leaves_no_timer_behind() -> None:
    with deadline(at(0.01)):
        await asyncio.sleep(0)
    await asyncio.sleep(0.03)  # were the timer still set, this would be cancelled


async def test_its_own_errors_pass() -> None:
    with pytest.raises(ValueError, match="mine"), deadline(at(1)):
        raise ValueError("mine")


async def test_a_cancellation_from_outside_stays_one() -> None:
    inside = asyncio.Event()

    async def wait() -> None:
        with deadline(at(10)):
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
            with deadline(at(10)):
                await asyncio.Event().wait()
        except TimeoutError:
            inner_fired = True

    with pytest.raises(TimeoutError), deadline(at(0.01)):
        await inner()
    assert not inner_fired
