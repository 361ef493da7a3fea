"""Equal requests under way share one call. What comes of it goes to each of them through its own rules, and its own values are put back.

The call has an exchange of its own, so that none of those who wait for it is more than the others: the one that began it may leave.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from gateway.answering import Refused, added
from gateway.cache.answers import fresh
from gateway.cache.flights import Flight, Piece, Seat
from gateway.cache.replay import Renewing
from gateway.cache.tape import Tape
from gateway.deadline import Deadlines
from gateway.errors import GatewayError
from gateway.exchange import Cached, Exchange
from gateway.guarded import Guarded
from gateway.limits.pricing import cost
from gateway.setup import Setup
from gateway.store.keeping import Keep, keeping, response_of
from gateway.upstream.http import AttemptFailed, Take, invalid
from gateway.upstream.remembering import remember_signed
from gateway.wire.dialect import END, FAULT, TEXT, Watch
from gateway.wire.frames import Frame
from gateway.wire.named import id_of
from gateway.wire.passage import way

Ask = Callable[..., Awaitable[None]]
"""`ask(x, take=take)`: the frames of an answer to `x`, from a model."""
_TYPES: Final = {"events": b"text/event-stream; charset=utf-8", "whole": b"application/json", "pieces": b""}


def called(x: Exchange, setup: Setup, ask: Ask, tape: Tape, epochs: dict[str, int], began: float, most: int) -> Flight:
    """The call for the request of `x`, which has begun."""
    pilot = replace(
        x,
        deadlines=Deadlines(),
        guarding=None,
        cached=None,
        tape=tape.over,
        vault=[],
        attempts=[],
        steps=None if x.steps is None else [],
        ruled_seconds=0.0,
        starts=[],
        started_over=0,
        asked=[],
        output_estimate=0,
        chunks=None,
        usage=None,
        cost_nanodollars=None,
    )
    flight = Flight(pilot, most, epochs, began, tape)
    pilot.shared = flight.attempt

    async def call() -> None:
        setup.enter()
        try:
            await ask(pilot, take=_nowhere)
        finally:
            pilot.deadlines.close()
            setup.leave()

    flight.launch(call())
    return flight


async def _nowhere(_frames: list[Frame]) -> None:
    """Those aboard have them already."""


class Passenger:
    """One caller on its way with a flight. `led`: it has begun the call, and gets its answer as it came."""

    def __init__(self, x: Exchange, flight: Flight, setup: Setup, take: Take, *, led: bool) -> None:
        self.pays = False
        self._x = x
        self._flight = flight
        self._seat: Seat = flight.board()
        flight.pilot.deadline = max(flight.pilot.deadline, x.deadline)
        self._setup = setup
        self._take = take
        self._led = led
        self._given = _Given()
        self._guarded: Guarded | None = None
        self._renewing: Renewing | None = None
        self._keep: Keep | None = None
        self._held: list[Frame] = []
        self._ended = False

    async def ride(self) -> bool:
        """Whether it got its answer; if not, its rules could not read that, and nothing has gone out yet.

        Raises `Refused`: what the call has failed with is the answer of all who were aboard.
        """
        x, flight = self._x, self._flight
        began = x.clock()
        try:
            while not self._ended and (piece := await flight.next(self._seat)) is not None:
                try:
                    await self._pass(piece)
                except AttemptFailed as failed:
                    if x.committed:
                        raise Refused(failed.error) from failed
                    return False
            if self._led:
                await flight.landed()
        finally:
            if self._guarded is not None:
                self._guarded.note()
            await flight.leave(self._seat)
            if flight.payer is self._seat:
                self._pay()
            else:
                x.shared_seconds = x.clock() - began
        if not self._ended:
            raise _again(flight.failure)
        return True

    async def _pass(self, piece: Piece) -> None:
        """As one attempt would (`Answering.through`), but for what concerns the upstream."""
        x = self._x
        if self._seat.anew:
            self._begin()
        shown, seen = await self._ruled(piece)
        if seen & FAULT:
            if x.committed and shown:
                await self._flight.landed()
                x.ended = self._flight.pilot.ended
                await self._take(shown)
            return
        if not x.committed:
            self._held += shown
            if not (seen & END or (seen & TEXT if self._guarded is None else self._guarded.released)):
                self._check_held()
                return
            self._commit()
            shown, self._held = self._held, []
        if not self._led and (served_by := self._flight.pilot.served_by) is not None:
            remember_signed(x, shown, served_by.provider)
        if seen & END and not self._led:
            await self._end(shown)
        elif self._keep is not None:
            await self._keep(shown, seen)
        if seen & END:
            self._ended = x.ended = True
            x.outcome = "answered"
        await self._take(shown)

    def _begin(self) -> None:
        x, limits = self._x, self._setup.config.limits
        self._seat.anew = False
        self._held = []
        self._renewing = None if self._led else Renewing(int(x.wall), fresh)
        if (watch := self._flight.tape.watch) is not None:
            self._given.watch = watch
        self._guarded = None if x.guarding is None else Guarded(self._given, x, x.guarding, limits.answer_bytes)

    async def _ruled(self, piece: Piece) -> tuple[list[Frame], int]:
        frames = piece.frames if self._renewing is None else self._renewing.frames(piece.frames)
        if self._guarded is None:
            return frames, piece.seen
        self._given.seen = piece.seen
        try:
            return await self._guarded.feed(frames)
        except GatewayError as error:
            raise AttemptFailed(invalid("a rule cannot read it").failure, error) from error

    def _check_held(self) -> None:
        most = self._setup.config.limits.event_bytes
        if self._flight.pilot.streamed and sum(len(frame.raw) for frame in self._held) > most:
            raise invalid(f"it sent more than {most} bytes without any text")

    def _commit(self) -> None:
        x, pilot = self._x, self._flight.pilot
        if x.steps is not None:
            x.answer_id = id_of(self._held)
        self._flight.commit()
        x.committed = True
        x.first_token = x.clock()
        x.form = pilot.form
        x.reply_status = pilot.reply_status
        headers = pilot.reply_headers
        if self._led:
            x.served_by = pilot.served_by
            self._keep = self._kept_by_leader()
        else:
            headers = [(b"content-type", _TYPES[x.form])]
            if self._flight.payer is not self._seat:
                x.cached = Cached("hit", 0.0, None, self._saved())
                x.cost_nanodollars = x.cost_nanodollars or 0
        notes = [] if x.guarding is None else x.guarding.notes
        told = [(name.encode(), value.encode()) for name, value in notes]
        x.reply_headers = [*headers, *told, *(x.cached.headers if x.cached is not None else [])]

    def _kept_by_leader(self) -> Keep | None:
        x, setup, served_by = self._x, self._setup, self._flight.pilot.served_by
        if served_by is None or x.dialect.name != "responses":
            return None
        asked_in = way(x.dialect.name, setup.upstreams[served_by.provider].speaks)
        return keeping(x, asked_in or "", setup.responses, setup.maps, setup.sealer)

    async def _end(self, shown: list[Frame]) -> None:
        """As of an answer that was kept."""
        x = self._x
        watch = self._flight.tape.watch
        if x.cached is not None and x.cached.given:
            x.usage = watch.usage if watch is not None else None
            x.cached.saved_nanodollars = self._saved()
        if x.whole is not None and x.principal is not None and shown:
            await self._setup.responses.keep(x, x.principal.id, response_of(shown[-1]))

    def _saved(self) -> int | None:
        """What the answer costs, once that is known."""
        watch, served_by = self._flight.tape.watch, self._flight.pilot.served_by
        if watch is None or watch.usage is None or served_by is None or served_by.prices is None:
            return None
        return cost(watch.usage, served_by.prices)

    def _pay(self) -> None:
        """The call stands in this caller's record, and in no other's."""
        x, pilot = self._x, self._flight.pilot
        self.pays = True
        if x.cached is not None and x.cached.given:
            x.usage, x.cached = None, Cached("miss")
        x.attempts += pilot.attempts
        x.asked += pilot.asked
        x.chunks = pilot.chunks
        if x.steps is not None:
            x.steps += pilot.steps or ()
        x.served_by = pilot.served_by or x.served_by
        x.finish = pilot.finish or x.finish
        if pilot.usage is not None:
            x.usage = pilot.usage if x.usage is None else added(x.usage, pilot.usage)
        if pilot.cost_nanodollars is not None:
            x.cost_nanodollars = (x.cost_nanodollars or 0) + pilot.cost_nanodollars


class _Given:
    """A passage of frames that have been looked at."""

    watch: Watch

    def __init__(self) -> None:
        self.seen = 0

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        return frames, self.seen


def _again(failure: BaseException | None) -> BaseException:
    """The same for each of those aboard."""
    if isinstance(failure, Refused):
        return Refused(failure.error, failure.passed)
    if failure is None or not isinstance(failure, Exception):
        return Refused(GatewayError("draining", "The gateway is shutting down. Try again."))
    return failure
