"""The transport over aiohttp, and the only file that imports it.

It uses aiohttp's pool, writer and parser without its session: that saves a third of the CPU time of a small request, and
leaves no cookies, redirects, `.netrc`, environment look-ups in threads and silent second attempts to be switched off. What is left
of aiohttp's habits is mended here: it would flush a half-sent body to a peer that nobody listens to any more, take a
reset for a clean end, take bytes that nobody asked for as the next answer, never end the body of a malformed answer, and
forget what had come before a cut. Every mending has its test in the conformance suite.
"""

import asyncio
import functools
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any, BinaryIO, Final
from urllib.request import getproxies_environment

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
    ClientResponse,
    ClientResponseError,
    ClientTimeout,
    Payload,
    ServerDisconnectedError,
    StreamReader,
    TCPConnector,
)
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from yarl import URL

from gateway.upstream.address import Address, AddressError, address, checked, origin
from gateway.upstream.client import FRAMING, Call, Reply, TransportError, TransportLimits
from gateway.upstream.decoding import DecodingError, Read, decoded
from gateway.upstream.message import HeadError, plain_headers, size, slices
from gateway.upstream.trust import reason, trusting

READ_AHEAD: Final = 64 * 1024  # aiohttp stops reading the socket at twice this, so that the peer feels a slow reader
ADDRESSES: Final = 1024  # URLs remembered in parsed form
SWITCHING_PROTOCOLS: Final = 101
CONTENT_TYPE_ALONE: Final = ("content-type",)


class AiohttpTransport:
    """One provider's connections. Make it inside the running loop that will use it, and `aclose` it there.

    Raises ValueError, naming the setting, for a `ca_file` or `proxy` that cannot be used.
    """

    def __init__(self, limits: TransportLimits | None = None) -> None:
        self._limits = limits = limits or TransportLimits()
        self._slots = asyncio.Semaphore(limits.connections)
        self._closed = False
        if limits.proxy:
            checked(limits.proxy)
        self._variables = getproxies_environment()
        self._address = functools.lru_cache(maxsize=ADDRESSES)(self._parsed)
        self._agent = _agent()
        self._loop = asyncio.get_running_loop()
        self._connector = _Connector(
            ssl=trusting(limits.ca_file) if limits.ca_file else True,
            limit=0,  # the slots count, so that waiting for one and connecting have limits of their own
            keepalive_timeout=limits.keep_alive,
        )
        # Everything after the connection stands is timed by the caller, around `open` and `read`.
        self._connecting = ClientTimeout(total=None, connect=limits.connect)
        self._reading = {
            "read_until_eof": True,
            "auto_decompress": False,
            "read_bufsize": READ_AHEAD,
            "max_line_size": limits.head_line,
            "max_field_size": limits.head_line,
            "max_headers": limits.head_lines,
        }

    async def open(self, call: Call) -> Reply:
        """Send `call`, wait for the head. TransportError if there is none; cancelling cuts the connection."""
        target = self._address(call.url)
        await self._take_slot(target)
        try:
            return await self._exchange(call, target)
        except BaseException:
            self._slots.release()
            raise

    async def close(self, reply: Reply) -> None:
        """Give the connection back if the body was read to its end, cut it at once otherwise. Safe to call twice."""
        if not isinstance(reply, _Reply):
            raise TypeError("close the reply with the transport that opened it")
        if reply.end():
            self._slots.release()

    async def aclose(self) -> None:
        """Cut what is under way and close what is idle; nothing can be opened afterwards."""
        self._closed = True
        self._connector.cut()
        await self._connector.close()

    async def _take_slot(self, target: Address) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
        else:
            try:
                async with asyncio.timeout(self._limits.pool_wait):
                    await self._slots.acquire()
            except TimeoutError:
                raise TransportError(
                    f"all {self._limits.connections} connections to {target.origin} stayed busy for "
                    f"{self._limits.pool_wait:g} s; raise `connections` or `pool_wait` of the provider",
                    sent=False,
                    timeout=True,
                ) from None
        if self._closed:
            self._slots.release()
            raise TransportError("the transport is closed", sent=False)

    async def _exchange(self, call: Call, target: Address) -> "_Reply":
        upload = _Upload(call.body) if call.body else None
        try:
            request = self._request(call, target, upload)
            line = await self._connector.line(request, self._connecting, upload)
            try:
                return _Reply(line, await line.answer(request, self._reading), self._limits.head_total, target.origin)
            except BaseException:
                line.cut()
                raise
        # The causes stay out of the new error: aiohttp's may carry the request's headers, keys among them.
        except HeadError as error:
            raise TransportError(f"{target.origin} {error}", sent=True) from None
        except (ClientError, OSError) as error:
            sent = upload.begun if upload else not isinstance(error, ClientConnectionResetError)
            raise TransportError(f"{target.origin} {_why_no_answer(error)}", sent=sent) from None
        except ValueError:
            message = f"the request to {target.origin} cannot be sent: a header or its method has a forbidden character"
            raise TransportError(message, sent=False) from None

    def _request(self, call: Call, target: Address, upload: "_Upload | None") -> ClientRequest:
        headers = {name: value for name, value in call.headers.items() if name not in FRAMING}
        # Unpacking costs CPU and holds back the events of a stream until a block is full, so nobody is asked to pack.
        headers["accept-encoding"] = "identity"
        headers.setdefault("accept", "*/*")
        headers.setdefault("user-agent", self._agent)
        return ClientRequest(
            call.method,
            target.url,
            headers=headers,
            skip_auto_headers=None if "content-type" in headers else CONTENT_TYPE_ALONE,
            data=upload,
            loop=self._loop,
            proxy=target.proxy,
            proxy_headers={"user-agent": self._agent} if target.proxy else None,
        )

    def _parsed(self, text: str) -> Address:
        try:
            return address(text, proxy=self._limits.proxy, variables=self._variables)
        except AddressError as error:
            raise TransportError(str(error), sent=False) from None


