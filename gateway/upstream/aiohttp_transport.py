"""The transport over aiohttp; with `aiohttp_line` the only file that imports it.

It uses aiohttp's pool and parser without its session, requests and responses: that saves more than half of the CPU time of
a small request, and leaves no cookies, redirects, `.netrc`, environment look-ups in threads and silent second attempts to be switched off. What is left
of aiohttp's habits is mended here: it would flush a half-sent body to a peer that nobody listens to any more, take a
reset for a clean end, take bytes that nobody asked for as the next answer, never end the body of a malformed answer, and
forget what had come before a cut. Every mending has its test in the conformance suite.
"""

import asyncio
import functools
from collections.abc import Coroutine, Mapping
from importlib import metadata
from typing import Any, Final, NamedTuple
from urllib.request import getproxies_environment

from aiohttp import (
    ClientError,
    ClientRequest,
    ClientTimeout,
    StreamReader,
)
from aiohttp.http import HttpProcessingError, RawResponseMessage

from gateway.upstream.address import Address, AddressError, address, checked
from gateway.upstream.aiohttp_line import SWITCHING_PROTOCOLS, Connector, Line, Upload, Wanted, why_cut, why_no_answer
from gateway.upstream.client import FRAMING, Call, Reply, TransportError, TransportLimits
from gateway.upstream.decoding import DecodingError, Read, decoded
from gateway.upstream.message import HeadError, plain_headers, request_head
from gateway.upstream.trust import trusting

READ_AHEAD: Final = 64 * 1024  # aiohttp stops reading the socket at twice this, so that the peer feels a slow reader
ADDRESSES: Final = 1024  # URLs remembered in parsed form
BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


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
        self._targets = functools.lru_cache(maxsize=ADDRESSES)(self._target)
        self._agent = _agent()
        self._loop = asyncio.get_running_loop()
        self._connector = Connector(
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
        target = self._targets(call.url)
        if self._slots.locked():
            await self._wait_for_slot(target.address)
        else:
            await self._slots.acquire()
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

    async def _wait_for_slot(self, target: Address) -> None:
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

    async def _exchange(self, call: Call, target: "_Target") -> "_Reply":
        if self._closed:
            raise TransportError("the transport is closed", sent=False)
        upload = Upload(call.body)
        try:
            request = target.direct or self._request(target.address)
            line = await self._connector.line(request, self._connecting, upload)
            try:
                head = self._head(call, target, request, upload.size)
                message, content = await line.answer(head, self._reading, empty=call.method == "HEAD")
                return _Reply(line, message, content, self._limits.head_total, target.address.origin)
            except BaseException:
                line.cut()
                raise
        # The causes stay out of the new error: aiohttp's may carry the request's headers, keys among them.
        except HeadError as error:
            raise TransportError(f"{target.address.origin} {error}", sent=True) from None
        except (ClientError, HttpProcessingError, OSError) as error:
            raise TransportError(f"{target.address.origin} {why_no_answer(error)}", sent=upload.begun) from None
        except ValueError:
            refused = f"the request to {target.address.origin} cannot be sent: a header or its method has a forbidden character"
            raise TransportError(refused, sent=False) from None

    def _head(self, call: Call, target: "_Target", request: ClientRequest, length: int) -> bytes:
        given = call.headers
        if not FRAMING.isdisjoint(given):
            given = {name: value for name, value in given.items() if name not in FRAMING}
        # Unpacking costs CPU and holds back the events of a stream until a block is full, so nobody is asked to pack.
        own = {"host": target.host, "accept-encoding": "identity", "accept": "*/*", "user-agent": self._agent}
        headers = {**own, **given}
        if length or call.method not in BODILESS:
            headers["content-length"] = str(length)
        if request.proxy and (authorization := request.headers.get("proxy-authorization")):
            headers["proxy-authorization"] = authorization
        return request_head(call.method, target.path, headers)

    def _request(self, address: Address) -> Wanted:
        """It is changed if there is a proxy."""
        return Wanted(
            "GET",
            address.url,
            headers=None,
            loop=self._loop,
            proxy=address.proxy,
            proxy_headers={"user-agent": self._agent} if address.proxy else None,
        )

    def _target(self, text: str) -> "_Target":
        try:
            to = address(text, proxy=self._limits.proxy, variables=self._variables)
        except AddressError as error:
            raise TransportError(str(error), sent=False) from None
        path = str(to.url) if to.proxy and to.url.scheme == "http" else to.url.raw_path_qs
        return _Target(to, to.url.host_port_subcomponent or "", path, None if to.proxy else self._request(to))


class _Target(NamedTuple):
    """A URL, and what requests to it have in common. `path` is the request's target in the form that its way asks for."""

    address: Address
    host: str
    path: str
    direct: Wanted | None


class _Reply:
    """An answer under way; see `Reply`."""

    __slots__ = ("_content", "_ends_with_connection", "_line", "_open", "_origin", "_unpacked", "headers", "status")

    def __init__(self, line: Line, message: RawResponseMessage, content: StreamReader, most: int, origin: str) -> None:
        headers = plain_headers(message.raw_headers, most)
        self.status = message.code
        self.headers: Mapping[str, str] = headers
        self._line = line
        self._content = content
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

    def read(self) -> Coroutine[Any, Any, bytes]:
        return self._received() if self._unpacked is None else self._decoded(self._unpacked)

    def end(self) -> bool:
        """Whether this is the first time; the connection is free or cut afterwards."""
        if not self._open:
            return False
        self._open = False
        self._line.end()
        return True

    async def _decoded(self, unpacked: Read) -> bytes:
        try:
            return await unpacked()
        except DecodingError as error:
            raise TransportError(f"{self._origin}: {error}", sent=True) from None

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
                raise TransportError(f"{self._origin} {why_cut(error)}", sent=True) from None
            return data
        # Where only the end of the connection ends the body, aiohttp takes a reset for it.
        if not data and self._ends_with_connection and self._line.handler.broken:
            raise TransportError(f"{self._origin} reset the connection in the middle of the answer", sent=True)
        return data


def _agent() -> str:
    try:
        return f"haechi/{metadata.version('haechi')}"
    except metadata.PackageNotFoundError:  # a source tree that is not installed
        return "haechi/0"
