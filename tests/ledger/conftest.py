"""Every test of this folder runs on SQLite and on a real PostgreSQL server."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.ledger import Ledger
from tests.support.postgres_server import PostgresServer, postgres_server

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One for all modules that this worker runs."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A ledger with nothing in it."""
    if request.param == "sqlite":
        return Settings(url=Secret(f"sqlite:///{tmp_path}/ledger.db"))
    server: PostgresServer = request.getfixturevalue("postgres")
    return Settings(url=Secret(server.fresh(f"ledger_{next(_NUMBERS)}")))


@pytest.fixture
async def ledger(settings: Settings) -> AsyncIterator[Ledger]:
    opened = await Ledger.open(settings)
    yield opened
    await opened.aclose()
