"""The metrics page as figures that travel: nothing is lost on the way."""

import msgspec

from gateway.record.figures import Figures
from gateway.record.measured import Measured, measured
from gateway.record.metrics import Metrics
from gateway.record.state import State, Waiting
from gateway.record.status import Status
from gateway.routing.failure import Attempt
from gateway.wire.neutral import Usage
from tests.support.exchanges import candidate, exchange, plan_of
from tests.unit.record.test_metrics import samples_of


def counted() -> Metrics:
    metrics, target = Metrics(), candidate("house/served")
    for seconds in (0.3, 0.4, 7.0, 500.0):
        attempts = [Attempt(target.name, 100.0, 100.0 + seconds, None)]
        metrics.count(
            exchange(
                plan=plan_of(target),
                outcome="answered",
                attempts=attempts,
                asked=[target],
                usage=Usage(input_tokens=10, output_tokens=4),
            ),
            100.0 + seconds,
        )
    return metrics


def found(name: str, metrics: Metrics) -> Measured:
    return next(one for one in measured(metrics.collect()) if one.name == name)


def test_a_histogram_says_how_many_fell_between_two_bounds() -> None:
    one = found("haechi_request_seconds", counted())
    assert one.kind == "histogram"
    (point,) = one.points
    assert point.labels == {"dialect": "chat", "model": "asked"}
    assert len(point.counts) == len(point.bounds) + 1
    told = dict(zip([*point.bounds, float("inf")], point.counts, strict=True))
    assert {bound: count for bound, count in told.items() if count} == {0.5: 2, 10.0: 1, float("inf"): 1}
    assert point.value == 507.7


def test_every_series_of_the_page_is_there() -> None:
    metrics = counted()
    on_page = {
        (
            name.removesuffix("_total").removesuffix("_sum"),
            frozenset((key, value) for key, value in pairs if key != "le"),
        )
        for name, pairs in samples_of(metrics, State())
        if not name.endswith(("_bucket", "_count", "_created"))
    }
    travelled = {
        (one.name, frozenset(point.labels.items())) for one in measured(metrics.collect()) for point in one.points
    }
    assert travelled == on_page


def test_it_travels() -> None:
    """Yes and no, too, which some figures are."""
    waiting = Waiting(1, Figures(up=True, starts=1, bytes=2, lag=0.5, unsettled_nanodollars=3, status=Status()))
    sent = measured(counted().families(State(records=waiting, up={"house": False})))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(sent), type=list[Measured]) == sent
