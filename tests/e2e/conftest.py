"""One simulator and one gateway process for the tests that only talk to them."""

from collections.abc import Iterator

import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.simulation import Simulation, in_process
from tests.support.tenants import ALICE, BOB, caller


@pytest.fixture(scope="session")
def upstream() -> Iterator[Simulation]:
    with in_process() as simulation:
        yield simulation


@pytest.fixture
def simulation(upstream: Simulation) -> Iterator[Simulation]:
    """The simulator without a script and with nothing remembered."""
    upstream.reset()
    yield upstream
    upstream.reset()


@pytest.fixture(scope="session")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """Every model name leads to the simulator, which is given time: what is about time-outs has a gateway of its own."""
    folder = tmp_path_factory.mktemp("gateway")
    config = simulated(
        upstream.url,
        timeouts={"connect": 20, "first_token": 60, "between_tokens": 60, "total": 90},
        retry={"attempts": 1},
        breaker={"failures": 1000},
        record={"file": str(folder / "records.jsonl")},
    )
    with running(folder, written(folder, config)) as process:
        yield process


@pytest.fixture(scope="module")
def second() -> Iterator[Simulation]:
    """Another provider, which knows nothing of what the first one holds."""
    with in_process() as simulation:
        yield simulation


@pytest.fixture
def two(second: Simulation) -> Simulation:
    second.reset()
    return second


@pytest.fixture
def openai(gateway: GatewayProcess) -> Iterator[OpenAI]:
    with OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic(gateway: GatewayProcess) -> Iterator[Anthropic]:
    with Anthropic(base_url=gateway.url, api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture
def alice(gateway: GatewayProcess, simulation: Simulation, two: Simulation) -> Iterator[OpenAI]:
    """One of two callers of a gateway by `tenants.config`."""
    with caller(gateway, ALICE) as client:
        yield client


@pytest.fixture
def bob(gateway: GatewayProcess) -> Iterator[OpenAI]:
    with caller(gateway, BOB) as client:
        yield client
