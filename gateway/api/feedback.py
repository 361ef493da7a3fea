"""`/v1/feedback`: `POST` takes what somebody says of an answer, `GET` gives back what was said of one of the caller's own requests.

With a key as for any request; or, from a web page whose origin is declared, with the token that came with the answer.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.api.llm import Gate, headers_of
from gateway.api.refusal import new_id, refusal
from gateway.config.structs import Config
from gateway.errors import GatewayError
from gateway.feedback import Asker, Desk, Posted, Told
from gateway.limits.feedback_tokens import HEADER as TOKEN
from gateway.record.feedback import Feedback
from gateway.setup import Setup
from gateway.wire.body import parse

PATH: Final = "/v1/feedback"
NAME: Final = "idempotency-key"
_METHODS: Final = "GET, OPTIONS, POST"
_MOST_AT_ONCE: Final = 256
_DEPTH: Final = 8
_LONGEST_NAME: Final = 200
_PREFLIGHT_SECONDS: Final = 600
_OPEN: Final = {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": f"content-type, {NAME}, {TOKEN}",
    "access-control-max-age": str(_PREFLIGHT_SECONDS),
}
_SHOWN: Final = {"access-control-expose-headers": "retry-after, x-haechi-request-id"}
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class FeedbackEndpoint:
    gate: Gate
    under_way: int = 0

    @property
    def desk(self) -> Desk:
        return self.gate.desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, headers = Request(scope, receive), headers_of(scope)
        setup = self.gate.pipeline.setup
        setup.enter()
        self.under_way += 1
        try:
            response = await self._answer(setup, request, headers)
        except GatewayError as error:
            allowed = _METHODS if error.code == "method_not_allowed" else None
            response = refusal(error, scope["path"], allowed)
        except ClientDisconnect:
            return
        finally:
            self.under_way -= 1
            setup.leave()
        response.headers.update(_for_pages(setup.config, headers))
        await response(scope, receive, send)

    async def _answer(self, setup: Setup, request: Request, headers: Mapping[str, str]) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"x-haechi-request-id": new_id(), "allow": _METHODS, **_OPEN})
        if request.method not in ("GET", "POST"):
            raise GatewayError("method_not_allowed", f"{PATH} does not take {request.method}; it takes {_METHODS}.")
        asker = self._asker(setup, headers)
        if self.under_way > _MOST_AT_ONCE:
            raise GatewayError("overloaded", "Too much feedback comes at once. Say it again.", retry_after=1)
        if request.method == "GET":
            return _told(await self._said(setup, asker, request))
        posted = _posted(await _body(setup.config, request, headers))
        return _told(_shown(await self.desk.take(setup, asker, posted, _name(headers, posted))))

    def _asker(self, setup: Setup, headers: Mapping[str, str]) -> Asker:
        """A token says it all, where one comes. Raises `invalid_api_key` and `foreign_origin`."""
        token = headers.get(TOKEN)
        if token is None:
            return Asker(setup.keys.identify(headers))
        if (origin := headers.get("origin")) is not None and origin not in setup.config.feedback.origins:
            raise GatewayError("foreign_origin", "The page that sends this is none of `feedback.origins`.")
        claim = None if setup.tokens is None else setup.tokens.open(token, self.desk.wall(), setup.keys.names)
        principal = None if claim is None else setup.keys.named(claim.key)
        if claim is None or principal is None:
            raise GatewayError(
                "invalid_api_key", f"The token in {TOKEN} is none of this gateway's, or its time is over."
            )
        return Asker(principal, claim.request_id)

    async def _said(self, setup: Setup, asker: Asker, request: Request) -> dict[str, Any]:
        if asker.token_of is not None:
            raise GatewayError("not_found", "A token can give feedback, and read none.")
        request_id = request.query_params.get("request_id")
        if not request_id:
            raise GatewayError("invalid_request", "Say of which request: `?request_id=…`.", param="request_id")
        found = await self.desk.said_of(setup, asker.principal, request_id)
        return {"object": "list", "data": [_public(one) for one in found]}


def _for_pages(config: Config, headers: Mapping[str, str]) -> dict[str, str]:
    """What lets the script of a declared page read the answer. Nothing for any other page."""
    origin = headers.get("origin")
    if origin is None or origin not in config.feedback.origins:
        return {"vary": "origin"}
    return {"vary": "origin", "access-control-allow-origin": origin, **_SHOWN}


async def _body(config: Config, request: Request, headers: Mapping[str, str]) -> bytes:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise GatewayError("unsupported_media_type", "Send the feedback as Content-Type: application/json.")
    most = config.feedback.body_bytes
    whole = bytearray()
    try:
        async with asyncio.timeout(
            config.limits.body_seconds
        ):  # of all: it is small, and who sends it slowly holds a place
            async for piece in request.stream():
                whole += piece
                if len(whole) > most:
                    raise GatewayError("body_too_large", f"Feedback is no larger than {most} bytes.")
    except TimeoutError:
        raise GatewayError("request_timeout", "The rest of the feedback did not come.") from None
    return bytes(whole)


def _posted(raw: bytes) -> Posted:
    value = parse(raw, _DEPTH)
    try:
        return msgspec.convert(value, Posted)
    except msgspec.ValidationError as error:
        raise GatewayError("invalid_request", f"This is not what feedback looks like: {error}.") from None


def _name(headers: Mapping[str, str], posted: Posted) -> str | None:
    name = headers.get(NAME)
    if name is None or posted.id is not None:
        return None
    if not 0 < len(name) <= _LONGEST_NAME:
        raise GatewayError("invalid_request", f"{NAME} has 1 to {_LONGEST_NAME} characters.", param=NAME)
    return name


def _told(value: dict[str, Any]) -> Response:
    request_id = new_id()
    stamp = {"x-haechi-request-id": request_id, "x-request-id": request_id, "cache-control": "no-store"}
    return Response(_encode(value), headers=stamp, media_type="application/json")


def _shown(told: Told) -> dict[str, Any]:
    return {**_public(told.feedback), "stored": told.stored}


def _public(one: Feedback) -> dict[str, Any]:
    return {
        "id": one.id,
        "object": "feedback",
        "created": int(one.time),
        "request_id": one.request_id,
        "conversation_id": one.conversation,
        "metric": one.metric,
        "value": one.label == "up" if one.label in ("up", "down") and one.score is not None else one.label or one.score,
        "bad": one.bad,
        "source": one.source,
        "comment": one.comment,
        "correction": one.correction,
    }
