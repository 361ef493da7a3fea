"""One simulator and one gateway process for the tests that only talk to them."""

from collections.abc import Iterator

import pytest

from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.simulation import Simulation, in_process


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
    """Every model name leads to the simulator; short times so that failures show soon."""
    folder = tmp_path_factory.mktemp("gateway")
    config = simulated(
        upstream.url,
        timeouts={"connect": 2, "first_token": 2, "between_tokens": 1, "total": 20},
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
