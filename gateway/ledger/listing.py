"""Rows: pages of them by key set, and one by its id. A page costs the same however far back it is."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, or_, select, tuple_

from gateway.ledger.columns import microseconds, row_of
from gateway.ledger.engine import Database
from gateway.ledger.tables import requests
from gateway.ledger.views import Filter, Page
from gateway.record.row import Row

MOST_ROWS: Final = 1_000


class Listing:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, request_id: str) -> Row | None:
        async with self._database.reading() as connection:
            stored = (
                (await connection.execute(select(requests).where(requests.c.request_id == request_id)))
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
        place = tuple_(requests.c.at, requests.c.id)
        asked = select(requests).where(*matching(rows))
        if since is not None:
            asked = asked.where(requests.c.at >= microseconds(since))
        if until is not None:
            asked = asked.where(requests.c.at < microseconds(until))
        if before is not None:
            asked = asked.where(place < tuple_(*_place(before)))
        if after is not None:
            asked = asked.where(place > tuple_(*_place(after)))
        found = await self._found(_ordered(asked, newest_first=after is None).limit(limit + 1))
        more, found = len(found) > limit, found[:limit]
        if after is not None:
            found.reverse()
        return Page(
            [row_of(one) for one in found],
            older=_cursor(found[-1]) if found and more and after is None else None,
            newest=_cursor(found[0]) if found else after,
        )

    async def _found(self, asked: Select[Any]) -> list[Any]:
        async with self._database.reading() as connection:
            return list((await connection.execute(asked)).mappings().all())


def matching(rows: Filter) -> list[ColumnElement[bool]]:
    """Conditions on `requests`."""
    return [
        _one_of("end_user" if name == "user" else name, names)
        for name in rows.__struct_fields__
        if (names := getattr(rows, name))
    ]


def _one_of(column: str, names: tuple[str, ...]) -> ColumnElement[bool]:
    its = requests.c[column]
    given = [name for name in names if name]
    said = its == given[0] if len(given) == 1 else its.in_(given)
    if len(given) == len(names):
        return said
    return or_(its.is_(None), said) if given else its.is_(None)


def _ordered(asked: Select[Any], *, newest_first: bool) -> Select[Any]:
    if newest_first:
        return asked.order_by(requests.c.at.desc(), requests.c.id.desc())
    return asked.order_by(requests.c.at, requests.c.id)


def _cursor(row: Any) -> str:
    return f"{row['at']}-{row['id']}"


def _place(cursor: str) -> tuple[int, int]:
    at, _, number = cursor.partition("-")
    if not (at.isascii() and at.isdecimal() and number.isascii() and number.isdecimal() and len(cursor) < 40):
        raise ValueError("cursor: is none of this ledger's; begin with the first page")
    return int(at), int(number)
