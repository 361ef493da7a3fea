"""The metrics page, read back by the parser that Prometheus ships."""

from bisect import bisect_left
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from gateway.cache.stats import Standing, Tallied
from gateway.config.structs import Breaker
from gateway.errors import GatewayError
from gateway.exchange import Cached, Exchange
from gateway.guards.verdicts import Verdict, Verdicts
from gateway.histogram import DOUBLING, FOURFOLD, Histogram
from gateway.limits.keys import Principal
from gateway.record.counting import OVERHEAD, SECONDS
from gateway.record.metrics import Metrics
from gateway.record.series import MOST
from gateway.record.state import State, of_targets
from gateway.routing.failure import Attempt, Failure
from gateway.routing.health import Health
from gateway.wire.neutral import Usage
from tests.support.exchanges import candidate, exchange, plan_of
from tests.unit.routing.shapes import config, model, planned

_HOSTILE: Final = 'a"b\\c\nd}e{f="g'
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def page(metrics: Metrics, health: Health | None = None, now: float = 0.0, **seen: list[str]) -> Samples:
    """Every sample by name and labels."""
    targets, up = of_targets(health or Health(Breaker()), now, seen.get("targets", []), seen.get("checked", []))
    return samples_of(metrics, State(targets=targets, up=up))


def samples_of(metrics: Metrics, state: State) -> Samples:
    text = metrics.page(state)[0].decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.startswith("process_")
    }


def one(samples: Samples, name: str, **labels: str) -> float:
    """The only sample of this name with these labels among its own."""
    found = [value for (own, pairs), value in samples.items() if own == name and labels.items() <= dict(pairs).items()]
    assert len(found) == 1, sorted(map(str, samples))
    return found[0]


def answered(name: str = "demo", ended: float = 101.0, **fields: Any) -> tuple[Exchange, float]:
    return exchange(plan=plan_of(model=name, asked="as-the-caller-wrote-it"), outcome="answered", **fields), ended


# -- histograms


@given(st.lists(st.floats(0, 300, allow_subnormal=False) | st.sampled_from(SECONDS), max_size=30))
def test_a_bucket_holds_all_that_were_not_slower(times: list[float]) -> None:
    histogram = Histogram(SECONDS)
    for seconds in times:
        histogram.observe(seconds)
    buckets = [(bound, count) for bound, count, _ in histogram.buckets()]
    assert [bound for bound, _ in buckets] == [*map(str, SECONDS), "+Inf"]
    for bound, count in buckets:
        assert count == sum(1 for seconds in times if seconds <= float(bound))
    assert histogram.total == pytest.approx(sum(times))


@pytest.mark.parametrize("bounds", [SECONDS, OVERHEAD, DOUBLING, FOURFOLD])
def test_the_bounds_rise(bounds: tuple[float, ...]) -> None:
    assert list(bounds) == sorted(set(bounds))


def test_a_request_is_timed_from_its_start_to_its_end_and_to_its_first_text() -> None:
    metrics = Metrics()
    metrics.count(*answered(ended=102.0, first_token=100.2))
    metrics.count(*answered(ended=100.2))
    samples = page(metrics)
    assert one(samples, "haechi_request_seconds_sum", model="demo") == pytest.approx(2.2)
    assert one(samples, "haechi_request_seconds_count") == 2
    assert one(samples, "haechi_first_token_seconds_count") == 1  # the second never had any
    assert one(samples, "haechi_first_token_seconds_sum") == pytest.approx(0.2)
    for bound in SECONDS:
        assert one(samples, "haechi_request_seconds_bucket", le=str(bound)) == (bound >= 0.25) + (bound >= 2.5)
        assert one(samples, "haechi_first_token_seconds_bucket", le=str(bound)) == (bound >= 0.25)
    assert bisect_left(SECONDS, 0.2) == SECONDS.index(0.25)


# -- counters


def test_exchanges_are_counted_by_how_they_ended() -> None:
    metrics = Metrics()
    metrics.count(*answered())
    metrics.count(*answered())
    metrics.count(exchange(plan=plan_of(), outcome="failed", error=GatewayError("rate_limited", "Slow down.")), 101.0)
    metrics.count(exchange("messages", outcome="failed", error=GatewayError("invalid_json", "No.")), 101.0)
    samples = page(metrics)
    assert one(samples, "haechi_requests_total", outcome="answered", code="-", dialect="chat", model="demo") == 2
    assert one(samples, "haechi_requests_total", outcome="failed", code="rate_limited", model="asked") == 1
    assert one(samples, "haechi_requests_total", code="invalid_json", dialect="messages", model="-") == 1


def test_tokens_and_cost_add_up_by_kind() -> None:
    metrics = Metrics()
    usage = Usage(input_tokens=10, output_tokens=4, cached_tokens=3, cache_write_tokens=1, reasoning_tokens=2)
    for _ in range(2):
        metrics.count(*answered(usage=usage, cost_nanodollars=1_500_000_000))
    metrics.count(*answered())
    samples = page(metrics)
    kinds = {dict(pairs)["kind"]: value for (name, pairs), value in samples.items() if name == "haechi_tokens_total"}
    assert kinds == {"input": 20, "output": 8, "cached": 6, "cache_write": 2, "reasoning": 4}
    assert one(samples, "haechi_cost_dollars_total") == 3.0


