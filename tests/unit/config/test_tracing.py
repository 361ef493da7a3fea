"""What the standard variables of OpenTelemetry say, and when there are traces at all."""

from pathlib import Path
from typing import Any

import pytest

from gateway.app import read_config
from gateway.config.mistakes import ConfigError
from gateway.config.structs import Config
from gateway.config.traced import traced
from gateway.config.tracing import Tracing, resolved

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("given", "env", "on"),
    [
        (None, {}, False),
        (None, ENDPOINT, True),
        (None, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1"}, True),
        (None, {"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        (None, {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:1"}, False),
        (Tracing(), {}, True),
        (Tracing(), {"OTEL_SDK_DISABLED": "true"}, False),
        (Tracing(), {"OTEL_SDK_DISABLED": "false"}, True),
        (None, {**ENDPOINT, "OTEL_SDK_DISABLED": "TRUE"}, False),
        (None, {**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        (None, {**ENDPOINT, "OTEL_TRACES_EXPORTER": "otlp"}, True),
    ],
)
def test_there_are_traces_where_somebody_asks_for_them(given: Tracing | None, env: dict[str, str], on: bool) -> None:
    assert (resolved(given, env) is not None) is on


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, {"protocol": "http/protobuf", "sampler": "parentbased_always_on", "ratio": 1.0, "names": "1.41"}),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, {"protocol": "grpc"}),
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"},
            {"protocol": "http/protobuf"},
        ),
        (
            {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"},
            {"sampler": "traceidratio", "ratio": 0.25},
        ),
        ({"OTEL_SEMCONV_STABILITY_OPT_IN": "http, gen_ai_latest_experimental"}, {"names": "latest"}),
        ({"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "NO_CONTENT"}, {"content": "NO_CONTENT"}),
        ({"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "false"}, {"content": "NO_CONTENT"}),
    ],
)
def test_a_variable_says_what_the_file_leaves_out(env: dict[str, str], said: dict[str, Any]) -> None:
    found = resolved(Tracing(), env)
    assert {name: getattr(found, name) for name in said} == said


def test_the_file_comes_before_a_variable() -> None:
    given = Tracing(protocol="grpc", sampler="always_off", ratio=0.5, names="1.41")
    env = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_SAMPLER": "always_on",
        "OTEL_TRACES_SAMPLER_ARG": "1",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
    }
    assert resolved(given, env) == given


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY"),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "EVENT_ONLY"),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_TRACES_SAMPLER_ARG", "half"),
        ("OTEL_TRACES_SAMPLER_ARG", "nan"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
    ],
)
def test_what_cannot_be_done_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        traced(Config(), {**ENDPOINT, name: value})
    assert name in str(refused.value)
    assert value not in str(refused.value) or value == "true"


def test_a_variable_that_is_wrong_does_no_harm_where_there_are_no_traces() -> None:
    assert traced(Config(), {"OTEL_TRACES_SAMPLER": "jaeger_remote"}) == Config()


def test_content_that_is_not_captured_cannot_be_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "haechi.yaml"
    file.write_text("tracing:\n  content: SPAN_ONLY\n")
    with pytest.raises(ConfigError) as refused:
        read_config(file, {})
    assert "tracing.content" in str(refused.value)


def test_traces_are_read_from_a_file_and_from_the_environment_alone(tmp_path: Path) -> None:
    file = tmp_path / "haechi.yaml"
    file.write_text("tracing:\n  sampler: traceidratio\n  ratio: 0.1\n")
    assert read_config(file, {}).config.tracing == resolved(Tracing(sampler="traceidratio", ratio=0.1), {})
    assert read_config(None, {**ENDPOINT, "XDG_STATE_HOME": str(tmp_path)}).config.tracing == resolved(Tracing(), {})
