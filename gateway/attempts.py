"""The step `upstream`: attempts over the plan until one has said its first word; from then on its frames pass.

Every decision is `next_step`'s. This code sends, waits and keeps the books of health.
"""

import asyncio
import logging
import random
from dataclasses import dataclass, replace

from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.limits.pricing import cost
from gateway.routing.budget import RetryBudget
from gateway.routing.candidate import Candidate
from gateway.routing.failure import Attempt, Failure
from gateway.routing.health import Health, Outcome
from gateway.routing.needs import estimated_tokens
from gateway.routing.plan import Plan, admitted
from gateway.routing.retry import GiveUp, Wait, next_step
from gateway.setup import Setup
from gateway.store.responses import KeptResponses
from gateway.upstream.http import AttemptFailed, Outbound, Passed, Progress, Take, ask, failure_kind, invalid
from gateway.upstream.litellm import Library
from gateway.upstream.outgoing import Local, outgoing
from gateway.wire.dialect import END, FAULT, TEXT, Dialect, Watch
from gateway.wire.frames import Frame
from gateway.wire.neutral import Usage
from gateway.wire.passage import Passage

log = logging.getLogger("haechi")


class Refused(Exception):
    """No answer: what to tell the caller, in our words, or in the upstream's own where both speak the same dialect."""

    def __init__(self, error: GatewayError, passed: Passed | None = None) -> None:
        super().__init__(error.code)
        self.error = error
        self.passed = passed


