"""Brings the tables up to date, once, however many processes start together.

Every migration keeps to a rule, so that replicas can be replaced one by one: it only adds (tables, columns with a default, indexes), and
what it makes superfluous is dropped by a later one, when no release writes it any more. `meta` has the number of the schema, and that
of the `oldest` one whose programs may still use it.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledger.engine import Database
from gateway.ledger.tables import settings
from gateway.ledger.views import LedgerRefused

HEAD: Final = 3
"""The schema that this release writes."""

_LOCK: Final = 0x4861_6563_6869
_MIGRATIONS: Final = Path(__file__).parent / "migrations"


async def migrate(database: Database, head: int = HEAD) -> None:
    """Raises `LedgerRefused` for a database that only newer releases may use. `head`: the schema of this release, or of an earlier one."""
    async with database.reading() as connection:
        if await _is_ready(connection, head):
            return
    async with database.writing() as connection:
        if database.kind == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if not await _is_ready(connection, head):  # another process was first
            await connection.run_sync(_upgrade, head)


async def _is_ready(connection: AsyncConnection, head: int) -> bool:
    known = await connection.run_sync(_meta)
    if known["schema"] > head and known["oldest"] > head:
        raise LedgerRefused(
            f"ledger: the database has schema {known['schema']}, which is only for newer releases (this one has {head}); "
            "run the release that made it, or name another database"
        )
    return known["schema"] >= head


def _meta(connection: Connection) -> dict[str, int]:
    if not inspect(connection).has_table(settings.name):
        return {"schema": 0, "oldest": 0}
    return {row.name: int(row.value) for row in connection.execute(select(settings))}


def _upgrade(connection: Connection, head: int) -> None:
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, f"{head:04}")
