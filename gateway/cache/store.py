"""The port to where entries are kept."""

from collections.abc import Sequence
from typing import Protocol


class Store(Protocol):
    """Keys are digests; values are opaque. What is away or slow is a miss: nothing here raises or waits for long."""

    async def get(self, key: bytes) -> bytes | None: ...

    async def put(self, key: bytes, value: bytes, seconds: float, worth: float) -> None:
        """`worth`: what it would cost to get the answer again, in any unit that all entries share."""
        ...

    async def delete(self, key: bytes) -> None: ...

    async def epochs(self, names: Sequence[str]) -> list[int] | None:
        """The count of each name; 0 where nobody has counted. None where nobody can tell: then nothing may be served."""
        ...

    async def next_epoch(self, name: str) -> int | None:
        """From now on nothing counts that was stored under this name. None where that could not be made known."""
        ...

    async def aclose(self) -> None: ...
