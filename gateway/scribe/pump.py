"""One sink and its place in each spool: batch after batch, the same again until it is kept."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from gateway.record.batch import Batch, Position
from gateway.record.settlement import Unsettled
from gateway.record.sinks import NotKept, Sink, Unkeepable
from gateway.scribe.held import Held

log = logging.getLogger("haechi")

_IDLE: Final = 0.1
_FIRST_WAIT: Final = 0.1
_LONGEST_WAIT: Final = 5.0
_LONGEST_TAKE: Final = 60.0


class Pump:
    """Takes from all spools in turn, so that a long one of a gateway that is gone does not hold up the own."""

    def __init__(self, name: str, sink: Sink, held: Sequence[Held], ending: asyncio.Event) -> None:
        self.name = name
        self.rows = 0
        self.settlements = 0
        self.refused = 0
        self.away: str | None = None
        self.waits_since: float | None = None
        """When the batch was written that is being given, if one is."""
        self._sink = sink
        self._held = held
        self._ending = ending
        self._unread: set[str] = set()

    async def run(self) -> None:
        """Until the end has been called for and nothing is left, or the sink is away then."""
        while True:
            ending = self._ending.is_set()  # asked first: what comes until then is whole by then
            moved = False
            for held in list(self._held):
                if (found := self._next(held)) is not None:
                    moved = True
                    if not await self._given(*found):
                        return
                    held.kept[self.name] = found[1]
            if not moved:
                if ending and all(one.readers[self.name].finished for one in self._held):
                    return
                await _within(_IDLE, self._ending)

    def _next(self, held: Held) -> tuple[Batch, Position] | None:
        """None also where a disk refuses: it is asked again, and what lies elsewhere does not wait for it."""
        name = held.folder.name
        try:
            found = held.readers[self.name].next()
        except OSError as error:
            if name not in self._unread:
                log.error("records: %s cannot be read for %s (%s); it is tried again", name, self.name, error.strerror)  # noqa: TRY400 - no trace is wanted
                self._unread.add(name)
            return None
        self._unread.discard(name)
        return found

    async def _given(self, batch: Batch, position: Position) -> bool:
        """Whether it is kept. Not where the end was called for while the sink is away."""
        self.waits_since = batch.written
        wait = _FIRST_WAIT
        while True:
            last = self._ending.is_set()
            try:
                await self._take(batch, position)
            except NotKept as error:
                if self.away is None:
                    log.warning("%s cannot be written (%s); it is tried again until it can", self.name, error)
                self.away = error.kind
                if last:
                    return False
                await _within(wait, self._ending)
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                break
        if self.away is not None:
            log.info("%s can be written again", self.name)
        self.away = self.waits_since = None
        return True

    async def _take(self, batch: Batch, position: Position) -> None:
        """What is refused is given with its rows' money alone, then with nobody's name on that, then not at all."""
        for one in (batch, settled(batch), anonymous(batch)):
            try:
                async with asyncio.timeout(_LONGEST_TAKE):
                    await self._sink.take(one, position)
            except Unkeepable as error:
                log.error("%s refuses what a batch of %d rows holds (%s)", self.name, len(one.rows), error.kind)  # noqa: TRY400 - a trace would quote rows
                self.refused += len(one.rows)
            except TimeoutError as error:
                raise NotKept(type(error).__name__) from None
            except OSError as error:
                raise NotKept(type(error).__name__) from None
            else:
                self.rows += len(one.rows)
                self.settlements += len(one.settlements)
                return
        missing = sum(money.cost_nanodollars for money in anonymous(batch).settlements)
        log.critical("%s takes not even the money of a batch: %d nanodollars are missing there", self.name, missing)


def settled(batch: Batch) -> Batch:
    """The same money without rows."""
    unsettled = Unsettled()
    unsettled.put_back(batch.settlements)
    for row in batch.rows:
        unsettled.fold(row)
    return Batch(batch.written, [], unsettled.take())


def anonymous(batch: Batch) -> Batch:
    """The same money, with no word in it that came from outside."""
    unsettled = Unsettled(0)
    unsettled.put_back(settled(batch).settlements)
    return Batch(batch.written, [], unsettled.take())


async def _within(seconds: float, ending: asyncio.Event) -> None:
    """Until the end is called for, but no longer."""
    if ending.is_set():
        await asyncio.sleep(_IDLE)
        return
    try:
        async with asyncio.timeout(seconds):
            await ending.wait()
    except TimeoutError:
        return
