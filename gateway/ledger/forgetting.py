"""Erasure: what is held of an end user goes. Sums hold no end user and stay."""

from typing import Final

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select

from gateway.ledger.engine import Database
from gateway.ledger.plain import plain
from gateway.ledger.tables import bodies, feedback, requests

_AT_ONCE: Final = 1_000
OF_USERS: Final = (feedback, bodies, requests)
"""Tables with a column `end_user`, those that refer to others first."""


async def forget(database: Database, user: str) -> dict[str, int]:
    """How many rows went, by table. Some at a time, so that nobody waits long to write. Raises `LedgerError`."""
    user = plain(user)
    unnamed = await _unnamed_feedback(database, user)
    removed = {table.name: await _removed(database, table, user) for table in OF_USERS}
    removed[feedback.name] += unnamed
    return removed


async def held(database: Database, user: str) -> dict[str, int]:
    """How many rows would go, by table. Raises `LedgerError`."""
    user = plain(user)
    found: dict[str, int] = {}
    async with database.reading() as connection:
        for table in OF_USERS:
            theirs = table.c.end_user == user
            if table is feedback:
                theirs = or_(theirs, _unnamed(user))
            found[table.name] = await connection.scalar(select(func.count()).select_from(table).where(theirs)) or 0
    return found


def _unnamed(user: str) -> ColumnElement[bool]:
    """What was said of the user's requests before anybody knew whose they were."""
    theirs = select(requests.c.request_id).where(requests.c.end_user == user)
    return and_(feedback.c.end_user.is_(None), feedback.c.request_id.in_(theirs))


async def _unnamed_feedback(database: Database, user: str) -> int:
    async with database.writing() as connection:
        return (await connection.execute(delete(feedback).where(_unnamed(user)))).rowcount


async def _removed(database: Database, table: Table, user: str) -> int:
    key = table.primary_key.columns[0]
    some = select(key).where(table.c.end_user == user).limit(_AT_ONCE)
    removed = 0
    while True:
        async with database.writing() as connection:
            gone = (await connection.execute(delete(table).where(key.in_(some)))).rowcount
        removed += gone
        if gone < _AT_ONCE:
            return removed
