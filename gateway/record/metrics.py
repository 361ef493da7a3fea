"""Metrics in the Prometheus form. Labels are bounded: no key, no user, no request, no free text.

Counting is a dictionary look-up and an addition; the families of prometheus_client are made when somebody scrapes. The
full form (GenAI histograms) comes with the records.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.exchange import Exchange
from gateway.guards.verdicts import Verdicts
from gateway.policy.guarding import Guarding
from gateway.routing.health import Health

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_STATES: Final = {"closed": 0, "half_open": 1, "open": 2}
_OF: Final = ("dialect", "model")


@dataclass(slots=True)
class _Histogram:
    counts: list[int] = field(default_factory=lambda: [0] * (len(_SECONDS) + 1))
    total: float = 0.0

    def observe(self, seconds: float) -> None:
        self.counts[bisect_left(_SECONDS, seconds)] += 1
        self.total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as the format wants them."""
        found: list[tuple[str, float]] = []
        passed = 0
        for bound, count in zip((*map(str, _SECONDS), "+Inf"), self.counts, strict=True):
            passed += count
            found.append((bound, passed))
        return found


@dataclass(slots=True)
class _Tally:
    """Of one dialect and model."""

    seconds: _Histogram = field(default_factory=_Histogram)
    first: _Histogram = field(default_factory=_Histogram)
    input: int = 0
    output: int = 0
    cached: int = 0
    nanodollars: int = 0