@dataclass(slots=True)
class Attempts:
    """What attempts of all exchanges share."""

    dialects: dict[str, Dialect]
    health: Health
    budget: RetryBudget
    rng: random.Random
    responses: KeptResponses
    library: Library | None = None  # loaded where a provider needs it

    async def over(self, x: Exchange, plan: Plan, setup: Setup, take: Take) -> None:
        """Frames in the caller's dialect, to `take`; raises `Refused` when `next_step` gives up."""
        loop = asyncio.get_running_loop()
        last: AttemptFailed | None = None
        self.budget.asked(loop.time())
        while True:
            now = loop.time()
            step = next_step(
                plan,
                x.attempts,
                setup.config.retry,
                replayable=x.replayable,
                committed=x.committed,
                deadline=x.deadline,
                budget_left=not x.attempts or self.budget.left(now),
                health=self.health,
                now=now,
                rng=self.rng,
            )
            if isinstance(step, GiveUp):
                raise _refused(x, step, last)
            if isinstance(step, Wait):
                await asyncio.sleep(step.until - now)
                now = loop.time()
                if not admitted(step.candidate, self.health, now):
                    continue
            if step.retry:
                self.budget.spent(now)
            try:
                await self._attempt(x, step.candidate, setup, take)
            except AttemptFailed as failed:
                last = failed
            else:
                return

    async def _attempt(self, x: Exchange, candidate: Candidate, setup: Setup, take: Take) -> None:
        """One attempt, with the books of health kept however it ends."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        self.health.began(candidate.name, started)
        outcome: Outcome = "cancelled"
        try:
            await self._ask(x, candidate, setup, _Answer(x, candidate, self.health, started, take))
            outcome = "ok"
        except AttemptFailed as failed:
            outcome = failed.failure
            _log(x, candidate, failed)
            raise
        except GatewayError as error:
            told = _as_failed(error)
            outcome = told.failure
            _log(x, candidate, told)
            raise told from error
        finally:
            ended = loop.time()
            self.health.ended(candidate.name, ended, outcome, started)
            failure = outcome if isinstance(outcome, Failure) else None
            x.asked.append(candidate)
            x.attempts.append(Attempt(candidate.name, started, ended, failure))

    async def _ask(self, x: Exchange, candidate: Candidate, setup: Setup, answer: "_Answer") -> None:
        upstream = setup.upstreams[candidate.provider]
        outbound, passage = outgoing(x, candidate, upstream, self.dialects, setup.sealer, self.responses)
        if isinstance(outbound, Local):
            await answer.local(outbound.frame)
            return
        try:
            how = self.library.ask if upstream.row.library and self.library is not None else ask
            await how(upstream, outbound, setup.config.limits, answer.progress, answer.through(outbound, passage))
            answer.check_complete(outbound)
        finally:
            settle(x, candidate, passage.watch)


class _Answer:
    """The answer of one attempt. What comes before its first text is held back, so that another target may still be tried."""

    def __init__(self, x: Exchange, candidate: Candidate, health: Health, started: float, take: Take) -> None:
        self.progress = Progress()
        self._x = x
        self._candidate = candidate
        self._health = health
        self._started = started
        self._take = take
        self._held: list[Frame] = []

    def through(self, outbound: Outbound, passage: Passage) -> Take:
        """What takes the frames of the upstream and gives those for the caller on."""
        x, progress = self._x, self.progress

        async def take(frames: list[Frame]) -> None:
            shown, seen = passage.feed(frames)
            if seen & FAULT and not seen & END:
                if progress.begun and shown:  # what came before the fault, in the same piece
                    await self._take(shown)
                raise _fault(passage.watch)
            if not progress.begun:
                _check_form(outbound, progress)
                shown = self._held = self._held + shown
                if not seen & (TEXT | END):
                    return
                self._commit()
            progress.ended = bool(seen & END)
            x.output_estimate += len(shown) if progress.form == "events" else estimated_tokens(len(shown[0].raw))
            await self._take(shown)

        return take

    async def local(self, frame: Frame) -> None:
        self._commit()
        await self._take([frame])

    def check_complete(self, outbound: Outbound) -> None:
        """Bytes that nobody reads are complete when the transport says so; an answer when its dialect does."""
        if not self.progress.ended and self.progress.form != "pieces":
            _check_form(outbound, self.progress)
            raise AttemptFailed(
                Failure("cut"), GatewayError("stream_cut", "The upstream's answer ended before it was complete.")
            )

    def _commit(self) -> None:
        x, progress = self._x, self.progress
        now = asyncio.get_running_loop().time()
        progress.begun = True
        x.committed = True
        x.served_by = self._candidate
        x.first_token = now
        x.form = progress.form
        x.reply_status = progress.status
        x.reply_headers = progress.headers
        self._health.first_token(self._candidate.name, now - self._started, now)


def settle(x: Exchange, candidate: Candidate, watch: Watch) -> None:
    """Usage and cost of what an attempt used, whether or not it came to its end."""
    x.finish = watch.finish
    usage = watch.usage
    if usage is None and x.committed:
        usage = Usage(input_tokens=x.input_estimate, output_tokens=x.output_estimate, estimated=True)
    if usage is not None:
        x.usage = usage
        x.cost_nanodollars = cost(usage, candidate.prices) if candidate.prices else None


def _check_form(outbound: Outbound, progress: Progress) -> None:
    """Looked at after a fault in a body has been seen: a 200 that is an error says more."""
    if outbound.streamed != (progress.form == "events") and not outbound.dialect.opaque:
        raise invalid("it is no stream of events" if outbound.streamed else "it is a stream, which nobody asked for")


def _fault(watch: Watch) -> AttemptFailed:
    error = watch.fault or GatewayError("upstream_error", "The upstream reported an error in its answer.")
    return _as_failed(error)


def _log(x: Exchange, candidate: Candidate, failed: AttemptFailed) -> None:
    """For the operator: which target, how, and where the network failed; no words of the upstream, which may quote texts."""
    failure = failed.failure
    if failure.kind not in ("bad_request", "unfit"):
        log.warning(
            "%s: %s: %s%s%s",
            x.id,
            candidate.label,
            failure.kind,
            f" {failure.status}" if failure.status else "",
            f": {failed.detail}" if failed.detail else "",
        )


def _as_failed(error: GatewayError) -> AttemptFailed:
    """An error of ours (this target cannot be told that; its answer cannot be read), or one that came inside an answer."""
    if error.code == "unsupported_parameter":
        return AttemptFailed(Failure("unfit", sent=False), error)
    if error.code in ("upstream_invalid_response", "upstream_auth_failed"):
        return AttemptFailed(Failure(failure_kind(error, error.status)), error)
    if error.kind.blame == "caller" and error.code != "rate_limited":
        return AttemptFailed(Failure(failure_kind(error, error.status), error.status), error)
    return AttemptFailed(Failure("stream_error", error.status, error.retry_after), error)


def _refused(x: Exchange, step: GiveUp, last: AttemptFailed | None) -> Refused:
    """The upstream's own words where the caller can read them and they say more."""
    if last is None:
        return Refused(step.error)
    error = last.error
    if error.retry_after is None:
        error.retry_after = step.error.retry_after
    passed = _in_callers_ids(x, last.passed) if last.passed and last.passed.dialect == x.dialect.name else None
    return Refused(error, None if x.committed else passed)


def _in_callers_ids(x: Exchange, passed: Passed) -> Passed:
    """An upstream that does not know a resource says so with its own id."""
    body = passed.body
    for own, written in x.opened.items():
        body = body.replace(own.encode(), written.encode())
    return replace(passed, body=body)
