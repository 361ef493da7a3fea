"""The transport over aiohttp, and the only file that imports it.

What aiohttp would do by itself and must not: send a request again (its own retry of idempotent methods), follow redirects,
keep cookies, read `.netrc`, look up the proxy variables in a thread for each request, flush a half-sent body to a peer that
nobody listens to any more, take a reset for a clean end, take bytes that nobody asked for as the next answer, and forget
what had come before a cut.
"""

import asyncio
import functools
import os
from collections.abc import Callable, Iterator, Mapping
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
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    Payload,
    ServerDisconnectedError,
    StreamReader,
    TCPConnector,
)
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

from gateway.upstream.address import Address, AddressError, address, checked, origin
from gateway.upstream.client import FRAMING, Call, Reply, TransportError, TransportLimits
from gateway.upstream.decoding import DecodingError, Read, decoded
from gateway.upstream.trust import reason, trusting

READ_AHEAD: Final = 64 * 1024  # aiohttp stops reading the socket at twice this, so that the peer feels a slow reader
SLICE: Final = 256 * 1024  # of a request body, written at once
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
        self._agent = {"user-agent": _agent()}
        self._connector = _Connector(
            ssl=trusting(limits.ca_file) if limits.ca_file else True,
            limit=0,  # the slots count, so that waiting for one and connecting have limits of their own
            keepalive_timeout=limits.keep_alive,
        )
        self._session = ClientSession(
            connector=self._connector,
            cookie_jar=DummyCookieJar(),
            response_class=_Response,
            # Everything after the connection stands is timed by the caller, around `open` and `read`.
            timeout=ClientTimeout(total=None, connect=limits.connect, ceil_threshold=limits.connect + 1),
            auto_decompress=False,
            read_bufsize=READ_AHEAD,
            max_line_size=limits.head_line,
            max_field_size=limits.head_line,
            max_headers=limits.head_lines,
        )
        # There is no public switch. A second GET or DELETE is the caller's decision, with its own counting.
        self._session._retry_connection = False  # noqa: SLF001

    async def open(self, call: Call) -> Reply:
        """Send `call`, wait for the head. TransportError if there is none; cancelling cuts the connection."""
        target = self._address(call.url)
        await self._take_slot(target)
        try:
            return self._reply(await self._answer(call, target), target)
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
        """Cut what is under way, close what is idle."""
        self._closed = True
        self._connector.cut()
        await self._session.close()

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

    async def _answer(self, call: Call, target: Address) -> "_Response":
        headers = {name: value for name, value in call.headers.items() if name not in FRAMING}
        # Unpacking costs CPU and holds back the events of a stream until a block is full, so nobody is asked to pack.
        headers["accept-encoding"] = "identity"
        headers.setdefault("accept", "*/*")
        if "user-agent" not in headers:
            headers.update(self._agent)
        upload = _Upload(call.body) if call.body else None
        try:
            response = await self._session.request(
                call.method,
                target.url,
                headers=headers,
                data=upload,
                allow_redirects=False,
                skip_auto_headers=None if "content-type" in headers else CONTENT_TYPE_ALONE,
                proxy=target.proxy,
                proxy_headers=self._agent if target.proxy else None,
            )
        # The causes stay out of the new error: aiohttp's carry the request's headers, keys among them.
        except (ClientError, OSError) as error:
            sent = upload.begun if upload else not isinstance(error, ClientConnectionResetError)
            raise TransportError(f"{target.origin} {_why_no_answer(error)}", sent=sent) from None
        except ValueError:
            message = f"the request to {target.origin} cannot be sent: a header or its method has a forbidden character"
            raise TransportError(message, sent=False) from None
        if not isinstance(response, _Response):
            raise TypeError("the session's response_class is not honoured")
        response.upload = upload
        return response

    def _reply(self, response: "_Response", target: Address) -> "_Reply":
        try:
            return _Reply(response, _plain_headers(response, self._limits.head_total), target.origin)
        except BaseException:
            response.close()
            raise

    def _parsed(self, text: str) -> Address:
        try:
            return address(text, proxy=self._limits.proxy, variables=self._variables)
        except AddressError as error:
            raise TransportError(str(error), sent=False) from None


