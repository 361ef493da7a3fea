"""One JSON message on the wire: a whole body, or one server-sent event.

A frame keeps its raw bytes and is decoded only when somebody asks; a frame nobody touched leaves as the bytes that came.
"""

from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

DONE = b"[DONE]"


class NotJSON(ValueError):
    """The data of a frame is not a JSON object."""


class Frame:
    """`raw`: the bytes as they go over the wire. `event` and `data` are None where an event has no such field."""

    __slots__ = ("_json", "data", "event", "raw")

    def __init__(self, raw: bytes, data: bytes | None, event: str | None = None) -> None:
        self.raw = raw
        self.data = data
        self.event = event
        self._json: dict[str, Any] | None = None

    @property
    def json(self) -> dict[str, Any]:
        """The decoded data; the same object each time. Change it only through `edited`."""
        if self._json is None:
            try:
                value = _decode(self.data or b"")
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
                raise NotJSON("not JSON") from error
            if not isinstance(value, dict):
                raise NotJSON("not a JSON object")
            self._json = value
        return self._json

    def __repr__(self) -> str:
        return f"Frame(event={self.event!r}, {len(self.raw)} bytes)"


def body(value: Any) -> Frame:
    """A unary body: a stream of one frame."""
    raw = _encode(value)
    return Frame(raw, raw)


def event(value: Any, name: str | None = None) -> Frame:
    """One server-sent event with `value` as JSON data."""
    data = _encode(value)
    if name is None:
        return plain(data)
    return Frame(b"event: " + name.encode() + b"\ndata: " + data + b"\n\n", data, name)


AROUND = len(b"data: \n\n")


def plain(data: bytes) -> Frame:
    """One server-sent event without a name: `AROUND` bytes longer than its data, which is one line."""
    return Frame(b"data: " + data + b"\n\n", data)


def edited(frame: Frame, value: dict[str, Any]) -> Frame:
    """The frame with other data, in the form it had: an event stays an event of the same name."""
    return body(value) if frame.raw is frame.data else event(value, frame.event)


def done() -> Frame:
    """The last event of a chat or completions stream."""
    return Frame(b"data: [DONE]\n\n", DONE)


def comment(text: str = "") -> Frame:
    """An SSE comment: keeps the line, means nothing."""
    return Frame(f": {text}\n\n".encode(), None)
