"""The way of one answer from an upstream to the caller: as it came where both speak the same dialect, translated otherwise."""

from functools import cache
from typing import Any, Final, Protocol

from gateway.errors import GatewayError
from gateway.wire import frames as wire
from gateway.wire.dialect import EDIT, END, FAULT, Dialect, Watch
from gateway.wire.frames import Frame, NotJSON
from gateway.wire.neutral import Begin, Request

# Which dialects of an upstream can serve a caller, best first.
_WAYS: Final = {
    "chat": ("chat", "messages", "responses"),
    "responses": ("responses", "chat", "messages"),
    "messages": ("messages", "chat", "responses"),
}


@cache
def way(caller: str, spoken: frozenset[str]) -> str | None:
    """The dialect to ask an upstream in that speaks these, or None if it cannot serve this caller."""
    return next((name for name in _WAYS.get(caller, (caller,)) if name in spoken), None)


def served(spoken: frozenset[str]) -> frozenset[str]:
    """The dialects of callers that an upstream can serve. Token counts are estimated where it has none of its own."""
    return frozenset({*spoken, *(caller for caller in _WAYS if way(caller, spoken)), "count_tokens"})


class Passage(Protocol):
    """`feed` takes frames of the upstream and gives those for the caller, with all that was seen in them as bits."""

    watch: Watch

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]: ...


class Ruled(Protocol):
    """A passage with rules upon it. `released`: text has gone out."""

    @property
    def released(self) -> bool: ...

    async def feed(self, frames: list[Frame], /) -> tuple[list[Frame], int]: ...


class Native:
    """Same dialect on both sides: a frame leaves as the bytes that came, unless it holds what only the gateway asked for."""

    __slots__ = ("watch",)

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        look = self.watch.look
        shown: list[Frame] = []
        seen = 0
        for frame in frames:
            bits = look(frame)
            seen |= bits
            if bits & FAULT and not bits & END:
                break
            if not bits & EDIT:
                shown.append(frame)
            elif (edited := self.watch.shown(frame)) is not None:
                shown.append(edited)
            if bits & END:
                break
        return shown, seen


class TranslatedStream:
    """Events of the upstream's dialect become events of the caller's, through the neutral form."""

    def __init__(self, upstream: Dialect, caller: Dialect, request: Request, now: int) -> None:
        if upstream.stream_reader is None or caller.stream_writer is None:
            raise _no_way(upstream, caller)
        self.watch = upstream.watch(True, True)
        self._reader = upstream.stream_reader()
        self._writer = caller.stream_writer(request)
        self._now = now

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        written: list[Frame] = []
        seen = 0
        for frame in frames:
            bits = self.watch.look(frame)
            seen |= bits
            if bits & FAULT:
                break
            events = self._reader.feed(frame)
            for event in events:
                if isinstance(event, Begin) and not event.created:
                    event.created = self._now
                written += self._writer.feed(event)
            if bits & END:
                break
        return written, seen


class TranslatedBody:
    """The same for a unary answer."""

    def __init__(self, upstream: Dialect, caller: Dialect, request: Request, now: int) -> None:
        self.watch = upstream.watch(True, False)
        self._upstream = upstream
        self._caller = caller
        self._request = request
        self._now = now

    def feed(self, frames: list[Frame]) -> tuple[list[Frame], int]:
        frame = frames[0]
        seen = self.watch.look(frame)
        if seen & FAULT:
            return [], seen
        if self._upstream.read_answer is None or self._caller.write_answer is None:
            raise _no_way(self._upstream, self._caller)
        answer = self._upstream.read_answer(json(frame))
        answer.created = answer.created or self._now
        written = self._caller.write_answer(answer, self._request)
        return [wire.body(written)], seen


def translate(upstream: Dialect, caller: Dialect, request: Request, now: int) -> tuple[dict[str, Any], Passage]:
    """The body to send, and the passage for its answer. Raises `unsupported_parameter` for what `upstream` cannot express.

    `now`, in seconds since 1970, dates answers of upstreams that do not (Messages).
    """
    if upstream.write_request is None:
        raise _no_way(upstream, caller)
    passage: Passage
    if request.stream:
        passage = TranslatedStream(upstream, caller, request, now)
    else:
        passage = TranslatedBody(upstream, caller, request, now)
    return upstream.write_request(request), passage


def json(frame: Frame) -> dict[str, Any]:
    try:
        return frame.json
    except NotJSON as error:
        raise GatewayError("upstream_invalid_response", f"The upstream sent something that is {error}.") from error


def _no_way(upstream: Dialect, caller: Dialect) -> GatewayError:
    return GatewayError(
        "unsupported_parameter",
        f"A {caller.name} request cannot be answered by an upstream that only speaks {upstream.name}.",
    )
