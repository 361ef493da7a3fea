"""Calls an ASGI application in this process, without a server."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from starlette.types import ASGIApp, Message


class Called(NamedTuple):
    """The answer, whole. Header names are as they were sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


async def called(
    app: ASGIApp,
    path: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    query: str = "",
) -> Called:
    """Asks with JSON from this machine, and stays until the answer has come."""
    sent: list[Message] = []
    given = {"host": "127.0.0.1", "content-type": "application/json", **(headers or {})}
    asked: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not asked:
            await asyncio.Event().wait()  # the caller stays
        return asked.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "extensions": {},
    }
    await app(scope, receive, send)
    whole = b"".join(one.get("body", b"") for one in sent if one["type"] == "http.response.body")
    return Called(sent[0]["status"], sent[0]["headers"], whole)
