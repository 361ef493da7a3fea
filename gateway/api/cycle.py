"""One request and its answer: uvicorn's cycle, with a shorter way for what the gateway does with nearly every one.

uvicorn takes a head and its body as two messages, looks at each name and value of a header by itself, and copies the body of a
request twice. The shorter way saves a small request about 10 µs of 200, and a large one those copies.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from starlette.types import Message
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from gateway.api.replying import ANSWER

_CHUNKED: Final = (b"transfer-encoding", b"chunked")
_CLOSE: Final = (b"connection", b"close")
_HEADERS: Final = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [^\x00-\x08\x0a-\x1f\x7f]*\n)*")


class Cycle(RequestResponseCycle):
    """Takes messages of the type `ANSWER` besides those of ASGI, for requests by HTTP/1.1 that are not HEAD."""

    access_log = False
    disconnected = False
    more_body = True
    response_started = False
    response_complete = False
    chunked_encoding = None
    expected_content_length = 0
    logger = logging.getLogger("uvicorn.error")

    def __init__(
        self,
        scope: Any,
        transport: Any,
        flow: FlowControl,
        default_headers: list[tuple[bytes, bytes]],
        on_response: Callable[[], None],
        *,
        keep_alive: bool,
        expect_100_continue: bool,
    ) -> None:
        """In place of uvicorn's, which takes eleven things by name: what is the same for all stands in the class."""
        self.scope = scope
        self.transport = transport
        self.flow = flow
        self.default_headers = default_headers
        self.on_response = on_response
        self.message_event = asyncio.Event()
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = expect_100_continue
        self.held = 0
        self._pieces: list[bytes] = []

    def take(self, piece: bytes) -> None:
        """A piece of the request's body has come. `held` is how many bytes nobody has asked for yet."""
        self._pieces.append(piece)
        self.held += len(piece)
        self.message_event.set()

    async def receive(self) -> Any:
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        if not self.disconnected and not self.response_complete:
            self.flow.resume_reading()
            if not self.message_event.is_set():
                await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        pieces, self._pieces, self.held = self._pieces, [], 0
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        return self._answer(message) if message["type"] == ANSWER else super().send(message)

    async def _answer(self, message: Message) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        body, headers, more = message["body"], [*self.default_headers, *message["headers"]], message["more_body"]
        chunked = not message["whole"]
        if chunked:
            headers.append(_CHUNKED)
            body = _chunks(body, more=more)
        data = self._head(message["status"], headers) + body
        self.response_started = True
        self.waiting_for_100_continue = False
        self.chunked_encoding = chunked
        self.transport.write(data)
        if not more:
            self._complete()

    def _head(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        if _CLOSE in headers:
            self.keep_alive = False
        elif not self.keep_alive:
            headers.append(_CLOSE)
        lines = b"\n".join([b": ".join(header) for header in headers]) + b"\n"
        if _HEADERS.fullmatch(lines) is None:
            raise RuntimeError("a header of an answer has a forbidden character")
        return STATUS_LINE[status] + lines.replace(b"\n", b"\r\n") + b"\r\n"

    def _complete(self) -> None:
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _chunks(data: bytes, *, more: bool) -> bytes:
    chunk = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
    return chunk if more else chunk + b"0\r\n\r\n"
