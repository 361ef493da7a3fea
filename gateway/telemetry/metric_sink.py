"""Takes batches from the spool and pushes the metrics in them. A receiver that is away loses a moment, which is counted: the next one tells
all that is counted since the start again.
"""

import asyncio
import importlib
import logging
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource

from gateway.config.pushing import protocol
from gateway.record.batch import Batch, Position
from gateway.record.measured import Moment
from gateway.telemetry.metrics import Moments

log = logging.getLogger("haechi")

_SERVICE: Final = "haechi"
_MODULES: Final = {
    "grpc": "opentelemetry.exporter.otlp.proto.grpc.metric_exporter",
    "http/protobuf": "opentelemetry.exporter.otlp.proto.http.metric_exporter",
}


class MetricSink:
    """See `gateway.record.sinks.Sink`. Never refuses a batch. Addresses, headers and time-outs stand in the standard variables."""

    def __init__(self, env: Mapping[str, str] = os.environ, exporter: MetricExporter | None = None) -> None:
        self.sent = 0
        self.dropped = 0
        self._env = env
        self._exporter = exporter or _exporter(env)
        self._thread = ThreadPoolExecutor(1, "haechi-metrics")
        self._well = True

    @property
    def counts(self) -> dict[str, int]:
        """What the metrics tell."""
        return {"metrics_sent": self.sent, "metrics_dropped": self.dropped}

    async def take(self, batch: Batch, position: Position) -> None:
        if batch.moment is not None:
            give = partial(self._give, batch.moment, batch.written, position.spool)
            await asyncio.get_running_loop().run_in_executor(self._thread, give)

    async def aclose(self) -> None:
        """What is under way is given up."""
        await asyncio.to_thread(self._exporter.shutdown)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _give(self, moment: Moment, at: float, of: str) -> None:
        data = Moments(resource_of(self._env, of), moment.started).data(moment.families, at)
        well = self._exporter.export(data) is MetricExportResult.SUCCESS
        if well:
            self.sent += 1
        else:
            self.dropped += 1
        if well != self._well:
            log.warning("metrics can be pushed again" if well else "metrics cannot be pushed; it goes on being tried")
        self._well = well


def resource_of(env: Mapping[str, str], instance: str) -> Resource:
    """`service.name` is ours where nobody says another. Each replica is an instance, by the name of its spool."""
    said = {SERVICE_INSTANCE_ID: instance}
    if not env.get("OTEL_SERVICE_NAME") and f"{SERVICE_NAME}=" not in env.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        said[SERVICE_NAME] = _SERVICE
    return Resource.create(dict(said))


def _exporter(env: Mapping[str, str]) -> MetricExporter:
    for name in ("opentelemetry.exporter.otlp", "opentelemetry.sdk"):  # what fails is counted, and told of once
        logging.getLogger(name).setLevel(logging.CRITICAL)
    made: MetricExporter = importlib.import_module(_MODULES[protocol(env)]).OTLPMetricExporter()
    return made
