"""The load: one caller, a closed loop of them, and streams that are held open."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

from tests.bench.payloads import MARK

ANSWER_LIMIT = 20.0
CHUNKED = -1
LAST_CHUNK = b"0\r\n\r\n"


class LoadError(Exception):
    """The contender did not answer as it should; the words say how."""


@dataclass
class Tally:
    """What a run saw. Times are in seconds; `chunks` are server-sent events and `reads` the pieces they came in.

    Requests that were due before `since` (as `perf_counter` counts) are not timed.
    """

    since: float = 0.0
    latencies: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    chunks: int = 0
    reads: int = 0
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0


class Caller(asyncio.Protocol):
    """One keep-alive connection that sends `request` again whenever it is told to; another may be put there meanwhile."""

    def __init__(self, request: bytes, tally: Tally, *, events: bool) -> None:
        self.request = request
        self._tally = tally
        self._events = events
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._tail = b""
        self._in_body = False
        self._left = 0
        self._started = 0.0
        self._spoke = False
        self.busy = False
        self.closing = False
        self.when_first: Callable[[Caller], None] = _ignore
        self.when_free: Callable[[Caller], None] = _ignore
        self.when_lost: Callable[[Caller], None] = _ignore

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class inherits from none of asyncio's

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closing:
            self._tally.complaints.append(f"the connection was closed {'inside' if self.busy else 'after'} an answer")
            self.busy = False
            self.when_lost(self)

    def send(self, started: float) -> None:
        """Writes the request; its time counts from `started`, which may have passed."""
        assert self._transport is not None
        self._started = started
        self._spoke = False
        self.busy = True
        self._transport.write(self.request)

    def close(self) -> None:
        self.closing = True
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self._in_body:
            data = self._head + data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._head = data
                return
            self._head = b""
            self._left = self._length_after(data[:end])
            self._in_body = True
            self._tail = b""
            data = data[end + 4 :]
            if not data and self._left != 0:
                return
        if self._events:
            self._count(data)
        if self._is_whole(data):
            self._in_body = False
            self.busy = False
            if self._started >= self._tally.since:
                self._tally.latencies.append(perf_counter() - self._started)
            self.when_free(self)

    def _length_after(self, head: bytes) -> int:
        status, length = read_head(head)
        if status != 200:
            self._tally.complaints.append(f"status {status}")
        return length

    def _count(self, data: bytes) -> None:
        self._tally.reads += 1
        self._tally.chunks += data.count(b"data: ")
        if not self._spoke and MARK in data:
            self._spoke = True
            if self._started >= self._tally.since:
                self._tally.firsts.append(perf_counter() - self._started)
            self.when_first(self)

    def _is_whole(self, data: bytes) -> bool:
        if self._left != CHUNKED:
            self._left -= len(data)
            return self._left <= 0
        self._tail = (self._tail + data)[-5:]
        return self._tail == LAST_CHUNK


def read_head(head: bytes) -> tuple[int, int]:
    """Status and body length of an answer's head; the length is -1 for a chunked body."""
    low = head.lower()
    status = int(low[9:12])
    at = low.find(b"\r\ncontent-length:")
    if at < 0:
        return status, CHUNKED
    end = low.find(b"\r\n", at + 2)
    return status, int(low[at + 17 : end if end > 0 else None])


async def connect(port: int, count: int, request: bytes, tally: Tally, *, events: bool) -> list[Caller]:
    loop = asyncio.get_running_loop()
    callers = []
    for _ in range(count):
        _, caller = await loop.create_connection(lambda: Caller(request, tally, events=events), "127.0.0.1", port)
        callers.append(caller)
    return callers


async def closed_loop(
    port: int,
    request: bytes,
    connections: int,
    seconds: float,
    *,
    events: bool = False,
    most: int | None = None,
    fresh: Callable[[], bytes] | None = None,
) -> Tally:
    """Each connection asks again as soon as it has its answer; what is under way at the end is waited for and counted.

    It ends after `seconds`, or earlier after about `most` requests. `fresh` makes another request for each but the first ones.
    """
    tally = Tally()
    callers = await connect(port, connections, request, tally, events=events)
    done = asyncio.Event()
    busy = connections
    began = perf_counter()
    until = began + seconds

    def again(caller: Caller) -> None:
        nonlocal busy
        now = perf_counter()
        enough = most is not None and len(tally.latencies) >= most
        if now < until and not enough and not tally.complaints:
            if fresh is not None:
                caller.request = fresh()
            caller.send(perf_counter() if fresh is not None else now)
            return
        busy -= 1
        if not busy:
            done.set()

    for caller in callers:
        caller.when_free = caller.when_lost = again
        caller.send(perf_counter())
    await finish(done, callers, tally, seconds)
    tally.seconds = perf_counter() - began
    return tally


class OpenStreams:
    """Streams that stay open until `close`; each has given its first text when `grow` returns."""

    def __init__(self, port: int, request: bytes) -> None:
        self._port = port
        self._request = request
        self._callers: list[Caller] = []
        self.tally = Tally()

    async def grow(self, count: int, at_once: int = 64) -> None:
        """Opens streams, at most `at_once` being started at a time, until there are `count`."""
        loop = asyncio.get_running_loop()
        while len(self._callers) < count:
            some = min(at_once, count - len(self._callers))
            fresh = await connect(self._port, some, self._request, self.tally, events=True)
            self._callers.extend(fresh)
            spoken = [loop.create_future() for _ in fresh]
            for caller, future in zip(fresh, spoken, strict=True):
                caller.when_first = _resolves(future)
                caller.when_lost = _resolves(future)
                caller.when_free = self._ended(future)
                caller.send(perf_counter())
            try:
                async with asyncio.timeout(ANSWER_LIMIT):
                    await asyncio.gather(*spoken)
            except TimeoutError:
                self.tally.complaints.append("a stream gave no text")
            self.check()

    def check(self) -> None:
        """Raises `LoadError` unless every stream is still open and none complained."""
        if self.tally.complaints:
            raise LoadError(_words(self.tally))

    def _ended(self, future: asyncio.Future[None]) -> Callable[[Caller], None]:
        def end(caller: Caller) -> None:
            self.tally.complaints.append("a stream ended that should have stayed open")
            _resolves(future)(caller)

        return end

    async def close(self) -> None:
        for caller in self._callers:
            caller.close()
        self._callers.clear()
        await asyncio.sleep(0)


async def finish(done: asyncio.Event, callers: list[Caller], tally: Tally, seconds: float) -> None:
    """Waits for what is under way, closes every line, and raises `LoadError` if something was amiss."""
    try:
        async with asyncio.timeout(seconds + ANSWER_LIMIT):
            await done.wait()
    except TimeoutError:
        tally.complaints.append(f"answers were still missing {ANSWER_LIMIT:g} s after the end")
    finally:
        for caller in callers:
            caller.close()
        await asyncio.sleep(0)
    if tally.complaints:
        raise LoadError(_words(tally))


def _words(tally: Tally) -> str:
    return f"{len(tally.complaints)} complaints, the first: {tally.complaints[0]}"


def _ignore(caller: Caller) -> None:
    pass


def _resolves(future: asyncio.Future[None]) -> Callable[[Caller], None]:
    def resolve(caller: Caller) -> None:
        if not future.done():
            future.set_result(None)

    return resolve
