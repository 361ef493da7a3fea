"""Where bytes are kept under a name for a while: what memory and Redis have in common."""

from typing import Protocol


class Away(Exception):
    """What holds the bytes cannot be reached, or not soon enough. It says so at once, and nobody has waited long."""


class Shelf(Protocol):
    """Every method may raise `Away`. Time to live is absolute: to look at something does not make it live longer."""

    async def put(self, name: str, value: bytes, seconds: float) -> bool:
        """Whether it is kept: what is too large is not."""
        ...

    async def get(self, name: str) -> bytes | None: ...

    async def delete(self, name: str) -> bool:
        """Whether there was one."""
        ...
