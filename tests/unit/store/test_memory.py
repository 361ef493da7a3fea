import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.store.memory import Memory


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def memory(clock: Clock | None = None, max_count: int = 10, max_bytes: int = 100_000) -> Memory:
    return Memory(max_count=max_count, max_bytes=max_bytes, clock=clock or Clock())


async def test_a_deleted_one_is_gone_and_its_bytes_are_free() -> None:
    kept = memory()
    assert await kept.put("a", b"said", 60)
    assert await kept.get("a") == b"said"
    assert await kept.get("b") is None
    assert await kept.delete("a")
    assert not await kept.delete("a")
    assert (len(kept), kept.bytes) == (0, 0)


@pytest.mark.parametrize(("age", "found"), [(59.9, b"said"), (60.0, None), (61.0, None)])
async def test_time_to_live_is_absolute(age: float, found: bytes | None) -> None:
    clock = Clock()
    kept = memory(clock)
    await kept.put("a", b"said", 60)
    clock.now = 30.0
    assert await kept.get("a") == b"said"
    clock.now = age
    assert await kept.get("a") == found
    assert len(kept) == (1 if found else 0)
    assert await kept.delete("a") == bool(found)


async def test_what_lives_shorter_than_an_older_one_is_gone_in_time_too() -> None:
    clock = Clock()
    kept = memory(clock)
    await kept.put("long", b"", 60)
    await kept.put("short", b"", 5)
    clock.now = 5.0
    assert [await kept.get(name) for name in ("long", "short")] == [b"", None]


async def test_the_oldest_leaves_when_there_are_too_many() -> None:
    kept = memory(max_count=2)
    for name in "abc":
        await kept.put(name, b"", 60)
    assert [await kept.get(name) for name in "abc"] == [None, b"", b""]


async def test_putting_again_replaces_and_makes_young() -> None:
    clock = Clock()
    kept = memory(clock, max_count=2)
    await kept.put("a", b"old", 60)
    await kept.put("b", b"", 60)
    clock.now = 50.0
    await kept.put("a", b"new", 60)
    await kept.put("c", b"", 60)
    assert await kept.get("b") is None
    clock.now = 100.0
    assert await kept.get("a") == b"new"


async def test_the_oldest_leave_until_the_bytes_suffice() -> None:
    kept = memory(max_bytes=3_000)
    for name in "abc":
        await kept.put(name, b"x" * 500, 60)
    assert await kept.put("z", b"x" * 1_500, 60)
    assert await kept.get("a") is None
    assert kept.bytes <= 3_000


async def test_what_is_larger_than_the_whole_is_not_kept_and_drives_nobody_out() -> None:
    kept = memory(max_bytes=3_000)
    await kept.put("a", b"small", 60)
    assert not await kept.put("b", b"x" * 3_000, 60)
    assert await kept.get("a") == b"small"


@given(st.integers(-3, 0))
def test_a_memory_for_nothing_keeps_nothing(max_count: int) -> None:
    kept = memory(max_count=max_count)
    assert not asyncio.run(kept.put("a", b"said", 60))
    assert len(kept) == 0


class Bounds(RuleBasedStateMachine):
    """Whatever is done, the bounds hold and only what was put last under a name is found."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.kept = memory(self.clock, max_count=4, max_bytes=4_000)
        self.put: dict[str, tuple[bytes, float]] = {}
        self.loop = asyncio.new_event_loop()

    @rule(
        name=st.sampled_from("123456"),
        value=st.integers(0, 5_000).map(lambda size: b"x" * size),
        seconds=st.sampled_from([3.0, 10.0]),
    )
    def keep(self, name: str, value: bytes, seconds: float) -> None:
        if self.loop.run_until_complete(self.kept.put(name, value, seconds)):
            self.put[name] = (value, self.clock.now + seconds)
        else:
            self.put.pop(name, None)

    @rule(name=st.sampled_from("123456"))
    def drop(self, name: str) -> None:
        self.loop.run_until_complete(self.kept.delete(name))
        self.put.pop(name, None)

    @rule(seconds=st.floats(0, 12))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(name=st.sampled_from("123456"))
    def look(self, name: str) -> None:
        found = self.loop.run_until_complete(self.kept.get(name))
        if found is not None:
            value, ends = self.put[name]
            assert found == value
            assert self.clock.now < ends

    @invariant()
    def the_bounds_hold(self) -> None:
        assert len(self.kept) <= 4
        assert self.kept.bytes <= 4_000
        assert len(self.kept) > 0 or self.kept.bytes == 0

    def teardown(self) -> None:
        self.loop.close()


TestBounds = Bounds.TestCase
