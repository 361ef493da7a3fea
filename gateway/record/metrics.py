"""Metrics in the Prometheus form. Labels are bounded: no key, no user, no request, no free text.

The full form (GenAI histograms) comes with the records.
"""

import functools
from collections.abc import Collection
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from gateway.exchange import Exchange
from gateway.routing.health import Health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_STATES = {"closed": 0, "half_open": 1, "open": 2}


class _Children(NamedTuple):
    """Those of one dialect and model. Looking up a child by its labels costs more than counting."""

    seconds: Histogram
    first: Histogram
    input: Counter
    output: Counter
    cached: Counter
    cost: Counter


class Metrics:
    """One registry for each gateway; children are looked up once per label set."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        labels = ("dialect", "model")
        self._requests = Counter(
            "haechi_requests", "Exchanges, by how they ended.", (*labels, "outcome", "code"), registry=registry
        )
        self._seconds = Histogram(
            "haechi_request_seconds",
            "From the first byte of a request to the end of its answer.",
            labels,
            buckets=_SECONDS,
            registry=registry,
        )
        self._first = Histogram(
            "haechi_first_token_seconds",
            "To the first text that went out.",
            labels,
            buckets=_SECONDS,
            registry=registry,
        )
        self._tokens = Counter("haechi_tokens", "Tokens, by kind.", (*labels, "kind"), registry=registry)
        self._cost = Counter("haechi_cost_dollars", "Cost of answers whose price is known.", labels, registry=registry)
        self._attempts = Counter(
            "haechi_attempts", "Attempts, by target and how they failed.", ("target", "failure"), registry=registry
        )
        self.dropped = Counter("haechi_records_dropped", "Records that found the queue full.", registry=registry)
        self._breaker = Gauge("haechi_target_breaker", "0 closed, 1 half open, 2 open.", ("target",), registry=registry)
        self._up = Gauge(
            "haechi_provider_up", "1 up, 0 found down by its active health checks.", ("provider",), registry=registry
        )
        self._in_flight = Gauge("haechi_target_in_flight", "Attempts under way.", ("target",), registry=registry)

        self._of = functools.cache(self._children)
        self._ended = functools.cache(self._requests.labels)
        self._attempt = functools.cache(self._attempts.labels)

    def _children(self, dialect: str, model: str) -> _Children:
        return _Children(
            self._seconds.labels(dialect, model),
            self._first.labels(dialect, model),
            self._tokens.labels(dialect, model, "input"),
            self._tokens.labels(dialect, model, "output"),
            self._tokens.labels(dialect, model, "cached"),
            self._cost.labels(dialect, model),
        )

    def count(self, x: Exchange, ended: float) -> None:
        model = x.plan.groups[0].model if x.plan is not None else "-"
        of = self._of(x.dialect.name, model)
        self._ended(x.dialect.name, model, x.outcome, x.error.code if x.error is not None else "-").inc()
        of.seconds.observe(ended - x.started)
        if x.first_token is not None:
            of.first.observe(x.first_token - x.started)
        if x.usage is not None:
            of.input.inc(x.usage.input_tokens)
            of.output.inc(x.usage.output_tokens)
            if x.usage.cached_tokens:
                of.cached.inc(x.usage.cached_tokens)
        if x.cost_nanodollars:
            of.cost.inc(x.cost_nanodollars / 1e9)
        for attempt, candidate in zip(x.attempts, x.asked, strict=True):
            self._attempt(candidate.label, attempt.failure.kind if attempt.failure else "-").inc()

    def page(self, health: Health, now: float, targets: Collection[str], checked: Collection[str]) -> bytes:
        """The exposition, with the state of these targets and checked providers as it is now.

        Names made from a caller's `*` are left out, and providers whose first check is still under way.
        """
        self._breaker.clear()
        self._in_flight.clear()
        self._up.clear()
        for name, target in health.snapshot(now).items():
            if name in checked:
                self._up.labels(name).set(not target.down)
            if name not in targets:
                continue
            self._breaker.labels(name).set(_STATES[target.state])
            self._in_flight.labels(name).set(target.in_flight)
        return generate_latest(self.registry)
