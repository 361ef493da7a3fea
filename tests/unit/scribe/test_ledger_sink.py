"""The ledger as a sink says what may work later, and what never will."""

from pathlib import Path

import pytest

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.ledger import Ledger
from gateway.record.batch import Batch, Position
from gateway.record.settlement import Settlement
from gateway.record.sinks import NotKept, Unkeepable
from gateway.scribe.ledger_sink import LedgerSink
from tests.support.rows import made


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