def test_each_attempt_counts_for_its_target() -> None:
    metrics = Metrics()
    first, second = candidate("a"), candidate("b")
    attempts = [Attempt(first.name, 0, 1, Failure("stalled")), Attempt(second.name, 1, 2, None)]
    metrics.count(*answered(attempts=attempts, asked=[first, second]))
    samples = page(metrics)
    assert one(samples, "haechi_attempts_total", target=first.label, failure="stalled") == 1
    assert one(samples, "haechi_attempts_total", target=second.label, failure="-") == 1


def test_dropped_records_are_on_the_page() -> None:
    metrics = Metrics()
    assert one(page(metrics), "haechi_records_dropped_total", reason="queue") == 0
    metrics.dropped["queue"] += 2
    assert one(page(metrics), "haechi_records_dropped_total", reason="queue") == 2


# -- labels


def test_a_caller_cannot_make_new_series() -> None:
    """Whatever it asks for under a wildcard name: the labels are the configuration's and our own tables'."""
    configuration = config(house_=model("house/*"))
    few, many = Metrics(), Metrics()
    for number in range(20):
        plan = planned(configuration, f"house/{number}")
        asked = plan.candidates()
        x = exchange(
            id=f"req_{number}",
            path=f"/v1/{number}",
            headers={"user-agent": f"caller/{number}"},
            model=f"house/{number}",
            plan=plan,
            attempts=[Attempt(asked[0].name, 0, 1, None)],
            asked=asked,
            outcome="answered",
        )
        many.count(x, 101.0)
    few.count(x, 101.0)
    assert page(many).keys() == page(few).keys()
    assert one(page(many), "haechi_requests_total", model="house/*") == 20


def test_nothing_that_a_caller_or_a_detector_makes_up_grows_the_page_without_end() -> None:
    """Fields of the caller's own, and kinds of findings by somebody else's detector, which it may make out of texts."""
    metrics = Metrics()
    for number in range(3 * MOST):
        verdicts = Verdicts()
        verdicts.add(Verdict("policy", "rule", "user", f"KIND_{number}", "log", "enforced"))
        metrics.counts._judged(verdicts)
        x = exchange(
            id=f"req_{number}",
            trace_id=f"{number:032x}",
            principal=Principal(id=f"key-{number}", name=f"name-{number}", team=f"team-{number}"),
            body={"user": f"user-{number}", "metadata": {"prompt": f"prompt-{number}"}},
            model=f"model-{number}",
            plan=plan_of(asked=f"model-{number}", model="*"),
            outcome="answered",
        )
        metrics.count(x, 101.0)
    samples = page(metrics)
    entities = {dict(pairs)["entity"]: count for (name, pairs), count in samples.items() if "entities" in name}
    assert len(entities) == MOST + 1
    assert entities["other"] == 2 * MOST
    rest = {(name, pairs) for name, pairs in samples if "entities" not in name and not name.endswith("_created")}
    assert len(rest) < 100, len(rest)
    assert one(samples, "haechi_policy_verdicts_total") == 3 * MOST


def test_no_caller_is_in_a_label() -> None:
    metrics = Metrics()
    metrics.count(*answered(attempts=[Attempt("t", 0, 1, None)], asked=[candidate()], model="as-the-caller-wrote-it"))
    labels = {name for _, pairs in page(metrics) for name, _ in pairs}
    ours = {"dialect", "model", "outcome", "code", "kind", "le", "target", "failure", "reason"}
    conventions = {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "error_type"}
    assert labels == ours | conventions


def test_odd_names_of_the_configuration_are_escaped() -> None:
    metrics = Metrics()
    metrics.count(*answered(_HOSTILE))
    assert one(page(metrics), "haechi_requests_total", model=_HOSTILE) == 1


# -- what the gateway itself took


def test_overhead_is_the_time_in_which_no_upstream_was_asked() -> None:
    first, second = candidate("a"), candidate("b")
    attempts = [Attempt(first.name, 100.5, 102.0, Failure("stalled")), Attempt(second.name, 102.25, 104.0, None)]
    metrics = Metrics()
    metrics.count(*answered(ended=104.25, attempts=attempts, asked=[first, second]))
    assert one(page(metrics), "haechi_overhead_seconds_sum") == pytest.approx(1.0)


def test_waiting_for_a_call_of_somebody_else_is_no_overhead() -> None:
    metrics = Metrics()
    metrics.count(*answered(ended=104.0, shared_seconds=3.5))
    assert one(page(metrics), "haechi_overhead_seconds_sum") == pytest.approx(0.5)


# -- money


