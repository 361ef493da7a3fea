"""A connection of aiohttp's pool while it serves one exchange: how it is had, written to, read from, given back or cut.

With `aiohttp_transport` the only file that imports aiohttp.
"""

import asyncio
import functools
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from aiohttp import (
    ClientConnectionResetError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientRequest,
    ClientResponseError,
    ClientTimeout,
    ServerDisconnectedError,
    StreamReader,
    TCPConnector,
)
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError, RawResponseMessage
from yarl import URL

from gateway.upstream.address import origin
from gateway.upstream.client import TransportError
from gateway.upstream.message import size, slices
from gateway.upstream.trust import reason

INTERIM: Final = 100
OK: Final = 200
SWITCHING_PROTOCOLS: Final = 101
JOINED: Final = 32 * 1024  # bytes of a body up to which one write of a copy is cheaper than two


class Line:
    """A connection while it serves one exchange."""

    __slots__ = ("_connection", "_content", "_upload", "_wire", "handler")

    def __init__(self, connection: Connection, handler: "Handler", wire: asyncio.Transport, upload: "Upload") -> None:
        self.handler = handler
        self._connection = connection
        self._wire = wire
        self._upload = upload
        self._content: StreamReader | None = None

    async def answer(
        self, head: bytes, reading: dict[str, Any], *, empty: bool
    ) -> tuple[RawResponseMessage, StreamReader]:
        """Sends; what comes before the answer proper (status 1xx) is passed over."""
        handler = self.handler
        handler.set_response_params(skip_payload=empty, **reading)
        # A peer's goodbye may lie in the socket; seen now, the request was surely not sent. Asking the socket instead (poll) was
        # tried: without this turn of the loop fewer requests leave together, and each costs 8 % more.
        await asyncio.sleep(0)
        self._upload.send(head, self._wire, handler)
        message, content = await handler.read()
        while INTERIM <= message.code < OK and message.code != SWITCHING_PROTOCOLS:
            message, content = await handler.read()
        self._content = content
        return message, content

    def end(self) -> None:
        """Gives the connection back if both ways are through, and cuts it otherwise."""
        if self._content is not None and self._content.is_eof() and self._upload.complete(self._wire):
            self._connection.release()
        else:
            self.cut()

    def cut(self) -> None:
        # Closing would first flush what is still to be sent and wait for a TLS farewell: for ever, if the peer does not read.
        self._wire.abort()
        self._upload.stop()
        _fail(self._content)
        self._connection.close()


class Handler(ResponseHandler):
    """A connection that leaves no reader waiting: aiohttp forgets to tell it of malformed chunks, and of closing the session."""

    broken = False

    async def drained(self) -> None:
        """Waits until the peer has taken most of what was written. ClientConnectionResetError, or OSError, if it went away."""
        await self._drain_helper()

    def fail(self, error: Exception) -> None:
        """Whoever waits for the answer gets this instead."""
        self.set_exception(error)
        _fail(self._payload)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.broken = exc is not None
        body = self._payload
        super().connection_lost(exc)
        _fail(body)

    def cut(self) -> None:
        body = self._payload
        self.abort()
        _fail(body)


def _fail(body: StreamReader | None) -> None:
    if body is not None and not body.is_eof() and body.exception() is None:
        body.set_exception(ClientPayloadError())


