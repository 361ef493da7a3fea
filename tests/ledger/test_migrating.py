import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, func, insert, select, text

import gateway.ledger.migrations.versions
from gateway.config.ledger import Ledger as Settings
from gateway.ledger.engine import Database
from gateway.ledger.ledger import Ledger
from gateway.ledger.migrating import HEAD, migrate
from gateway.ledger.tables import metadata
from gateway.ledger.views import LedgerRefused
from gateway.record.batch import Batch
from tests.support.ledgered import NOON, a_row


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    opened = Database(settings)
    yield opened
    await opened.aclose()


async def found_tables(database: Database) -> MetaData:
    def reflected(connection: Connection) -> MetaData:
        found = MetaData()
        found.reflect(connection)
        return found

    async with database.reading() as connection:
        return await connection.run_sync(reflected)


async def test_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    await migrate(database)

    def differences(connection: Connection) -> Any:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []


def test_this_release_has_the_newest_schema() -> None:
    (folder,) = gateway.ledger.migrations.versions.__path__
    assert max(int(path.name[1:5]) for path in Path(folder).glob("m[0-9]*.py")) == HEAD


async def test_those_who_start_together_migrate_once(settings: Settings) -> None:
    opened = await asyncio.gather(*(Ledger.open(settings) for _ in range(6)))
    for number, ledger in enumerate(opened):
        await ledger.write(Batch(NOON, [a_row(number)]))
    assert len((await opened[0].page()).rows) == 6
    await asyncio.gather(*(ledger.aclose() for ledger in opened))


@pytest.mark.parametrize("earlier", range(1, HEAD))
async def test_an_earlier_release_writes_on_while_others_are_replaced(database: Database, earlier: int) -> None:
    """With the columns that it knows, to the tables that it knows; and it may start again."""
    await migrate(database, earlier)
    known = await found_tables(database)
    await migrate(database)
    await migrate(database, earlier)
    for name, table in known.tables.items():
        if name in ("meta", "alembic_version"):
            continue
        values = {column.name: _some(column.type.python_type) for column in table.columns}
        async with database.writing() as connection:
            await connection.execute(insert(table).values(values))
            assert await connection.scalar(select(func.count()).select_from(table)) == 1


def _some(kind: type) -> Any:
    return {int: 1, float: 1.0, str: "{}", bytes: b"", bool: True}[kind]


async def test_a_row_of_an_earlier_release_is_read(database: Database, settings: Settings) -> None:
    """Its fields that are new now are null."""
    await migrate(database)
    known = (await found_tables(database)).tables["requests"]
    bare = {column.name: _some(column.type.python_type) for column in known.columns if not column.nullable}
    async with database.writing() as connection:
        await connection.execute(
            insert(known).values(
                bare | {"request_id": "req_1", "rest": '{"attempts":[],"streamed":true,"span_id":"","newer":1}'}
            )
        )
    ledger = await Ledger.open(settings)
    row = await ledger.find("req_1")
    assert row is not None
    assert (row.streamed, row.user, row.finish, row.steps) == (True, None, None, [])
    await ledger.aclose()


@pytest.mark.parametrize("oldest", [HEAD, HEAD + 1])
async def test_a_newer_database_is_used_as_far_as_it_allows(
    database: Database, settings: Settings, oldest: int
) -> None:
    await migrate(database)
    async with database.writing() as connection:
        await connection.execute(text(f"UPDATE meta SET value = '{HEAD + 1}' WHERE name = 'schema'"))
        await connection.execute(text(f"UPDATE meta SET value = '{oldest}' WHERE name = 'oldest'"))
    if oldest > HEAD:
        with pytest.raises(
            LedgerRefused, match=rf"schema {HEAD + 1}, which is only for newer releases \(this one has {HEAD}\)"
        ):
            await Ledger.open(settings)
    else:
        ledger = await Ledger.open(settings)
        assert await ledger.write(Batch(NOON, [a_row(1)]))
        await ledger.aclose()
