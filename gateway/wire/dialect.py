"""What a dialect is: one API, read and written.

A dialect is a record of parts, not a class to inherit from. The native way (caller and upstream speak the same API) needs
only `watch`; the translated way reads the upstream's dialect into the neutral form and writes the caller's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from gateway.errors import GatewayError
from gateway.wire.frames import Frame
from gateway.wire.neutral import Answer, Event, Finish, Request, Usage

# What `Watch.look` saw in a frame, as bits.
NOTHING = 0
TEXT = 1  # text of a lane, or the close of one: the commit point
END = 2  # the terminal event of this dialect (the whole body of a unary answer)
FAULT = 4  # an error inside the stream; `Watch.fault` tells
EDIT = 8  # holds what only the gateway asked for: this caller gets what `Watch.shown` makes of it


class Watch(Protocol):
    """Looks at the frames of one *native* answer as they pass, decoding as few as it can.

    `look` returns the bits above. `usage`, `finish` and `fault` fill as they are seen.
    """

    usage: Usage | None
    finish: Finish | None
    fault: GatewayError | None

    def look(self, frame: Frame) -> int: ...

    def shown(self, frame: Frame) -> Frame | None:
        """A frame with the bit `EDIT` as this caller should get it, or None to leave it out."""
        ...


class StreamReader(Protocol):
    """Frames of an upstream -> neutral events. A frame it cannot read raises `GatewayError("upstream_invalid_response")`."""

    def feed(self, frame: Frame) -> list[Event]: ...


class StreamWriter(Protocol):
    """Neutral events -> frames for the caller."""

    def feed(self, event: Event) -> list[Frame]: ...


class ErrorFrames(Protocol):
    """The error inside a stream, written behind `last`, the last frame with data that the caller got; None if it got none."""

    def __call__(self, error: GatewayError, request_id: str, last: Frame | None = None, /) -> list[Frame]: ...


Billed = Literal["answer", "input", "reported", "never"]
"""What a request of a dialect uses up where the upstream reports nothing: input and output are estimated, input alone, or
nothing is; `never` for operations that compute nothing.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """`name`: `chat`, `responses`, `messages`, `completions`, `embeddings`, … `path`: under the upstream's base URL.

    `watch(asked_usage, streamed)`: `asked_usage` is whether the *caller* asked for usage in the stream.
    `read_request` may raise `GatewayError` naming the field at fault; `write_request` raises `unsupported_parameter` for
    what this dialect cannot express. `prepare` edits a native request body in place before it goes upstream.
    `error_body(error, request_id)` is the JSON of an error answer, `error_frames` the error inside a stream;
    `stamp_error(body, request_id)` adds our request id to an upstream's own error body where that has none.
    `opaque`: bodies that are not read at all (audio, files): bytes pass as they come. `has_text`: of these, one that may answer with
    text or with events of text, which come whole. `streams`: false where the vendors
    answer with one body whatever `stream` says.
    `read_error(status, body)` maps an upstream's error to ours, by status and structured code, never by words.
    """

    name: str
    path: str
    watch: Callable[[bool, bool], Watch]
    error_body: Callable[[GatewayError, str], dict[str, Any]]
    error_frames: ErrorFrames
    read_error: Callable[[int, bytes], GatewayError]
    stamp_error: Callable[[dict[str, Any], str], None]
    prepare: Callable[[dict[str, Any]], None] = field(default=lambda _body: None)
    opaque: bool = False
    has_text: bool = False
    streams: bool = True
    billed: Billed = "answer"
    read_request: Callable[[dict[str, Any]], Request] | None = None
    write_request: Callable[[Request], dict[str, Any]] | None = None
    read_answer: Callable[[dict[str, Any]], Answer] | None = None
    write_answer: Callable[[Answer, Request], dict[str, Any]] | None = None
    stream_reader: Callable[[], StreamReader] | None = None
    stream_writer: Callable[[Request], StreamWriter] | None = None
