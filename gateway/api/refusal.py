"""Answers of paths that no upstream stands behind: the error, in the form of the API that the path belongs to, and the id of the request."""

import secrets

import msgspec
from starlette.responses import Response

from gateway.api import paths
from gateway.api.replying import NAMED, advice
from gateway.errors import GatewayError

_encode = msgspec.json.Encoder().encode


def refusal(error: GatewayError, path: str, allowed: str | None = None) -> Response:
    """`allowed`: the methods that the path takes, where that is what is wrong."""
    request_id = new_id()
    dialect = paths.spoken(path)
    stamp = {"x-haechi-request-id": request_id, NAMED.get(dialect.name, b"x-request-id").decode(): request_id}
    if allowed is not None:
        stamp["allow"] = allowed
    if error.retry_after is not None:
        stamp.update((name.decode(), value.decode()) for name, value in advice(error))
    body = _encode(dialect.error_body(error, request_id))
    return Response(body, error.status, stamp, media_type="application/json")


def new_id() -> str:
    return f"req_{secrets.token_hex(12)}"
