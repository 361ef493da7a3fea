"""The seam to the network: open an answer, close it. What is behind it (aiohttp now) is nobody else's business.

Every implementation passes `tests/contract/transport_suite.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final, Protocol


@dataclass(slots=True)
class Call:
    """A request to an upstream; header names are lower case. `body` is sent with a length; a file (seekable, opened
    in binary mode) is sent from its start, so that an attempt can be repeated without holding an upload in memory.

    What frames the message (`FRAMING`) is the transport's own business: such headers of a call are not sent.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | BinaryIO = b""


FRAMING: Final = frozenset(
    {
        "accept-encoding",  # what is decoded depends on the transport
        "connection",
        "content-length",
        "expect",
        "host",  # follows from the URL; a caller's own must never get through
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


@dataclass(frozen=True, slots=True)
class TransportLimits:
    """What one transport, that is one provider, may use. Times are in seconds, sizes in bytes.

    `ca_file` is trusted besides the system's authorities; nothing turns verification off. Without `proxy` the usual
    variables count (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, in either case), except towards loopback.
    """

    connections: int = 1000
    pool_wait: float = 5.0
    connect: float = 5.0
    keep_alive: float = 15.0
    proxy: str | None = None
    ca_file: str | None = None
    head_line: int = 16 * 1024
    head_lines: int = 128
    head_total: int = 64 * 1024


class Reply(Protocol):
    """An answer under way.

    `status` and `headers` (lower-case names, repeated ones joined by `", "`, no `set-cookie`) stand when it is opened;
    `read` returns the next decoded bytes as they come, in pieces of bounded size, `b""` at the *proper* end, and raises
    `TransportError` when the peer stops before it. Where a body was compressed, the headers speak of the decoded one.
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

    async def aclose(self) -> None:
        """Close every connection; nothing can be opened afterwards."""
        ...


class TransportError(Exception):
    """The network failed. `sent` is False only if the upstream surely did not receive the request (replay safety)."""

    def __init__(self, message: str, *, sent: bool, timeout: bool = False) -> None:
        super().__init__(message)
        self.sent = sent
        self.timeout = timeout
