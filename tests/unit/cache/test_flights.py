"""One call that several share: whoever boards, reads, leaves or sleeps, each gets the whole answer, and nothing is left behind."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.flights import Flight, Flights, Seat
from gateway.cache.tape import Tape
from gateway.errors import GatewayError
from gateway.wire.dialect import END, TEXT, Watch
from gateway.wire.frames import Frame
from tests.support.exchanges import exchange

pytestmark = pytest.mark.clockwork

PIECE: Final = 10
MOST: Final = 5 * PIECE


class Looked:
    """A passage that sees in each frame what is written there."""

    watch: Watch

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        return frames, (END if b"end" in frames[-1].raw else 0) | TEXT


class Call:
    """A flight whose pieces come when the test says so. `ended`: how it has, in a word."""

    def __init__(self, most: int = MOST, patience: float = 5.0) -> None:
        self.flight = Flight(exchange(), most, {}, 0.0, Tape(most), patience)
        self.ended = ""
        self.steps = asyncio.Queue[Callable[[], Awaitable[Any]] | Exception | None]()
        self.attempt = self.flight.attempt(Looked(), self.commit)

    def commit(self) -> None:
        self.flight.pilot.committed = True

    async def run(self) -> None:
        try:
            while (step := await self.steps.get()) is not None:
                if isinstance(step, Exception):
                    raise step
                await step()
        except asyncio.CancelledError:
            self.ended = "cancelled"
            raise
        self.ended = "whole"

    def piece(self, said: bytes) -> None:
        async def feed() -> None:
            await self.attempt.feed([Frame(said, said)])

        self.steps.put_nowait(feed)

    def begin_anew(self) -> None:
        async def attempt() -> None:
            self.attempt = self.flight.attempt(Looked(), self.commit)

        self.steps.put_nowait(attempt)

    def launch(self) -> None:
        self.flight.launch(self.run())


def written(number: int) -> bytes:
    return b"%010d" % number


LAST: Final = b"the end..."


async def read(flight: Flight, seat: Seat, most: int = 1_000_000) -> list[bytes]:
    """The pieces up to the end, or so many of them."""
    got: list[bytes] = []
    while len(got) < most and (piece := await flight.next(seat)) is not None:
        if seat.anew:
            seat.anew, got = False, []
        got += [frame.raw for frame in piece.frames]
        if piece.seen & END:
            break
    return got


async def settled() -> None:
    """All that can go on has gone on: nothing here waits for a clock or a socket."""
    for _ in range(50):
        await asyncio.sleep(0)


Moves = st.lists(
    st.sampled_from(["piece", "piece", "board", "read", "leave", "anew"]) | st.integers(min_value=0, max_value=7),
    max_size=40,
)


class Play:
    """A flight, what has been said in it, and what each of those aboard has read."""

    def __init__(self) -> None:
        self.call = Call()
        self.flight = self.call.flight
        self.said: list[bytes] = []
        self.aboard: dict[Seat, list[bytes]] = {}
        self.chosen = 0

    @property
    def seat(self) -> Seat:
        return [*self.aboard][self.chosen % len(self.aboard)]

    async def piece(self) -> None:
        if (len(self.said) + 1) * PIECE < MOST:  # so that nothing is let go, the end included
            self.said.append(written(len(self.said)))
            self.call.piece(self.said[-1])

    async def anew(self) -> None:
        if not self.flight.pilot.committed:
            self.said, self.aboard = [], {one: [] for one in self.aboard}
            self.call.begin_anew()

    async def board(self) -> None:
        assert self.flight.open
        self.aboard[self.flight.board()] = []

    async def read(self) -> None:
        if len(self.aboard[self.seat]) < len(self.said):
            self.flight.commit()
            self.aboard[self.seat] += await read(self.flight, self.seat, 1)

    async def leave(self) -> None:
        if len(self.aboard) > 1:
            seat = self.seat
            await self.flight.leave(seat)
            del self.aboard[seat]

    async def play(self, moves: list[Any]) -> None:
        await self.board()
        self.call.launch()
        await settled()
        for move in moves:
            if isinstance(move, int):
                self.chosen = move
            else:
                await getattr(self, move)()
            await settled()
            assert self.call.ended == ""

    async def all_leave(self) -> None:
        for seat in self.aboard:
            assert not self.call.ended
            await self.flight.leave(seat)
        assert self.call.ended == "cancelled"
        assert self.flight.payer is [*self.aboard][-1]
        assert not self.flight.open

    async def end(self, failure: Exception | None) -> None:
        self.call.piece(LAST)
        await settled()
        self.call.steps.put_nowait(failure)
        await self.flight.landed()
        assert self.flight.failure is failure
        assert self.flight.payer is next(iter(self.aboard))
        assert self.flight.open == (failure is None)
        for seat, got in self.aboard.items():
            assert got + await read(self.flight, seat) == [*self.said, LAST]
            assert await self.flight.next(seat) is None
            await self.flight.leave(seat)


@given(moves=Moves, ends=st.sampled_from(["whole", "fails", "nobody"]))
def test_each_who_stays_has_the_whole_answer_whoever_comes_and_goes(moves: list[Any], ends: str) -> None:
    async def played() -> None:
        play = Play()
        await play.play(moves)
        if ends == "nobody":
            await play.all_leave()
        else:
            await play.end(ValueError("as tests do") if ends == "fails" else None)

    asyncio.run(played())


async def test_who_reads_slowly_costs_the_others_no_more_than_the_patience() -> None:
    call = Call(patience=0.05)
    flight = call.flight
    quick, slow = flight.board(), flight.board()
    call.launch()
    for number in range(50):
        call.piece(written(number))
    call.piece(LAST)
    call.steps.put_nowait(None)
    reading = asyncio.create_task(read(flight, quick))
    async with asyncio.timeout(5):
        assert len(await reading) == 51
    with pytest.raises(GatewayError) as error:
        await flight.next(slow)
    assert error.value.code == "stream_cut"
    await flight.leave(slow)
    await flight.landed()
    assert flight.payer is quick
    await flight.leave(quick)


@pytest.mark.parametrize("aboard", [1, 3])
async def test_what_is_held_is_bounded_and_the_model_is_read_no_faster_than_the_slowest(aboard: int) -> None:
    call = Call(patience=60)
    flight = call.flight
    seats = [flight.board() for _ in range(aboard)]
    call.launch()
    for number in range(50):
        call.piece(written(number))
    await settled()
    assert not flight.open
    assert flight.held <= MOST + PIECE
    assert call.steps.qsize() == 50 - MOST // PIECE - 1
    for seat in seats[1:]:
        assert len(await read(flight, seat, 4)) == 4
        await settled()
    assert call.steps.qsize() == 50 - MOST // PIECE - 1
    assert len(await read(flight, seats[0], 4)) == 4
    await settled()
    assert call.steps.qsize() == 50 - MOST // PIECE - 1 - 4
    assert flight.held <= MOST + PIECE
    for seat in seats:
        await flight.leave(seat)
    assert call.ended == "cancelled"


async def test_one_who_leaves_makes_room() -> None:
    call = Call(patience=60)
    flight = call.flight
    quick, slow = flight.board(), flight.board()
    call.launch()
    for number in range(7):
        call.piece(written(number))
    call.piece(LAST)
    await settled()
    reading = asyncio.create_task(read(flight, quick))
    await settled()
    assert not reading.done()
    await flight.leave(slow)
    assert len(await reading) == 8
    await flight.leave(quick)


async def test_the_end_of_an_answer_waits_for_nobody() -> None:
    call = Call(most=1)
    seat, _ = call.flight.board(), call.flight.board()
    call.launch()
    call.piece(LAST)
    call.steps.put_nowait(None)
    await call.flight.landed()
    assert call.flight.payer is seat


async def test_a_call_whose_answer_is_complete_is_not_broken_off() -> None:
    call = Call()
    seat = call.flight.board()
    call.launch()
    call.flight.pilot.ended = True
    leaving = asyncio.create_task(call.flight.leave(seat))
    await settled()
    assert not leaving.done()
    call.steps.put_nowait(None)
    await leaving
    assert call.ended == "whole"


async def test_nothing_is_handed_on_before_somebody_has_text() -> None:
    """So that the attempt is not committed while every rule still holds all of it back."""
    call = Call()
    call.flight.board()
    assert await call.attempt.feed([Frame(b"one", b"one")]) == ([], TEXT)
    call.flight.commit()
    shown, _ = await call.attempt.feed([Frame(b"two", b"two")])
    assert [frame.raw for frame in shown] == [b"one", b"two"]


def test_a_flight_that_another_has_replaced_takes_that_with_it_nowhere() -> None:
    flights, key = Flights(), (b"scope", b"way")
    one, other = (Flight(exchange(), MOST, {}, 0.0, Tape(MOST)) for _ in range(2))
    flights.put(key, one)
    flights.put(key, other)
    flights.remove(key, one)
    assert flights.find(key) is other
    other.open = False
    assert flights.find(key) is None
    flights.remove(key, other)
    assert len(flights) == 0
