"""A model server that costs next to nothing: `python -m tests.bench.upstream PORT`.

The request says what it wants in its text: `bench paced N GAP_US` for N events of 256 bytes, one every gap, each a write of
its own (N = 0: until the line closes); `bench held 1 0` for one event and then silence. Writes of different streams are spread
over time as those of a real upstream are: an event loop's own timers tick in milliseconds and would send them in bursts.
"""

import asyncio
import heapq
import math
import random
import re
import sys
from time import perf_counter
from typing import cast

import uvloop

from tests.bench import payloads
from tests.bench.timer import Timer

TICK = 0.0001

WISH = re.compile(rb"bench (paced|held) (\d+) (\d+)")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"transfer-encoding: *chunked", re.IGNORECASE)
USAGE = re.compile(rb'"include_usage" ?: ?true')


def framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"x-request-id: req_bench\r\nTransfer-Encoding: chunked\r\n\r\n"
) + framed(payloads.role_event())
TEXTS = [framed(event) for event in payloads.text_events()]
END = {usage: framed(payloads.last_events(usage=usage)) + b"0\r\n\r\n" for usage in (False, True)}


class Pacer:
    """Wakes each speaker when its next event is due, to a tenth of a millisecond; sleeps until then."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Speaker]] = []
        self._serial = 0
        self._timer: Timer | None = None
        self._set_for = math.inf

    def wake(self, at: float, speaker: "Speaker") -> None:
        self._serial += 1
        heapq.heappush(self._due, (at, self._serial, speaker))
        self._set(at)

    def _set(self, at: float) -> None:
        slot = math.ceil(at / TICK) * TICK
        if slot >= self._set_for:
            return
        self._set_for = slot
        if self._timer is None:
            self._timer = Timer(slot, 0, self._tick)
            self._timer.start()
        else:
            self._timer.set(slot)

    def _tick(self) -> None:
        now = perf_counter()
        self._set_for = -math.inf  # those who speak now do not set the timer one by one
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2].speak()
        self._set_for = math.inf
        if self._due:
            self._set(self._due[0][0])


class Speaker(asyncio.Protocol):
    """One connection; answers one request after the other."""

    def __init__(self, pacer: Pacer) -> None:
        self._pacer = pacer
        self._transport: asyncio.Transport | None = None
        self._inbox = b""
        self._left = 0
        self._gap = 0.0
        self._next = 0.0
        self._end = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class inherits from none of asyncio's

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._inbox += data
        head = self._inbox.find(b"\r\n\r\n")
        if head < 0:
            return
        if CHUNKED.search(self._inbox, 0, head):
            whole = self._inbox.endswith(b"0\r\n\r\n")
        else:
            length = LENGTH.search(self._inbox, 0, head)
            whole = len(self._inbox) - head - 4 >= (int(length[1]) if length else 0)
        if whole:
            request, self._inbox = self._inbox, b""
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        wish = WISH.search(request)
        if wish is None or self._transport is None:
            self._write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
        self._write(HEAD)
        self._write(TEXTS[0])
        if wish[1] == b"held":
            return
        count, self._gap = int(wish[2]), int(wish[3]) / 1e6
        self._end = END[USAGE.search(request) is not None]
        self._left = count - 1 if count else -1
        # Streams are out of step with each other, as real ones are: otherwise those that begin at a constant rate speak in chorus.
        self._next = perf_counter() + self._gap * random.uniform(0.5, 1.5)
        self._pacer.wake(self._next, self)

    def speak(self) -> None:
        """One event, or the end; nothing when the line has closed meanwhile."""
        if self._transport is None:
            return
        if self._left == 0:
            self._write(self._end)
            return
        self._left -= 1
        self._write(TEXTS[self._left % len(TEXTS)])
        self._next += self._gap
        self._pacer.wake(self._next, self)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


async def serve(port: int) -> None:
    pacer = Pacer()
    server = await asyncio.get_running_loop().create_server(lambda: Speaker(pacer), "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
