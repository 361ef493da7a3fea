"""Metrics that are pushed: what a receiver gets is what the page of the same gateway shows."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.support.eventually import eventually
from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.otlp_metrics import MetricsReceiver, grpc_metrics_receiver, metrics_receiver
from tests.support.simulation import Simulation

ASKED: Final = 3


@pytest.fixture(scope="module")
def receiver() -> Iterator[MetricsReceiver]:
    with metrics_receiver() as made:
        yield made


@pytest.fixture(scope="module")
def pushing(
    upstream: Simulation, receiver: MetricsReceiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    """Nothing else is kept: no ledger, no traces."""
    folder = tmp_path_factory.mktemp("pushing")
    env = {
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{receiver.endpoint}/v1/metrics",
        "OTEL_METRIC_EXPORT_INTERVAL": "500",
    }
    config = simulated(upstream.url, record={"spool": str(folder / "spool")})
    with running(folder, written(folder, config), env) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def pushed(pushing: GatewayProcess, receiver: MetricsReceiver) -> MetricsReceiver:
    with httpx.Client(base_url=pushing.v1, timeout=60) as client:
        for number in range(ASKED):
            body = {"model": "demo", "stream": True, "messages": [{"role": "user", "content": f"Hello {number}"}]}
            assert client.post("/chat/completions", json=body).status_code == 200
    eventually(lambda: receiver.sum_of("haechi_requests") == ASKED, 60)
    return receiver


def test_a_receiver_gets_what_the_page_shows(pushed: MetricsReceiver, pushing: GatewayProcess) -> None:
    page = httpx.get(f"{pushing.url}/metrics", timeout=60).text
    for line in page.splitlines():
        if line.startswith("# TYPE haechi_") and line.endswith(("counter", "gauge")) and "_created" not in line:
            name = line.split()[2].removesuffix("_total")
            shown = any(
                one.startswith((f"{name}{{", f"{name} ", f"{name}_total{{", f"{name}_total "))
                for one in page.splitlines()
            )
            assert (name in pushed.metrics) == shown or name.startswith("haechi_scribe"), name
    assert pushed.sum_of("haechi_tokens") > 0


def test_the_conventions_have_their_own_names_attributes_and_buckets(pushed: MetricsReceiver) -> None:
    metric = pushed.metrics["gen_ai.client.operation.duration"]
    assert metric.unit == "s"
    (point,) = metric.histogram.data_points
    told = {one.key: one.value.string_value for one in point.attributes}
    assert told == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "simulated",
        "gen_ai.request.model": "*",
    }
    assert point.count == ASKED == sum(point.bucket_counts)
    assert list(point.explicit_bounds) == [0.01 * 2**n for n in range(14)]
    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
    assert not point.HasField("min")
    assert {"gen_ai.client.token.usage", "gen_ai.client.operation.time_to_first_chunk"} <= pushed.metrics.keys()
    assert pushed.metrics["gen_ai.client.token.usage"].unit == "{token}"


def test_a_counter_says_since_when(pushed: MetricsReceiver) -> None:
    points = pushed.metrics["haechi_requests"].sum.data_points
    assert all(0 < point.start_time_unix_nano < point.time_unix_nano for point in points)
    assert pushed.metrics["haechi_requests"].sum.is_monotonic
    assert pushed.metrics["haechi_requests"].sum.aggregation_temporality == 2  # cumulative


def test_a_replica_is_an_instance_of_the_service(pushed: MetricsReceiver, pushing: GatewayProcess) -> None:
    assert pushed.resource["service.name"] == "haechi"
    assert pushed.resource["service.instance.id"]


def test_a_receiver_that_refuses_costs_a_count(pushed: MetricsReceiver, pushing: GatewayProcess) -> None:
    pushed.refuses = True
    try:
        eventually(lambda: _told(pushing, "metrics_dropped") > 0, 60)
    finally:
        pushed.refuses = False
    sent = _told(pushing, "metrics_sent")
    eventually(lambda: _told(pushing, "metrics_sent") > sent, 60)


@pytest.mark.parametrize(
    ("receiving", "env"),
    [
        pytest.param(metrics_receiver, {}, id="http"),
        pytest.param(grpc_metrics_receiver, {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, id="grpc"),
    ],
)
def test_the_last_figures_go_out_when_a_gateway_ends(
    receiving: Callable[[], AbstractContextManager[MetricsReceiver]],
    env: dict[str, str],
    upstream: Simulation,
    tmp_path: Path,
) -> None:
    with receiving() as receiver:
        path = "" if env else "/v1/metrics"
        told = {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{receiver.endpoint}{path}", **env}
        config = simulated(upstream.url, record={"spool": str(tmp_path / "spool")})
        with running(tmp_path, written(tmp_path, config), told) as gateway:
            body = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}]}
            assert httpx.post(f"{gateway.v1}/chat/completions", json=body, timeout=60).status_code == 200
            eventually(lambda: _told(gateway, "rows") == 1, 60)  # by then it runs, and has little left to do in the end
        assert receiver.came
        assert receiver.sum_of("haechi_requests") == 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [("OTEL_METRIC_EXPORT_INTERVAL", "soon"), ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json")],
)
def test_a_variable_that_says_nonsense_is_named(
    variable: str, value: str, upstream: Simulation, tmp_path: Path
) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_EXPORTER": "none", variable: value}
    with (
        pytest.raises(AssertionError, match=variable.replace("METRICS_", "(METRICS_)?")),
        running(tmp_path, written(tmp_path, simulated(upstream.url)), env),
    ):
        pass


def _told(gateway: GatewayProcess, what: str) -> float:
    page = httpx.get(f"{gateway.url}/metrics", timeout=60).text
    found = [line for line in page.splitlines() if line.startswith(f'haechi_scribe_total{{what="{what}"}}')]
    return float(found[0].rsplit(" ", 1)[1]) if found else 0.0
