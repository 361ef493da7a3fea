"""Who takes what a spool holds."""

from typing import Protocol, runtime_checkable

from gateway.record.batch import Batch, Position


class NotKept(Exception):
    """The place where batches are kept is away, or has no room. `words` are for the log: no address, no value of a row is in them."""

    def __init__(self, kind: str, words: str = "") -> None:
        super().__init__(words or kind)
        self.kind = kind


class Unkeepable(NotKept):
    """It is there, and refuses what this batch holds: it would refuse it again."""


class Sink(Protocol):
    """Takes batches in their order, each at least once: it says no twice for a batch that it has already.

    `take` returns when the batch is kept, position and all. Where it raises `NotKept`, the same batch comes again later.
    """

    async def take(self, batch: Batch, position: Position) -> None: ...

    async def aclose(self) -> None: ...


@runtime_checkable
class Remembering(Protocol):
    """A sink that keeps its position in each spool."""

    def gone(self, spool: str) -> None:
        """It is on no disk any more; its position is of no use."""


@runtime_checkable
class Counting(Protocol):
    """A sink that counts what it does, for the metrics."""

    @property
    def counts(self) -> dict[str, int]: ...
