"""From frames to ASGI messages: one place knows whether headers are out, and what an error still can be."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import msgspec
from starlette.types import Message, Send

from gateway.answering import Refused
from gateway.errors import GatewayError
from gateway.exchange import Exchange
from gateway.wire import frames as wire
from gateway.wire.frames import Frame

_encode = msgspec.json.Encoder().encode
_EVENTS: Final = (b"content-type", b"text/event-stream; charset=utf-8")
_STREAM_HEADERS: Final = [(b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no")]
NAMED: Final = {"messages": b"request-id", "count_tokens": b"request-id"}
"""Where the SDK of a dialect looks for the id of a request; all others look at `x-request-id`."""
ANSWER: Final = "haechi.answer"
"""ASGI extension of our server, and the type of a message that is a head and the first piece of its body in one.

`whole`: that piece is all, and the headers say how long it is; otherwise the server frames the body.
"""
_HEARTBEAT: Final = wire.comment("heartbeat").raw


class Reply:
    """The answer to one caller. Frames go out as they come; heartbeats fill a silence of a streaming caller."""

    __slots__ = (
        "_beating",
        "_clock",
        "_ended",
        "_every",
        "_joins",
        "_last",
        "_said",
        "_send",
        "_started",
        "_timer",
        "_writing",
        "_x",
    )

    def __init__(self, x: Exchange, send: Send, heartbeat: float, *, joins: bool = False) -> None:
        self._x = x
        self._send = send
        self._joins = joins
        self._started = False
        self._ended = False
        self._said: Frame | None = None
        self._writing = False
        self._every = heartbeat
        self._clock = x.clock
        self._last = x.started
        self._beating: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def frames(self, frames: list[Frame]) -> None:
        """Sends one piece. A unary JSON body goes out whole, with its length."""
        if self._beating is not None:
            await self._pause_beating()
        x = self._x
        if not self._started and x.form == "whole":
            await self._say_all(x.reply_status, x.reply_headers, frames[0].raw)
            return
        if frames:
            self._said = frames[-1] if frames[-1].data is not None else _last_said(frames, self._said)
        raw = b"".join([frame.raw for frame in frames]) if len(frames) != 1 else frames[0].raw
        if not self._started:
            headers = x.reply_headers + _STREAM_HEADERS if x.form == "events" else x.reply_headers
            await self._begin(x.reply_status, headers, raw, more=not frames or not x.ended)
        elif frames:
            await self._body(raw, more=not x.ended)

    async def end(self) -> None:
        """The proper end."""
        if self._timer is not None:
            await self.stop_beating()
        if not self._ended:
            await self._body(b"", more=False)

    async def refuse(self, refused: Refused) -> None:
        """An error: a status and a body while nothing is out, an event in a stream, a cut connection elsewhere."""
        await self.stop_beating()
        x = self._x
        error = refused.error
        if not self._started:
            await self._refuse_whole(refused)
        elif x.ended:  # nothing is said behind the end
            await self.end()
        elif x.form == "events" or not x.committed:
            told = x.dialect.error_frames(error, x.id, self._said)
            await self._body(b"".join(frame.raw for frame in told), more=False)
        # Half a body of known length, or of bytes: returning now makes the server cut the line, so nobody takes it for whole.

    def begin_beating(self) -> None:
        """Called once for a caller that asked for a stream. Costs one timer, and a task only when it really is silent."""
        self._timer = asyncio.get_running_loop().call_at(self._last + self._every, self._beat_if_silent)

    async def stop_beating(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._beating is not None:
            await self._pause_beating()

    def _beat_if_silent(self) -> None:
        now = self._clock()
        if now >= self._last + self._every:
            self._last = now
            if not self._writing:  # else it is the caller that is slow, and what waits for it will do
                self._beating = asyncio.create_task(self._beat())
        self.begin_beating()

    async def _beat(self) -> None:
        if not self._started:
            await self._begin(200, [_EVENTS, *_STREAM_HEADERS], _HEARTBEAT, more=True)
        else:
            await self._body(_HEARTBEAT, more=True)

    async def _pause_beating(self) -> None:
        """Nothing is written while a heartbeat is half out."""
        beating, self._beating = self._beating, None
        if beating is not None:
            await beating

    async def _refuse_whole(self, refused: Refused) -> None:
        x = self._x
        error = refused.error
        if refused.passed is not None:
            status, headers = refused.passed.status, list(refused.passed.headers)
            raw = _stamped(x, refused.passed.body)
        else:
            status, headers = error.status, [(b"content-type", b"application/json")]
            raw = _encode(x.dialect.error_body(error, x.id))
            headers += advice(error)
        if status == 408:  # the rest of the body does not come, so the connection cannot go on
            headers.append((b"connection", b"close"))
        await self._say_all(status, headers, raw)

    def _say_all(self, status: int, headers: list[tuple[bytes, bytes]], raw: bytes) -> Coroutine[Any, Any, None]:
        length = (b"content-length", b"%d" % len(raw))
        return self._begin(status, [*headers, length], raw, more=False, whole=True)

    async def _begin(
        self, status: int, headers: list[tuple[bytes, bytes]], raw: bytes, *, more: bool, whole: bool = False
    ) -> None:
        """The head, with our id also where the caller's SDK looks for one, unless the upstream's own stands there; and what
        comes first of the body, or all of it.
        """
        self._started = True
        own = self._x.id.encode()
        stamped = [*headers, (b"x-haechi-request-id", own)]
        if (named := NAMED.get(self._x.dialect.name, b"x-request-id")) not in dict(headers):
            stamped.append((named, own))
        if self._x.feedback_token:
            stamped.append((b"x-haechi-feedback-token", self._x.feedback_token))
        if self._joins:
            joined = {
                "type": ANSWER,
                "status": status,
                "headers": stamped,
                "whole": whole,
                "body": raw,
                "more_body": more,
            }
            await self._write(joined, more=more)
            return
        await self._send({"type": "http.response.start", "status": status, "headers": stamped})
        if raw or not more:
            await self._body(raw, more=more)

    def _body(self, raw: bytes, *, more: bool) -> Coroutine[Any, Any, None]:
        return self._write({"type": "http.response.body", "body": raw, "more_body": more}, more=more)

    async def _write(self, message: Message, *, more: bool) -> None:
        self._last = self._clock()
        self._ended = not more
        self._writing = True
        await self._send(message)
        self._writing = False


def _last_said(frames: list[Frame], before: Frame | None) -> Frame | None:
    """The last frame that is no comment."""
    return next((frame for frame in reversed(frames) if frame.data is not None), before)


def _stamped(x: Exchange, raw: bytes) -> bytes:
    """The upstream's error body, with our request id where it has none of its own."""
    try:
        value = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return raw
    if not isinstance(value, dict):
        return raw
    x.dialect.stamp_error(value, x.id)
    return _encode(value)


def advice(error: GatewayError) -> list[tuple[bytes, bytes]]:
    """What the vendors' SDKs look at before they try again."""
    headers = [(b"x-should-retry", b"true" if error.kind.retryable else b"false")]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(max(1, round(error.retry_after))).encode()))
    return headers
