"""The HTTP server: uvicorn, with limits on what a request's head may be and how long it may take."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

import httptools
import msgspec
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.api.alarm import Alarm
from gateway.api.cycle import Cycle
from gateway.api.leash import LEAVING, Leaving
from gateway.api.refusal import new_id
from gateway.api.replying import ANSWER
from gateway.api.until_close import until_close
from gateway.config.structs import Limits

_MOST_REST: Final = 1024 * 1024
"""Bytes of a refused body that are read and thrown away, so that its sender sees the answer and not a broken line."""
_MOST_HELD: Final = 256 * 1024
"""Bytes of a body that nobody has asked for yet, from which on no more is read. One read of uvloop may bring as many."""
_FRAMING_SHARE: Final = 8
"""Times a chunk's length that its framing may take: five bytes for a chunk of one, and some."""
_FAREWELL_SECONDS: Final = 10.0
"""For what is still to be sent when a connection closes; a peer that does not read must not hold it."""
_PHRASES = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class Farewell:
    """A transport whose end cannot be held up by a peer that does not read."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info

    def close(self) -> None:
        self._transport.close()
        if self._transport.get_write_buffer_size():
            self._loop.call_later(_FAREWELL_SECONDS, self._transport.abort)


class GuardedProtocol(HttpToolsProtocol):
    """Bounds what uvicorn leaves unbounded: the size of a head and the time it takes, blank lines before it, what frames a
    chunked body, trailers, and the rest of a body that was refused.

    An offer to upgrade is declined by going on as if it had not been made (RFC 9110, section 7.8). The parser cannot be told:
    it takes the body for the other protocol's. So such a head is read twice, the second time without the offer.
    """

    limits: Limits
    cycle: Cycle
    _head_bytes = 0
    _head_length = 0
    _head: Alarm
    _idle: Alarm
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
        self.transport = Farewell(transport, self.loop)  # type: ignore[assignment]  # all that uvicorn uses of one
        self._head = Alarm(self.loop, self._too_slow)
        self._idle = Alarm(self.loop, self.timeout_keep_alive_handler)
        self._leaving = Leaving()
        self._offer = []
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting_for_rest()
        super().connection_lost(exc)
        self._head.close()
        self._idle.close()
        if self._running is not None:  # uvicorn tells the newest alone, which may be one that waits behind it
            self._running.disconnected = True
            self._running.message_event.set()
        self.pipeline.clear()
        self._leaving.lose()

    def data_received(self, data: bytes) -> None:
        self._idle.unset()
        if self._in_body:
            self._framing += len(data)
        else:
            self._head_bytes += len(data)
        self._feed(data)
        if self._head_bytes > self.limits.header_bytes:
            self._refuse_head()
        elif self._in_body:
            if self._framing > self.limits.header_bytes:
                self.transport.close()
        elif self._in_head or not self._is_answering():
            self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._head_length = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:  # a trailer is none, whatever it calls itself
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self._head_length += len(name) + len(value)
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                self._refuse(400, "There is no tunnel here; send the request itself.")
            return
        for name, value in self._offer:
            self.on_header(name, value)
        self._offer = []
        self._head.unset()
        self._in_head = False
        self._in_body = True
        self._head_bytes = self._framing = self._rest = 0
        if self._head_length + len(self.url) > self.limits.header_bytes:
            self._refuse_head()
            return
        self._begin()

    def on_body(self, body: bytes) -> None:
        self._framing -= _FRAMING_SHARE * len(body)
        cycle = self.cycle
        if cycle.response_complete:
            self._rest += len(body)
            if self._rest > _MOST_REST:
                self.transport.close()
        else:
            cycle.take(body)
            if cycle.held > _MOST_HELD:
                self.flow.pause_reading()

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._in_body = False
        if not self.cycle.response_complete:
            self.cycle.more_body = False
            self.cycle.message_event.set()
        if self._rest_timer is not None:  # the answer is out, so the connection is idle from now on
            self._stop_waiting_for_rest()
            self._await_head()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            return
        self._idle.set(self.timeout_keep_alive)
        if self._in_body:
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

    def _begin(self) -> None:
        """As uvicorn, with our own cycle and what it offers."""
        scope, method, version = self.scope, self.parser.get_method().decode("ascii"), self.parser.get_http_version()
        place = httptools.parse_url(self.url)
        path = place.path.decode("ascii")
        extensions: dict[Any, Any] = {LEAVING: self._leaving}
        if version == "1.1" and method != "HEAD":
            extensions[ANSWER] = {}
        scope["method"] = method
        scope["http_version"] = version
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = place.path
        scope["query_string"] = place.query or b""
        scope["extensions"] = extensions
        waiting = self._is_answering()
        cycle = self.cycle = Cycle(
            scope,
            self.transport,
            self.flow,
            self.server_state.default_headers,
            self.on_response_complete,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            expect_100_continue=self.expect_100_continue,
        )
        if waiting:  # behind the answers to requests that came before
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))
        else:
            self._start_asgi_task(cycle, self.app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        if cycle.scope["http_version"] == "1.0":
            app = until_close(app, cycle)
        super()._start_asgi_task(cycle, app)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first

    def _await_head(self) -> None:
        if not self._head.is_set:
            self._head.set(self.limits.header_seconds)

    def _too_slow(self) -> None:
        if self._head_bytes:
            self._refuse(408, f"The request's headers were not complete after {self.limits.header_seconds:g} seconds.")
        else:
            self.transport.close()

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
            f"x-haechi-request-id: {new_id()}\r\n"
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
