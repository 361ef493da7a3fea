"""Entries in memory: bounds that hold, and what leaves first."""

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.memory import OVERHEAD, Memory
from gateway.cache.store import Placed
from gateway.cache.vectors import Vectors


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def key(number: int) -> bytes:
    return number.to_bytes(24)


async def test_an_entry_ends_when_its_time_is_over_however_often_it_is_given() -> None:
    clock = Clock()
    memory = Memory(10, 10_000, clock)
    await memory.put(key(1), b"one", 10, 1.0)
    for clock.now in (1.0, 5.0, 9.9):
        assert await memory.get(key(1)) == b"one"
    clock.now = 10.0
    assert await memory.get(key(1)) is None
    assert memory.bytes == 0


async def test_what_is_dear_for_its_size_stays_and_what_nobody_asks_for_grows_old() -> None:
    memory = Memory(3, 1_000_000, Clock())
    await memory.put(key(1), b"x", 60, 100.0)
    await memory.put(key(2), b"x", 60, 1.0)
    await memory.put(key(3), b"x", 60, 50.0)
    await _twice(memory, 4, 60.0)
    assert await memory.get(key(2)) is None
    assert await memory.get(key(1)) == b"x"
    for number in range(5, 60):
        await _twice(memory, number, 60.0)
    assert await memory.get(key(1)) is None, "dear once, but nobody asked again"


async def test_under_pressure_only_what_is_asked_for_twice_is_let_in() -> None:
    memory = Memory(2, 1_000_000, Clock())
    await memory.put(key(1), b"x", 60, 1.0)
    await memory.put(key(2), b"x", 60, 1.0)
    await memory.put(key(3), b"x", 60, 1.0)
    assert await memory.get(key(3)) is None
    assert len(memory) == 2
    await memory.put(key(3), b"x", 60, 1.0)
    assert await memory.get(key(3)) == b"x"


async def test_what_is_larger_than_everything_is_not_kept_and_pushes_nothing_out() -> None:
    memory = Memory(10, 5_000, Clock())
    await memory.put(key(1), b"x", 60, 1.0)
    await _twice(memory, 2, 1.0, b"x" * 5_000)
    assert await memory.get(key(2)) is None
    assert await memory.get(key(1)) == b"x"


async def test_the_room_of_a_vector_that_comes_later_counts_once_and_is_given_back() -> None:
    memory = Memory(100, 4_000, Clock(), Vectors(50))
    placed = Placed(b"scope", np.ones(256, np.float32))
    for number in range(8):
        await memory.put(key(number), b"x", 60, 1.0)
    before = memory.bytes
    await memory.place(key(1), placed, 60)
    grown = memory.bytes - before
    assert grown > 256
    await memory.place(key(1), placed, 60)
    assert memory.bytes == before + grown
    for number in range(2, 8):
        await memory.place(key(number), placed, 60)
    assert memory.bytes <= 4_000
    assert memory.evicted
    for number in range(8):
        await memory.delete(key(number))
    assert memory.bytes == 0
    assert not (await memory.first(["all"], None, b"scope")).holds
    await memory.place(key(1), placed, 60)
    assert not (await memory.first(["all"], None, b"scope")).holds, "gone meanwhile"


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 900), st.integers(1, 30), st.integers(0, 5)), max_size=80))
async def test_the_bounds_hold_whatever_is_put(puts: list[tuple[int, int, int, int]]) -> None:
    clock = Clock()
    memory = Memory(8, 4_000, clock)
    for number, size, seconds, passed in puts:
        clock.now += passed
        await memory.put(key(number), b"x" * size, seconds, float(size + 1))
        assert len(memory) <= 8
        assert memory.bytes <= 4_000
        assert memory.bytes == sum([len(value) + OVERHEAD for value in await _values(memory, range(21))])


async def _values(memory: Memory, numbers: range) -> list[bytes]:
    clock, memory._clock = memory._clock, _never
    found = [value for number in numbers if (value := await memory.get(key(number))) is not None]
    memory._clock = clock
    return found


_never: Callable[[], float] = lambda: float("-inf")  # noqa: E731


async def _twice(memory: Memory, number: int, worth: float, value: bytes = b"x") -> None:
    await memory.put(key(number), value, 60, worth)
    await memory.put(key(number), value, 60, worth)