class Upload:
    """A request body. Bytes are in memory already, so the connection may have them all; a file is read from its start, slice
    by slice as the peer takes them, and left open for another attempt.
    """

    __slots__ = ("_body", "_sending", "begun", "size")

    def __init__(self, body: bytes | BinaryIO) -> None:
        self._body = body
        self._sending: asyncio.Task[None] | None = None
        self.size = size(body)
        self.begun = False

    def send(self, head: bytes, wire: asyncio.Transport, handler: "Handler") -> None:
        """Does not wait: the peer may answer before it has it all."""
        if wire.is_closing():
            raise ClientConnectionResetError("Connection lost")
        self.begun = True
        if not isinstance(self._body, bytes):
            wire.write(head)
            self._sending = asyncio.create_task(self._pour(self._body, wire, handler))
        elif self.size <= JOINED:
            wire.write(head + self._body)
        else:
            wire.writelines((head, self._body))

    def complete(self, wire: asyncio.Transport) -> bool:
        return (self._sending is None or self._sending.done()) and not wire.get_write_buffer_size()

    def stop(self) -> None:
        if self._sending is not None:
            self._sending.cancel()

    async def _pour(self, file: BinaryIO, wire: asyncio.Transport, handler: "Handler") -> None:
        left = self.size
        try:
            for piece in slices(file):
                wire.write(piece[:left])
                left -= len(piece)
                await handler.drained()
                if left <= 0:
                    return
        except (ClientError, OSError):  # whoever reads the answer is told by the handler
            return
        if left > 0:
            handler.fail(ClientOSError(None, "the file became shorter while it was sent"))


class Wanted(ClientRequest):
    """What tells aiohttp's pool which connection is wanted and how to make it, for all requests to one URL.

    aiohttp would work the pool's key out anew for each.
    """

    @functools.cached_property
    def connection_key(self) -> ConnectionKey:
        return super().connection_key


class Connector(TCPConnector):
    """A pool whose failures surely happened before anything was sent, and say why."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory = functools.partial(Handler, loop=self._loop)  # type: ignore[assignment]

    async def line(self, request: ClientRequest, limit: ClientTimeout, upload: "Upload") -> Line:
        """A connection that stands, from the pool or new."""
        try:
            while True:
                connection = await self.connect(request, [], limit)
                handler, wire = connection.protocol, connection.transport
                # Bytes that came while it was idle belong to no request; aiohttp would take them for the next answer.
                if isinstance(handler, Handler) and wire is not None and not handler.should_close:
                    return Line(connection, handler, wire, upload)
                connection.close()
        except TimeoutError:
            message = f"no connection to {origin(request.url)}{_through(request.proxy)} within {limit.connect:g} s"
            raise TransportError(message, sent=False, timeout=True) from None
        except ClientError as error:
            message = f"no connection to {origin(request.url)}{_through(request.proxy)}: {_why_not_connected(error)}"
            raise TransportError(message, sent=False) from None

    def cut(self) -> None:
        for handler in tuple(self._acquired):
            if isinstance(handler, Handler):  # or a place held for one that is being connected
                handler.cut()


def _why_not_connected(error: ClientError) -> str:
    for kind, say in NOT_CONNECTED:
        if isinstance(error, kind):
            return say(error)
    return "the connection was closed while it was made"


# Narrow kinds first.
NOT_CONNECTED: Final[tuple[tuple[type[ClientError], Callable[[Any], str]], ...]] = (
    (
        ClientConnectorCertificateError,
        lambda error: (
            f"its certificate was not accepted ({error.certificate_error.verify_message}); "
            "if its authority is your own, name it in the provider's `ca_file`"
        ),
    ),
    (ClientConnectorSSLError, lambda error: f"the TLS handshake failed ({reason(error)})"),
    (ClientConnectorDNSError, lambda error: f"its name has no address ({reason(error)})"),
    (ClientProxyConnectionError, lambda error: f"the proxy cannot be reached ({reason(error)})"),
    (ClientConnectorError, reason),
    (ClientHttpProxyError, lambda error: f"the proxy refused the tunnel with status {error.status}"),
    (ClientResponseError, lambda _: "the proxy answered with something that is not HTTP"),
)


def why_no_answer(error: Exception) -> str:
    if isinstance(error, HttpProcessingError):
        return "answered with a head that is not HTTP, or longer than allowed"
    if isinstance(error, ServerDisconnectedError):
        return "closed the connection before it answered"
    return f"broke the connection before it answered ({reason(error)})"


def why_cut(error: Exception) -> str:
    if isinstance(error, ClientOSError):
        return f"broke the connection in the middle of the answer ({reason(error)})"
    return "stopped in the middle of the answer"


def _through(proxy: URL | None) -> str:
    return f" through the proxy {origin(proxy)}" if proxy else ""
