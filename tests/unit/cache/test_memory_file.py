"""What memory holds, over a restart: as it was, without what expired or was purged, and never an error."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from gateway.cache.memory import Memory
from gateway.cache.memory_file import MemoryFile
from gateway.cache.store import Placed
from gateway.cache.vectors import Vectors
from tests.support.eventually import eventually

SECRETS: Final[list[tuple[bytes, ...]]] = [(), (b"a secret",)]
SCOPE: Final = b"scope"


class Clocks:
    """The monotonic clock begins anew with each process; the wall clock goes on."""

    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.mono = 50.0

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds

    def restarts(self) -> None:
        self.mono = 3.0


def unit(seed: int, size: int = 16) -> Any:
    vector = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    return vector / np.linalg.norm(vector)


@asynccontextmanager
async def process(
    file: Path, clocks: Clocks, secrets: tuple[bytes, ...] = (), entries: int = 1000, *, killed: bool = False
) -> AsyncIterator[tuple[Memory, MemoryFile]]:
    clocks.restarts()
    memory = Memory(entries, 10_000_000, lambda: clocks.mono, Vectors(50))
    kept = MemoryFile(file, memory, secrets, lambda: clocks.wall)
    await kept.begin()
    try:
        yield memory, kept
    finally:
        if killed:  # as far as another process can tell
            if kept._writing is not None and kept._lock is not None:
                kept._writing.cancel()
                os.close(kept._lock)
        else:
            await kept.aclose()


@pytest.mark.parametrize("secrets", SECRETS)
async def test_all_that_was_held_is_there_again(secrets: tuple[bytes, ...], tmp_path: Path) -> None:
    file, clocks = tmp_path / "cache", Clocks()
    async with process(file, clocks, secrets) as (memory, _):
        for number in range(600):
            placed = Placed(SCOPE, unit(number)) if number < 20 else None
            await memory.put(b"%d" % number, b"said %d" % number, 60, 1.0, placed)
        await memory.save("class:faq", b"a certificate", None)
        await memory.save("pair:1", b"1", None)
        epoch = await memory.next_epoch("tag:spring")
        near = await memory.near(Placed(SCOPE, unit(3)), 5)
        figures = await memory.figures()
    assert (b"said 7" in file.read_bytes()) is not bool(secrets)
    async with process(file, clocks, secrets) as (memory, _):
        assert await memory.get_all([b"%d" % one for one in range(600)]) == [b"said %d" % one for one in range(600)]
        assert await memory.load_all(["class:faq", "pair:1", "pair:2"]) == [b"a certificate", b"1", None]
        assert await memory.epochs(["tag:spring", "all"]) == [epoch, 0]
        assert [one.key for one in await memory.near(Placed(SCOPE, unit(3)), 5)] == [one.key for one in near]
        assert await memory.figures() == figures


def inode_of(file: Path) -> int:
    return file.stat().st_ino if file.exists() else 0


async def test_it_is_written_now_and_then_and_a_writing_under_way_is_waited_for(tmp_path: Path) -> None:
    file, clocks = tmp_path / "cache", Clocks()
    memory = Memory(1000, 10_000_000, lambda: clocks.mono)
    kept = MemoryFile(file, memory, (), lambda: clocks.wall, every=0.001)
    await kept.begin()
    for number in range(3):
        before = inode_of(file)
        await memory.put(b"%d" % number, b"said", 60, 1.0)
        await asyncio.to_thread(eventually, lambda before=before: inode_of(file) not in (0, before))
    await kept.aclose()
    assert not (tmp_path / "cache.new").exists()
    async with process(file, clocks) as (memory, _):
        assert len(memory) == 3


async def test_what_has_expired_meanwhile_is_not_there_and_nothing_lives_longer(tmp_path: Path) -> None:
    file, clocks = tmp_path / "cache", Clocks()
    async with process(file, clocks) as (memory, _):
        await memory.put(b"short", b"1", 60, 1.0)
        await memory.put(b"long", b"1", 100, 1.0)
        clocks.passes(50)
    clocks.passes(20)
    async with process(file, clocks) as (memory, _):
        assert len(memory) == 1, "what has expired takes no room"
        assert await memory.get_all([b"short", b"long"]) == [None, b"1"]
        clocks.passes(29)
        assert await memory.get(b"long") == b"1"
        clocks.passes(2)
        assert await memory.get(b"long") is None


@pytest.mark.parametrize("secrets", SECRETS)
async def test_a_purge_holds_though_the_process_is_killed_right_after(
    secrets: tuple[bytes, ...], tmp_path: Path
) -> None:
    file, clocks = tmp_path / "cache", Clocks()
    async with process(file, clocks, secrets, killed=True) as (memory, kept):
        stored_under = await memory.epochs(["all"])
        await memory.put(b"1", b"said", 60, 1.0)
        assert await kept.write()
        purged = await memory.next_epoch("all")
        assert [purged] != stored_under
    async with process(file, clocks, secrets) as (memory, _):
        assert await memory.get(b"1") == b"said", "the former file is there"
        assert await memory.epochs(["all"]) == [purged], "and does not count"


async def test_who_is_killed_in_the_middle_of_writing_leaves_the_former_file(tmp_path: Path) -> None:
    file, clocks = tmp_path / "cache", Clocks()
    async with process(file, clocks) as (memory, _):
        await memory.put(b"1", b"said", 60, 1.0)
    (tmp_path / "cache.new").write_bytes(file.read_bytes()[:40])
    async with process(file, clocks) as (memory, _):
        assert await memory.get(b"1") == b"said"


@pytest.mark.parametrize("harm", ["cut", "changed", "foreign", "empty", "other secret", "purged"])
async def test_what_is_damaged_is_put_aside_and_said(
    harm: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, clocks = tmp_path / "cache", Clocks()
    async with process(file, clocks, (b"a secret",)) as (memory, _):
        await memory.put(b"1", b"said by a canary", 60, 1.0)
        await memory.next_epoch("all")
    whole = file.read_bytes()
    if harm == "purged":  # without it, nobody can tell what was purged
        (tmp_path / "cache.purged").write_bytes(b"what?")
    else:
        harmed = {"cut": whole[:-3], "changed": whole[:60] + b"x" + whole[61:], "foreign": b"PNG", "empty": b""}
        file.write_bytes(harmed.get(harm, whole))
    with caplog.at_level(logging.WARNING):
        async with process(file, clocks, (b"another",) if harm == "other secret" else (b"a secret",)) as (memory, _):
            assert await memory.get(b"1") is None
            await memory.put(b"2", b"later", 60, 1.0)
    assert "is put aside" in caplog.text
    assert "canary" not in caplog.text
    assert (tmp_path / "cache.aside").exists()
    secret = (b"another",) if harm == "other secret" else (b"a secret",)
    async with process(file, clocks, secret) as (memory, _):
        assert await memory.get(b"2") == b"later"


async def test_a_second_process_neither_reads_nor_writes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file, clocks = tmp_path / "cache", Clocks()
    async with process(file, clocks) as (memory, kept):
        await memory.put(b"1", b"first", 60, 1.0)
        await kept.write()
        async with process(file, clocks) as (other, _):
            assert await other.get(b"1") is None
            await other.put(b"1", b"second", 60, 1.0)
            assert await other.next_epoch("all") == 1
        assert "another process has it" in caplog.text
    async with process(file, clocks) as (memory, _):
        assert await memory.get(b"1") == b"first"
        assert await memory.epochs(["all"]) == [0]


@pytest.mark.parametrize("where", ["no/such/folder/cache", "folder"])
async def test_where_nothing_can_be_written_that_is_said_and_nothing_is_touched(
    where: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "folder").mkdir()
    async with process(tmp_path / where, Clocks()) as (memory, _):
        await memory.put(b"1", b"said", 60, 1.0)
        assert await memory.next_epoch("all") == 1
    assert "is neither read nor written" in caplog.text
    assert (tmp_path / "folder").is_dir()


async def test_a_purge_that_cannot_be_written_is_not_said_to_be_done(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    file = tmp_path / "there" / "cache"
    async with process(file, Clocks(), killed=True) as (memory, kept):
        (tmp_path / "there").rename(tmp_path / "gone")
        assert await memory.next_epoch("all") is None
        assert await memory.epochs(["all"]) == [1], "it holds all the same"
        assert not await kept.write()


async def test_a_smaller_memory_takes_what_there_is_room_for(tmp_path: Path) -> None:
    file, clocks = tmp_path / "cache", Clocks()
    async with process(file, clocks) as (memory, _):
        for number in range(30):
            await memory.put(b"%d" % number, b"said", 60, 1.0)
    async with process(file, clocks, entries=10) as (memory, _):
        assert len(memory) == 10


async def test_what_leaves_first_is_the_same_after_a_restart(tmp_path: Path) -> None:
    file, clocks = tmp_path / "cache", Clocks()
    async with process(file, clocks, entries=3) as (memory, _):
        for number, worth in enumerate((5.0, 1.0, 9.0)):
            await memory.put(b"%d" % number, b"said", 60, worth)
    async with process(file, clocks, entries=3) as (memory, _):
        for _ in range(2):
            await memory.put(b"new", b"said", 60, 7.0)
        assert await memory.get_all([b"0", b"1", b"2", b"new"]) == [b"said", None, b"said", b"said"]
