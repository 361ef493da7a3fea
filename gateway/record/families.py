"""The families of the metrics page, made from what was counted and from what is when somebody scrapes.

A family that others add is a function of its own below, in `FAMILIES`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from prometheus_client.core import CounterMetricFamily, Exemplar, GaugeMetricFamily, HistogramMetricFamily, Metric

from gateway.histogram import Histogram
from gateway.record.counting import Counts, Tally
from gateway.record.figures import Figures
from gateway.record.genai import DURATION, FIRST_CHUNK, PER_CHUNK, TOKENS, Instrument
from gateway.record.series import Series
from gateway.record.state import State

_OF: Final = ("dialect", "model")
_KINDS: Final = ("input", "output", "cached", "cache_write", "reasoning")
_NANO: Final = 1e-9


def traffic(counts: Counts, state: State) -> Iterator[Metric]:
    yield _counter("haechi_requests", "Exchanges, by how they ended.", (*_OF, "outcome", "code"), counts.ended)
    yield _of_tallies(
        "haechi_request_seconds",
        "From the first byte of a request to the end of its answer.",
        counts.tallies,
        lambda tally: tally.seconds,
    )
    yield _of_tallies(
        "haechi_first_token_seconds", "To the first text that went out.", counts.tallies, lambda tally: tally.first
    )
    yield _of_tallies(
        "haechi_overhead_seconds",
        "In which no upstream was being asked: reading the request, its rules, the cache, waits between attempts.",
        counts.tallies,
        lambda tally: tally.overhead,
    )
    yield GaugeMetricFamily("haechi_requests_under_way", "Exchanges that are not over.", value=state.under_way)


def money(counts: Counts, _: State) -> Iterator[Metric]:
    tokens = CounterMetricFamily(
        "haechi_tokens",
        "Tokens, by kind: `input`, of which `cached` and `cache_write` are parts, and `output`, of which `reasoning` is one.",
        labels=(*_OF, "kind"),
    )
    cost = CounterMetricFamily("haechi_cost_dollars", "Cost of answers whose price is known.", labels=_OF)
    unpriced = CounterMetricFamily(
        "haechi_unpriced", "Answers that used tokens, and whose price is not known.", labels=_OF
    )
    for of, tally in counts.tallies.items():
        for kind in _KINDS:
            tokens.add_metric((*of, kind), getattr(tally, kind))
        cost.add_metric(of, tally.nanodollars * _NANO)
        unpriced.add_metric(of, tally.unpriced)
    yield from (tokens, cost, unpriced)
    yield _counter(
        "haechi_target_cost_dollars",
        "The same cost, by the target whose answer was given.",
        ("target",),
        counts.spent,
        _NANO,
    )


def genai(counts: Counts, _: State) -> Iterator[Metric]:
    duration, tokens, first, between = map(_instrument, (DURATION, TOKENS, FIRST_CHUNK, PER_CHUNK))
    for of, operation in counts.operations.items():
        for error, seconds in operation.durations.items():
            _add(duration, (*of, error), seconds)
        if any(operation.input.counts):
            _add(tokens, (*of, "input"), operation.input)
            _add(tokens, (*of, "output"), operation.output)
        if any(operation.first_chunk.counts):
            _add(first, of, operation.first_chunk)
            _add(between, of, operation.per_chunk)
    yield from (duration, tokens, first, between)


def upstreams(counts: Counts, state: State) -> Iterator[Metric]:
    yield _counter(
        "haechi_attempts", "Attempts, by target and how they failed.", ("target", "failure"), counts.attempts
    )
    breaker = GaugeMetricFamily("haechi_target_breaker", "0 closed, 1 half open, 2 open.", labels=("target",))
    in_flight = GaugeMetricFamily("haechi_target_in_flight", "Attempts under way.", labels=("target",))
    for name, (how, under_way) in state.targets.items():
        breaker.add_metric((name,), how)
        in_flight.add_metric((name,), under_way)
    up = GaugeMetricFamily(
        "haechi_provider_up", "1 up, 0 found down by its active health checks.", labels=("provider",)
    )
    for name, is_up in state.up.items():
        up.add_metric((name,), is_up)
    yield from (breaker, in_flight, up)


def policies(counts: Counts, _: State) -> Iterator[Metric]:
    yield _counter(
        "haechi_policy_verdicts",
        "What rules said of findings: `enforced`, `shadow`, `straddled` (its beginning was sent), or `failed` where the detector did.",
        ("policy", "rule", "effect", "said"),
        counts.verdicts,
    )
    yield _counter("haechi_policy_entities", "Findings, by entity.", ("entity",), counts.entities)
    yield _counter("haechi_policy_unscanned", "What no rule could read, by what it was.", ("what",), counts.unscanned)
    yield _counter(
        "haechi_policy_exempted", "Exchanges that an exemption took a rule away from.", ("exemption",), counts.exempted
    )
    yield _counter(
        "haechi_policy_held_answers",
        "Answers that waited for checks, by their guarantee.",
        ("guarantee",),
        counts.answers,
    )
    yield _counter(
        "haechi_policy_held_characters",
        "The most characters of each such answer that waited at once, added up.",
        ("guarantee",),
        counts.held,
    )


def cache(counts: Counts, state: State) -> Iterator[Metric]:
    yield _counter(
        "haechi_cache",
        "What the cache did: `hit`, `semantic`, `miss`, `bypass`, or `shadow` for a like question whose answer was not given.",
        (*_OF, "status"),
        counts.cached,
    )
    yield _counter("haechi_cache_saved_dollars", "Cost of answers that were given again.", _OF, counts.saved, _NANO)
    held = GaugeMetricFamily(
        "haechi_cache_held",
        "What the cache's store says of itself, in figures that each store has of its own.",
        labels=("figure",),
    )
    for name, count in state.held.items():
        held.add_metric((name.replace(" ", "_"),), count)
    yield held


def classes(_: Counts, state: State) -> Iterator[Metric]:
    certified = GaugeMetricFamily(
        "haechi_cache_class_certified", "1 while the class has a certificate.", labels=("class",)
    )
    bound = GaugeMetricFamily(
        "haechi_cache_class_bound", "Share of wrong answers that it may have at most, as declared.", labels=("class",)
    )
    threshold = GaugeMetricFamily(
        "haechi_cache_class_threshold", "Similarity from which it serves; only while certified.", labels=("class",)
    )
    reviews = GaugeMetricFamily(
        "haechi_cache_class_reviews",
        "Reviews of would-be hits that count, by what they found: `right` or `wrong`.",
        labels=("class", "found"),
    )
    audits = GaugeMetricFamily("haechi_cache_class_audits", "Hits that were reviewed afterwards.", labels=("class",))
    alarm = GaugeMetricFamily(
        "haechi_cache_class_alarm", "Of the test for drift: 1 withdraws the certificate.", labels=("class",)
    )
    withdrawn = GaugeMetricFamily(
        "haechi_cache_class_withdrawals", "How often its certificate was withdrawn.", labels=("class",)
    )
    for name, (one, wrong) in state.classes.items():
        last = one.reviews[-1] if one.reviews else None
        certified.add_metric((name,), one.state == "certified")
        bound.add_metric((name,), wrong)
        if one.threshold is not None:
            threshold.add_metric((name,), one.threshold)
        reviews.add_metric((name, "right"), last.reviews - last.wrong if last else 0)
        reviews.add_metric((name, "wrong"), last.wrong if last else 0)
        audits.add_metric((name,), one.audits)
        alarm.add_metric((name,), one.alarm / one.alarmed_at)
        withdrawn.add_metric((name,), one.withdrawals)
    yield from (certified, bound, threshold, reviews, audits, alarm, withdrawn)


def vault(counts: Counts, _: State) -> Iterator[Metric]:
    yield _counter(
        "haechi_vault",
        "What was kept for later turns or looked for: `kept`, `too_large`, `found`, `missing`, or `away` with Redis.",
        ("what", "went"),
        counts.vault,
    )


def feedback(counts: Counts, _: State) -> Iterator[Metric]:
    said = counts.feedback
    yield _counter(
        "haechi_feedback",
        "Feedback, by what was said of which model. `value` is the word, if the metric has words.",
        ("metric", "model", "source", "value", "verdict"),
        said.said,
    )
    scores = HistogramMetricFamily("haechi_feedback_score", "Scores that were given.", labels=("metric", "model"))
    for of, histogram in said.scores.items():
        _add(scores, of, histogram)
    yield scores
    yield _counter(
        "haechi_feedback_complaints",
        "Bad feedback, by what the cache did: `quarantined`, `dropped`, `noted`, `gone`, or `nothing`.",
        ("went",),
        said.complaints,
    )


def records(counts: Counts, state: State) -> Iterator[Metric]:
    dropped = CounterMetricFamily(
        "haechi_records_dropped",
        "Records that are missing, by why: the `queue` was full, the `file` or the `disk` of the spool refused them, the `spool` was full, "
        "or the `row` could not be written.",
        labels=("reason",),
    )
    for why in ("queue", "file", "spool", "disk", "row"):
        dropped.add_metric((why,), counts.dropped[why])
    yield dropped
    yield GaugeMetricFamily(
        "haechi_records_queued", "Records in the queue, or being written.", value=state.records.queued
    )
    yield from waiting(state.records.figures)


def waiting(figures: Figures | None) -> Iterator[Metric]:
    up = GaugeMetricFamily("haechi_scribe_up", "1 while the process that keeps records runs.")
    starts = CounterMetricFamily("haechi_scribe_starts", "How often it was started.")
    held = GaugeMetricFamily("haechi_spool_bytes", "What waits on disk for it.")
    lag = GaugeMetricFamily("haechi_spool_lag_seconds", "How long the oldest of that has waited.")
    away = GaugeMetricFamily("haechi_sink_away", "1 where it cannot write, by what it writes to.", labels=("sink",))
    told = CounterMetricFamily(
        "haechi_scribe",
        "What it did since it was started: `rows` and `settlements` written, rows `refused`, bytes `unreadable`, and what its sinks count.",
        labels=("what",),
    )
    unsettled = GaugeMetricFamily("haechi_unsettled_dollars", "Money of dropped records that waits for a disk.")
    if figures is not None:
        status = figures.status
        up.add_metric((), figures.up)
        starts.add_metric((), figures.starts)
        held.add_metric((), figures.bytes)
        lag.add_metric((), figures.lag)
        unsettled.add_metric((), figures.unsettled_nanodollars * _NANO)
        for sink in status.away:
            away.add_metric((sink,), 1)
        counted = {
            "rows": status.rows,
            "settlements": status.settlements,
            "refused": status.refused,
            "unreadable": status.unreadable,
        }
        for what, count in (counted | status.told).items():
            told.add_metric((what,), count)
    yield from (up, starts, held, lag, away, told, unsettled)


FAMILIES: Final[tuple[Callable[[Counts, State], Iterable[Metric]], ...]] = (
    traffic, money, genai, upstreams, policies, cache, classes, vault, feedback, records,
)  # fmt: skip


def _counter(name: str, words: str, labels: tuple[str, ...], series: Series, unit: float = 1) -> CounterMetricFamily:
    family = CounterMetricFamily(name, words, labels=labels)
    for of, count in series.items():
        family.add_metric(of, count * unit)
    return family


def _of_tallies(
    name: str, words: str, tallies: Mapping[tuple[str, str], Tally], which: Callable[[Tally], Histogram]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, words, labels=_OF)
    for of, tally in tallies.items():
        _add(family, of, which(tally))
    return family


def _instrument(one: Instrument) -> HistogramMetricFamily:
    return HistogramMetricFamily(one.exposed, one.words, labels=one.labels)


def _add(family: HistogramMetricFamily, labels: tuple[str, ...], histogram: Histogram) -> None:
    buckets = [
        (bound, count) if trace is None else (bound, count, Exemplar({"trace_id": trace[0]}, trace[2], trace[1]))
        for bound, count, trace in histogram.buckets()
    ]
    family.add_metric(labels, buckets, histogram.total)
