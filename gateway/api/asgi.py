"""The application: Starlette carries it, the `/v1` paths are plain ASGI endpoints mounted in it."""

from collections.abc import Coroutine, Sequence
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Message, Receive, Scope, Send

from gateway.api import models, paths
from gateway.api.cache import answer as cache_answer
from gateway.api.feedback import PATH as FEEDBACK
from gateway.api.feedback import FeedbackEndpoint
from gateway.api.llm import Endpoint, Gate, headers_of
from gateway.api.refusal import new_id, refusal
from gateway.api.scraped import state_of
from gateway.errors import GatewayError
from gateway.limits import open_mode

_encode = msgspec.json.Encoder().encode
_MODELS: Final = "/v1/models"


class V1:
    """Dispatches `/v1` by method and path; errors have the form of the API that the path belongs to."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._endpoints = {place: Endpoint(gate, surface) for place, surface in paths.FIXED.items()}
        self._feedback = FeedbackEndpoint(gate)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        if scope["type"] != "http":
            return _nothing()
        method, path = scope["method"], scope["path"]
        endpoint = self._endpoints.get((method, path))
        if endpoint is None and (surface := paths.find(method, path)) is not None:
            endpoint = Endpoint(self._gate, surface)
        if endpoint is None and path == FEEDBACK:
            return self._feedback(scope, receive, send)
        return (endpoint or self._small)(scope, receive, send)

    async def _small(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What no upstream is asked for: the list of models, and paths that are not there."""
        headers = headers_of(scope)
        try:
            value = self._models(scope["method"], scope["path"], headers)
            request_id = new_id()
            named = "request-id" if "anthropic-version" in headers else "x-request-id"
            stamp = {"x-haechi-request-id": request_id, named: request_id}
            response = Response(_encode(value), headers=stamp, media_type="application/json")
        except GatewayError as error:
            response = refusal(error, scope["path"], _allowed_of(error, scope["path"]))
        await response(scope, receive, send)

    def _models(self, method: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
        if headers.get("upgrade", "").lower() == "websocket":
            raise GatewayError(
                "upgrade_required", "There is no WebSocket API here; use HTTP, with `stream` for streams."
            )
        if path in paths.UNLISTED and method == "GET":
            raise GatewayError(
                "not_found",
                "Stored files and batches are not listed: the account behind them is shared. Keep their ids.",
            )
        if allowed := [] if method == "GET" and _is_models(path) else _allowed(path):
            raise GatewayError("method_not_allowed", f"{path} does not take {method}; it takes {', '.join(allowed)}.")
        if not _is_models(path):
            raise GatewayError("not_found", f"There is no {path[:100]} here.")
        setup = self._gate.pipeline.setup
        principal = setup.keys.identify(headers)
        if path == _MODELS:
            return models.listed(setup, principal, headers)
        return models.one(setup, principal, headers, path.removeprefix(f"{_MODELS}/"))


async def _nothing() -> None:
    pass


def _allowed(path: str) -> list[str]:
    return ["GET"] if _is_models(path) else paths.methods(path)


def _allowed_of(error: GatewayError, path: str) -> str | None:
    return ", ".join(_allowed(path)) if error.code == "method_not_allowed" else None


def _is_models(path: str) -> bool:
    return path == _MODELS or path.startswith(f"{_MODELS}/")


async def _nowhere(request: Request, _error: Exception) -> Response:
    path = request.scope["path"]
    return refusal(GatewayError("not_found", f"There is no {path[:100]} here."), path)


async def _otherwise(request: Request, error: Exception) -> Response:
    path = request.scope["path"]
    allowed = (error.headers or {}).get("Allow", "") if isinstance(error, HTTPException) else ""
    message = f"{path[:100]} does not take {request.method}; it takes {allowed}."
    return refusal(GatewayError("method_not_allowed", message), path, allowed)


class Application(Starlette):
    """Starlette, with a short way to `/v1`: its middleware and router would do nothing for those paths but cost 6 µs each."""

    def __init__(self, v1: V1, routes: Sequence[BaseRoute]) -> None:
        super().__init__(routes=[Mount("/v1", app=v1), *routes], exception_handlers={404: _nowhere, 405: _otherwise})
        self.router.redirect_slashes = False
        self._v1 = v1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            await self._v1(scope, receive, send)
        else:
            await super().__call__(scope, receive, _stamping(send) if scope["type"] == "http" else send)


def _stamping(send: Send) -> Send:
    """Every answer has the id of its request, whoever makes it."""

    async def stamped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            headers.setdefault("x-haechi-request-id", new_id())
        await send(message)

    return stamped


def application(gate: Gate, more: Sequence[BaseRoute] = ()) -> Starlette:
    """`more`: routes besides those of the API."""

    async def health(_request: Request) -> Response:
        return PlainTextResponse("draining\n" if gate.draining else "ok\n", 503 if gate.draining else 200)

    async def metrics(request: Request) -> Response:
        pipeline = gate.pipeline
        try:
            if not pipeline.setup.keys:  # after DNS rebinding a web page could read it
                open_mode.check(headers_of(request.scope))
        except GatewayError as error:
            return refusal(error, request.scope["path"])
        page, content_type = pipeline.recorder.metrics.page(await state_of(pipeline), request.headers.get("accept", ""))
        return Response(page, headers={"content-type": content_type})

    async def cache(request: Request) -> Response:
        try:
            value = await cache_answer(gate.pipeline.setup, request, headers_of(request.scope))
        except GatewayError as error:
            return refusal(error, request.scope["path"])
        return Response(_encode(value), media_type="application/json", headers={"cache-control": "no-store"})

    return Application(
        V1(gate),
        [
            Route("/health", health),
            Route("/metrics", metrics),
            Route("/haechi/cache/stats", cache),
            Route("/haechi/cache/requests/{request_id}", cache),
            Route("/haechi/cache/purge", cache, methods=["POST"]),
            *more,
        ],
    )
