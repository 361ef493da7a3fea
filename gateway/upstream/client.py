"""The seam to the network: open an answer, close it. What is behind it (aiohttp now) is nobody else's business.

Every implementation passes `tests/contract/transport_suite.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol


@dataclass(slots=True)
class Call:
    """A request to an upstream; header names are lower case. `body` is sent with a length; a file (seekable, opened
    in binary mode) is sent from its start, so that an attempt can be repeated without holding an upload in memory.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | BinaryIO = b""


class Reply(Protocol):
    """An answer under way.

    `status` and `headers` (lower-case names) stand when it is opened; `read` returns the next decoded bytes as they come,
    `b""` at the *proper* end, and raises `TransportError` when the peer stops before it.
    """

    status: int
    headers: Mapping[str, str]

    async def read(self) -> bytes: ...


class Transport(Protocol):
    """Opens answers and closes them."""

    async def open(self, call: Call) -> Reply:
        """Send `call` and wait for the head of the answer. Cancelling it closes the connection."""
        ...

    async def close(self, reply: Reply) -> None:
        """Give the connection back if the body was read to its end, cut it at once otherwise. Safe to call twice."""
        ...


class TransportError(Exception):
    """The network failed. `sent` is False only if the upstream surely did not receive the request (replay safety)."""

    def __init__(self, message: str, *, sent: bool, timeout: bool = False) -> None:
        super().__init__(message)
        self.sent = sent
        self.timeout = timeout
