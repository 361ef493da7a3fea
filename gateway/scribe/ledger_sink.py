"""The ledger as a sink: opened when it is there, written to, and rid of what is old."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Final

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from gateway.config.ledger import Ledger as Settings
from gateway.ledger.ledger import Ledger
from gateway.ledger.views import LedgerError
from gateway.record.batch import Batch, Position
from gateway.record.sinks import NotKept, Unkeepable

_TIDY_EVERY: Final = 600.0
_LAST: Final = 2.0


class LedgerSink:
    """Rows, sums and position in one transaction."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ledger: Ledger | None = None
        self._tidying: asyncio.Task[None] | None = None
        self._gone: set[str] = set()

    async def take(self, batch: Batch, position: Position) -> None:
        if not batch.rows and not batch.settlements:  # nothing of it is for the ledger
            return
        try:
            ledger = await self.opened()
        except LedgerError as error:  # never what the batch holds, which has not been looked at
            raise NotKept(type(error).__name__, str(error)) from None
        except SQLAlchemyError as error:
            raise NotKept(type(error).__name__) from None
        try:
            await ledger.write(batch, position)
        except LedgerError as error:
            raise (Unkeepable if _unfit(error) else NotKept)(type(error).__name__, str(error)) from None
        except (SQLAlchemyError, OverflowError, UnicodeError) as error:  # whose words may quote a row
            raise Unkeepable(type(error).__name__) from None

    async def opened(self) -> Ledger:
        """Raises `LedgerError`."""
        if self._ledger is None:
            self._ledger = await Ledger.open(self._settings)
            self._tidying = asyncio.create_task(self._tidied(self._ledger))
        return self._ledger

    def gone(self, spool: str) -> None:
        """Its position goes with what else is tidied, or at the end. One that is not told of stays: a disk elsewhere may have it."""
        self._gone.add(spool)

    async def aclose(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
            await asyncio.gather(self._tidying, return_exceptions=True)
        if self._ledger is not None:
            with contextlib.suppress(LedgerError, TimeoutError):
                async with asyncio.timeout(_LAST):
                    await self._forget_gone(self._ledger)
            await self._ledger.aclose()

    async def _tidied(self, ledger: Ledger) -> None:
        """Now and then. What does not go while the database is away goes the next time."""
        while True:
            with contextlib.suppress(LedgerError):
                await self._forget_gone(ledger)
                await ledger.tidy(time.time())
            await asyncio.sleep(_TIDY_EVERY)

    async def _forget_gone(self, ledger: Ledger) -> None:
        if gone := sorted(self._gone):
            await ledger.drop_positions(gone)
            self._gone.difference_update(gone)


def _unfit(error: BaseException) -> bool:
    """Whether what lies behind it is a value that no try makes fit: a number too large, a text that no database takes."""
    return any(isinstance(one, DataError | IntegrityError | OverflowError | ValueError) for one in _behind(error))


def _behind(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        inner = getattr(seen, "orig", None)
        seen = inner if isinstance(inner, BaseException) else seen.__cause__ or seen.__context__
