"""A ledger that is opened when somebody first looks."""

import asyncio

from gateway.config.ledger import Ledger as Settings
from gateway.ledger.port import Reader, load


class Lazily:
    """One ledger for all who read in this process. A failure to open is told to whoever asked; the next one tries again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reader: Reader | None = None
        self._opening = asyncio.Lock()

    async def reader(self) -> Reader:
        """Raises `LedgerError`."""
        async with self._opening:
            if self._reader is None:
                opens = await asyncio.to_thread(load)
                self._reader = await opens(self._settings)
        return self._reader

    async def aclose(self) -> None:
        if self._reader is not None:
            await self._reader.aclose()
            self._reader = None
