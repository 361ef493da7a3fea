"""Whether metrics are pushed, which the standard variables of OpenTelemetry alone say."""

from collections.abc import Mapping
from typing import Final

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EVERY: Final = "OTEL_METRIC_EXPORT_INTERVAL"
_DEFAULT: Final = "60000"
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP: Final = "http/protobuf"


def push_every(env: Mapping[str, str]) -> float | None:
    """Seconds; None where nothing is pushed. Raises ValueError for a variable that says what cannot be done."""
    asked = any(env.get(name) for name in _ENDPOINTS)
    if not asked or env.get("OTEL_SDK_DISABLED", "").lower() == "true" or env.get("OTEL_METRICS_EXPORTER") == "none":
        return None
    protocol(env)
    said = env.get(_EVERY) or _DEFAULT
    if not (said.isascii() and said.isdigit() and int(said) > 0):
        raise ValueError(f"{_EVERY}: write milliseconds, a whole number above 0")
    return int(said) / 1000


def protocol(env: Mapping[str, str]) -> str:
    """`grpc` or `http/protobuf`. Raises ValueError for another."""
    said = next((env[name] for name in _PROTOCOLS if env.get(name)), _HTTP)
    if said not in ("grpc", _HTTP):
        raise ValueError(f"{_PROTOCOLS[1]}: there are `{_HTTP}` and `grpc`; write one of them")
    return said