class Metrics(Collector):
    """One registry for each gateway."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str], _Tally] = {}
        self._ended: Counter[tuple[str, str, str, str]] = Counter()
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._verdicts: Counter[tuple[str, str, str, str]] = Counter()
        self._entities: Counter[str] = Counter()
        self._unscanned: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._held: Counter[str] = Counter()
        self._vault: Counter[tuple[str, str]] = Counter()
        self._cached: Counter[tuple[str, str, str]] = Counter()
        self._saved: Counter[tuple[str, str]] = Counter()
        self.dropped = 0
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._targets: dict[str, tuple[int, int]] = {}
        self._up: dict[str, bool] = {}

    def count(self, x: Exchange, ended: float) -> None:
        """Called once for each exchange, when it is over."""
        of = (x.dialect.name, x.plan.groups[0].model if x.plan is not None else "-")
        tally = self._tallies.get(of)
        if tally is None:
            tally = self._tallies[of] = _Tally()
        self._ended[of[0], of[1], x.outcome, x.error.code if x.error is not None else "-"] += 1
        tally.seconds.observe(ended - x.started)
        if x.first_token is not None:
            tally.first.observe(x.first_token - x.started)
        if x.cached is not None:
            self._cached[(*of, x.cached.status)] += 1
            self._saved[of] += x.cached.saved_nanodollars or 0
        if (usage := x.usage) is not None and not (x.cached is not None and x.cached.given):
            tally.input += usage.input_tokens
            tally.output += usage.output_tokens
            tally.cached += usage.cached_tokens
        tally.nanodollars += x.cost_nanodollars or 0
        if x.guarding is not None:
            self._judged(x.guarding.verdicts)
            self._waited(x.guarding)
        if x.vault:
            self._vault.update(x.vault)
        for attempt, candidate in zip(x.attempts, x.asked, strict=True):
            self._attempts[candidate.label, attempt.failure.kind if attempt.failure else "-"] += 1

    def _judged(self, verdicts: Verdicts) -> None:
        for verdict, count in verdicts:
            self._verdicts[verdict.policy, verdict.rule, verdict.effect, verdict.said] += count
            if verdict.kind:
                self._entities[verdict.kind] += count
        self._unscanned.update(verdicts.unscanned)

    def _waited(self, guarding: Guarding) -> None:
        if guarding.held is not None and guarding.guarantee is not None:
            self._answers[guarding.guarantee] += 1
            self._held[guarding.guarantee] += guarding.held

    def page(self, health: Health, now: float, targets: Collection[str], checked: Collection[str]) -> bytes:
        """The exposition, with the state of these targets and checked providers as it is now.

        Names made from a caller's `*` are left out, and providers whose first check is still under way.
        """
        snapshot = health.snapshot(now)
        self._targets = {
            name: (_STATES[target.state], target.in_flight) for name, target in snapshot.items() if name in targets
        }
        self._up = {name: not target.down for name, target in snapshot.items() if name in checked}
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "haechi_requests", "Exchanges, by how they ended.", labels=(*_OF, "outcome", "code")
        )
        for labels, count in self._ended.items():
            requests.add_metric(labels, count)
        yield requests
        seconds = HistogramMetricFamily(
            "haechi_request_seconds", "From the first byte of a request to the end of its answer.", labels=_OF
        )
        first = HistogramMetricFamily("haechi_first_token_seconds", "To the first text that went out.", labels=_OF)
        tokens = CounterMetricFamily("haechi_tokens", "Tokens, by kind.", labels=(*_OF, "kind"))
        cost = CounterMetricFamily("haechi_cost_dollars", "Cost of answers whose price is known.", labels=_OF)
        for of, tally in self._tallies.items():
            seconds.add_metric(of, tally.seconds.buckets(), tally.seconds.total)
            first.add_metric(of, tally.first.buckets(), tally.first.total)
            tokens.add_metric((*of, "input"), tally.input)
            tokens.add_metric((*of, "output"), tally.output)
            tokens.add_metric((*of, "cached"), tally.cached)
            cost.add_metric(of, tally.nanodollars / 1e9)
        yield from (seconds, first, tokens, cost)
        attempts = CounterMetricFamily(
            "haechi_attempts", "Attempts, by target and how they failed.", labels=("target", "failure")
        )
        for tried, count in self._attempts.items():
            attempts.add_metric(tried, count)
        yield attempts
        yield from self._of_policies()
        yield from self._of_the_cache()
        vault = CounterMetricFamily(
            "haechi_vault",
            "What was kept for later turns or looked for: `kept`, `too_large`, `found`, `missing`, or `away` with Redis.",
            labels=("what", "went"),
        )
        for what_went, count in self._vault.items():
            vault.add_metric(what_went, count)
        yield vault
        yield CounterMetricFamily(
            "haechi_records_dropped", "Records that found the queue full, or could not be written.", value=self.dropped
        )
        breaker = GaugeMetricFamily("haechi_target_breaker", "0 closed, 1 half open, 2 open.", labels=("target",))
        in_flight = GaugeMetricFamily("haechi_target_in_flight", "Attempts under way.", labels=("target",))
        for name, (state, under_way) in self._targets.items():
            breaker.add_metric((name,), state)
            in_flight.add_metric((name,), under_way)
        up = GaugeMetricFamily(
            "haechi_provider_up", "1 up, 0 found down by its active health checks.", labels=("provider",)
        )
        for name, is_up in self._up.items():
            up.add_metric((name,), is_up)
        yield from (breaker, in_flight, up)

    def _of_the_cache(self) -> Iterator[Metric]:
        cached = CounterMetricFamily(
            "haechi_cache",
            "What the cache did: `hit`, `semantic`, `miss`, `bypass`, or `shadow` for a like question whose answer was not given.",
            labels=(*_OF, "status"),
        )
        for status, count in self._cached.items():
            cached.add_metric(status, count)
        saved = CounterMetricFamily("haechi_cache_saved_dollars", "Cost of answers that were given again.", labels=_OF)
        for of, nanodollars in self._saved.items():
            saved.add_metric(of, nanodollars / 1e9)
        yield from (cached, saved)

    def _of_policies(self) -> Iterator[Metric]:
        judged = CounterMetricFamily(
            "haechi_policy_verdicts",
            "What rules said of findings: `enforced`, `shadow`, `straddled` (its beginning was sent), or `failed` where the detector did.",
            labels=("policy", "rule", "effect", "said"),
        )
        for verdict, count in self._verdicts.items():
            judged.add_metric(verdict, count)
        entities = CounterMetricFamily("haechi_policy_entities", "Findings, by entity.", labels=("entity",))
        for kind, count in self._entities.items():
            entities.add_metric((kind,), count)
        unscanned = CounterMetricFamily(
            "haechi_policy_unscanned", "What no rule could read, by what it was.", labels=("what",)
        )
        for what, count in self._unscanned.items():
            unscanned.add_metric((what,), count)
        yield from (judged, entities, unscanned)
        answers = CounterMetricFamily(
            "haechi_policy_held_answers", "Answers that waited for checks, by their guarantee.", labels=("guarantee",)
        )
        held = CounterMetricFamily(
            "haechi_policy_held_characters",
            "The most characters of each such answer that waited at once, added up.",
            labels=("guarantee",),
        )
        for guarantee, count in self._answers.items():
            answers.add_metric((guarantee,), count)
            held.add_metric((guarantee,), self._held[guarantee])
        yield from (answers, held)
