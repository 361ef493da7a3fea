"""Connections: to a file of SQLite that several processes share, or to PostgreSQL."""

import importlib
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from gateway.config.ledger import Ledger as Settings
from gateway.config.ledger_address import LedgerAddress
from gateway.ledger.failing import failure, told
from gateway.ledger.views import LedgerRefused

_BUSY_SECONDS: Final = 15
_CONNECT_SECONDS: Final = 10
_STATEMENT_SECONDS: Final = 60
_PRAGMAS: Final = (
    f"busy_timeout = {_BUSY_SECONDS * 1000}",
    "auto_vacuum = INCREMENTAL",  # of a new file; an old one keeps what it has
    "journal_mode = WAL",
    "synchronous = FULL",
    "cache_size = -32768",
    "temp_store = MEMORY",
)
_INSERTS: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_WRITES: Final = "haechi_writes"
_LASTING: Final = (
    "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
)
"""For this transaction alone, and in it, as poolers of connections pass on no settings of a session."""


class Database:
    """One pool. SQLite knows from the start whether a transaction will write, so that two writers wait for each other instead of failing."""

    def __init__(self, settings: Settings) -> None:
        """Raises `LedgerRefused` for a file that cannot be made, and where the library is missing."""
        address = settings.address
        self.kind: Final = address.kind
        self._engine = _sqlite(address, settings) if address.kind == "sqlite" else _postgresql(address, settings)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Raises `LedgerError`."""
        with told():
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction, which is there as a whole or not at all. Once it has ended it outlives the database's machine, as
        the spool forgets then what is in it. Raises `LedgerError`.
        """
        with told():
            async with self._engine.connect() as connection:
                await connection.execution_options(**{_WRITES: True})
                async with connection.begin():
                    if self.kind == "postgresql":
                        await connection.exec_driver_sql(_LASTING)
                    yield connection

    def upsert(self, table: Table) -> Any:
        """An `insert` that knows `on_conflict_do_update`, which each dialect has for itself."""
        return _INSERTS[self.kind](table)

    async def give_back(self, pages: int) -> int:
        """Shortens a file of SQLite by so many pages that nothing is in; how many such there are still. Raises `LedgerError`."""
        with told():
            async with self._engine.connect() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                assert raw is not None
                # A pragma that gives a page back with every step; only a script is stepped to its end.
                await raw.executescript(f"PRAGMA incremental_vacuum({pages})")
                left: int = (await connection.exec_driver_sql("PRAGMA freelist_count")).scalar_one()
                return left

    async def aclose(self) -> None:
        await self._engine.dispose()


def _sqlite(address: LedgerAddress, settings: Settings) -> AsyncEngine:
    path = Path(address.path)
    _make(path)
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        pool_size=settings.connections,
        max_overflow=0,
        connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None},
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _make(path: Path) -> None:
    """The file and its folder, for this user alone: there is much in it that is nobody else's business."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=stat.S_IRWXU)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, stat.S_IRUSR | stat.S_IWUSR))
    except OSError as error:
        raise LedgerRefused(
            f"ledger.url: {path} cannot be opened for writing: {error.strerror}; name a file that this user may write"
        ) from None


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    """The driver begins nothing by itself (its `isolation_level` is None)."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")


def _postgresql(address: LedgerAddress, settings: Settings) -> AsyncEngine:
    try:
        driver = importlib.import_module("asyncpg")
    except ModuleNotFoundError:
        raise LedgerRefused(
            'ledger.url: PostgreSQL needs a library that is not installed: pip install "haechi[postgres]"'
        ) from None

    async def connect() -> Any:
        try:
            return await driver.connect(
                address.dsn,
                timeout=_CONNECT_SECONDS,
                command_timeout=_STATEMENT_SECONDS,
                server_settings={"application_name": "haechi"},
            )
        except (driver.PostgresError, driver.InterfaceError, OSError, TimeoutError, ValueError) as error:
            away = failure(error)
        raise away  # with nothing behind it: a certificate that is not accepted is a ValueError, too, but no row's

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=settings.connections,
        max_overflow=0,
        pool_pre_ping=True,
    )
