"""What passes on the native way: the frames of one answer, looked at and left alone.

Which event a frame is stands on its `event:` line, so text is never decoded. A frame without that line is decoded for its type.
"""

from typing import Any, Final

from gateway.errors import GatewayError
from gateway.wire.dialect import END, FAULT, NOTHING, TEXT
from gateway.wire.frames import Frame, NotJSON
from gateway.wire.messages.errors import read_fault
from gateway.wire.messages.usage import read_finish, read_usage
from gateway.wire.neutral import Finish, Usage

_EVENTS: Final = frozenset(
    {
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "ping",
        "error",
    }
)
# Events that say all they have to say by their name.
_BITS: Final[dict[str, int]] = {
    "content_block_delta": TEXT,
    "content_block_stop": TEXT,
    "message_stop": END,
    "ping": NOTHING,
}
# Blocks that begin empty and say nothing until their first delta.
_SILENT: Final[dict[str, str]] = {"text": "text", "thinking": "thinking"}


class MessagesWatch:
    """The watch over one answer; see `gateway.wire.dialect.Watch`.

    Every delta counts as text, a signature's too: what the caller has got cannot be taken back. Usage is part of this API's streams,
    so nothing is ever hidden, whether or not the caller asked for it.
    """

    __slots__ = ("_counts", "_streamed", "fault", "finish", "usage")

    def __init__(self, asked_usage: bool, streamed: bool) -> None:  # noqa: ARG002  (a seam: all dialects have both)
        self._streamed = streamed
        self._counts: dict[str, Any] = {}
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.fault: GatewayError | None = None

    def look(self, frame: Frame) -> int:
        bits = _BITS.get(frame.event) if frame.event is not None else None
        if bits is not None and self._streamed:
            return bits
        if frame.data is None:
            return NOTHING
        try:
            return self._event(frame) if self._streamed else self._body(frame.json)
        except NotJSON:
            return self._failed(
                GatewayError("upstream_invalid_response", "The upstream sent something that is not JSON.")
            )

    def shown(self, frame: Frame) -> Frame | None:
        return frame

    def _event(self, frame: Frame) -> int:
        name = frame.event if frame.event in _EVENTS else frame.json.get("type")
        if name == "message_start":
            message = frame.json.get("message")
            if isinstance(message, dict):
                self._count(message.get("usage"))
        elif name == "content_block_start":
            return _opening(frame.json.get("content_block"))
        elif name == "message_delta":
            delta = frame.json.get("delta")
            if isinstance(delta, dict):
                self._stopped(delta.get("stop_reason"))
            self._count(frame.json.get("usage"))
        elif name == "error":
            return self._failed(read_fault(frame.json))
        return _BITS.get(name, NOTHING) if isinstance(name, str) else NOTHING

    def _body(self, value: dict[str, Any]) -> int:
        if value.get("type") == "error":
            return self._failed(read_fault(value))
        if not isinstance(value.get("content"), list):
            return self._failed(
                GatewayError("upstream_invalid_response", "The upstream sent a body that is not a message.")
            )
        self._count(value.get("usage"))
        self._stopped(value.get("stop_reason"))
        return TEXT | END

    def _count(self, counts: Any) -> None:
        """Later counts are cumulative and replace earlier ones; nulls replace nothing."""
        if isinstance(counts, dict):
            self._counts.update({name: count for name, count in counts.items() if count is not None})
            self.usage = read_usage(self._counts)

    def _stopped(self, reason: Any) -> None:
        if isinstance(reason, str):
            self.finish, _ = read_finish(reason)

    def _failed(self, fault: GatewayError) -> int:
        self.fault = fault
        return FAULT


def _opening(block: Any) -> int:
    """A tool call or a server's block is content as soon as it opens; empty text is not."""
    if not isinstance(block, dict):
        return NOTHING
    text = _SILENT.get(block.get("type", ""))
    return TEXT if text is None or block.get(text) else NOTHING
