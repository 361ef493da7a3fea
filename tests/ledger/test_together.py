"""Several write at once, and everything counts once."""

import asyncio
import sys
from pathlib import Path

from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.ledger import Ledger
from gateway.ledger.views import Filter
from gateway.record.batch import Batch, Position
from tests.support.ledgered import NOON, a_row

ALL = Filter()
BATCHES = 12
SIZE = 10
_SCRIPT = """
import asyncio, sys
from gateway.config.ledger import Ledger as Settings
from gateway.config.strict import Secret
from gateway.ledger.ledger import Ledger
from gateway.record.batch import Batch, Position
from tests.support.ledgered import NOON, a_row

async def main(url, first):
    ledger = await Ledger.open(Settings(url=Secret(url)))
    for number in range(20):
        start = first + number * 10
        await ledger.write(Batch(NOON, [a_row(one) for one in range(start, start + 10)]), Position(str(first), 0, number + 1))
    await ledger.aclose()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_replicas_that_write_the_same_rows_count_them_once(settings: Settings) -> None:
    """Each batch overlaps with others, and each writer meets groups that others make at the same time."""
    ledgers = await asyncio.gather(*(Ledger.open(settings) for _ in range(3)))

    async def write(writer: int, ledger: Ledger) -> None:
        for number in range(BATCHES):
            first = number * SIZE // 2
            rows = [a_row(one, model=f"m{one % 7}") for one in range(first, first + SIZE)]
            await ledger.write(Batch(NOON, rows), Position(f"spool {writer}", 0, number + 1))

    await asyncio.gather(*(write(writer, ledger) for writer, ledger in enumerate(ledgers)))
    all_of_them = (BATCHES + 1) * SIZE // 2
    found = await ledgers[0].summary(ALL, NOON, NOON + 3_600)
    assert found.figures.requests == all_of_them
    assert found.figures.latency is not None
    assert found.figures.latency.count == all_of_them
    assert len((await ledgers[0].page(limit=1_000)).rows) == all_of_them
    await asyncio.gather(*(ledger.aclose() for ledger in ledgers))


async def test_one_spool_read_twice_counts_once(settings: Settings) -> None:
    """Two that took over the same orphaned spool."""
    ledgers = await asyncio.gather(*(Ledger.open(settings) for _ in range(2)))
    batches = [(Batch(NOON, [a_row(number)]), Position("orphan", 0, number + 1)) for number in range(10)]

    async def write(ledger: Ledger) -> int:
        return sum([await ledger.write(batch, position) for batch, position in batches])

    assert sum(await asyncio.gather(*map(write, ledgers))) >= 1
    assert (await ledgers[0].summary(ALL, NOON, NOON + 60)).figures.requests == 10
    await asyncio.gather(*(ledger.aclose() for ledger in ledgers))


async def test_processes_share_a_file(tmp_path: Path) -> None:
    """Two write while this one reads and removes."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = await Ledger.open(Settings(url=Secret(url)))
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", _SCRIPT, url, str(first)) for first in (1_000, 5_000)
    ]
    ends = asyncio.gather(*(writer.wait() for writer in writers))
    while not ends.done():
        await ledger.page()
        await ledger.tidy(NOON)
        await asyncio.sleep(0.01)
    assert await ends == [0, 0]
    assert (await ledger.summary(ALL, NOON, NOON + 7_200)).figures.requests == 400
    await ledger.aclose()
