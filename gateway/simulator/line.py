"""The connection itself: the one place that reaches below ASGI, to break or drop it.

`Protocol` goes to uvicorn as its HTTP class and puts a `Line` into the scope of each request.
"""

import asyncio
import socket
import struct
from typing import Final

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION: Final = "haechi.line"
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class Line:
    """One client's TCP connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def reset(self) -> None:
        """Send RST: what the kernel still holds is lost."""
        peer = self._transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def close(self) -> None:
        """Send FIN behind everything that was written."""
        self._transport.close()


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with a `Line` in each scope."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"line": Line(self.transport)}}


def line_of(scope: Scope) -> Line:
    """The line below a request; only a server started by `serve` has one."""
    try:
        found: Line = scope["extensions"][_EXTENSION]["line"]
    except KeyError:
        raise RuntimeError("a cut needs the simulator's own server: start it with gateway.simulator.serve") from None
    return found
