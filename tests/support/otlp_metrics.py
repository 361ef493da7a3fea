"""Receivers of metrics by OTLP, over HTTP and over gRPC, on ports that they find themselves."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)


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

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/metrics" and not receiver.refuses:
                receiver.take(ExportMetricsServiceRequest.FromString(body))
            self.send_response(400 if receiver.refuses else 200)
            answer = ExportMetricsServiceResponse().SerializeToString()
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    receiver.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)


@contextmanager
def grpc_metrics_receiver() -> Iterator[MetricsReceiver]:
    receiver = MetricsReceiver()

    class Service(MetricsServiceServicer):
        def Export(self, request: ExportMetricsServiceRequest, context: Any) -> ExportMetricsServiceResponse:  # noqa: N802 - as the protocol has it
            receiver.take(request)
            return ExportMetricsServiceResponse()

    server = grpc.server(ThreadPoolExecutor(2))
    add_MetricsServiceServicer_to_server(Service(), server)  # type: ignore[no-untyped-call]  # the generated code has no types
    receiver.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield receiver
    finally:
        server.stop(None).wait(30)
