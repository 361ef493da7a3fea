"""What is old goes, some at a time: between two transactions whoever wants to write has its turn."""

from typing import Any, Final

from sqlalchemy import Delete, Table, delete, select

from gateway.ledger.columns import microseconds
from gateway.ledger.engine import Database
from gateway.ledger.meta import set_minutes_since
from gateway.ledger.tables import bodies, days, feedback, feedback_sums, groups, hours, minutes, readings, requests
from gateway.ledger.tallies import DAY, HOUR

_ROWS: Final = 1_000
_GROUPS: Final = 20
_PAGES: Final = 250
"""Of 4 KB, given back to the file system in one transaction."""


class Retention:
    def __init__(self, database: Database, keep_days: int, sums_days: int) -> None:
        self._database = database
        self._keep = keep_days * DAY
        self._sums = sums_days * DAY

    async def tidy(self, now: float) -> dict[str, int]:
        """How many rows went, by table. Raises `LedgerError`; what went until then is gone, and the rest goes the next time."""
        removed = {
            requests.name: await self._old(requests, requests.c.at, microseconds(now - self._keep)),
            bodies.name: await self._old(bodies, bodies.c.until, microseconds(now)),
            feedback.name: await self._old(feedback, feedback.c.at, microseconds(now - self._keep)),
            feedback_sums.name: await self._old(feedback_sums, feedback_sums.c.bucket, int(now) - self._sums),
            readings.name: await self._old(readings, readings.c.at, microseconds(now - self._sums)),
            minutes.name: await self._old_minutes(int(now - self._keep) // HOUR * HOUR),
            hours.name: await self._old_sums(hours, int(now - self._sums) // DAY * DAY),
            days.name: await self._old_sums(days, int(now - self._sums) // DAY * DAY),
        }
        if self._database.kind == "sqlite" and any(removed.values()):
            await self._give_back()
        return removed

    async def _old(self, table: Table, time: Any, before: int) -> int:
        key = table.primary_key.columns[0]
        some = select(key).where(time < before).order_by(time).limit(_ROWS)
        if self._database.kind == "postgresql":
            some = some.with_for_update(skip_locked=True)  # another replica may be at it
        removed = 0
        while True:
            gone = await self._gone(delete(table).where(key.in_(some)))
            removed += gone
            if gone < _ROWS:
                return removed

    async def _old_minutes(self, before: int) -> int:
        """First it says so, so that nobody misses minutes where whole hours are to be had."""
        await set_minutes_since(self._database, before)
        return await self._old_sums(minutes, before)

    async def _old_sums(self, table: Table, before: int) -> int:
        async with self._database.reading() as connection:
            ids = (await connection.scalars(select(groups.c.id).order_by(groups.c.id))).all()
        removed = 0
        for first in range(0, len(ids), _GROUPS):
            some = table.c.group_id.in_(ids[first : first + _GROUPS])
            removed += await self._gone(delete(table).where(some, table.c.bucket < before))
        return removed

    async def _gone(self, statement: Delete) -> int:
        async with self._database.writing() as connection:
            return (await connection.execute(statement)).rowcount

    async def _give_back(self) -> None:
        """All but what new rows soon need."""
        while await self._database.give_back(_PAGES) > _PAGES:
            pass
