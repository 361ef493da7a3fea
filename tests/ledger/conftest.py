"""Every test of this folder runs on SQLite and on a real PostgreSQL server."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.ledger import Ledger
from gateway.ledger.tables import metadata
from tests.support.postgres_server import PostgresServer, postgres_server

_NUMBERS = itertools.count()
_EMPTY = f"TRUNCATE {', '.join(name for name in metadata.tables if name != 'meta')}; DELETE FROM meta WHERE name = 'minutes_since'"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One for all modules that this worker runs."""
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A database in which nobody was before."""
    if request.param == "sqlite":
        return Settings(url=Secret(f"sqlite:///{tmp_path}/ledger.db"))
    server: PostgresServer = request.getfixturevalue("postgres")
    return Settings(url=Secret(server.fresh(f"ledger_{next(_NUMBERS)}")))


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest) -> str:
    """The name of a database for the tests of a module, one after the other."""
    name = f"shared_{next(_NUMBERS)}"
    request.getfixturevalue("postgres").fresh(name)
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    """With nothing in it."""
    if request.param == "sqlite":
        opened = await Ledger.open(Settings(url=Secret(f"sqlite:///{tmp_path}/ledger.db")))
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        name: str = request.getfixturevalue("shared")
        opened = await Ledger.open(Settings(url=Secret(server.url(name))))
        server.run(_EMPTY, name)
    yield opened
    await opened.aclose()
