"""The HTTP server: uvicorn, with limits on what a request's head may be and how long it may take."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any, Final

import httptools
import msgspec
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.api.leash import LEAVING, Leaving
from gateway.api.until_close import until_close
from gateway.config.structs import Limits

_MOST_REST: Final = 1024 * 1024
"""Bytes of a refused body that are read and thrown away, so that its sender sees the answer and not a broken line."""
_FRAMING_SHARE: Final = 8
"""Times a chunk's length that its framing may take: five bytes for a chunk of one, and some."""
_FAREWELL_SECONDS: Final = 10.0
"""For what is still to be sent when a connection closes; a peer that does not read must not hold it."""
_PHRASES = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class HeadWithBody:
    """A transport that holds the head of an answer back until its first body goes out: one system call less per answer.

    Whatever is still held at the end of this turn of the loop goes out alone.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 "):
            self._head = data
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(_FAREWELL_SECONDS, self._transport.abort)

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)


class GuardedProtocol(HttpToolsProtocol):
    """Bounds what uvicorn leaves unbounded: the size of a head and the time it takes, blank lines before it, what frames a
    chunked body, trailers, and the rest of a body that was refused.

    An offer to upgrade is declined by going on as if it had not been made (RFC 9110, section 7.8). The parser cannot be told:
    it takes the body for the other protocol's. So such a head is read twice, the second time without the offer.
    """

    limits: Limits
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _in_head = False
    _in_body = False
    _framing = 0
    _rest = 0
    _rest_timer: asyncio.TimerHandle | None = None
    _leaving: Leaving
    _offer: list[tuple[bytes, bytes]]
    _running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self.transport = HeadWithBody(transport, self.loop)  # type: ignore[assignment]  # all that uvicorn uses of one
        self._leaving = Leaving()
        self._offer = []
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting_for_head()
        self._stop_waiting_for_rest()
        super().connection_lost(exc)
        if self._running is not None:  # uvicorn tells the newest alone, which may be one that waits behind it
            self._running.disconnected = True
            self._running.message_event.set()
        self.pipeline.clear()
        self._leaving.lose()

    def data_received(self, data: bytes) -> None:
        if self._in_body:
            self._framing += len(data)
        else:
            self._head_bytes += len(data)
            if not self._is_answering():
                self._await_head()
        self._unset_keepalive_if_required()
        self._feed(data)
        if self._head_bytes > self.limits.header_bytes:
            self._refuse_head()
        elif self._in_body and self._framing > self.limits.header_bytes:
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # a trailer is none, whatever it calls itself
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                self._refuse(400, "There is no tunnel here; send the request itself.")
            return
        self.headers += self._offer
        self._offer = []
        self._stop_waiting_for_head()
        self._in_head = False
        self._in_body = True
        self._head_bytes = self._framing = self._rest = 0
        if sum(len(name) + len(value) for name, value in self.headers) + len(self.url) > self.limits.header_bytes:
            self._refuse_head()
            return
        self.scope["extensions"] = {LEAVING: self._leaving}  # type: ignore[dict-item]  # an extension is any object
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._framing -= _FRAMING_SHARE * len(body)
        if self.cycle.response_complete:
            self._rest += len(body)
            if self._rest > _MOST_REST:
                self.transport.close()
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._in_body = False
        super().on_message_complete()
        if self._rest_timer is not None:  # the answer is out, so the connection is idle from now on
            self._stop_waiting_for_rest()
            self._await_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_body and self.cycle.response_complete and not self.transport.is_closing():
            self._rest_timer = self.loop.call_later(self.limits.body_seconds, self.transport.close)

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, msg)

    def _feed(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest and not self.transport.is_closing():
                try:
                    self.parser.feed_data(rest)
                except httptools.HttpParserUpgrade as offered:
                    rest = rest[offered.args[0] :]
                    self._decline()
                else:
                    return
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _decline(self) -> None:
        """Reads the head again with another parser: this one is past the body. The offer is put back for who answers."""
        if self.transport.is_closing():
            return
        self._offer = [header for header in self.headers if header[0] == b"upgrade"]
        kept = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        version = self.parser.get_http_version().encode()
        first = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, version)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self.parser.feed_data(b"".join([first, *kept, b"\r\n"]))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        if cycle.scope["http_version"] == "1.0":
            app = until_close(app, cycle)
        super()._start_asgi_task(cycle, app)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.limits.header_seconds, self._too_slow)

    def _too_slow(self) -> None:
        self._head_timer = None
        if self._head_bytes:
            self._refuse(408, f"The request's headers were not complete after {self.limits.header_seconds:g} seconds.")
        else:
            self.transport.close()

    def _stop_waiting_for_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_waiting_for_rest(self) -> None:
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None

    def _refuse_head(self) -> None:
        self._refuse(431, f"The request's headers are larger than {self.limits.header_bytes} bytes.")

    def _refuse(self, status: int, message: str) -> None:
        """Says so and closes; where an answer to an earlier request is under way, only the end of the line can say it."""
        if self.transport.is_closing():
            return
        if self._is_answering():
            self.transport.close()
            return
        body = msgspec.json.encode(
            {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_request"}}
        )
        head = (
            f"HTTP/1.1 {status} {_PHRASES[status]}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


class Server(uvicorn.Server):
    """A server whose signals are the application's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(app: ASGIApp, limits: Limits) -> Server:
    """Streams get the drain limit and a little more, in which they are told that it is over."""
    protocol: type[Any] = type("Protocol", (GuardedProtocol,), {"limits": limits})
    return Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=int(limits.drain) + 3,
        )
    )
