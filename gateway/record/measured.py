"""What the metrics page shows at one moment, as it travels to the process that pushes it."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, Literal

from msgspec import Struct
from prometheus_client.core import Metric
from prometheus_client.samples import Sample

Kind = Literal["counter", "gauge", "histogram"]
_INFINITE: Final = "+Inf"


class Point(Struct, array_like=True, frozen=True):
    """`counts` and `bounds` are of a histogram: how many fell between two bounds, the last beyond all; `value` is its sum then."""

    labels: dict[str, str]
    value: float
    bounds: list[float] = []
    counts: list[int] = []


class Measured(Struct, array_like=True, frozen=True):
    """One family. `name` has no ending of the text form."""

    name: str
    kind: Kind
    words: str
    points: list[Point]


class Moment(Struct, array_like=True, frozen=True):
    """What one gateway showed. `started`: since when its counters count, in seconds since 1970."""

    started: float
    families: list[Measured]


def measured(families: Iterable[Metric]) -> list[Measured]:
    """Families that have nothing to show are left out."""
    found = []
    for family in families:
        kind, points = _points(family)
        if points:
            found.append(Measured(family.name, kind, family.documentation, points))
    return found


def _points(family: Metric) -> tuple[Kind, list[Point]]:
    if family.type == "histogram":
        return "histogram", list(_histograms(family.samples))
    kind: Kind = "counter" if family.type == "counter" else "gauge"
    return kind, [Point(one.labels, float(one.value)) for one in family.samples]


def _histograms(samples: Iterable[Sample]) -> Iterator[Point]:
    """As the families are made: buckets from the lowest to the last, then count and sum."""
    passed: list[tuple[str, float]] = []
    for one in samples:
        if "le" in one.labels:
            passed.append((one.labels["le"], one.value))
        elif one.name.endswith("_sum"):
            bounds = [float(bound) for bound, _ in passed if bound != _INFINITE]
            counts = [int(after - before) for before, after in pairwise([0.0, *(count for _, count in passed)])]
            yield Point(one.labels, float(one.value), bounds, counts)
            passed = []
