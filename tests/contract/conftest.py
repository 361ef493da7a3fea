"""A suite class that says `loops = True` runs on asyncio's own loop and on uvloop, which the gateway runs on."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

import pytest
import uvloop

from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.simulation import Simulation, in_process, in_thread


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if getattr(getattr(item, "cls", None), "loops", False):
        factories["uvloop"] = uvloop.new_event_loop
    return factories


@pytest.fixture(scope="session")
def gateway_upstream() -> Iterator[Simulation]:
    """The simulator behind `gateway`, in a process of its own."""
    with in_process() as simulation:
        yield simulation


@pytest.fixture
def behind(gateway_upstream: Simulation) -> Iterator[Simulation]:
    """The same without a script and with nothing remembered."""
    gateway_upstream.reset()
    yield gateway_upstream
    gateway_upstream.reset()


@pytest.fixture(scope="session")
def gateway(gateway_upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """Every model name leads to the simulator; `alias` to another name there, `estimated` to where tokens are not counted."""
    folder = tmp_path_factory.mktemp("gateway")
    config = simulated(gateway_upstream.url, retry={"attempts": 1}, breaker={"failures": 1000})
    provider = {"kind": "simulated", "base_url": gateway_upstream.v1}
    config["providers"] = {
        "sim": provider,
        "uncounted": {**provider, "dialects": ["messages"]},
    }
    config["models"] = {
        "*": {"targets": [{"provider": "sim", "model": "*"}]},
        "openai/*": {"targets": [{"provider": "sim", "model": "*"}]},
        "alias": {"targets": [{"provider": "sim", "model": "real"}]},
        "estimated": {"targets": [{"provider": "uncounted", "model": "real"}]},
    }
    with running(folder, written(folder, config)) as process:
        yield process


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulation]:
    """One for the tests of the simulator itself."""
    with in_thread() as simulation:
        yield simulation


@pytest.fixture
def simulation(simulator: Simulation) -> Simulation:
    simulator.reset()
    return simulator
