"""A scribe whose ledger is a file of JSON lines: `python -m tests.support.filing FILE`. While FILE.away is there, it is away.

A line holds a batch and its position at once, as a transaction of a database does.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gateway.record.batch import Batch, Position
from gateway.record.orders import Orders
from gateway.record.sinks import NotKept, Sink
from gateway.scribe.__main__ import main


class Filing:
    """Refuses no batch, and takes none twice."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._away = file.with_name(f"{file.name}.away")
        self._taken = {position.spool: position for _, position in filed(file)}

    async def take(self, batch: Batch, position: Position) -> None:
        if self._away.exists():
            raise NotKept("FileIsAway")
        last = self._taken.get(position.spool)
        if last is not None and position <= last:
            return
        with self._file.open("ab", buffering=0) as out:
            out.write(msgspec.json.encode((batch, position)) + b"\n")
        self._taken[position.spool] = position

    async def aclose(self) -> None:
        return


def filed(file: Path) -> list[tuple[Batch, Position]]:
    if not file.exists():
        return []
    whole, _, _ = file.read_bytes().rpartition(b"\n")
    return [msgspec.json.decode(line, type=tuple[Batch, Position]) for line in whole.splitlines()]


def request_ids(file: Path) -> list[str]:
    return [row.request_id for batch, _ in filed(file) for row in batch.rows]


def money(file: Path) -> int:
    """Of rows and settlements together."""
    rows = [row.cost_nanodollars or 0 for batch, _ in filed(file) for row in batch.rows]
    return sum(rows) + sum(one.cost_nanodollars for batch, _ in filed(file) for one in batch.settlements)


async def _sinks(_: Orders) -> Mapping[str, Sink]:
    return {"ledger": Filing(Path(sys.argv[1]))}


if __name__ == "__main__":
    sys.exit(main(_sinks))
