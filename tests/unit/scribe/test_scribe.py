"""Sinks get all that was spooled, once, in order, whoever is away for a while, and nobody waits for those that do not settle money."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from gateway.record.batch import Batch, Position
from gateway.record.settlement import Settlement
from gateway.record.sinks import NotKept, Sink, Unkeepable
from gateway.record.spool import SpoolWriter, spools
from gateway.record.status import Status, told
from gateway.scribe.scribe import Scribe
from tests.support.rows import made

_LONG: Final = 60.0


class Heard:
    """Keeps what it is given. `refuses` says whether it will not, and how."""

    def __init__(self, refuses: Callable[[Batch], Exception | None] = lambda _: None) -> None:
        self.batches: list[Batch] = []
        self.positions: list[Position] = []
        self.asked = 0
        self.refuses = refuses
        self.closed = False

    @property
    def ids(self) -> list[str]:
        return [row.request_id for batch in self.batches for row in batch.rows]

    async def take(self, batch: Batch, position: Position) -> None:
        self.asked += 1
        if (error := self.refuses(batch)) is not None:
            raise error
        self.batches.append(batch)
        self.positions.append(position)

    async def aclose(self) -> None:
        self.closed = True


class Stuck(Heard):
    async def take(self, batch: Batch, position: Position) -> None:
        self.asked += 1
        await asyncio.Event().wait()


def spool(root: Path, *numbers: int, segment: int = 8 << 20) -> SpoolWriter:
    writer = SpoolWriter(root, 1 << 30, segment=segment)
    for number in numbers:
        writer.append(Batch(1.0, [made(number)]))
    return writer


async def until(look: Callable[[], object]) -> None:
    async with asyncio.timeout(_LONG):
        while not look():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def scribing(root: Path, own: str, ends_within: float = _LONG, **sinks: Sink) -> AsyncIterator[Scribe]:
    """Until the block ends, and then until all is read."""
    scribe = Scribe(root, own, sinks, look_every=0.05)
    running = asyncio.create_task(scribe.run(ends_within))
    try:
        yield scribe
        scribe.end()
        async with asyncio.timeout(_LONG):
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_rows_arrive_while_they_are_written_and_the_rest_at_the_end(tmp_path: Path) -> None:
    ledger, spans = Heard(), Heard()
    writer = spool(tmp_path, 1, 2)
    async with scribing(tmp_path, writer.id, ledger=ledger, spans=spans):
        await until(lambda: ledger.ids == spans.ids == ["req_1", "req_2"])
        writer.append(Batch(1.0, [made(3)]))
        await until(lambda: len(ledger.ids) == 3)
        writer.append(Batch(1.0, [made(4)]))
        writer.close()
    assert ledger.ids == spans.ids == [f"req_{number}" for number in range(1, 5)]
    assert ledger.positions == sorted(ledger.positions)
    assert ledger.closed is spans.closed is True
    assert list(spools(tmp_path)) == []  # all is settled: nothing stays on the disk


async def test_a_batch_is_given_again_until_it_is_kept(tmp_path: Path) -> None:
    away = True
    ledger = Heard(lambda _: NotKept("DatabaseAway") if away else None)
    spans = Heard()
    writer = spool(tmp_path, 1, 2)
    async with scribing(tmp_path, writer.id, ledger=ledger, spans=spans):
        await until(lambda: ledger.asked >= 3)
        await until(lambda: spans.ids == ["req_1", "req_2"])  # which do not wait for the ledger
        await until(lambda: status(writer).away == {"ledger": "DatabaseAway"})
        assert status(writer).oldest == 1.0
        away = False
        await until(lambda: ledger.ids == ["req_1", "req_2"])
        await until(lambda: not status(writer).away)
        assert (status(writer).rows, status(writer).position, status(writer).oldest) == (2, writer.position, None)
        writer.close()


def status(writer: SpoolWriter) -> Status:
    return told(writer.folder) or Status()


async def test_a_disk_that_fails_under_the_ledger_is_an_outage_too(tmp_path: Path) -> None:
    errors = [OSError(28, "No space left on device"), NotKept("x")]
    ledger = Heard(lambda _: errors.pop() if errors else None)
    writer = spool(tmp_path, 1)
    async with scribing(tmp_path, writer.id, ledger=ledger):
        await until(lambda: ledger.ids == ["req_1"])
        writer.close()


async def test_spans_that_never_come_back_hold_up_nothing(tmp_path: Path) -> None:
    ledger, spans = Heard(), Stuck()
    writer = spool(tmp_path, *range(20), segment=1)
    async with scribing(tmp_path, writer.id, ends_within=0.5, ledger=ledger, spans=spans) as scribe:
        await until(lambda: len(ledger.ids) == 20)
        await until(lambda: len(list(writer.folder.glob("*.seg"))) == 1)  # nor do they keep the disk full
        writer.close()
        await until(lambda: scribe._held[0].settled)
    assert spans.asked == 1
    assert list(spools(tmp_path)) == []


async def test_what_is_not_kept_by_the_end_waits_for_the_next(tmp_path: Path) -> None:
    writer = spool(tmp_path, 1, 2, 3)
    ledger = Heard(lambda batch: NotKept("x") if batch.rows[0].request_id == "req_2" else None)
    async with scribing(tmp_path, writer.id, ledger=ledger):
        await until(lambda: ledger.asked >= 2)
        writer.close()
    assert ledger.ids == ["req_1"]
    again = Heard()
    new = spool(tmp_path, 4)
    async with scribing(tmp_path, new.id, ledger=again):
        await until(lambda: len(again.ids) == 3)
        new.close()
    assert sorted(again.ids) == ["req_2", "req_3", "req_4"]
    assert list(spools(tmp_path)) == []


async def test_a_spool_whose_writer_lives_is_left_to_its_own_scribe(tmp_path: Path) -> None:
    other, mine = spool(tmp_path, 1), spool(tmp_path, 2)
    ledger = Heard()
    async with scribing(tmp_path, mine.id, ledger=ledger):
        await until(lambda: ledger.ids == ["req_2"])
        other.close()  # now it is nobody's
        await until(lambda: ledger.ids == ["req_2", "req_1"])
        await until(lambda: not other.folder.exists())
        mine.close()


@pytest.mark.parametrize("refusals", [1, 2, 3])
async def test_what_is_refused_for_good_is_settled_and_holds_up_nothing(
    tmp_path: Path, refusals: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A row that no database takes: first its money goes without it, then without any name."""
    left = refusals

    def refuses(batch: Batch) -> Exception | None:
        nonlocal left
        money = {one.cost_nanodollars for one in batch.rows} | {one.cost_nanodollars for one in batch.settlements}
        if left and 7 in money:
            left -= 1
            return Unkeepable("DataError")
        return None

    ledger = Heard(refuses)
    writer = spool(tmp_path, 7, 2)
    async with scribing(tmp_path, writer.id, ledger=ledger):
        await until(lambda: "req_2" in ledger.ids)
        await until(lambda: status(writer).refused == 1)
        writer.close()
    settlements = [one for batch in ledger.batches for one in batch.settlements]
    assert [(one.key, one.cost_nanodollars) for one in settlements] == [[("anna", 7)], [(None, 7)], []][refusals - 1]
    assert ("7 nanodollars are missing" in caplog.text) == (refusals == 3)


