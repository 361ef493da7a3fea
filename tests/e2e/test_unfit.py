"""A target that cannot be told what was asked is passed over for one that can."""

from collections.abc import Iterator

import pytest
from openai import BadRequestError, OpenAI

from tests.support.gatewayprocess import GatewayProcess, running, written
from tests.support.simulation import Simulation


@pytest.fixture(scope="module")
def gateway(upstream: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("unfit")
    config = {
        "providers": {
            name: {"kind": "simulated", "base_url": upstream.v1, "dialects": [name]} for name in ("chat", "messages")
        },
        "models": {
            "both": {"targets": [{"provider": "messages", "model": "demo"}, {"provider": "chat", "model": "demo"}]},
            "one": {"targets": [{"provider": "messages", "model": "demo"}]},
        },
    }
    with running(folder, written(folder, config)) as process:
        yield process


def test_two_choices_come_from_the_target_that_can_give_two(gateway: GatewayProcess, simulation: Simulation) -> None:
    with OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as client:
        answer = client.chat.completions.create(model="both", messages=[{"role": "user", "content": "hi"}], n=2)
    assert len(answer.choices) == 2
    assert [request["path"] for request in simulation.requests()] == ["/v1/chat/completions"]


def test_where_no_target_can_the_field_is_named(gateway: GatewayProcess, simulation: Simulation) -> None:
    with OpenAI(base_url=gateway.v1, api_key="any", max_retries=0) as client, pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(model="one", messages=[{"role": "user", "content": "hi"}], n=2)
    assert caught.value.code == "unsupported_parameter"
    assert caught.value.param == "n"
    assert simulation.requests() == []
