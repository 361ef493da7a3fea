"""A request that the vendor acts on is asked again only where its answer says that nothing was done."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.support.gatewayprocess import GatewayProcess, running, simulated, written
from tests.support.simulation import Simulation


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("twice")
    config = simulated(upstream.url, retry={"attempts": 2, "base_delay": 0.01}, breaker={"failures": 1000})
    with running(folder, written(folder, config)) as process:
        yield process


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ({"status": 429}, True),
        ({"status": 503}, True),
        ({"status": 529}, True),
        ({"status": 500}, False),
        ({"status": 502}, False),
        ({"status": 504}, False),
        ({"cut": {"before_head": True}}, False),
    ],
)
@pytest.mark.parametrize("acts", [True, False], ids=["acts", "only answers"])
def test_what_may_act_twice_is_asked_again_after_a_refusal_alone(
    gateway: GatewayProcess, simulation: Simulation, first: dict[str, Any], again: bool, acts: bool
) -> None:
    """The same failures of a request that only answers show that it is not the failure that is never tried again."""
    simulation.misbehave(first, then="normal")
    with OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as client:
        asked: dict[str, Any] = {"model": "demo", "input": "hi", **({"store": True} if acts else {})}
        if again or not acts:
            assert client.responses.create(**asked).output_text
        else:
            with pytest.raises(openai.APIStatusError):
                client.responses.create(**asked)
    assert len(simulation.requests()) == (2 if again or not acts else 1)
