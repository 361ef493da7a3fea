"""Who takes what a spool holds."""

from typing import Protocol

from gateway.record.batch import Batch, Position


class Sink(Protocol):
    """Takes batches in their order, each at least once: it says no twice for a batch that it has already.

    `take` returns when the batch is kept, position and all. Where it raises, the same batch comes again later.
    """

    async def take(self, batch: Batch, position: Position) -> None: ...

    async def aclose(self) -> None: ...
