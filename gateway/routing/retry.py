"""What to do next: try, wait, or give up. The code that sends requests obeys; it decides nothing."""

from collections.abc import Mapping, Sequence
from random import Random
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from gateway.config.structs import Retry
from gateway.errors import GatewayError
from gateway.routing.candidate import Candidate
from gateway.routing.failure import Attempt, Failure, Rule, may_have_acted, rule_of
from gateway.routing.health import HealthView
from gateway.routing.plan import Group, Plan, admitted

__all__ = ["Attempt", "Failure", "GiveUp", "Step", "Try", "Wait", "next_step"]


class Try(Struct, frozen=True):
    """Ask this target now. `retry`: it adds to the load of a provider that just failed; tell the retry budget."""

    candidate: Candidate
    retry: bool = False


class Wait(Struct, frozen=True):
    """Sleep until then, and ask this target if it is still `admitted`; else ask `next_step` again."""

    until: float
    candidate: Candidate
    retry: bool = False


class GiveUp(Struct, frozen=True):
    """Tell the caller. `pass_on`: the upstream's own answer says more than `error` and should go out instead, if there is one."""

    error: GatewayError
    pass_on: bool = False


Step = Try | Wait | GiveUp


def next_step(
    plan: Plan,
    attempts: Sequence[Attempt],
    policy: Retry,
    *,
    replayable: bool,
    committed: bool,
    deadline: float,
    budget_left: bool,
    health: HealthView,
    now: float,
    rng: Random,
) -> Step:
    """The next step of one exchange, from all attempts so far, each of which failed.

    Untried targets of the same model first. Then the same target again, after back-off, as long as one attempt stays kept
    for a fallback. Then the fallbacks for what went wrong. A target whose `Retry-After` still runs is waited for only if
    nobody else is to be had and the wait is no longer than `max_delay`.
    """
    over = committed or len(attempts) >= policy.attempts or now >= deadline
    if not over and not attempts:  # the way of nearly every request, short
        for one in plan.groups[0].candidates:
            if admitted(one, health, now) and health.ready_at(one.name, now) <= now:
                return Try(one)
    rule = _rule(attempts[-1]) if attempts else _FIRST
    acted = any(each.failure is None or may_have_acted(each.failure) for each in attempts)
    if over or rule.reason is None or (acted and not replayable):
        return _give_up(plan, attempts, health, now)
    view = _View(plan, attempts, health, now, budget_left)
    here = view.here
    reason = rule.reason if attempts else plan.opening
    fresh = view.untried(here) if reason == "failure" else []
    beyond = [one for group in plan.after(view.visited, reason) for one in view.untried(group)]
    again = view.repeatable(here) if reason == "failure" else []
    backoff = now + _full_jitter(policy, len(attempts), rng)

    if ready := _first_ready(fresh, view):
        return Try(ready, view.is_retry(ready))
    elsewhere = _first_ready(beyond, view)
    kept = 1 if elsewhere else 0
    repeated = _first_ready(again, view)
    if repeated and policy.attempts - len(attempts) > kept and backoff < deadline:
        return Wait(backoff, repeated, view.is_retry(repeated))
    if elsewhere:
        return Try(elsewhere, view.is_retry(elsewhere))
    soonest = min([*fresh, *again, *beyond], key=view.ready_at, default=None)
    if soonest and now < view.ready_at(soonest) <= now + policy.max_delay:
        until = view.ready_at(soonest) + rng.uniform(0, policy.base_delay)  # so that not all who wait come at once
        if until < deadline:
            return Wait(until, soonest, view.is_retry(soonest))
    return _give_up(plan, attempts, health, now)


def _full_jitter(policy: Retry, attempts: int, rng: Random) -> float:
    """Anything up to the doubled delay, but never nothing: a wait has to move the clock."""
    longest = min(policy.max_delay, policy.base_delay * 2 ** max(0, attempts - 1))
    return max(_SHORTEST, rng.uniform(0, longest))


