"""The answer of one attempt on its way to the caller: the commit point, the end, and what it cost."""

from gateway.chunks import Chunks
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.limits.pricing import cost
from gateway.routing.candidate import Candidate
from gateway.routing.failure import Failure
from gateway.routing.health import Health
from gateway.routing.needs import estimated_tokens
from gateway.store.keeping import Keep
from gateway.upstream.http import AttemptFailed, Outbound, Passed, Progress, Take, failure_kind, invalid
from gateway.wire.dialect import END, FAULT, TEXT, Watch
from gateway.wire.frames import Frame
from gateway.wire.named import id_of
from gateway.wire.neutral import Finish, Usage
from gateway.wire.passage import Passage, Ruled


class Refused(Exception):
    """No answer: what to tell the caller, in our words, or in the upstream's own where both speak the same dialect."""

    def __init__(self, error: GatewayError, passed: Passed | None = None) -> None:
        super().__init__(error.code)
        self.error = error
        self.passed = passed


class Answering:
    """What comes before the first text is held back, so that another target may still be tried."""

    __slots__ = ("_candidate", "_health", "_held", "_held_bytes", "_started", "_take", "_x", "progress", "settled")

    def __init__(self, x: Exchange, candidate: Candidate, health: Health, started: float, take: Take) -> None:
        self.progress = Progress(deadlines=x.deadlines)
        self._x = x
        self._candidate = candidate
        self._health = health
        self._started = started
        self._take = take
        self._held: list[Frame] = []
        self._held_bytes = 0
        self.settled: tuple[Usage | None, int | None, Finish | None] = (None, None, None)

    def through(
        self,
        outbound: Outbound,
        passage: Passage,
        most_held: int,
        guarded: Ruled | None = None,
        keep: Keep | None = None,
    ) -> Take:
        """What takes the frames of the upstream and gives those for the caller on. Holds at most `most_held` bytes back."""
        x, progress = self._x, self.progress
        native = outbound.dialect is x.dialect and x.goes_on_from is None
        chunks = x.chunks = Chunks(self._candidate, self._started) if outbound.streamed else None

        async def take(frames: list[Frame]) -> None:
            if chunks is not None:
                chunks.came(x.clock(), len(frames))
            shown, seen = passage.feed(frames) if guarded is None else await guarded.feed(frames)
            if seen & FAULT:
                await self._tell_fault(shown, passage.watch, in_its_words=native and bool(seen & END))
            if not progress.begun:
                _check_form(outbound, progress)
                progress.heard = progress.heard or bool(seen & TEXT)
                if not (seen & (TEXT | END) if guarded is None else guarded.released or seen & END):
                    self._hold(shown, most_held)
                    return
                self.commit()
                shown, self._held = self._held + shown, []
                if x.steps is not None:
                    x.answer_id = id_of(shown)
            if keep is not None:
                await keep(shown, seen)
            x.output_estimate += len(shown) if progress.form == "events" else estimated_tokens(len(shown[0].raw))
            if seen & END:
                progress.ended = x.ended = True
                x.outcome = "answered"
            await self._take(shown)

        return take

    async def local(self, frame: Frame) -> None:
        """An answer that needed no upstream."""
        self.commit()
        self.progress.ended = True
        await self._take([frame])

    def check_complete(self, outbound: Outbound) -> None:
        """Bytes that nobody reads are complete when the transport says so; an answer when its dialect does, if it says anything of it."""
        untold = self.progress.form == "pieces" or (outbound.dialect.opaque and self.progress.begun)
        if not self.progress.ended and not untold:
            _check_form(outbound, self.progress)
            raise AttemptFailed(
                Failure("cut"), GatewayError("stream_cut", "The upstream's answer ended before it was complete.")
            )

    def commit(self) -> None:
        x, progress = self._x, self.progress
        now = x.clock()
        progress.begun = True
        x.committed = True
        x.served_by = self._candidate
        x.first_token = now
        x.form = progress.form
        x.reply_status = progress.status
        x.reply_headers = progress.headers
        if x.guarding is not None:
            notes = [(name.encode(), value.encode()) for name, value in x.guarding.notes]
            x.reply_headers = [*progress.headers, *notes]
        if x.cached is not None:
            x.reply_headers = [*x.reply_headers, *x.cached.headers]
        self._health.first_token(self._candidate.name, now - self._started, now)

    async def _tell_fault(self, shown: list[Frame], watch: Watch, *, in_its_words: bool) -> None:
        """Raises. Once text is out, what came before the fault in the same piece goes out too; so does the fault itself where
        it is the caller's own dialect's way to end (`response.failed`), and then nothing is added to it.
        """
        if self.progress.begun and shown:
            self._x.ended = in_its_words
            await self._take(shown)
        error = watch.fault or GatewayError("upstream_error", "The upstream reported an error in its answer.")
        raise as_failed(error)

    def _hold(self, shown: list[Frame], most: int) -> None:
        self._held += shown
        self._held_bytes += sum(len(frame.raw) for frame in shown)
        if self._held_bytes > most and self.progress.form == "events":
            raise invalid(f"it sent more than {most} bytes without any text")


