"""Families of the metrics page as OTLP has them. Those of the GenAI conventions get their own names and attributes back."""

from collections.abc import Iterable, Mapping
from typing import Final, cast

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from gateway.record.genai import DURATION, FIRST_CHUNK, PER_CHUNK, TOKENS, Instrument
from gateway.record.measured import Measured, Point

_GENAI: Final = {one.exposed: one for one in (DURATION, TOKENS, FIRST_CHUNK, PER_CHUNK)}
_UNITS: Final = {"seconds": "s", "dollars": "{USD}", "bytes": "By", "tokens": "{token}"}
_CUMULATIVE: Final = AggregationTemporality.CUMULATIVE
_NOT_KNOWN: Final = cast("float", None)
"""Lowest and highest value of a histogram: left out."""


class Moments:
    """`started`: since when counters count, in seconds since 1970."""

    def __init__(self, resource: Resource, started: float) -> None:
        self._resource = resource
        self._started = int(started * 1e9)

    def data(self, families: Iterable[Measured], at: float) -> MetricsData:
        metrics = [self._metric(one, int(at * 1e9)) for one in families]
        scope = ScopeMetrics(InstrumentationScope("haechi"), metrics, "")
        return MetricsData([ResourceMetrics(self._resource, [scope], "")])

    def _metric(self, one: Measured, at: int) -> Metric:
        instrument = _GENAI.get(one.name)
        name, unit = (one.name, _unit(one.name)) if instrument is None else (instrument.name, instrument.unit)
        if one.kind == "histogram":
            buckets = [self._histogram(point, instrument, at) for point in one.points]
            return Metric(name, one.words, unit, Histogram(buckets, _CUMULATIVE))
        points = [NumberDataPoint(point.labels, self._started, at, point.value) for point in one.points]
        data = Sum(points, _CUMULATIVE, is_monotonic=True) if one.kind == "counter" else Gauge(points)
        return Metric(name, one.words, unit, data)

    def _histogram(self, point: Point, instrument: Instrument | None, at: int) -> HistogramDataPoint:
        return HistogramDataPoint(
            attributes=point.labels if instrument is None else _attributes(point.labels, instrument),
            start_time_unix_nano=self._started,
            time_unix_nano=at,
            count=sum(point.counts),
            sum=point.value,
            bucket_counts=point.counts,
            explicit_bounds=point.bounds,
            min=_NOT_KNOWN,
            max=_NOT_KNOWN,
        )


def _attributes(labels: Mapping[str, str], instrument: Instrument) -> dict[str, str]:
    """What is empty is not there: an operation without an error has no type of it."""
    named = zip(instrument.labels, instrument.attributes, strict=True)
    return {attribute: labels[label] for label, attribute in named if labels.get(label)}


def _unit(name: str) -> str:
    return _UNITS.get(name.rpartition("_")[2], "1")
