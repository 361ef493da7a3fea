"""The port to where entries are kept."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

from msgspec import Struct

Vector = Any
"""A numpy array of float32, of length one."""

LASTING: Final = "class:"
"""What is saved under a name that begins so is never given up for room."""


class Near(NamedTuple):
    """An entry of the same scope, and the cosine of its question and the one that is asked."""

    key: bytes
    similarity: float


class First(NamedTuple):
    """What a request asks for at first. `holds`: whether it is worth while to embed a question of its scope."""

    epochs: list[int]
    value: bytes | None
    holds: bool


class Placed(NamedTuple):
    """Where the semantic tier looks for an entry."""

    scope: bytes
    vector: Vector


class Record(Struct, array_like=True, frozen=True):
    """An entry as it is written to a file. `expires` in seconds since 1970. `row`: its vector as `Neighbours` holds it."""

    key: bytes
    value: bytes
    expires: float
    worth: float
    rank: float
    scope: bytes | None = None
    row: bytes | None = None


class Neighbours(Protocol):
    """Vectors in this process (`gateway.cache.vectors`)."""

    def bytes_of(self, vector: Vector) -> int: ...

    def holds(self, scope: bytes) -> bool: ...

    def add(self, scope: bytes, key: bytes, vector: Vector) -> None: ...

    def remove(self, scope: bytes, key: bytes) -> None: ...

    def near(self, scope: bytes, vector: Vector, count: int) -> list[Near]: ...

    def row(self, scope: bytes, key: bytes) -> bytes | None: ...

    def add_row(self, scope: bytes, key: bytes, row: bytes) -> None: ...


class Store(Protocol):
    """Keys are digests; values are opaque. What is away or slow is a miss: nothing here raises or waits for long."""

    @property
    def semantic(self) -> bool:
        """Whether it can look for neighbours."""
        ...

    async def first(self, names: Sequence[str], key: bytes | None, scope: bytes | None) -> First | None:
        """Epochs, entry, and whether the scope holds any vector, in one round trip. None where nobody can tell the epochs."""
        ...

    async def get(self, key: bytes) -> bytes | None: ...

    async def get_all(self, keys: Sequence[bytes]) -> list[bytes | None] | None:
        """None where nobody can tell, which is not the same as nothing."""
        ...

    async def put(self, key: bytes, value: bytes, seconds: float, worth: float, placed: Placed | None = None) -> None:
        """`worth`: what it would cost to get the answer again, in any unit that all entries share."""
        ...

    async def place(self, key: bytes, placed: Placed, seconds: float) -> None:
        """Lets neighbours find what was put without its place. Does nothing where it is gone meanwhile."""
        ...

    async def delete(self, key: bytes) -> None: ...

    async def unplace(self, key: bytes, scope: bytes) -> None:
        """It is nobody's neighbour any more. Whatever is kept under that key stays."""
        ...

    async def near(self, placed: Placed, count: int) -> list[Near]:
        """The nearest first. What they name may be gone meanwhile."""
        ...

    async def epochs(self, names: Sequence[str]) -> list[int] | None:
        """A number for each name, the same until `next_epoch`; where it was lost, one that it never was before.

        None where nobody can tell: then nothing may be served.
        """
        ...

    async def next_epoch(self, name: str) -> int | None:
        """From now on nothing counts that was stored under this name. None where that could not be made known."""
        ...

    async def load(self, name: str) -> bytes | None:
        """What was saved under this name."""
        ...

    async def load_all(self, names: Sequence[str]) -> list[bytes | None] | None:
        """The same of each; None where nobody can tell, which is not the same as nothing."""
        ...

    async def save(self, name: str, value: bytes, before: bytes | None) -> bool:
        """Whether it was saved: not, if something else than `before` stood there."""
        ...

    async def figures(self) -> dict[str, int]:
        """What can be said of it in numbers, by name: each backend has its own. Empty where nobody can tell."""
        ...

    async def aclose(self) -> None: ...
