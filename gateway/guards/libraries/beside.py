"""An event loop beside the gateway's, for somebody else's coroutines: what blocks there, blocks nobody here."""

import asyncio
import functools
import threading
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from gateway.guards.libraries.workers import LibraryFailed, Overloaded, tell

T = TypeVar("T")

MOST: Final = 256
"""Coroutines at once. One for which nobody waits any more counts until it ends: it may block, or ignore that it is cancelled."""


@dataclass(slots=True, repr=False)
class _Job:
    work: Callable[[], Awaitable[Any]] | None
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    task: asyncio.Task[Any] | None = None


class Beside:
    """The thread of it begins with the first coroutine, and ends with this object."""

    def __init__(self, name: str, most: int = MOST) -> None:
        self._name = name
        self._most = most
        self._running = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """What it comes to. Raises `Overloaded`, or `LibraryFailed` for whatever it raises. It is cancelled if this is."""
        with self._lock:
            if self._running >= self._most:
                raise Overloaded(f"{self._name}: {self._most} texts wait already")
            self._running += 1
            loop = self._loop = self._loop or self._started()
        here = asyncio.get_running_loop()
        job = _Job(work, here, here.create_future())
        loop.call_soon_threadsafe(self._begin, job)
        try:
            done: T = await job.answer
        finally:
            job.work = None  # nobody's text waits behind work that blocks
            if not job.answer.done() or job.answer.cancelled():
                loop.call_soon_threadsafe(_cancel, job)
        return done

    def _begin(self, job: _Job) -> None:
        work = job.work
        if work is None:
            self._end()
            return
        job.task = asyncio.ensure_future(_contained(work))
        job.task.add_done_callback(functools.partial(self._tell, job))

    def _tell(self, job: _Job, task: asyncio.Task[Any]) -> None:
        self._end()
        failure: BaseException | None = LibraryFailed("CancelledError") if task.cancelled() else task.exception()
        value = None if failure is not None else task.result()
        try:
            job.loop.call_soon_threadsafe(tell, job.answer, value, failure)
        except RuntimeError:
            return  # that loop is closed: nobody waits any more

    def _end(self) -> None:
        with self._lock:
            self._running -= 1

    def _started(self) -> asyncio.AbstractEventLoop:
        loop, ended = asyncio.new_event_loop(), threading.Event()
        threading.Thread(target=_turn, args=(loop, ended), name=self._name, daemon=True).start()
        weakref.finalize(self, _stop, loop, ended).atexit = False
        return loop


async def _contained(work: Callable[[], Awaitable[Any]]) -> Any:
    try:
        return await work()
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever it raises, even SystemExit: else nobody would ever be told
        raise LibraryFailed(type(error).__name__) from None


def _cancel(job: _Job) -> None:
    if job.task is not None:
        job.task.cancel()


def _turn(loop: asyncio.AbstractEventLoop, ended: threading.Event) -> None:
    """A task that raises SystemExit, or stops the loop, must not end the others."""
    asyncio.set_event_loop(loop)
    while not ended.is_set():
        try:
            loop.run_forever()
        except BaseException:  # noqa: BLE001, S112 - nobody waits for such a task
            continue
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()


def _stop(loop: asyncio.AbstractEventLoop, ended: threading.Event) -> None:
    ended.set()
    loop.call_soon_threadsafe(loop.stop)
