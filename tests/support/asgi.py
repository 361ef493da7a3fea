"""Calls an ASGI application without a server."""

import asyncio

from starlette.types import ASGIApp, Message


async def called(
    app: ASGIApp, path: str, body: bytes, headers: dict[str, str] | None = None, method: str = "POST"
) -> tuple[int, bytes]:
    """Asks with JSON from this machine; gives status and whole body."""
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
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "extensions": {},
    }
    await app(scope, receive, send)
    whole = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return sent[0]["status"], whole