class _Reply:
    """An answer under way; see `Reply`."""

    __slots__ = ("_content", "_ends_with_connection", "_line", "_open", "_origin", "_unpacked", "headers", "status")

    def __init__(self, line: "_Line", response: ClientResponse, most: int, origin: str) -> None:
        headers = plain_headers(response.raw_headers, most)
        self.status = response.status
        self.headers: Mapping[str, str] = headers
        self._line = line
        self._content = response.content
        self._open = True
        self._origin = origin
        self._unpacked: Read | None = (
            None  # no bound method of its own in the usual case: a cycle is work for the collector
        )
        coding = headers.get("transfer-encoding")
        if coding is not None and coding.lower() != "chunked":
            raise TransportError(f"{origin} sent a transfer-encoding other than `chunked`", sent=True)
        if self.status == SWITCHING_PROTOCOLS:
            raise TransportError(f"{origin} switched protocols unasked", sent=True)
        self._ends_with_connection = coding is None and "content-length" not in headers
        if codings := headers.get("content-encoding"):
            try:
                self._unpacked = decoded(codings, self._received)
            except DecodingError as error:
                raise TransportError(f"{origin}: {error}", sent=True) from None
            del headers["content-encoding"]
            headers.pop("content-length", None)

    async def read(self) -> bytes:
        if self._unpacked is None:
            return await self._received()
        try:
            return await self._unpacked()
        except DecodingError as error:
            raise TransportError(f"{self._origin}: {error}", sent=True) from None

    def end(self) -> bool:
        """Whether this is the first time; the connection is free or cut afterwards."""
        if not self._open:
            return False
        self._open = False
        if not self._line.complete:
            self._line.cut()
        return True

    async def _received(self) -> bytes:
        content = self._content
        try:
            data = await content.readany()
        except (ClientError, OSError, RuntimeError) as error:
            # aiohttp reports the cut before it hands out what came earlier: take that first, and fail at the next read.
            content.set_exception(None)  # type: ignore[arg-type]
            data = content.read_nowait()
            content.set_exception(error)
            if not data:
                raise TransportError(f"{self._origin} {_why_cut(error)}", sent=True) from None
            return data
        # Where only the end of the connection ends the body, aiohttp takes a reset for it.
        if not data and self._ends_with_connection and self._line.handler.broken:
            raise TransportError(f"{self._origin} reset the connection in the middle of the answer", sent=True)
        return data


