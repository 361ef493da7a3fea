"""What the ledger knows of itself, by name."""

from typing import Final

from sqlalchemy import select

from gateway.ledger.engine import Database
from gateway.ledger.tables import settings

_MINUTES_SINCE: Final = "minutes_since"


async def minutes_since(database: Database) -> int:
    """From when on there are sums by minute; before that only those by hour are left."""
    asked = select(settings.c.value).where(settings.c.name == _MINUTES_SINCE)
    async with database.reading() as connection:
        return int(await connection.scalar(asked) or 0)


async def set_minutes_since(database: Database, since: int) -> None:
    """Never back."""
    if since <= await minutes_since(database):
        return
    said = database.upsert(settings).values(name=_MINUTES_SINCE, value=str(since))
    async with database.writing() as connection:
        await connection.execute(
            said.on_conflict_do_update(index_elements=[settings.c.name], set_={"value": said.excluded.value})
        )
