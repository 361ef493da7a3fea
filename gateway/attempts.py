"""The step `upstream`: attempts over the plan until one has said its first word; from then on its frames pass.

Every decision is `next_step`'s. This code sends, waits and keeps the books of health.
"""

import asyncio
import logging
import random
from dataclasses import dataclass, replace

from gateway.answering import Answering, Refused, as_failed, settle
from gateway.errors import GatewayError
from gateway.exchange import Exchange, Tried
from gateway.guarded import Guarded
from gateway.routing.budget import RetryBudget
from gateway.routing.candidate import Candidate
from gateway.routing.failure import Attempt, Failure
from gateway.routing.health import Health, Outcome
from gateway.routing.plan import Plan, admitted
from gateway.routing.retry import GiveUp, Wait, next_step
from gateway.setup import Setup
from gateway.store.keeping import Keep, keeping
from gateway.upstream.http import AttemptFailed, Passed, Take, ask
from gateway.upstream.litellm import Library
from gateway.upstream.outgoing import Local, outgoing
from gateway.wire.dialect import Dialect
from gateway.wire.passage import Ruled

log = logging.getLogger("haechi")


@dataclass(slots=True)
class Attempts:
    """What attempts of all exchanges share."""

    dialects: dict[str, Dialect]
    health: Health
    budget: RetryBudget
    rng: random.Random
    library: Library | None = None  # loaded where a provider needs it

    async def over(self, x: Exchange, plan: Plan, setup: Setup, take: Take) -> None:
        """Frames in the caller's dialect, to `take`; raises `Refused` when `next_step` gives up."""
        last: AttemptFailed | None = None
        self.budget.asked(x.clock())
        while True:
            now = x.clock()
            made = x.attempts[x.started_over :] if x.started_over else x.attempts
            step = next_step(
                plan,
                made,
                setup.config.retry,
                replayable=x.replayable,
                committed=x.committed,
                deadline=x.deadline,
                budget_left=not made or self.budget.left(now),
                health=self.health,
                now=now,
                rng=self.rng,
            )
            if isinstance(step, GiveUp):
                raise _refused(x, step, last)
            if isinstance(step, Wait):
                await asyncio.sleep(step.until - now)
                now = x.clock()
                if not admitted(step.candidate, self.health, now):
                    continue
            if step.retry:
                self.budget.spent(now)
            try:
                await self._attempt(x, step.candidate, setup, take)
            except AttemptFailed as failed:
                if last is None or failed.failure.kind != "unfit":  # why the others failed says more
                    last = failed
            else:
                return

    async def _attempt(self, x: Exchange, candidate: Candidate, setup: Setup, take: Take) -> None:
        """One attempt, with the books of health kept however it ends."""
        started = x.clock()
        span_id = f"{random.getrandbits(64):016x}"
        self.health.began(candidate.name, started)
        answer = Answering(x, candidate, self.health, started, take)
        outcome: Outcome = "cancelled"
        try:
            await self._ask(x, candidate, setup, answer, span_id)
            outcome = "ok"
        except AttemptFailed as failed:
            outcome = failed.failure
            _log(x, candidate, failed)
            raise
        except GatewayError as error:
            told = as_failed(error)
            outcome = told.failure
            _log(x, candidate, told)
            raise told from error
        finally:
            ended = x.clock()
            failure = outcome if isinstance(outcome, Failure) else None
            if failure is None and answer.progress.ended:
                outcome = "ok"  # also where the caller, who has it all, left before the connection was drained
            elif failure is not None and failure.kind == "unfit":
                outcome = "cancelled"  # a target that was not asked has neither failed nor shown that it is well
            self.health.ended(candidate.name, ended, outcome, started)
            x.asked.append(candidate)
            x.attempts.append(Attempt(candidate.name, started, ended, failure))
            if x.steps is not None:
                progress = answer.progress
                status = failure.status if failure is not None else progress.status if progress.begun else None
                first = x.first_token if progress.begun else None
                chunk = x.chunks.first if x.chunks is not None and x.chunks.started == started else None
                server, streamed = setup.upstreams[candidate.provider].base_url, progress.form == "events"
                used, paid, finish = answer.settled
                tried = Tried(candidate, server, failure, status, streamed, used, paid, first, chunk, finish)
                x.steps.append(("attempt", started, ended, tried, span_id))

    async def _ask(self, x: Exchange, candidate: Candidate, setup: Setup, answer: Answering, span_id: str) -> None:
        upstream = setup.upstreams[candidate.provider]
        kept = x.sampled is not False if setup.sampling is None else setup.sampling.keeps(x.trace_id, x.sampled)
        traceparent = f"00-{x.trace_id}-{span_id}-{'01' if kept else '00'}"
        outbound, passage = outgoing(x, candidate, upstream, self.dialects, setup.sealer, traceparent)
        if isinstance(outbound, Local):
            await answer.local(outbound.frame)
            return
        if x.tape is not None:
            passage = x.tape(passage)
        limits = setup.config.limits
        guarded: Ruled | None = None
        rules: Guarded | None = None
        keep: Keep | None = None
        if x.shared is not None:  # nothing is kept of it but by each caller, when its rules have seen it
            guarded = x.shared(passage, answer.commit)
        else:
            if x.guarding is not None:
                guarded = rules = Guarded(passage, x, x.guarding, limits.answer_bytes)
            keep = keeping(x, outbound.dialect.name, setup.responses, setup.maps, setup.sealer)
        try:
            how = self.library.ask if upstream.row.library and self.library is not None else ask
            take = answer.through(outbound, passage, limits.event_bytes, guarded, keep)
            await how(upstream, outbound, limits, answer.progress, take)
            answer.check_complete(outbound)
        finally:
            answer.settled = settle(x, candidate, passage.watch, complete=answer.progress.ended)
            if rules is not None:
                rules.note()
            if outbound.body is not x.upload and not isinstance(outbound.body, bytes):
                outbound.body.close()  # a copy made for this attempt, perhaps on disk


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


def _refused(x: Exchange, step: GiveUp, last: AttemptFailed | None) -> Refused:
    """The upstream's own words where the fault is the caller's, or text is out already; ours where the upstream speaks of
    itself or of the account that all callers share (`Rule.pass_on`).
    """
    if last is None:
        return Refused(step.error)
    error = last.error
    of_itself = last.failure.status is not None or last.failure.kind == "stream_error"
    if of_itself and not step.pass_on and not x.committed:
        error = GatewayError(error.code, step.error.message, status=error.status, retry_after=error.retry_after)
    if error.retry_after is None:
        error.retry_after = step.error.retry_after
    passed = last.passed if step.pass_on and not x.committed else None
    if passed is None or passed.dialect != x.dialect.name:
        return Refused(error)
    return Refused(error, _in_callers_ids(x, passed))


def _in_callers_ids(x: Exchange, passed: Passed) -> Passed:
    """An upstream that does not know a resource says so with its own id."""
    body = passed.body
    for own, written in x.opened.items():
        body = body.replace(own.encode(), written.encode())
    return replace(passed, body=body)
