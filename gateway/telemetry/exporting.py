"""The exporters of OTLP, and what is told of this process: by the configuration, else by the standard variables, which they read themselves."""

import logging
import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace.export import SpanExporter

from gateway.config.tracing import Tracing

_SERVICE: Final = "haechi"
_MODULES: Final = {
    "http/protobuf": "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "grpc": "opentelemetry.exporter.otlp.proto.grpc.trace_exporter",
}
"""Of either only the one that is used is loaded."""
_LONGEST: Final = 30.0
"""Seconds for one batch: whoever hands it out waits a minute."""


def exporter_of(tracing: Tracing) -> SpanExporter:
    """Raises ValueError for an address that is none."""
    headers = {name.lower(): value.reveal() for name, value in tracing.headers.items()} or None
    timeout = None if tracing.timeout is None else min(tracing.timeout, _LONGEST)
    for name in ("opentelemetry.exporter.otlp", "opentelemetry.sdk"):  # what fails is counted, and told of once
        logging.getLogger(name).setLevel(logging.CRITICAL)
    module: Any = import_module(_MODULES[tracing.protocol or "http/protobuf"])
    exporter: SpanExporter = module.OTLPSpanExporter(endpoint=tracing.endpoint, headers=headers, timeout=timeout)
    return exporter


def resource_of(tracing: Tracing, env: Mapping[str, str] = os.environ) -> Resource:
    """`service.name` is ours where nobody says another."""
    said = dict(tracing.resource)
    if tracing.service_name is not None:
        said[SERVICE_NAME] = tracing.service_name
    named = env.get("OTEL_SERVICE_NAME") or f"{SERVICE_NAME}=" in env.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if SERVICE_NAME not in said and not named:
        said[SERVICE_NAME] = _SERVICE
    return Resource.create(said)
