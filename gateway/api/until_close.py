"""Answers to callers that speak HTTP/1.0, which knows no chunks: what has no length ends where the connection does."""

import socket
import struct
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_AT_ONCE: Final = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection


def until_close(app: ASGIApp, cycle: RequestResponseCycle) -> ASGIApp:
    """The application, with its answers in this form. One that breaks off resets the line: a plain end would make it whole."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        unframed = False

        async def plainly(message: Message) -> None:
            nonlocal unframed
            if message["type"] == "http.response.start":
                unframed = all(name.lower() != b"content-length" for name, _ in message["headers"])
                if unframed:
                    cycle.chunked_encoding = False
            elif unframed:
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        try:
            await app(scope, receive, plainly)
        finally:
            if unframed and not cycle.response_complete and not cycle.disconnected:
                _reset(cycle)

    return answer


def _reset(cycle: RequestResponseCycle) -> None:
    line = cycle.transport.get_extra_info("socket")
    if line is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