def _give_up(plan: Plan, attempts: Sequence[Attempt], health: HealthView, now: float) -> GiveUp:
    """The last failure in the words of the error table; without one, that nobody could be asked."""
    if not attempts or (last := attempts[-1].failure) is None:
        return GiveUp(_nobody_asked(plan, health, now))
    if last.kind == "unfit":  # why the others failed says more
        last = next(
            (each.failure for each in reversed(attempts) if each.failure and each.failure.kind != "unfit"), last
        )
    rule = rule_of(last)
    tried = f"{len(attempts)} attempt{'s' if len(attempts) > 1 else ''}"
    error = GatewayError(
        rule.code,
        f"{_WORDS[rule.code]} ({tried}).",
        retry_after=last.retry_after,
        status=last.status if last.status in _TOLD_STATUSES or rule.pass_on else None,
    )
    return GiveUp(error, rule.pass_on)


def _nobody_asked(plan: Plan, health: HealthView, now: float) -> GatewayError:
    waits = [health.ready_at(one.name, now) - now for one in plan.candidates() if admitted(one, health, now)]
    if waits and min(waits) > 0:
        return GatewayError(
            "rate_limited", "Every target of this model asked us to come back later.", retry_after=min(waits)
        )
    return GatewayError("no_target_available", "No target of this model could be asked in time. Try again later.")


_SHORTEST: Final = 0.001
_FIRST: Final = Rule(code="no_target_available")
_NOTHING_FAILED: Final = Rule(code="internal", reason=None)
_TOLD_STATUSES: Final = frozenset({503, 529})  # overloaded: clients wait longer for these than for a 502
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "upstream_error": "The upstream failed",
        "upstream_unreachable": "The upstream could not be reached",
        "upstream_timeout": "The upstream did not answer in time",
        "upstream_invalid_response": "The upstream's answer could not be read",
        "upstream_auth_failed": "The upstream did not accept the gateway's credentials; its operator has to look at them",
        "stream_cut": "The upstream broke off its answer",
        "stream_stalled": "The upstream fell silent within its answer",
        "rate_limited": "The upstream's rate limit is reached",
        "context_length_exceeded": "The input is longer than the model takes; shorten it",
        "content_filter": "The upstream's content filter refused the request",
        "invalid_request": "The upstream did not accept the request",
        "unsupported_parameter": "No target of this model can be told what the request asks for",
    }
)


class _View:
    """The plan as the attempts have left it."""

    def __init__(
        self, plan: Plan, attempts: Sequence[Attempt], health: HealthView, now: float, budget_left: bool
    ) -> None:
        self._health = health
        self._now = now
        self._budget_left = budget_left
        self._last = {each.candidate: each for each in attempts}
        path = [plan.group_of(each.candidate) for each in attempts]
        self.here = path[-1] if path else plan.groups[0]
        self.visited = list(dict.fromkeys([plan.groups[0].model, *(group.model for group in path)]))
        self._loaded = _overloaded_providers(plan, attempts)

    def untried(self, group: Group) -> list[Candidate]:
        return [one for one in group.candidates if one.name not in self._last and self._may(one)]

    def repeatable(self, group: Group) -> list[Candidate]:
        """Tried ones that may be asked again, the longest unasked first."""
        tried = [one for one in group.candidates if one.name in self._last and self._may(one)]
        tried.sort(key=lambda one: self._last[one.name].ended)
        return [one for one in tried if _rule(self._last[one.name]).again]

    def ready_at(self, one: Candidate) -> float:
        """When the target wants to be asked, by what it told everyone and by what it told this exchange."""
        ready = self._health.ready_at(one.name, self._now)
        last = self._last.get(one.name)
        if last and last.failure and last.failure.retry_after is not None:
            ready = max(ready, last.ended + last.failure.retry_after)
        return ready

    def is_ready(self, one: Candidate) -> bool:
        return self.ready_at(one) <= self._now

    def is_retry(self, one: Candidate) -> bool:
        return one.provider in self._loaded

    def _may(self, one: Candidate) -> bool:
        affordable = self._budget_left or not self.is_retry(one)
        return affordable and admitted(one, self._health, self._now)


def _first_ready(candidates: list[Candidate], view: _View) -> Candidate | None:
    return next((one for one in candidates if view.is_ready(one)), None)


def _overloaded_providers(plan: Plan, attempts: Sequence[Attempt]) -> set[str]:
    providers = {one.name: one.provider for one in plan.candidates()}
    return {providers[each.candidate] for each in attempts if _rule(each).load}


def _rule(attempt: Attempt) -> Rule:
    return rule_of(attempt.failure) if attempt.failure else _NOTHING_FAILED
