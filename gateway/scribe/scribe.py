"""Reads spools, gives them to sinks, and tells how that goes."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from gateway.record.sinks import Remembering, Sink
from gateway.record.spool import SpoolReader
from gateway.record.status import Status, tell
from gateway.scribe.held import Held, found
from gateway.scribe.pump import Pump

log = logging.getLogger("haechi")

_LOOK_EVERY: Final = 1.0
_CLOSING: Final = 5.0


class Scribe:
    """The first of `sinks` settles money: what it has leaves the disk. The others are told on their way, and never waited for.

    `counts` is what sinks count themselves.
    """

    def __init__(
        self,
        root: Path,
        own: str,
        sinks: Mapping[str, Sink],
        counts: Callable[[], dict[str, int]] = dict,
        look_every: float = _LOOK_EVERY,
    ) -> None:
        self._root = root
        self._own = own
        self._sinks = sinks
        self._counts = counts
        self._look_every = look_every
        self._ending = asyncio.Event()
        self._held: list[Held] = []
        self._pumps = [Pump(name, sink, self._held, self._ending) for name, sink in sinks.items()]
        self._unreadable = 0
        self._left: list[Path] = []
        self._told: Status | None = None

    def end(self) -> None:
        """The gateway is gone, or goes: what is left is read, as far as there is time."""
        self._ending.set()

    async def run(self, ends_within: float) -> None:
        """Until `end` was called; then as many seconds more at most."""
        self._look()
        pumping = [asyncio.create_task(one.run(), name=f"haechi-{one.name}") for one in self._pumps]
        looking = asyncio.create_task(self._look_on())
        waiting = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait([waiting, looking, *pumping], return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait(pumping, timeout=ends_within if self._ending.is_set() else 0)
        finally:
            for task in (*pumping, looking, waiting):
                task.cancel()
            ended = await asyncio.gather(*pumping, looking, waiting, return_exceptions=True)
            await self._close()
        for outcome in ended:
            if isinstance(outcome, Exception):  # a defect: whoever started this starts another
                raise outcome

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(self._look_every)
            self._look()

    def _look(self) -> None:
        """Notes where all are, lets go of what is done, takes over what was left by others, tells how it goes."""
        for held in list(self._held):
            with contextlib.suppress(OSError):
                held.note()
            if held.finished:
                self._let_go(held)
        if not self._ending.is_set():
            new, left = found(self._root, self._own, self._held, list(self._sinks))
            self._held += new
            if left and left != self._left:
                log.warning(
                    "records: %d spools below %s wait for a ledger, and none is configured; they are left as they are",
                    len(left),
                    self._root,
                )
            self._left = left
        self._tell()

    def _tell(self) -> None:
        first = self._pumps[0]
        own = next((one for one in self._held if one.folder.name == self._own), None)
        status = Status(
            position=own.kept.get(first.name) if own is not None else None,
            oldest=first.waits_since,
            rows=first.rows,
            settlements=first.settlements,
            refused=first.refused,
            unreadable=self._unreadable + sum(self._passed_over(one) for one in self._held),
            left=len(self._left),
            away={one.name: one.away for one in self._pumps if one.away is not None},
            told=self._counts(),
        )
        if own is not None and status != self._told:
            with contextlib.suppress(OSError):
                tell(own.folder, status)
                self._told = status

    def _let_go(self, held: Held) -> None:
        if passed := self._passed_over(held):
            log.error("records: %d bytes of %s could not be read and were passed over", passed, held.folder.name)
            self._unreadable += passed
        self._held.remove(held)
        if held.let_go():
            for sink in self._sinks.values():
                if isinstance(sink, Remembering):
                    sink.gone(held.folder.name)

    def _passed_over(self, held: Held) -> int:
        reader: SpoolReader = held.readers[self._pumps[0].name]
        return reader.unreadable

    async def _close(self) -> None:
        for held in list(self._held):
            with contextlib.suppress(OSError):
                held.note()
            self._let_go(held)
        for name, sink in self._sinks.items():
            try:
                async with asyncio.timeout(_CLOSING):
                    await sink.aclose()
            except (OSError, TimeoutError) as error:
                log.warning("%s could not be closed (%s)", name, type(error).__name__)
