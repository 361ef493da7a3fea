"""One attempt at one upstream over HTTP: send, read frames, and say precisely what went wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from gateway.config.structs import Limits, Timeouts
from gateway.deadline import Deadlines
from gateway.errors import GatewayError
from gateway.exchange import Form
from gateway.routing.failure import Failure, FailureKind
from gateway.upstream.client import Call, Reply, Transport, TransportError
from gateway.upstream.providers import Row
from gateway.wire.dialect import Dialect
from gateway.wire.frames import DONE, Frame, NotJSON
from gateway.wire.sse import EventTooLarge, Parser

_ERROR_BODY_BYTES: Final = 1024 * 1024
_ERROR_BODY_SECONDS: Final = 5.0
_SHORTEST_SECRET: Final = 12
_END_GRACE_SECONDS: Final = 0.25
_LONGEST_NUMBER: Final = 10
_CLIENT_TIMEOUTS: Final = frozenset({408, 504, 524})
_TEXTS: Final = ("text/", "application/x-subrip")

# Headers of an upstream that a caller's SDK reads.
_PASSED: Final = frozenset(
    {"content-type", "request-id", "x-request-id", "retry-after", "retry-after-ms", "content-disposition"}
)
_PASSED_PREFIXES: Final = ("openai-", "anthropic-", "x-ratelimit-")
_ACCOUNT: Final = frozenset({"openai-organization", "openai-project", "anthropic-organization-id"})


@dataclass(frozen=True, slots=True, eq=False)
class Upstream:
    """A configured provider, ready to be asked. `headers` hold its credentials and never print."""

    name: str
    row: Row
    base_url: str
    speaks: frozenset[str]
    timeouts: Timeouts
    transport: Transport
    headers: Mapping[str, str] = field(repr=False)


@dataclass(slots=True)
class Outbound:
    """What one attempt sends; nobody changes it. `path` begins with a slash; a path under `/v1/` replaces the `/v1` a base URL ends with.

    `verbatim`: the answer is somebody's file, whatever it looks like.
    """

    dialect: Dialect
    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | BinaryIO = field(default=b"", repr=False)
    streamed: bool = False
    verbatim: bool = False


@dataclass(slots=True)
class Progress:
    """Where an attempt stands. The attempt fills the head; who reads the frames says when text began and when it ended."""

    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    form: Form = "whole"
    begun: bool = False  # text has gone to the caller
    heard: bool = False  # text has come, though a rule may hold it back
    ended: bool = False
    deadlines: Deadlines = field(default_factory=Deadlines)


class AttemptFailed(Exception):
    """`failure` is for the routing decision, `error` for the caller. `passed`: the upstream's own error body and headers.

    `detail` is for the operator's log alone: addresses.
    """

    def __init__(
        self, failure: Failure, error: GatewayError, passed: "Passed | None" = None, detail: str | None = None
    ) -> None:
        super().__init__(failure.kind)
        self.failure = failure
        self.error = error
        self.passed = passed
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Passed:
    """An error answer of an upstream, to be handed on to a caller of the same dialect."""

    dialect: str
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = field(repr=False)


Take = Callable[[list[Frame]], Awaitable[None]]
"""Who gets the frames: called with those of each piece that comes from the network."""


async def ask(upstream: Upstream, outbound: Outbound, limits: Limits, progress: Progress, take: Take) -> None:
    """Frames of the upstream's dialect, handed to `take`. Returns only at a proper end of the body.

    Whether the *answer* was complete is for the dialect's watch to say.
    """
    transport, timeouts = upstream.transport, upstream.timeouts
    headers = {**outbound.headers, **upstream.headers}
    call = Call(outbound.method, url(upstream.base_url, outbound.path), headers, outbound.body)
    late = asyncio.get_running_loop().time() + timeouts.first_token
    reply: Reply | None = None
    try:
        try:
            with progress.deadlines.until(late):
                reply = await transport.open(call)
                _note_head(reply, outbound, progress)
                if reply.status >= 300:
                    raise await _refused(reply, outbound.dialect, upstream.headers)
                whole = await _whole(reply, limits.answer_bytes) if progress.form == "whole" else b""
        except TimeoutError as error:
            raise _late("timeout_first_token", timeouts.first_token) from error
        except TransportError as error:
            raise (_cut() if reply else _unreachable(error)) from error
        if progress.form == "whole":
            await take([Frame(whole, whole)])
        elif progress.form == "events":
            await _events(reply, _Patience(timeouts, late, progress), limits.event_bytes, progress, take)
        else:
            await _pieces(reply, _Patience(timeouts, late, progress), take)
    finally:
        if reply is not None:
            await transport.close(reply)


def _note_head(reply: Reply, outbound: Outbound, progress: Progress) -> None:
    content_type = reply.headers.get("content-type", "")
    progress.status = reply.status
    progress.headers = passed_headers(reply.headers)
    dialect = outbound.dialect
    if content_type.startswith("text/event-stream") and (dialect.has_text or not dialect.opaque):
        progress.form = "events"
    elif outbound.verbatim or (dialect.opaque and not _is_text(content_type, dialect)):
        progress.form = "pieces"


def _is_text(content_type: str, dialect: Dialect) -> bool:
    return "json" in content_type or (dialect.has_text and content_type.startswith(_TEXTS))


def url(base: str, path: str) -> str:
    return base.removesuffix("/v1") + path if path.startswith("/v1/") else base + path


def passed_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in headers.items()
        if name in _PASSED or (name.startswith(_PASSED_PREFIXES) and name not in _ACCOUNT)
    ]


async def _whole(reply: Reply, limit: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := await reply.read():
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise invalid(f"its answer is larger than {limit} bytes")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class _Patience:
    """How long to wait for the next bytes: until `late` before text has begun, then for one silence at a time."""

    __slots__ = ("_late", "_loop", "_progress", "_timeouts")

    def __init__(self, timeouts: Timeouts, late: float, progress: Progress) -> None:
        self._timeouts = timeouts
        self._late = late
        self._progress = progress
        self._loop = asyncio.get_running_loop()

    async def next(self, reply: Reply) -> bytes:
        """The next bytes, or none at the end. Behind the terminal event nothing can go wrong: the caller has it all."""
        progress, timeouts = self._progress, self._timeouts
        silence = _END_GRACE_SECONDS if progress.ended else timeouts.between_tokens
        try:
            with progress.deadlines.until(
                self._loop.time() + silence if progress.heard or progress.begun else self._late
            ):
                return await reply.read()
        except TimeoutError as error:
            if progress.ended:
                return b""
            if progress.heard or progress.begun:
                raise _late("stalled", silence) from error
            raise _late("timeout_first_token", timeouts.first_token) from error
        except TransportError as error:
            if progress.ended:
                return b""
            raise _cut() from error


async def _events(reply: Reply, patience: _Patience, limit: int, progress: Progress, take: Take) -> None:
    parser = Parser(limit)
    while piece := await patience.next(reply):
        try:
            frames = parser.feed(piece)
        except EventTooLarge as error:
            raise invalid(str(error)) from error
        if frames and not progress.ended:
            await take(frames)
    rest = parser.close()
    if rest is not None and not progress.ended and _whole_event(rest):
        await take([rest])


async def _pieces(reply: Reply, patience: _Patience, take: Take) -> None:
    piece = await patience.next(reply)
    await take([Frame(piece, None)])  # an empty file is an answer too
    while piece := await patience.next(reply):
        await take([Frame(piece, None)])


def _whole_event(frame: Frame) -> bool:
    """Some servers leave out the blank line after their last event; half an event is dropped, never passed on."""
    if frame.data == DONE:
        return True
    try:
        return bool(frame.json)
    except NotJSON:
        return False


async def _refused(reply: Reply, dialect: Dialect, credentials: Mapping[str, str]) -> AttemptFailed:
    try:
        async with asyncio.timeout(_ERROR_BODY_SECONDS):
            body = await _whole(reply, _ERROR_BODY_BYTES)
    except (AttemptFailed, TransportError, TimeoutError):  # the status says enough
        body = b""
    if _repeats(body, credentials):
        body = b""
    error = dialect.read_error(reply.status, body) if reply.status >= 400 else _redirected()
    error.retry_after = retry_after(reply.headers)
    failure = Failure(failure_kind(error, reply.status), reply.status, error.retry_after)
    passed = None
    ours = (
        not 400 <= reply.status <= 599 or error.code == "upstream_auth_failed"
    )  # nothing of it is for the caller's eyes
    if body and not ours and "json" in reply.headers.get("content-type", ""):
        passed = Passed(dialect.name, reply.status, passed_headers(reply.headers), body)
    return AttemptFailed(failure, error, passed)


def _repeats(body: bytes, credentials: Mapping[str, str]) -> bool:
    """Whether an error shows what only the upstream and we should know; then its status has to say enough."""
    values = (value.removeprefix("Bearer ").encode() for value in credentials.values())
    return any(len(value) >= _SHORTEST_SECRET and value in body for value in values)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds. `retry-after-ms` is what the vendors' SDKs prefer; a date is ignored, as vendors send seconds."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        if len(value) <= _LONGEST_NUMBER and value.replace(".", "", 1).isdecimal() and value.isascii():
            return float(value) * scale
    return None


def failure_kind(error: GatewayError, status: int) -> FailureKind:
    """The routing kind of an error, by its code and status alone."""
    by_code: dict[str, FailureKind] = {
        "context_length_exceeded": "refused_context_length",
        "content_filter": "refused_content_filter",
        "upstream_auth_failed": "auth",
        "upstream_timeout": "status",
        "rate_limited": "status",
        "upstream_invalid_response": "invalid_response",
    }
    if error.code in by_code:
        return by_code[error.code]
    return "status" if status >= 500 or status in _CLIENT_TIMEOUTS else "bad_request"


def invalid(what: str) -> AttemptFailed:
    """The upstream did not keep to its protocol."""
    return AttemptFailed(
        Failure("invalid_response"),
        GatewayError("upstream_invalid_response", f"The upstream's answer cannot be used: {what}."),
    )


def _redirected() -> GatewayError:
    return GatewayError("upstream_invalid_response", "The upstream answered with a redirect, which is not followed.")


def _late(kind: FailureKind, seconds: float) -> AttemptFailed:
    code, what = (
        ("stream_stalled", "fell silent for")
        if kind == "stalled"
        else ("upstream_timeout", "did not begin to answer in")
    )
    return AttemptFailed(
        Failure(kind),
        GatewayError(code, f"The upstream {what} {seconds:g} seconds."),
    )


def _cut() -> AttemptFailed:
    return AttemptFailed(
        Failure("cut"),
        GatewayError("stream_cut", "The upstream closed the connection in the middle of its answer."),
    )


def _unreachable(error: TransportError) -> AttemptFailed:
    kind: FailureKind = "timeout_connect" if error.timeout else "connect"
    return AttemptFailed(
        Failure(kind, sent=error.sent),
        GatewayError(
            "upstream_timeout" if error.timeout else "upstream_unreachable",
            "The upstream of this model cannot be reached.",
        ),
        detail=str(error),
    )