def settle(
    x: Exchange, candidate: Candidate, watch: Watch, *, complete: bool
) -> tuple[Usage | None, int | None, Finish | None]:
    """Adds usage and cost of one attempt, whether or not it came to its end, to those of the exchange. Returns its own."""
    x.finish = watch.finish or x.finish
    usage = _used(x, watch.usage, complete=complete)
    if usage is None:
        return None, None, watch.finish
    x.usage = usage if x.usage is None else added(x.usage, usage)
    paid = None if candidate.prices is None else cost(usage, candidate.prices)
    if paid is not None:
        x.cost_nanodollars = (x.cost_nanodollars or 0) + paid
    return usage, paid, watch.finish


def _used(x: Exchange, reported: Usage | None, *, complete: bool) -> Usage | None:
    """What the upstream reported; else, or where it was cut off before its last word on it, an estimate, marked as one."""
    billed = x.dialect.billed
    if billed == "never" or not x.model:
        return None
    if reported is not None and (complete or billed != "answer"):
        return reported
    if not x.committed or billed == "reported":
        return reported
    output = x.output_estimate if billed == "answer" else 0
    if reported is None:
        return Usage(input_tokens=x.input_estimate, output_tokens=output, estimated=True)
    reported.output_tokens = max(reported.output_tokens, output)
    reported.estimated = True
    return reported


def added(one: Usage, other: Usage) -> Usage:
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cached_tokens=one.cached_tokens + other.cached_tokens,
        cache_write_tokens=one.cache_write_tokens + other.cache_write_tokens,
        reasoning_tokens=one.reasoning_tokens + other.reasoning_tokens,
        estimated=one.estimated or other.estimated,
    )


def _check_form(outbound: Outbound, progress: Progress) -> None:
    """Looked at after a fault in a body has been seen: a 200 that is an error says more."""
    if outbound.streamed != (progress.form == "events") and not outbound.dialect.opaque:
        raise invalid("it is no stream of events" if outbound.streamed else "it is a stream, which nobody asked for")


def as_failed(error: GatewayError) -> AttemptFailed:
    """An error of ours (this target cannot be told that; its answer cannot be read), or one that came inside an answer."""
    if error.code == "unsupported_parameter":
        return AttemptFailed(Failure("unfit", sent=False), error)
    if error.code in ("upstream_invalid_response", "upstream_auth_failed"):
        return AttemptFailed(Failure(failure_kind(error, error.status)), error)
    if error.kind.blame == "caller" and error.code != "rate_limited":
        return AttemptFailed(Failure(failure_kind(error, error.status), error.status), error)
    return AttemptFailed(Failure("stream_error", error.status, error.retry_after), error)
