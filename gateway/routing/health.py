"""How each target of this replica has done lately: load, latency, circuit breaker. State without a clock: `now` is given."""

from dataclasses import dataclass
from typing import Final, Literal, Protocol

from msgspec import Struct

from gateway.config.structs import Breaker
from gateway.routing.failure import Failure, rule_of

Outcome = Failure | Literal["ok", "cancelled"]
State = Literal["closed", "open", "half_open"]

_SMOOTHING: Final = 0.2  # weight of the newest sample: the mean follows some ten requests
_FORGET: Final = (
    60.0  # seconds after which a time to first token counts as unknown, so that a slow target is looked at again
)
_LONGEST_OPEN: Final = 10  # times `open_for`
_FAILED_CHECKS: Final = 2  # in a row: one lost packet does not take a server out
_LONGEST_COOLING: Final = 300.0  # seconds; a longer `Retry-After` is asked about again after this


class Seen(Struct, frozen=True):
    """What strategies compare: requests under way, mean seconds of a whole answer and to the first token (None: not known)."""

    in_flight: int = 0
    latency: float | None = None
    ttft: float | None = None


class HealthView(Protocol):
    """What decisions may ask. Names are those of candidates, or of providers (which active checks are about)."""

    def admits(self, name: str, now: float) -> bool:
        """Whether one more request may go there: breaker closed or half-open with its probe free, and not found down."""
        ...

    def ready_at(self, name: str, now: float) -> float:
        """When it makes sense to ask: after `Retry-After`, after the breaker's time. Never before `now`."""
        ...

    def seen(self, name: str, now: float) -> Seen: ...


class Snapshot(Struct, frozen=True):
    """One target, for metrics and the admin page. `cooling` is the seconds that its `Retry-After` still runs."""

    state: State
    in_flight: int
    failures: int
    latency: float | None
    ttft: float | None
    cooling: float
    down: bool


_UNKNOWN: Final = Seen()


@dataclass(slots=True)
class _Target:
    in_flight: int = 0
    latency: float | None = None
    ttft: float | None = None
    ttft_at: float = 0.0
    failures: int = 0  # in a row
    opened: int = 0  # times in a row; 0 is closed
    open_until: float = 0.0
    probe: float | None = None  # when the probe under way began
    cooling_until: float = 0.0
    failed_checks: int = 0

    def idle(self, now: float) -> bool:
        """Nothing would be forgotten but averages and a few failures that opened nothing."""
        return not self.in_flight and not self.failed_checks and now >= self.open_until and now >= self.cooling_until


class Health:
    """The state of all targets of one replica.

    Every `began` is followed by exactly one `ended` with the same `started`, on cancellation too, or a half-open breaker
    never gets another probe. Call `began` in the same step as the decision: no await in between. Names that callers can
    make up (wildcards) are bounded: past `capacity`, idle ones are forgotten.
    """

    def __init__(self, breaker: Breaker, capacity: int = 4096) -> None:
        self._breaker = breaker
        self._capacity = capacity
        self._sweep_at = capacity
        self._targets: dict[str, _Target] = {}

    def admits(self, name: str, now: float) -> bool:
        target = self._targets.get(name)
        if target is None:
            return True
        if target.failed_checks >= _FAILED_CHECKS:
            return False
        return target.opened == 0 or (now >= target.open_until and target.probe is None)

    def ready_at(self, name: str, now: float) -> float:
        target = self._targets.get(name)
        return now if target is None else max(now, target.cooling_until, target.open_until if target.opened else now)

    def seen(self, name: str, now: float) -> Seen:
        target = self._targets.get(name)
        if target is None:
            return _UNKNOWN
        fresh = now - target.ttft_at <= _FORGET
        return Seen(target.in_flight, target.latency, target.ttft if fresh else None)

    def began(self, name: str, now: float) -> None:
        """An attempt starts. Behind a half-open breaker it is the probe."""
        target = self._targets.get(name) or self._new(name, now)
        target.in_flight += 1
        if target.opened and target.probe is None and now >= target.open_until:
            target.probe = now

    def first_token(self, name: str, seconds: float, now: float) -> None:
        target = self._targets.get(name)
        if target is None:
            return
        known = target.ttft if now - target.ttft_at <= _FORGET else None
        target.ttft, target.ttft_at = _smoothed(known, seconds), now

    def ended(self, name: str, now: float, outcome: Outcome, started: float) -> None:
        """An attempt is over. `started` is the `now` that `began` got: it tells the probe from those that began before."""
        target = self._targets.get(name)
        if target is None:
            return
        target.in_flight = max(0, target.in_flight - 1)
        # Of a refusal that is one caller's fault, `Retry-After` is for that caller alone.
        if isinstance(outcome, Failure) and outcome.retry_after is not None and rule_of(outcome).again:
            target.cooling_until = max(target.cooling_until, now + min(outcome.retry_after, _LONGEST_COOLING))
        if outcome == "ok":
            target.latency = _smoothed(target.latency, now - started)
        if target.opened == 0:
            self._count(target, now, outcome)
        elif target.probe == started:
            target.probe = None
            self._judge_probe(target, now, outcome)

    def checked(self, name: str, ok: bool, now: float) -> None:
        """An active check of a target or of a provider came back. A good one lets the probe of an open breaker go at once."""
        target = self._targets.get(name) or self._new(name, now)
        target.failed_checks = 0 if ok else target.failed_checks + 1
        if ok:
            target.open_until = min(target.open_until, now)

    def snapshot(self, now: float) -> dict[str, Snapshot]:
        return {name: _snapshot(target, now) for name, target in self._targets.items()}

    def _count(self, target: _Target, now: float, outcome: Outcome) -> None:
        if outcome == "cancelled":
            return
        if outcome == "ok" or not rule_of(outcome).breaks:
            target.failures = 0
            return
        target.failures += 1
        if target.failures >= self._breaker.failures:
            self._open(target, now)

    def _judge_probe(self, target: _Target, now: float, outcome: Outcome) -> None:
        if outcome == "cancelled":
            return  # nothing learnt: the next request is the probe
        if outcome != "ok" and rule_of(outcome).breaks:
            self._open(target, now)
        else:
            target.opened, target.failures = 0, 0

    def _open(self, target: _Target, now: float) -> None:
        times = min(2 ** min(target.opened, 10), _LONGEST_OPEN)
        target.open_until = now + self._breaker.open_for * times
        target.opened += 1

    def _new(self, name: str, now: float) -> _Target:
        if len(self._targets) >= self._sweep_at:
            self._targets = {key: one for key, one in self._targets.items() if not one.idle(now)}
            self._sweep_at = max(self._capacity, 2 * len(self._targets))
        target = self._targets[name] = _Target()
        return target


def _smoothed(mean: float | None, sample: float) -> float:
    return sample if mean is None else mean + _SMOOTHING * (sample - mean)


def _snapshot(target: _Target, now: float) -> Snapshot:
    state: State = "closed" if target.opened == 0 else "open" if now < target.open_until else "half_open"
    return Snapshot(
        state=state,
        in_flight=target.in_flight,
        failures=target.failures,
        latency=target.latency,
        ttft=target.ttft if now - target.ttft_at <= _FORGET else None,
        cooling=max(0.0, target.cooling_until - now),
        down=target.failed_checks >= _FAILED_CHECKS,
    )