class _Reply:
    """An answer under way; see `Reply`."""

    __slots__ = ("_ends_with_connection", "_origin", "_read", "_response", "headers", "open", "status")

    def __init__(self, response: "_Response", headers: dict[str, str], origin: str) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = headers
        self.open = True
        self._response = response
        self._origin = origin
        self._read: Read = self._received
        coding = headers.get("transfer-encoding")
        if coding is not None and coding.lower() != "chunked":
            raise TransportError(f"{origin} sent a transfer-encoding other than `chunked`", sent=True)
        if self.status == SWITCHING_PROTOCOLS:
            raise TransportError(f"{origin} switched protocols unasked", sent=True)
        self._ends_with_connection = coding is None and "content-length" not in headers
        if codings := headers.get("content-encoding"):
            try:
                self._read = decoded(codings, self._received)
            except DecodingError as error:
                raise TransportError(f"{origin}: {error}", sent=True) from None
            del headers["content-encoding"]
            headers.pop("content-length", None)

    async def read(self) -> bytes:
        try:
            return await self._read()
        except DecodingError as error:
            raise TransportError(f"{self._origin}: {error}", sent=True) from None

    def end(self) -> bool:
        """Whether this is the first time; the connection is free or cut afterwards."""
        if not self.open:
            return False
        self.open = False
        self._response.close()
        return True

    async def _received(self) -> bytes:
        content = self._response.content
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
        if not data and self._ends_with_connection and getattr(self._response.handler, "broken", False):
            raise TransportError(f"{self._origin} reset the connection in the middle of the answer", sent=True)
        return data


class _Response(ClientResponse):
    """A response that closes at once, and knows how its connection ended."""

    upload: "_Upload | None" = None
    handler: ResponseHandler | None = None
    _wire: asyncio.Transport | None = None

    async def start(self, connection: Connection) -> ClientResponse:
        self.handler = connection.protocol
        self._wire = connection.transport
        return await super().start(connection)

    def close(self) -> None:
        """Cut, unless the answer is complete and its connection gone back to the pool; aiohttp calls it when `start` fails.

        Closing would first flush what is still to be sent and wait for a TLS farewell: for ever, if the peer does not read.
        """
        halfway = self.upload is not None and not self.upload.complete
        if self._wire is not None and (halfway or not self.closed):
            self._wire.abort()
        super().close()


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
        self._size = len(body) if isinstance(body, bytes) else body.seek(0, os.SEEK_END)
        self.begun = False
        self.complete = False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002  aiohttp's signature
        raise TypeError("an upload is never shown as text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        # aiohttp keeps the head back until the first piece, and refuses both if the connection is closing.
        self.begun = writer.transport is not None and not writer.transport.is_closing()
        left = self._size or 0
        for piece in _slices(self._value):
            await writer.write(piece[:left])
            left -= len(piece)
            if left <= 0:
                break
        if left > 0:
            raise OSError("the file became shorter while it was sent")
        await writer.drain()
        self.complete = True


def _slices(body: bytes | BinaryIO) -> Iterator[bytes | memoryview]:
    if isinstance(body, bytes):
        if len(body) <= SLICE:
            yield body
            return
        view = memoryview(body)
        for start in range(0, len(body), SLICE):
            yield view[start : start + SLICE]
        return
    body.seek(0)
    # Read here, not in a thread: the gateway wrote the file a moment ago, and a thread that still reads after a cancelled
    # attempt would move the position under the next one.
    while piece := body.read(SLICE):
        yield piece


class _Connector(TCPConnector):
    """A pool whose failures surely happened before anything was sent, and say why."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._factory = functools.partial(_Handler, loop=self._loop)  # type: ignore[assignment]

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:  # noqa: ASYNC109  aiohttp's signature
        try:
            while True:
                connection = await super().connect(req, traces, timeout)
                # Bytes that came while it was idle belong to no request; aiohttp would take them for the next answer.
                if connection.protocol is None or not connection.protocol.should_close:
                    return connection
                connection.close()
        except TimeoutError:
            message = f"no connection to {origin(req.url)}{_through(req.proxy)} within {timeout.connect:g} s"
            raise TransportError(message, sent=False, timeout=True) from None
        except ClientError as error:
            message = f"no connection to {origin(req.url)}{_through(req.proxy)}: {_why_not_connected(error)}"
            raise TransportError(message, sent=False) from None

    def cut(self) -> None:
        for handler in tuple(self._acquired):
            if isinstance(handler, _Handler):  # or a place held for one that is being connected
                handler.cut()


def _plain_headers(response: ClientResponse, most: int) -> dict[str, str]:
    """Lower-case names; repeated headers joined. Latin-1, as ASGI and HTTP have it, so that any byte survives the way through."""
    headers: dict[str, str] = {}
    total = 0
    for raw_name, raw_value in response.raw_headers:
        total += len(raw_name) + len(raw_value)
        name = raw_name.lower().decode("latin-1")
        value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if total > most:
        message = f"{origin(response.url)} sent {total} bytes of headers; {most} are allowed"
        raise TransportError(message, sent=True)
    headers.pop("set-cookie", None)
    return headers


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
