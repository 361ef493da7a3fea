"""A gateway as a new user starts it, for the snippets to talk to."""

from collections.abc import Iterator

import pytest

from tests.support.gatewayprocess import GatewayProcess, running


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with running(tmp_path_factory.mktemp("gateway")) as process:
        yield process
