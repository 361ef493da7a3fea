"""The ledger as a sink says what may work later, and what never will."""

import importlib
import sqlite3
import ssl
from contextlib import closing
from pathlib import Path

import pytest

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.engine import Database
from gateway.ledger.ledger import Ledger
from gateway.ledger.views import LedgerAway
from gateway.record.batch import Batch, Position
from gateway.record.settlement import Settlement
from gateway.record.sinks import NotKept, Unkeepable
from gateway.scribe.ledger_sink import LedgerSink, _unfit
from tests.support.rows import made

asyncpg = importlib.import_module("asyncpg")


def settings(file: Path) -> Settings:
    return Settings(url=Secret(f"sqlite:///{file}"))


async def test_a_batch_is_kept_once_with_its_position(tmp_path: Path) -> None:
    sink = LedgerSink(settings(tmp_path / "h.db"))
    for _ in range(2):
        await sink.take(Batch(1.0, [made(1), made(2)]), Position("s", 1, 10))
    one = Settlement(1_795_172_400, "anna", "blue", "asked", "house", requests=2, cost_nanodollars=40)
    for _ in range(2):
        await sink.take(Batch(1.0, [], [one]), Position("s", 1, 20))
    await sink.aclose()
    ledger = await Ledger.open(settings(tmp_path / "h.db"))
    assert len((await ledger.page()).rows) == 2
    await ledger.aclose()


async def test_a_ledger_that_is_away_is_opened_when_it_is_back(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("in its way")
    sink = LedgerSink(settings(tmp_path / "folder" / "h.db"))
    with pytest.raises(NotKept) as refused:
        await sink.take(Batch(1.0, [made(1)]), Position("s", 1, 10))
    assert not isinstance(refused.value, Unkeepable)
    (tmp_path / "folder").unlink()
    await sink.take(Batch(1.0, [made(1)]), Position("s", 1, 10))
    await sink.aclose()


async def test_what_no_database_takes_is_told_apart(tmp_path: Path) -> None:
    sink = LedgerSink(settings(tmp_path / "h.db"))
    with pytest.raises(Unkeepable):
        await sink.take(Batch(1.0, [made(1, outcome=None)]), Position("s", 1, 10))
    await sink.take(Batch(1.0, [made(2)]), Position("s", 1, 10))
    await sink.aclose()


@pytest.mark.parametrize("error", [ssl.SSLCertVerificationError, asyncpg.exceptions.ClientConfigurationError])
async def test_a_server_that_cannot_be_reached_says_nothing_of_the_batch(
    error: type[ValueError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are ValueErrors, as are those of a value that does not fit; and such a batch is given up."""

    async def connect(*_: object, **__: object) -> None:
        raise error("certificate has expired")

    monkeypatch.setattr(asyncpg, "connect", connect)
    away = Settings(url=Secret("postgresql://u:p@db.example/h"))
    sink = LedgerSink(away)
    with pytest.raises(NotKept) as refused:
        await sink.take(Batch(1.0, [made(1)]), Position("s", 1, 10))
    assert not isinstance(refused.value, Unkeepable)
    await sink.aclose()
    database = Database(away)  # as when it has been reached before
    with pytest.raises(LedgerAway) as later:
        async with database.writing():
            pass
    assert not _unfit(later.value)


async def test_the_position_of_a_spool_that_is_gone_goes_at_the_end(tmp_path: Path) -> None:
    sink = LedgerSink(settings(tmp_path / "h.db"))
    for spool in ("s", "t"):
        await sink.take(Batch(1.0, [made(1)]), Position(spool, 1, 10))
    sink.gone("s")
    await sink.aclose()
    with closing(sqlite3.connect(tmp_path / "h.db")) as connection:
        assert connection.execute("SELECT spool FROM positions").fetchall() == [("t",)]