def test_what_has_no_price_is_counted_as_such() -> None:
    metrics = Metrics()
    metrics.count(*answered(usage=Usage(input_tokens=1)))
    metrics.count(*answered(usage=Usage(input_tokens=1), cost_nanodollars=0))
    metrics.count(*answered(usage=Usage(input_tokens=1), cached=Cached("hit")))
    assert one(page(metrics), "haechi_unpriced_total") == 1


def test_cost_is_told_by_the_target_that_answered() -> None:
    first, second = candidate("a"), candidate("b")
    attempts = [Attempt(first.name, 100, 101, Failure("cut")), Attempt(second.name, 101, 102, None)]
    metrics = Metrics()
    for _ in range(2):
        metrics.count(
            *answered(attempts=attempts, asked=[first, second], served_by=second, cost_nanodollars=2_000_000_000)
        )
    assert one(page(metrics), "haechi_target_cost_dollars_total", target=second.label) == 4.0


# -- OpenMetrics


def test_a_bucket_names_the_trace_that_fell_into_it_last() -> None:
    metrics = Metrics()
    for trace, ended in (("a", 100.3), ("b", 100.4), ("c", 103.0)):
        metrics.count(*answered(ended=ended, trace_id=trace * 32))
    raw, content_type = metrics.page(State(), "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;q=0.5")
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    told = {
        sample.labels["le"]: sample.exemplar.labels["trace_id"]
        for family in openmetrics_families(raw.decode())  # type: ignore[no-untyped-call]
        for sample in family.samples
        if sample.name == "haechi_request_seconds_bucket" and sample.exemplar is not None
    }
    assert told == {"0.5": "b" * 32, "5.0": "c" * 32}


def test_who_does_not_ask_for_openmetrics_gets_plain_text() -> None:
    metrics = Metrics()
    metrics.count(*answered())
    raw, content_type = metrics.page(State(), "text/html, */*")
    assert content_type.startswith("text/plain; version=0.0.4")
    assert b"trace_id" not in raw


# -- the cache's classes


def test_a_class_shows_its_certificate_and_what_was_found() -> None:
    certified = Standing(
        serve="certified",
        state="certified",
        threshold=0.9,
        reviews=[Tallied(0.95, 10, 0), Tallied(0.9, 400, 2)],
        audits=5,
        alarm=1.0,
        alarmed_at=4.0,
        withdrawals=1,
    )
    shadow = Standing(serve="certified", state="shadow")
    state = State(classes={"faq": (certified, 0.01), "new": (shadow, 0.02)}, held={"entries": 7})
    samples = samples_of(Metrics(), state)
    of = "haechi_cache_class_"
    assert [one(samples, f"{of}certified", **{"class": name}) for name in ("faq", "new")] == [1, 0]
    assert [one(samples, f"{of}bound", **{"class": name}) for name in ("faq", "new")] == [0.01, 0.02]
    assert one(samples, f"{of}threshold") == 0.9  # a class without a certificate has none
    assert one(samples, f"{of}reviews", **{"class": "faq", "found": "right"}) == 398
    assert one(samples, f"{of}reviews", **{"class": "faq", "found": "wrong"}) == 2
    assert one(samples, f"{of}alarm", **{"class": "faq"}) == 0.25
    assert one(samples, f"{of}withdrawals", **{"class": "faq"}) == 1
    assert one(samples, "haechi_cache_held", figure="entries") == 7


# -- the state of targets


def test_a_breaker_is_shown_as_it_is_now() -> None:
    health = Health(Breaker(failures=1, open_for=10.0))
    metrics = Metrics()
    health.began("t", 0.0)
    shown = page(metrics, health, 0.0, targets=["t"])
    assert (one(shown, "haechi_target_breaker"), one(shown, "haechi_target_in_flight", target="t")) == (0, 1)
    health.ended("t", 0.0, Failure("connect", sent=False), 0.0)
    shown = page(metrics, health, 1.0, targets=["t"])
    assert (one(shown, "haechi_target_breaker"), one(shown, "haechi_target_in_flight")) == (2, 0)
    assert one(page(metrics, health, 11.0, targets=["t"]), "haechi_target_breaker") == 1


def test_targets_that_a_caller_named_are_left_out() -> None:
    health = Health(Breaker())
    health.began("named by a caller", 0.0)
    assert not [pairs for _, pairs in page(Metrics(), health) if "target" in dict(pairs)]


def test_a_target_that_is_gone_is_gone_from_the_page() -> None:
    health = Health(Breaker())
    health.began("t", 0.0)
    metrics = Metrics()
    page(metrics, health, targets=["t"])
    assert not [pairs for _, pairs in page(metrics, health) if "target" in dict(pairs)]


def test_a_checked_provider_is_up_or_down_and_one_not_yet_checked_is_neither() -> None:
    health, metrics = Health(Breaker()), Metrics()
    for name, ok in (("up", True), ("down", False), ("unasked", False)):
        for second in range(3):
            health.checked(name, ok, float(second))
    samples = page(metrics, health, checked=["up", "down", "later"])
    assert {
        dict(pairs)["provider"]: value for (name, pairs), value in samples.items() if name == "haechi_provider_up"
    } == {"up": 1, "down": 0}