class _Line:
    """A connection while it serves one exchange."""

    __slots__ = ("_connection", "_response", "_upload", "_wire", "handler")

    def __init__(
        self, connection: Connection, handler: "_Handler", wire: asyncio.Transport, upload: "_Upload | None"
    ) -> None:
        self.handler = handler
        self._connection = connection
        self._wire = wire
        self._upload = upload
        self._response: ClientResponse | None = None

    async def answer(self, request: ClientRequest, reading: dict[str, Any]) -> ClientResponse:
        self.handler.set_response_params(skip_payload=request.method == "HEAD", **reading)
        self._response = await request.send(self._connection)
        return await self._response.start(self._connection)

    @property
    def complete(self) -> bool:
        """Whether both ways are through; then aiohttp has given the connection back, or closed it if the peer wished so."""
        sent = self._upload is None or self._upload.complete
        return sent and self._response is not None and self._response.closed

    def cut(self) -> None:
        # Closing would first flush what is still to be sent and wait for a TLS farewell: for ever, if the peer does not read.
        self._wire.abort()
        if self._response is not None:
            self._response.close()
        self._connection.close()


class _Handler(ResponseHandler):
    """A connection that leaves no reader waiting: aiohttp forgets to tell it of malformed chunks, and of closing the session."""

    broken = False

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


class _Upload(Payload):
    """A request body, sent in slices with back-pressure. A file is read from its start and left open for another attempt."""

    _autoclose = True
    _value: bytes | BinaryIO

    def __init__(self, body: bytes | BinaryIO) -> None:
        super().__init__(body, content_type="application/octet-stream")
        self._size = size(body)
        self.begun = False
        self.complete = False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002  aiohttp's signature
        raise TypeError("an upload is never shown as text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        # aiohttp keeps the head back until the first piece, and refuses both if the connection is closing.
        self.begun = writer.transport is not None and not writer.transport.is_closing()
        left = self._size or 0
        for piece in slices(self._value):
            await writer.write(piece[:left])
            left -= len(piece)
            if left <= 0:
                break
        if left > 0:
            raise OSError("the file became shorter while it was sent")
        await writer.drain()
        self.complete = True


class _Connector(TCPConnector):
    """A pool whose failures surely happened before anything was sent, and say why."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory = functools.partial(_Handler, loop=self._loop)  # type: ignore[assignment]

    async def line(self, request: ClientRequest, limit: ClientTimeout, upload: "_Upload | None") -> _Line:
        """A connection that stands, from the pool or new."""
        try:
            while True:
                connection = await self.connect(request, [], limit)
                handler, wire = connection.protocol, connection.transport
                # Bytes that came while it was idle belong to no request; aiohttp would take them for the next answer.
                if isinstance(handler, _Handler) and wire is not None and not handler.should_close:
                    return _Line(connection, handler, wire, upload)
                connection.close()
        except TimeoutError:
            message = f"no connection to {origin(request.url)}{_through(request.proxy)} within {limit.connect:g} s"
            raise TransportError(message, sent=False, timeout=True) from None
        except ClientError as error:
            message = f"no connection to {origin(request.url)}{_through(request.proxy)}: {_why_not_connected(error)}"
            raise TransportError(message, sent=False) from None

    def cut(self) -> None:
        for handler in tuple(self._acquired):
            if isinstance(handler, _Handler):  # or a place held for one that is being connected
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


def _why_no_answer(error: Exception) -> str:
    if isinstance(error, ClientResponseError):
        return "answered with a head that is not HTTP, or longer than allowed"
    if isinstance(error, ServerDisconnectedError):
        return "closed the connection before it answered"
    return f"broke the connection before it answered ({reason(error)})"


def _why_cut(error: Exception) -> str:
    if isinstance(error, ClientOSError):
        return f"broke the connection in the middle of the answer ({reason(error)})"
    return "stopped in the middle of the answer"


def _through(proxy: URL | None) -> str:
    return f" through the proxy {origin(proxy)}" if proxy else ""


def _agent() -> str:
    try:
        return f"haechi/{metadata.version('haechi')}"
    except metadata.PackageNotFoundError:  # a source tree that is not installed
        return "haechi/0"
