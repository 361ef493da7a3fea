"""Rows: pages of them by key set, and one by its id. A page costs the same however far back it is."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledger.columns import microseconds, row_of
from gateway.ledger.engine import Database
from gateway.ledger.plain import moment, plain, plain_names
from gateway.ledger.tables import requests
from gateway.ledger.views import Filter, Page
from gateway.ledger.whereabouts import best, is_plain, named, runs
from gateway.record.row import Row

MOST_ROWS: Final = 1_000
_FAR: Final = 1 << 62


class Listing:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, request_id: str) -> Row | None:
        async with self._database.reading() as connection:
            stored = (
                (await connection.execute(select(requests).where(requests.c.request_id == plain(request_id))))
                .mappings()
                .first()
            )
        return None if stored is None else row_of(stored)

    async def page(
        self,
        rows: Filter,
        *,
        before: str | None = None,
        after: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
    ) -> Page:
        """The newest rows; those before a cursor; or those after one, which came since. Raises ValueError for what is no cursor."""
        if not 0 < limit <= MOST_ROWS:
            raise ValueError(f"limit: must be from 1 to {MOST_ROWS}")
        first = None if since is None else microseconds(moment(since))
        last = None if until is None else microseconds(moment(until))
        place = tuple_(requests.c.at, requests.c.id)
        extra = []
        if before is not None:
            extra.append(place < tuple_(*_place(before)))
            last = min(last or _FAR, _place(before)[0] + 1)
        if after is not None:
            extra.append(place > tuple_(*_place(after)))
            first = max(first or 0, _place(after)[0])
        async with self._database.reading() as connection:
            asked = select(requests).where(*matching(rows, await best(connection, rows)), *extra)
            asked = _ordered(asked, newest_first=after is None)
            if after is not None or is_plain(rows):
                found = await _found(connection, asked, first, last, limit + 1)
            else:
                found = []
                async for begin, end in runs(connection, rows, first, last, limit + 1):
                    its_last = end if last is None else min(end, last)
                    found += await _found(connection, asked, max(begin, first or 0), its_last, limit + 1 - len(found))
                    if len(found) > limit:
                        break
        more, found = len(found) > limit, found[:limit]
        if after is not None:
            found.reverse()
        return Page(
            [row_of(one) for one in found],
            older=_cursor(found[-1]) if found and more and after is None else None,
            newest=_cursor(found[0]) if found else after,
        )


async def _found(
    connection: AsyncConnection, asked: Select[Any], since: int | None, until: int | None, limit: int
) -> list[Any]:
    if since is not None:
        asked = asked.where(requests.c.at >= since)
    if until is not None:
        asked = asked.where(requests.c.at < until)
    return list((await connection.execute(asked.limit(limit))).mappings().all())


def matching(rows: Filter, best: str | None) -> list[ColumnElement[bool]]:
    """Conditions on `requests`, which leave a database no index to take but that of `best`, or of the time."""
    found = []
    for name in named(rows):
        values, its = plain_names(getattr(rows, name)), requests.c["end_user" if name == "user" else name]
        if name == best and "" not in values:
            found.append(its == values[0] if len(values) == 1 else its.in_(values))
        else:
            found.append(func.coalesce(its, "").in_(values))
    return found


def _ordered(asked: Select[Any], *, newest_first: bool) -> Select[Any]:
    if newest_first:
        return asked.order_by(requests.c.at.desc(), requests.c.id.desc())
    return asked.order_by(requests.c.at, requests.c.id)


def _cursor(row: Any) -> str:
    return f"{row['at']}-{row['id']}"


def _place(cursor: str) -> tuple[int, int]:
    at, _, number = cursor.partition("-")
    if not (
        at.isascii()
        and at.isdecimal()
        and number.isascii()
        and number.isdecimal()
        and len(cursor) < 40
        and max(int(at), int(number)) < _FAR
    ):
        raise ValueError("cursor: is none of this ledger's; begin with the first page")
    return int(at), int(number)
