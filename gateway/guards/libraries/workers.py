"""Threads for detectors that compute for long, so that the event loop goes on.

A thread cannot be stopped. Work that hangs keeps its thread, and once all of them hang further work is refused: bounded, and a
failure of the detector, about which its rules decide. The threads are daemons, so that such work does not keep a process alive.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

T = TypeVar("T")

IDLE: Final = 30.0
"""Seconds after which a thread without work ends; it is started again when there is some."""


class Overloaded(RuntimeError):
    """All threads are at work, and as much work waits as may."""


class LibraryFailed(RuntimeError):
    """A library has raised. Its own message may quote the text, so only the class of it is told."""


@dataclass(slots=True, repr=False)
class _Job:
    work: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


class Workers:
    """At most `threads` at once, and `waiting` pieces of work behind them."""

    def __init__(self, name: str, threads: int = 2, waiting: int = 64) -> None:
        self._name = name
        self._most = threads
        self._jobs: queue.Queue[_Job] = queue.Queue(waiting)
        self._lock = threading.Lock()
        self._running = 0
        self._free = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises `Overloaded`, or `LibraryFailed` for whatever it raises. Whoever stops waiting leaves it
        behind: work that has not begun is never begun.
        """
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            raise Overloaded(f"{self._name}: {self._jobs.maxsize} texts wait already") from None
        self._enlist()
        try:
            done: T = await job.answer
        finally:
            job.work = _nothing  # nobody's text waits behind work that hangs
        return done

    def _enlist(self) -> None:
        with self._lock:
            if self._running >= self._most or self._free >= self._jobs.qsize():
                return
            self._running += 1
            self._free += 1
        threading.Thread(target=self._serve, name=self._name, daemon=True).start()

    def _serve(self) -> None:
        while (job := self._next()) is not None:
            if not job.answer.cancelled():
                _perform(job)
            del job
            with self._lock:
                self._free += 1

    def _next(self) -> _Job | None:
        """None when there was nothing for a while: the thread ends."""
        try:
            job = self._jobs.get(timeout=IDLE)
        except queue.Empty:
            with self._lock:
                self._free -= 1
                if self._jobs.empty():
                    self._running -= 1
                    return None
                self._free += 1
            return self._next()
        with self._lock:
            self._free -= 1
        return job


def _nothing() -> None:
    """Instead of work for which nobody waits."""


def _perform(job: _Job) -> None:
    value: Any = None
    failure: LibraryFailed | None = None
    try:
        value = job.work()
    except BaseException as error:  # noqa: BLE001 - whatever a library raises, even SystemExit: else nobody would ever be told
        failure = LibraryFailed(type(error).__name__)
    try:
        job.loop.call_soon_threadsafe(tell, job.answer, value, failure)
    except RuntimeError:
        return  # the loop is closed: nobody waits any more


def tell(answer: asyncio.Future[Any], value: Any, failure: BaseException | None) -> None:
    """In the loop of whoever waits, if somebody still does."""
    if answer.done():
        return
    if failure is not None:
        answer.set_exception(failure)
    else:
        answer.set_result(value)
