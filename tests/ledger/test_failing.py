"""What an operator is told, and what heals by itself."""

import signal
import stat
import sys
from pathlib import Path

import pytest

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.ledger import Ledger
from gateway.ledger.views import LedgerAway, LedgerError, LedgerRefused
from gateway.record.batch import Batch, Position
from tests.support.ledgered import NOON, a_row
from tests.support.postgres_server import PASSWORD, PostgresServer
from tests.support.redis_server import free_port


def at(url: str) -> Settings:
    return Settings(url=Secret(url))


async def refused(url: str) -> str:
    with pytest.raises(LedgerError) as told:
        await Ledger.open(at(url))
    assert "falsch" not in str(told.value) + repr(told.value)
    assert isinstance(told.value, LedgerRefused)
    return str(told.value)


async def test_a_password_serves(postgres: PostgresServer) -> None:
    postgres.fresh("with_password")
    ledger = await Ledger.open(at(postgres.tcp("with_password")))
    assert await ledger.write(Batch(NOON, [a_row(1)]))
    await ledger.aclose()


async def test_a_wrong_password_is_said_and_not_shown(postgres: PostgresServer) -> None:
    assert "password in `ledger.url` is not accepted" in await refused(postgres.tcp("postgres", "falsch"))


async def test_a_database_that_is_not_there_is_to_be_created(postgres: PostgresServer) -> None:
    assert "does not exist; create it" in await refused(postgres.url("nowhere"))


async def test_a_user_without_rights_needs_some(postgres: PostgresServer) -> None:
    postgres.fresh("anothers")
    postgres.run(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
    assert "lacks a right" in await refused(
        postgres.tcp("anothers").replace("postgres:", "guest:", 1).replace("guestql:", "postgresql:", 1)
    )


async def test_a_server_that_is_away_is_tried_again() -> None:
    with pytest.raises(LedgerAway, match="the server cannot be reached") as told:
        await Ledger.open(at(f"postgresql://me:falsch@127.0.0.1:{free_port()}/haechi"))
    assert "falsch" not in str(told.value)


async def test_postgresql_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    assert 'pip install "haechi[postgres]"' in await refused("postgresql://me:falsch@host/haechi")


async def test_a_server_that_comes_back_is_written_to_again(postgres: PostgresServer) -> None:
    ledger = await Ledger.open(at(postgres.fresh("comes_back")))
    await ledger.write(Batch(NOON, [a_row(1)]), Position("one", 1, 1))
    postgres.stop(signal.SIGINT)
    try:
        for _ in range(2):
            with pytest.raises(LedgerAway):
                await ledger.write(Batch(NOON, [a_row(2)]), Position("one", 1, 2))
        with pytest.raises(LedgerAway):
            await ledger.page()
    finally:
        postgres.start()
    assert await ledger.write(Batch(NOON, [a_row(2)]), Position("one", 1, 2))
    assert len((await ledger.page()).rows) == 2
    await ledger.aclose()


async def test_a_file_is_made_for_this_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "ledger.db"
    ledger = await Ledger.open(at(f"sqlite:///{file}"))
    await ledger.write(Batch(NOON, [a_row(1)]))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (file.parent, *file.parent.iterdir())}
    assert modes == {"folder": 0o700, "ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    await ledger.aclose()


async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_text("no database" * 1_000)
    with pytest.raises(LedgerAway, match="file is not a database"):
        await Ledger.open(at(f"sqlite:///{file}"))


async def test_a_failed_batch_leaves_nothing_and_shows_nothing(settings: Settings) -> None:
    """The second row is no row: nothing of the first is kept, and the same position may come again."""
    ledger = await Ledger.open(settings)
    broken = a_row(2, status=10**30, key="canary")
    with pytest.raises((LedgerAway, OverflowError)) as told:
        await ledger.write(Batch(NOON, [a_row(1), broken]), Position("one", 1, 1))
    assert "canary" not in str(told.value)
    assert (await ledger.page()).rows == []
    assert await ledger.write(Batch(NOON, [a_row(1)]), Position("one", 1, 1))
    await ledger.aclose()
