"""The border: from ASGI messages to an exchange with a parsed body, within limits of size and time."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import BinaryIO, Final, cast
from urllib.parse import parse_qs

from starlette.types import Receive

from gateway.config.structs import Config
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.pipeline import CallerGone
from gateway.routing.needs import estimated_tokens
from gateway.wire.body import parse_named
from gateway.wire.multipart import model_of

ReadBody = Callable[[Exchange, Receive, Config], Awaitable[None]]

_IN_MEMORY: Final = 1024 * 1024
_UTF_8: Final = frozenset({"utf-8", "utf8", "us-ascii"})


async def read_json(x: Exchange, receive: Receive, config: Config) -> None:
    """`body`, `model`, `streamed` and `input_estimate` of the exchange."""
    await _read_object(x, receive, config)
    if x.body is not None:
        x.model = _model(x.body.get("model")) if "model" in x.body or not x.target_path else ""


async def _read_object(x: Exchange, receive: Receive, config: Config) -> None:
    _check_type(x.headers, "application/json")
    limits = config.limits
    body = _Body(x, receive, limits.body_bytes, limits.body_seconds)
    pieces: list[bytes] = []
    while body.more:
        pieces.append(await body.next())
    raw = b"".join(pieces)
    if not raw and x.target_path:  # some operations on stored resources have nothing to say
        return
    x.raw = raw
    value, x.names = parse_named(raw, limits.json_depth)
    x.body = x.parsed = value
    x.input_estimate = estimated_tokens(len(raw))
    x.streamed = _flag(value.get("stream")) and x.dialect.streams


async def read_moderation(x: Exchange, receive: Receive, config: Config) -> None:
    """As `read_json`; the model may be left out, as at the vendor."""
    await _read_object(x, receive, config)
    body = x.body or {}
    x.model = _model(body["model"]) if body.get("model") is not None else ""


async def read_upload(x: Exchange, receive: Receive, config: Config) -> None:
    """`upload`, `model` and `model_place`: a body that is handed on as it is. What does not fit in memory waits in a temporary file."""
    limits = config.limits
    held = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the exchange closes it
    x.upload = cast("BinaryIO", held)
    size = 0
    body = _Body(x, receive, limits.upload_bytes, limits.body_seconds)
    while body.more:
        size += held.write(await body.next())
    look = partial(model_of, x.headers.get("content-type", ""), x.query, x.upload)
    x.model, x.model_place = look() if size <= _IN_MEMORY else await asyncio.to_thread(look)
    held.seek(0)


async def read_any(x: Exchange, receive: Receive, config: Config) -> None:
    """For paths that are handed on and take JSON or a form. JSON is parsed; of a form only the model's name is read."""
    _hand_path_on(x)
    if _kind(x.headers, "application/json") == "multipart/form-data":
        await read_upload(x, receive, config)
    else:
        await read_json(x, receive, config)


async def read_plain(x: Exchange, receive: Receive, config: Config) -> None:
    """For paths that are handed on and take JSON alone, so that nobody puts an id or a model where it is not looked for."""
    _hand_path_on(x)
    await read_json(x, receive, config)


async def read_stored(x: Exchange, receive: Receive, config: Config) -> None:
    """For operations on a stored resource: the id in the path says it all, and no body goes on."""
    _hand_path_on(x)
    if x.method == "POST":
        await read_json(x, receive, config)
        x.body, x.model = None, ""
    x.streamed = x.method == "GET" and parse_qs(x.query.lstrip("?")).get("stream") == ["true"]


def _hand_path_on(x: Exchange) -> None:
    x.target_path = x.path.removeprefix("/v1") + without_model(x.query)


def without_model(query: str) -> str:
    """`?model=` is for the gateway: it says where an upload goes that does not name a model itself."""
    kept = [part for part in query.lstrip("?").split("&") if part and not part.startswith("model=")]
    return f"?{'&'.join(kept)}" if kept else ""


class _Body:
    """The pieces of a request body: not more than `most` bytes, none waited for longer than `seconds`."""

    __slots__ = ("_clock", "_deadlines", "_left", "_most", "_receive", "_seconds", "more")

    def __init__(self, x: Exchange, receive: Receive, most: int, seconds: float) -> None:
        length = x.headers.get("content-length", "0")
        if length.isdecimal() and int(length) > most:
            raise _too_large(most)
        self.more = True
        self._deadlines = x.deadlines
        self._receive = receive
        self._most = self._left = most
        self._seconds = seconds
        self._clock = x.clock

    async def next(self) -> bytes:
        try:
            with self._deadlines.until(self._clock() + self._seconds):
                message = await self._receive()
        except TimeoutError as error:
            raise GatewayError(
                "request_timeout", f"No more of the request body came for {self._seconds:g} seconds."
            ) from error
        if message["type"] == "http.disconnect":
            raise CallerGone
        self.more = message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        self._left -= len(piece)
        if self._left < 0:
            raise _too_large(self._most)
        return piece


def _kind(headers: Mapping[str, str], otherwise: str) -> str:
    return headers.get("content-type", otherwise).partition(";")[0].strip().lower()


def _check_type(headers: Mapping[str, str], wanted: str) -> None:
    if headers.get("content-type") == wanted and "content-encoding" not in headers:
        return  # nearly always
    if _kind(headers, wanted) != wanted:
        raise GatewayError("unsupported_media_type", f"Send the request as Content-Type: {wanted}.")
    parameters = [one.partition("=") for one in headers.get("content-type", "").lower().split(";")[1:]]
    if not {value.strip(' "') for name, _, value in parameters if name.strip() == "charset"} <= _UTF_8:
        raise GatewayError("unsupported_media_type", "Send the request body as UTF-8.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise GatewayError("unsupported_media_type", "Send the request body without a Content-Encoding.")


def _too_large(limit: int) -> GatewayError:
    return GatewayError("body_too_large", f"The request body is larger than {limit} bytes.")


def _flag(value: object) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise GatewayError("invalid_request", "`stream` must be true or false.", param="stream")


def _model(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise GatewayError("invalid_request", "`model` must be given, as a string.", param="model")
