"""Receivers of metrics by OTLP, over HTTP and over gRPC, on ports that they find themselves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)

from tests.support.otlp_servers import called, posted


class MetricsReceiver:
    """What came last: `metrics` by name, as the protocol has them. `refuses`: it says no to all."""

    def __init__(self) -> None:
        self.metrics: dict[str, Any] = {}
        self.resource: dict[str, str] = {}
        self.came = 0
        self.refuses = False
        self.endpoint = ""

    def take(self, request: ExportMetricsServiceRequest) -> None:
        (group,) = request.resource_metrics
        self.resource = {one.key: one.value.string_value for one in group.resource.attributes}
        self.metrics = {metric.name: metric for scope in group.scope_metrics for metric in scope.metrics}
        self.came += 1

    def sum_of(self, name: str) -> float:
        """Of a counter, over all series; of a histogram, how many values there are."""
        metric = self.metrics.get(name)
        if metric is None:
            return 0
        if metric.HasField("histogram"):
            return float(sum(point.count for point in metric.histogram.data_points))
        return float(sum(point.as_double for point in metric.sum.data_points))


@contextmanager
def metrics_receiver() -> Iterator[MetricsReceiver]:
    receiver = MetricsReceiver()

    def take(path: str, _headers: Mapping[str, str], body: bytes) -> bool:
        if not receiver.refuses and path == "/v1/metrics":
            receiver.take(ExportMetricsServiceRequest.FromString(body))
        return not receiver.refuses

    with posted(take) as receiver.endpoint:
        yield receiver


@contextmanager
def grpc_metrics_receiver() -> Iterator[MetricsReceiver]:
    receiver = MetricsReceiver()

    class Service(MetricsServiceServicer):
        def Export(self, request: ExportMetricsServiceRequest, context: Any) -> ExportMetricsServiceResponse:  # noqa: N802 - as the protocol has it
            receiver.take(request)
            return ExportMetricsServiceResponse()

    with called(partial(add_MetricsServiceServicer_to_server, Service())) as receiver.endpoint:
        yield receiver
