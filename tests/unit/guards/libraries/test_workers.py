"""Threads that may hang: what waits is bounded, who waits can leave, and nothing of a text is told or kept."""

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator

import pytest

from gateway.guards.libraries.workers import LibraryFailed, Overloaded, Workers
from tests.support.eventually import eventually


@pytest.fixture
def door() -> Iterator[threading.Event]:
    """Work that waits for it hangs until the test is over."""
    event = threading.Event()
    yield event
    event.set()


async def test_work_is_done_in_another_thread_and_its_value_comes_back() -> None:
    workers = Workers("test")
    assert await workers.run(lambda: threading.current_thread().name) == "test"


async def test_what_a_library_raises_is_told_by_its_class_alone() -> None:
    def work() -> None:
        raise SystemExit("880101-1234567")

    with pytest.raises(LibraryFailed) as caught:
        await Workers("test").run(work)
    assert str(caught.value) == "SystemExit"
    assert caught.value.__cause__ is caught.value.__context__ is None


async def test_no_more_threads_run_than_were_allowed_and_no_more_work_waits() -> None:
    door = threading.Event()
    workers = Workers("bounded", threads=2, waiting=3)
    waits: list[asyncio.Task[bool]] = []
    for begun, waiting in [(1, 0), (2, 0), (2, 1), (2, 2), (2, 3)]:
        waits.append(asyncio.create_task(workers.run(door.wait)))
        await asyncio.sleep(0)
        await asyncio.to_thread(
            eventually, lambda want=(begun, waiting): (_threads("bounded"), workers._jobs.qsize()) == want
        )
    with pytest.raises(Overloaded, match="3 texts wait"):
        await workers.run(door.wait)
    door.set()
    assert await asyncio.gather(*waits) == [True] * 5


async def test_who_leaves_takes_the_text_along(door: threading.Event) -> None:
    class Text:
        pass

    workers = Workers("test", threads=1)
    hanging = asyncio.create_task(workers.run(door.wait))
    await asyncio.sleep(0)
    text = Text()
    kept = weakref.ref(text)
    leaving = asyncio.create_task(workers.run(lambda text=text: text))  # type: ignore[misc]
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    del text, leaving
    gc.collect()
    assert kept() is None
    door.set()
    assert await hanging


async def test_work_goes_on_after_threads_have_ended_for_want_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.guards.libraries.workers.IDLE", 0.001)
    workers = Workers("brief")
    for number in range(20):
        assert await workers.run(lambda number=number: number) == number  # type: ignore[misc]
        if number % 5 == 0:
            await asyncio.to_thread(eventually, lambda: _threads("brief") == 0)


def test_work_that_hangs_does_not_keep_the_process() -> None:
    code = """
import asyncio, threading
from gateway.guards.libraries.workers import Workers
async def main():
    try:
        async with asyncio.timeout(0.05):
            await Workers("test").run(threading.Event().wait)
    except TimeoutError:
        print("left")
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == ("left\n", "")


def _threads(name: str) -> int:
    return sum(thread.name == name for thread in threading.enumerate())
