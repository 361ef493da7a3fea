"""Receivers of OTLP that were not written by whoever sends: over HTTP and over gRPC, on ports that they find themselves."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from tests.support.eventually import eventually

KINDS = {0: "UNSPECIFIED", 1: "INTERNAL", 2: "SERVER", 3: "CLIENT"}


class Span:
    """What came of one, in plain Python. `error`: its status says so."""

    def __init__(self, given: Any, resource: dict[str, Any]) -> None:
        self.name: str = given.name
        self.kind = KINDS[given.kind]
        self.trace_id: str = given.trace_id.hex()
        self.span_id: str = given.span_id.hex()
        self.parent: str | None = given.parent_span_id.hex() or None
        self.start: int = given.start_time_unix_nano
        self.end: int = given.end_time_unix_nano
        self.error = given.status.code == 2
        self.attributes: dict[str, Any] = {one.key: _value(one.value) for one in given.attributes}
        self.resource = resource

    def __repr__(self) -> str:
        return f"{self.kind} {self.name} {self.attributes}"


class Receiver:
    """What came. `headers` are those of the last request; `refuses`: it says no to all."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.headers: dict[str, str] = {}
        self.raw = b""
        self.refuses = False
        self.endpoint = ""

    def take(self, request: ExportTraceServiceRequest) -> None:
        self.raw += request.SerializeToString()
        for group in request.resource_spans:
            resource = {one.key: _value(one.value) for one in group.resource.attributes}
            self.spans += [Span(one, resource) for scope in group.scope_spans for one in scope.spans]

    def trace(self, trace_id: str, least: int = 1) -> list[Span]:
        """The spans of one trace, once there are so many."""

        def found() -> list[Span]:
            spans = [one for one in self.spans if one.trace_id == trace_id]
            return spans if len(spans) >= least and any(one.kind == "SERVER" for one in spans) else []

        return sorted(eventually(found, 60), key=lambda one: (one.start, one.kind != "SERVER"))


@contextmanager
def http_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.headers = {name.lower(): value for name, value in self.headers.items()}
            if receiver.refuses:
                self.send_response(400)
                self.send_header("content-length", "0")
                self.end_headers()
                return
            if not self.path.endswith("/metrics"):  # where one address is for both
                receiver.take(ExportTraceServiceRequest.FromString(body))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
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
def grpc_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Service(TraceServiceServicer):
        def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:  # noqa: N802 - as the protocol has it
            receiver.headers = {one.key: str(one.value) for one in context.invocation_metadata()}
            receiver.take(request)
            return ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(2))
    add_TraceServiceServicer_to_server(Service(), server)  # type: ignore[no-untyped-call]  # the generated code has no types
    receiver.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield receiver
    finally:
        server.stop(None).wait(30)


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind) if kind is not None else None
