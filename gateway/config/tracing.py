"""The section `tracing` of the configuration, and what the standard variables of OpenTelemetry say in its place."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, field
from msgspec.structs import replace

from gateway.config.strict import Name, Seconds, Secret, Strict

Protocol = Literal["http/protobuf", "grpc"]
Sampler = Literal[
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
]
Always = Literal["errors", "blocks", "bad_feedback"]
Names = Literal["1.41", "latest"]
Share = Annotated[float, Meta(ge=0, le=1)]
Content = Literal["NO_CONTENT"]
_CONTENT: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_NO_CONTENT: Final = frozenset({"", "false", "no_content"})
_LATEST: Final = "gen_ai_latest_experimental"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


class Tracing(Strict, frozen=True):
    """A trace of every request, sent by OTLP. Also on where `OTEL_EXPORTER_OTLP_ENDPOINT` is set. What is left out here the
    standard variables of OpenTelemetry say.
    """

    endpoint: Annotated[
        str | None,
        Meta(
            description="With `http/protobuf` the whole address: `http://collector:4318/v1/traces`; with `grpc`: `http://collector:4317`."
        ),
    ] = None
    protocol: Annotated[Protocol | None, Meta(description="How; `http/protobuf` where nothing says.")] = None
    headers: Annotated[dict[str, Secret], Meta(description="Sent along, such as a key of the receiver.")] = field(
        default_factory=dict
    )
    timeout: Annotated[Seconds | None, Meta(description="Of one batch, with all its retries; at most 30.")] = None
    service_name: Annotated[Name | None, Meta(description="`service.name`; `haechi` where nothing says.")] = None
    resource: Annotated[dict[str, str], Meta(description="More attributes of the resource.")] = field(
        default_factory=dict
    )
    sampler: Annotated[
        Sampler | None, Meta(description="Which traces are kept; `parentbased_always_on` where nothing says.")
    ] = None
    ratio: Annotated[
        Share | None, Meta(description="Share of traces, for the samplers that end in `traceidratio`.")
    ] = None
    always: Annotated[
        list[Always], Meta(description="Kept whatever the sampler says, once it is known how a request went.")
    ] = field(default_factory=lambda: list(get_args(Always)))
    names: Annotated[
        Names | None,
        Meta(
            description="Of attributes: those of the GenAI conventions v1.41, or newer ones; `1.41` unless "
            "`OTEL_SEMCONV_STABILITY_OPT_IN` has `gen_ai_latest_experimental`."
        ),
    ] = None
    content: Annotated[Content, Meta(description="Whether texts are part of a trace. They never are, so far.")] = (
        "NO_CONTENT"
    )


class BadVariable(ValueError):
    """A variable says what cannot be done. The text names it and says what can."""


def resolved(given: Tracing | None, env: Mapping[str, str]) -> Tracing | None:
    """What is in force: None where nobody asks for traces, or `OTEL_SDK_DISABLED` or `OTEL_TRACES_EXPORTER` forbids them.

    Addresses, headers, time-outs and the resource stay with the exporter, which reads the same variables. Raises `BadVariable`.
    """
    asked = given is not None or any(env.get(name) for name in _ENDPOINTS)
    if not asked or env.get("OTEL_SDK_DISABLED", "").lower() == "true" or env.get("OTEL_TRACES_EXPORTER") == "none":
        return None
    _check_content(env)
    tracing = given or Tracing()
    return replace(
        tracing,
        protocol=tracing.protocol or _protocol(env),
        sampler=tracing.sampler or _sampler(env),
        ratio=tracing.ratio if tracing.ratio is not None else _ratio(env),
        names=tracing.names or ("latest" if _LATEST in _words(env, "OTEL_SEMCONV_STABILITY_OPT_IN") else "1.41"),
    )


def _check_content(env: Mapping[str, str]) -> None:
    if env.get(_CONTENT, "").lower() not in _NO_CONTENT:
        raise BadVariable(f"{_CONTENT}: texts are never part of a trace; write NO_CONTENT, or leave it out")


def _protocol(env: Mapping[str, str]) -> Protocol:
    said = next((env[name] for name in _PROTOCOLS if env.get(name)), "http/protobuf")
    for protocol in get_args(Protocol):
        if said == protocol:
            return protocol  # type: ignore[no-any-return]  # it is one of them
    raise BadVariable(f"{_PROTOCOLS[1]}: there are {' and '.join(get_args(Protocol))}; write one of them")


def _sampler(env: Mapping[str, str]) -> Sampler:
    said = env.get("OTEL_TRACES_SAMPLER") or "parentbased_always_on"
    for sampler in get_args(Sampler):
        if said == sampler:
            return sampler  # type: ignore[no-any-return]  # it is one of them
    raise BadVariable(f"OTEL_TRACES_SAMPLER: write one of {', '.join(get_args(Sampler))}")


def _ratio(env: Mapping[str, str]) -> float:
    said = env.get("OTEL_TRACES_SAMPLER_ARG") or "1"
    try:
        ratio = float(said)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        raise BadVariable("OTEL_TRACES_SAMPLER_ARG: write a number from 0 to 1")
    return ratio


def _words(env: Mapping[str, str], name: str) -> list[str]:
    return [one.strip() for one in env.get(name, "").split(",")]
