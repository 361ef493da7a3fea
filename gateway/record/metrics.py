"""The metrics page: what was counted (`counting`), as families (`families`), in the form that the scraper asks for."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from gateway.exchange import Exchange
from gateway.record.counting import Counts
from gateway.record.families import FAMILIES
from gateway.record.state import State

_OPENMETRICS: Final = "application/openmetrics-text"
_ENCODERS: Final[dict[bool, Callable[[Collector], bytes]]] = {True: openmetrics.generate_latest, False: generate_latest}
_TYPES: Final = {
    True: f"{_OPENMETRICS}; version=1.0.0; charset=utf-8",
    False: "text/plain; version=0.0.4; charset=utf-8",
}


class Metrics(Collector):
    """One registry for each gateway."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._state = State()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    @property
    def dropped(self) -> Counter[str]:
        """Records, by why: `queue`, `file`, `spool`, `disk` or `row`."""
        return self.counts.dropped

    def count(self, x: Exchange, ended: float) -> None:
        """Called once for each exchange, when it is over."""
        self.counts.count(x, ended)

    def page(self, state: State, accept: str = "") -> tuple[bytes, str]:
        """The exposition and its media type: Prometheus's text, or OpenMetrics with a trace for each bucket, by `Accept`."""
        self._state = state
        opened = _OPENMETRICS in accept
        return _ENCODERS[opened](self._registry), _TYPES[opened]

    def families(self, state: State) -> Iterator[Metric]:
        """The same without the process's own."""
        self._state = state
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        for family in FAMILIES:
            yield from family(self.counts, self._state)
