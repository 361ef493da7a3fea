"""Calls an ASGI application without a server."""

from starlette.types import ASGIApp

from gateway.trying import calling


async def called(
    app: ASGIApp, path: str, body: bytes, headers: dict[str, str] | None = None, method: str = "POST"
) -> tuple[int, bytes]:
    """Asks with JSON from this machine; gives status and whole body."""
    answer = await calling.called(app, path, body, headers, method)
    return answer.status, answer.body