async def test_settlements_are_settled_with_the_rest(tmp_path: Path) -> None:
    ledger = Heard()
    writer = spool(tmp_path)
    one = Settlement(0, "anna", None, "m", None, requests=3, cost_nanodollars=5)
    writer.append(Batch(1.0, [], [one]))
    async with scribing(tmp_path, writer.id, ledger=ledger):
        await until(lambda: ledger.batches == [Batch(1.0, [], [one])])
        writer.close()


async def test_a_defect_of_a_sink_ends_the_scribe(tmp_path: Path) -> None:
    writer = spool(tmp_path, 1)
    scribe = Scribe(tmp_path, writer.id, {"ledger": Heard(lambda _: KeyError("x"))})
    with pytest.raises(KeyError):
        await scribe.run(_LONG)
    assert writer.folder.exists()


async def test_what_waits_for_a_ledger_is_left_alone_where_there_is_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    orphan = spool(tmp_path, 1)
    orphan.close()
    old = spool(tmp_path, 2)  # of a release that did not say what for
    (old.folder / "settles").unlink()
    cut = spool(tmp_path)  # by a disk that was full
    (cut.folder / "settles").write_text("")
    cut.append(Batch(1.0, [made(4)]))
    cut.close()
    old.close()
    mine = SpoolWriter(tmp_path, 1 << 30, settles="")
    mine.append(Batch(1.0, [made(3)]))
    spans = Heard()
    async with scribing(tmp_path, mine.id, spans=spans):
        await until(lambda: status(mine).left == 3)
        await until(lambda: spans.ids == ["req_3"])
        mine.close()
    assert spans.ids == ["req_3"]
    assert caplog.text.count("3 spools") == 1
    assert list(spools(tmp_path)) == [orphan.folder, old.folder, cut.folder]
    ledger, new = Heard(), spool(tmp_path)
    async with scribing(tmp_path, new.id, ledger=ledger):
        await until(lambda: sorted(ledger.ids) == ["req_1", "req_2", "req_4"])
        new.close()
    assert list(spools(tmp_path)) == []


class Remembers(Heard):
    def __init__(self, root: Path) -> None:
        super().__init__()
        self.told: list[tuple[str, bool]] = []
        self.root = root

    def gone(self, spool: str) -> None:
        self.told.append((spool, (self.root / spool).exists()))


async def test_a_sink_is_told_of_a_spool_once_it_is_gone_and_no_sooner(tmp_path: Path) -> None:
    ledger = Remembers(tmp_path)
    other, mine = spool(tmp_path, 1), spool(tmp_path, 2)
    other.close()
    async with scribing(tmp_path, mine.id, ledger=ledger):
        await until(lambda: ledger.told)
        assert ledger.told == [(other.id, False)]
        mine.close()
    assert ledger.told == [(other.id, False), (mine.id, False)]


async def test_a_spool_that_cannot_be_read_holds_up_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other, mine = spool(tmp_path, 1), spool(tmp_path, 2)
    other.close()
    (segment,) = other.folder.glob("*.seg")
    segment.rename(segment.with_suffix(".kept"))
    segment.mkdir()  # reading it fails
    ledger = Heard()
    async with scribing(tmp_path, mine.id, ledger=ledger):
        await until(lambda: ledger.ids == ["req_2"])
        segment.rmdir()
        segment.with_suffix(".kept").rename(segment)
        await until(lambda: ledger.ids == ["req_2", "req_1"])
        mine.close()
    assert caplog.text.count("cannot be read") == 1


async def test_what_is_no_spool_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "precious").write_text("x")
    mine, ledger = spool(tmp_path, 1), Heard()
    async with scribing(tmp_path, mine.id, ledger=ledger):
        await until(lambda: ledger.ids == ["req_1"])
        mine.close()
    assert not mine.folder.exists()
    assert (tmp_path / "backups" / "precious").read_text() == "x"
    assert not (tmp_path / "backups" / "reader.lock").exists()
