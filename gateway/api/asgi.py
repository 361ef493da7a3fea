"""The application: Starlette carries it, the `/v1` paths are plain ASGI endpoints mounted in it."""

import asyncio
from collections.abc import Mapping

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.llm import Endpoint, Gate
from gateway.api.reading import read_json
from gateway.errors import GatewayError
from gateway.record.metrics import CONTENT_TYPE
from gateway.wire.dialect import Dialect


class V1:
    """Dispatches `/v1` by method and path; unknown ones get an error in the form of the API they look like."""

    def __init__(self, gate: Gate, dialects: Mapping[str, Dialect]) -> None:
        self._fixed: dict[tuple[str, str], ASGIApp] = {
            ("POST", f"/v1{dialect.path.removeprefix('/v1')}"): Endpoint(gate, dialect, read_json)
            for dialect in dialects.values()
            if not dialect.opaque
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await refuse_upgrade(receive, send)
            return
        path = scope["path"]
        endpoint = self._fixed.get((scope["method"], path))
        if endpoint is None:
            raise GatewayError("not_found", f"There is no {path} here.")
        await endpoint(scope, receive, send)


async def refuse_upgrade(receive: Receive, send: Send) -> None:
    """A clear 426 where the server can send one before the handshake."""
    await receive()
    body = msgspec.json.encode(
        {"error": {"message": "WebSocket is not offered here; use HTTP.", "code": "upgrade_required"}}
    )
    await send(
        {
            "type": "websocket.http.response.start",
            "status": 426,
            "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "websocket.http.response.body", "body": body})


def application(gate: Gate, dialects: Mapping[str, Dialect]) -> Starlette:
    async def health(_request: Request) -> Response:
        return PlainTextResponse("draining\n" if gate.draining else "ok\n", 503 if gate.draining else 200)

    async def metrics(_request: Request) -> Response:
        pipeline = gate.pipeline
        now = asyncio.get_running_loop().time()
        page = pipeline.recorder.metrics.page(pipeline.attempts.health, now, pipeline.setup.targets)
        return Response(page, headers={"content-type": CONTENT_TYPE})

    return Starlette(
        routes=[
            Mount("/v1", app=V1(gate, dialects)),
            Route("/health", health),
            Route("/metrics", metrics),
        ]
    )
