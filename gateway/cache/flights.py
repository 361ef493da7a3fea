"""One call to an upstream that equal requests share while it is under way: what has come of it, and who is aboard.

    seat = flight.board()                         at any time, while `flight.open`
    while (piece := await flight.next(seat)):     the answer from its beginning, then as it comes
    await flight.leave(seat)                      whatever has happened; the last one out ends the call

The call goes on while anybody is aboard. What is held of the answer is what somebody aboard has still to get, and all of it while
others may board.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from gateway.cache.tape import Tape
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.wire.dialect import END, TEXT
from gateway.wire.frames import Frame
from gateway.wire.passage import Passage

PATIENCE: Final = 5.0
"""Seconds, all in all, for which the call waits for those who read slowly while others wait with it."""


class Piece(NamedTuple):
    """Frames before any rule has seen them, and what was seen in them as bits."""

    frames: list[Frame]
    seen: int

    @property
    def bytes(self) -> int:
        return sum(len(frame.raw) for frame in self.frames)


@dataclass(slots=True, eq=False)
class Seat:
    """Of one who waits. `anew`: what comes next is the beginning of an answer; nothing that came before belongs to it."""

    at: int = 0
    attempt: int = 0
    anew: bool = False
    put_off: bool = False


@dataclass(slots=True, eq=False)
class Flight:
    """`pilot` is the exchange of the call, which belongs to no caller. `most`: bytes that are held for those who board later, and
    for those who are behind. `epochs`: of all names that its answer could be purged by, when it began, which was at `began`.

    Once it has landed, `failure` says why there is no more, and `payer` who is to account for it: who has been aboard longest.
    """

    pilot: Exchange
    most: int
    epochs: Mapping[str, int]
    began: float
    tape: Tape
    patience: float = PATIENCE
    open: bool = True
    failure: BaseException | None = None
    payer: Seat | None = None
    _task: asyncio.Task[None] | None = None
    _commit: Callable[[], None] | None = None
    _aboard: dict[Seat, None] = field(default_factory=dict)
    _pieces: list[Piece] = field(default_factory=list)
    _first: int = 0  # which of all pieces the first one held is
    _attempt: int = 0
    held: int = 0
    _landed: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _room: asyncio.Event = field(default_factory=asyncio.Event)

    def launch(self, call: Coroutine[Any, Any, None]) -> None:
        """`call` has the passages of its attempts made by `attempt`."""
        self._task = asyncio.create_task(call)
        self._task.add_done_callback(self._land)

    def board(self) -> Seat:
        seat = Seat()
        self._aboard[seat] = None
        return seat

    async def next(self, seat: Seat) -> Piece | None:
        """None where there is no more: `failure` says why. Raises `stream_cut` for one who has kept the others waiting."""
        while True:
            if seat.put_off:
                message = "This answer was shared, and read too slowly for the others. Ask again, with `x-haechi-cache: bypass`."
                raise GatewayError("stream_cut", message)
            if seat.attempt != self._attempt:
                seat.attempt, seat.at, seat.anew = self._attempt, 0, True
            if seat.at < self._first + len(self._pieces):
                piece = self._pieces[seat.at - self._first]
                seat.at += 1
                self._let_go()
                return piece
            if self._landed.is_set():
                return None
            await self._news.wait()

    def commit(self) -> None:
        """Text goes out to one of those aboard: from now on there is no other attempt. The pilot knows the head of the answer."""
        if not self.pilot.committed and self._commit is not None:
            self._commit()

    async def landed(self) -> None:
        """Returns when the call is over, and all is known of it."""
        await self._landed.wait()

    async def leave(self, seat: Seat) -> None:
        """Ends the call, and waits for its end, if nobody else is aboard."""
        if list(self._aboard) == [seat] and self._task is not None and not self._landed.is_set():
            self.open = False
            if not self.pilot.ended:  # else only its connection is being drained
                self._task.cancel()
            try:
                await self.landed()
            finally:
                self._aboard.pop(seat, None)
        self._aboard.pop(seat, None)
        self._let_go()

    def attempt(self, passage: Passage, commit: Callable[[], None]) -> "_Attempt":
        """Another attempt begins: nothing has gone out of those before."""
        self._attempt += 1
        self._pieces, self._first, self.held = [], 0, 0
        self._commit = commit
        return _Attempt(self, passage)

    async def add(self, piece: Piece) -> None:
        """Waits while more is held than may be, as long as the answer is not complete: the upstream is read no faster."""
        self._pieces.append(piece)
        self.held += piece.bytes
        if self.held > self.most:
            self.open = False
        self._let_go()
        self._tell()
        while self.held > self.most and not piece.seen & END:
            self._room.clear()
            if len(self._aboard) < 2:
                await self._room.wait()
            else:
                await self._wait_for_the_slow()

    async def _wait_for_the_slow(self) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(self.patience):
                await self._room.wait()
        except TimeoutError:
            self._put_off()
        self.patience = max(0.0, self.patience - (clock() - began))

    def _put_off(self) -> None:
        """Those who are farthest behind; never everybody."""
        last = min(seat.at for seat in self._aboard)
        for seat in [one for one in self._aboard if one.at == last][: len(self._aboard) - 1]:
            seat.put_off = True
            del self._aboard[seat]
        self._let_go()
        self._tell()

    def _let_go(self) -> None:
        """Of what nobody needs any more. Who waits for room looks again, also where others have left."""
        if not self.open and self._aboard:
            read = min(seat.at if seat.attempt == self._attempt else 0 for seat in self._aboard) - self._first
            if read > 0:
                self.held -= sum(piece.bytes for piece in self._pieces[:read])
                del self._pieces[:read]
                self._first += read
        if self.held <= self.most or len(self._aboard) < 2:
            self._room.set()

    def _tell(self) -> None:
        self._news.set()
        self._news.clear()

    def _land(self, task: asyncio.Task[None]) -> None:
        self.failure = asyncio.CancelledError() if task.cancelled() else task.exception()
        self.open = self.open and self.failure is None
        self.payer = next(iter(self._aboard), None)
        self._landed.set()
        self._tell()


class _Attempt:
    """In the place of rules: those of each who is aboard are upon what it gets. Hands nothing on until somebody has text."""

    def __init__(self, flight: Flight, passage: Passage) -> None:
        self._flight = flight
        self._passage = passage
        self._heard = False
        self._untold: list[Frame] = []

    @property
    def released(self) -> bool:
        return self._flight.pilot.committed

    async def feed(self, frames: list[Frame], /) -> tuple[list[Frame], int]:
        """What comes before the first text is handed on, so that it is bounded as ever."""
        shown, seen = self._passage.feed(frames)
        self._heard = self._heard or bool(seen & TEXT)
        await self._flight.add(Piece(shown, seen))
        if not self._heard or self.released or seen & END:
            shown, self._untold = self._untold + shown, []
            return shown, seen
        self._untold += shown
        return [], seen


Key = tuple[bytes, bytes]
"""`Scope.live` of a request, and the way in which its answer is written."""


class Flights:
    """Those that others may board."""

    def __init__(self) -> None:
        self._by_key: dict[Key, Flight] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def find(self, key: Key) -> Flight | None:
        flight = self._by_key.get(key)
        return flight if flight is not None and flight.open else None

    def put(self, key: Key, flight: Flight) -> None:
        self._by_key[key] = flight

    def remove(self, key: Key, flight: Flight) -> None:
        """Unless another has taken its place."""
        if self._by_key.get(key) is flight:
            del self._by_key[key]
