"""One batch, one transaction: rows, sums, and how far its spool is kept. So each row counts exactly once, whatever ends in between."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Table, bindparam, delete, insert, select, text, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledger.columns import columns, request_id
from gateway.ledger.engine import Database
from gateway.ledger.sketch import packed, unpacked
from gateway.ledger.tables import days, groups, hours, minutes, positions, requests
from gateway.ledger.tallies import (
    DAY,
    GRAINS,
    HOUR,
    MEASURES,
    SKETCHES,
    Group,
    Sums,
    Tally,
    added,
    all_grains,
    by_minute,
    longer,
)
from gateway.record.batch import Batch, Position
from gateway.record.row import Row

_T = TypeVar("_T")
_LOCK: Final = 0x4861_6563_6870
_AT_ONCE: Final = 500
"""Values in one statement; SQLite takes some ten thousand, and PostgreSQL plans longer ones slowly."""

_TRIES: Final = 3
_NAMES: Final = ("grain", *GRAINS["full"])


class Writer:
    """Many processes may write at once: those of one machine wait for each other, replicas only while they add up."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._groups: dict[Group, int] = {}

    async def write(self, batch: Batch, position: Position | None) -> bool:
        """False where the spool is kept up to there already. Rows whose request is known are left out. Raises `LedgerError`."""
        rows = {request_id(row): row for row in batch.rows}
        for left in reversed(range(_TRIES)):
            try:
                return await self._written(rows, batch, position)
            except IntegrityError:  # another process wrote one of the requests, or made a group, at the same time
                if not left:
                    raise
        raise AssertionError

    async def drop_positions(self, spools: Iterable[str]) -> None:
        """Of spools that no disk holds any more: nothing of them can come again. Raises `LedgerError`."""
        async with self._database.writing() as connection:
            for some in _some(spools):
                await connection.execute(delete(positions).where(positions.c.spool.in_(some)))

    async def _written(self, rows: dict[str, Row], batch: Batch, position: Position | None) -> bool:
        made: dict[Group, int] = {}
        async with self._database.writing() as connection:
            if position is not None and not await self._goes_on(connection, position):
                return False
            fresh = await _unknown(connection, rows)
            if fresh:
                await connection.execute(insert(requests), [columns(row) for row in fresh])
            if fresh or batch.settlements:
                finest = by_minute(fresh, batch.settlements)
                if self._database.kind == "postgresql":
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                by_grain = all_grains(finest)
                made = await self._ids(connection, {group for group, _ in by_grain})
                ids = self._groups | made
                await _add(connection, minutes, by_grain, ids)
                await _add(connection, hours, by_hour := longer(by_grain, HOUR), ids)
                await _add(connection, days, longer(by_hour, DAY), ids)
        self._groups |= made
        return True

    async def _goes_on(self, connection: AsyncConnection, position: Position) -> bool:
        upsert = self._database.upsert(positions).values(
            spool=position.spool, segment=position.segment, place=position.offset
        )
        new = upsert.excluded
        moved = upsert.on_conflict_do_update(
            index_elements=[positions.c.spool],
            set_={"segment": new.segment, "place": new.place},
            where=tuple_(positions.c.segment, positions.c.place) < tuple_(new.segment, new.place),
        ).returning(positions.c.spool)
        return (await connection.execute(moved)).first() is not None

    async def _ids(self, connection: AsyncConnection, wanted: set[Group]) -> dict[Group, int]:
        """Of those that this writer does not know yet."""
        found: dict[Group, int] = {}
        for some in _some(sorted(wanted - self._groups.keys())):
            found |= await _known_groups(connection, some)
            if missing := [group for group in some if group not in found]:
                await connection.execute(insert(groups), [group._asdict() for group in missing])
                found |= await _known_groups(connection, missing)
        return found


async def _unknown(connection: AsyncConnection, rows: dict[str, Row]) -> list[Row]:
    known: set[str] = set()
    for some in _some(rows):
        known |= set(
            (await connection.scalars(select(requests.c.request_id).where(requests.c.request_id.in_(some)))).all()
        )
    return [row for name, row in rows.items() if name not in known]


async def _known_groups(connection: AsyncConnection, some: Sequence[Group]) -> dict[Group, int]:
    names = [groups.c[name] for name in _NAMES]
    asked = select(groups.c.id, *names).where(tuple_(*names).in_([tuple(group) for group in some]))
    return {Group(*row[1:]): row[0] for row in await connection.execute(asked)}


async def _add(connection: AsyncConnection, table: Table, sums: Sums, ids: dict[Group, int]) -> None:
    """Reads what is there, adds, and writes the sums: nobody else does at the same time."""
    wanted = {(ids[group], bucket): one for (group, bucket), one in sums.items()}
    place = tuple_(table.c.group_id, table.c.bucket)
    held: dict[tuple[int, int], Tally] = {}
    for some in _some(wanted):
        for row in await connection.execute(select(table).where(place.in_(some))):
            held[row.group_id, row.bucket] = tally_of(row[2:])
    if fresh := [stored_sums(key, one) for key, one in wanted.items() if key not in held]:
        await connection.execute(insert(table), fresh)
    if changed := [_changed(key, added(old, wanted[key])) for key, old in held.items()]:
        await connection.execute(_update(table), changed)


def tally_of(stored: Sequence[Any]) -> Tally:
    """Of the columns behind the key."""
    return [*stored[: len(MEASURES)], *map(unpacked, stored[len(MEASURES) :])]


def _values(one: Tally) -> dict[str, Any]:
    sketches = map(packed, one[len(MEASURES) :])
    return dict(zip((*MEASURES, *SKETCHES), (*one[: len(MEASURES)], *sketches), strict=True))


def stored_sums(key: tuple[int, int], one: Tally) -> dict[str, Any]:
    return {"group_id": key[0], "bucket": key[1], **_values(one)}


def _changed(key: tuple[int, int], one: Tally) -> dict[str, Any]:
    return {"its_group": key[0], "its_bucket": key[1], **{f"new_{name}": value for name, value in _values(one).items()}}


def _update(table: Table) -> Any:
    return (
        table.update()
        .where(table.c.group_id == bindparam("its_group"), table.c.bucket == bindparam("its_bucket"))
        .values({name: bindparam(f"new_{name}") for name in (*MEASURES, *SKETCHES)})
    )


def _some(many: Iterable[_T]) -> Iterator[list[_T]]:
    left = iter(many)
    while some := list(islice(left, _AT_ONCE)):
        yield some
