"""Receivers of OTLP that were not written by whoever sends: over HTTP and over gRPC, on ports that they find themselves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

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
from tests.support.otlp_servers import called, posted

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

    def take(path: str, headers: Mapping[str, str], body: bytes) -> bool:
        receiver.headers = dict(headers)
        if not receiver.refuses and not path.endswith("/metrics"):  # where one address is for both
            receiver.take(ExportTraceServiceRequest.FromString(body))
        return not receiver.refuses

    with posted(take) as receiver.endpoint:
        yield receiver


@contextmanager
def grpc_receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Service(TraceServiceServicer):
        def Export(self, request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:  # noqa: N802 - as the protocol has it
            receiver.headers = {one.key: str(one.value) for one in context.invocation_metadata()}
            receiver.take(request)
            return ExportTraceServiceResponse()

    with called(partial(add_TraceServiceServicer_to_server, Service())) as receiver.endpoint:
        yield receiver


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind) if kind is not None else None
