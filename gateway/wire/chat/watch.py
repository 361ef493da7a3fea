"""The native way of chat completions: what a frame means, seen without decoding it wherever that is possible."""

from typing import Any

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.chat.errors import read_fault
from gateway.wire.chat.usage import added, counted
from gateway.wire.dialect import EDIT, END, FAULT, NOTHING, TEXT
from gateway.wire.frames import DONE, Frame, NotJSON
from gateway.wire.neutral import Finish, Usage

FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}

# Fields of a delta (or a legacy choice) that are lane text.
_TEXT_FIELDS = ("content", "reasoning_content", "reasoning", "refusal", "tool_calls", "function_call", "audio", "text")


class StreamWatch:
    """Frames of one streamed answer. Before the first text every frame is decoded; after it only those that may matter.

    A quote inside a JSON string is always escaped, so the bytes `"usage"` are a key (or a whole string), never text.
    `per_choice`: usage comes once for each choice, and is added up; otherwise the last word counts.
    """

    def __init__(self, *, asked_usage: bool) -> None:
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.fault: GatewayError | None = None
        self.per_choice = False
        self._asked_usage = asked_usage
        self._text_seen = False

    def look(self, frame: Frame) -> int:
        data = frame.data
        if data is None:
            return NOTHING
        if data == DONE:
            return END
        has_usage = b'"usage"' in data
        if self._text_seen and not has_usage and not _may_be_fault(frame, data) and not _says_finish(data):
            return TEXT
        value = _json(frame)
        if value is None:
            self.fault = _unreadable()
            return FAULT
        if value.get("error") or frame.event == "error":
            self.fault = read_fault(value)
            return FAULT
        if isinstance(usage := value.get("usage"), dict):
            counts = counted(usage)
            self.usage = added(self.usage, counts) if self.per_choice and self.usage else counts
        text = False
        for choice in _choices(value):
            if isinstance(reason := choice.get("finish_reason"), str):
                self.finish = FINISHES.get(reason, "stop")
                text = True
            text = text or _has_text(choice)
        self._text_seen = self._text_seen or text
        return (TEXT if text else NOTHING) | (EDIT if has_usage and not self._asked_usage else NOTHING)

    def shown(self, frame: Frame) -> Frame | None:
        """Takes `usage` out again, which only the gateway asked for."""
        value = frame.json
        if not value.get("choices") and value.get("usage"):
            return None
        if "usage" not in value:  # it stands deeper, where nobody asked for it to go
            return frame
        return frames.edited(frame, {key: held for key, held in value.items() if key != "usage"})


class BodyWatch:
    """A unary body: one frame that holds everything."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.fault: GatewayError | None = None

    def look(self, frame: Frame) -> int:
        value = _json(frame)
        if value is not None and value.get("error"):
            self.fault = read_fault(value)
            return FAULT
        if value is None or not isinstance(value.get("choices"), list):
            self.fault = _unreadable()
            return FAULT
        if isinstance(usage := value.get("usage"), dict):
            self.usage = counted(usage)
        for choice in _choices(value):
            if isinstance(reason := choice.get("finish_reason"), str):
                self.finish = FINISHES.get(reason, "stop")
        return TEXT | END

    def shown(self, frame: Frame) -> Frame | None:
        return frame


def watch(asked_usage: bool, streamed: bool) -> StreamWatch | BodyWatch:
    return StreamWatch(asked_usage=asked_usage) if streamed else BodyWatch()


def _choices(value: dict[str, Any]) -> list[dict[str, Any]]:
    choices = value.get("choices")
    if choices is None:
        return []
    if not isinstance(choices, list) or not all(isinstance(choice, dict) for choice in choices):
        raise GatewayError("upstream_invalid_response", "The upstream sent `choices` that are no list of objects.")
    return choices


def _has_text(choice: dict[str, Any]) -> bool:
    delta = choice.get("delta")
    holder = delta if isinstance(delta, dict) else choice
    return any(holder.get(name) for name in _TEXT_FIELDS)


def _may_be_fault(frame: Frame, data: bytes) -> bool:
    """Says that it is an error, or is torn: an object that was broken off does not end with its brace."""
    return b'"error"' in data or not data.endswith(b"}") or frame.event == "error"


def _says_finish(data: bytes) -> bool:
    at = data.find(b'"finish_reason"')
    while at >= 0:
        if not data[at + 15 : at + 24].replace(b" ", b"").startswith(b":null"):
            return True
        at = data.find(b'"finish_reason"', at + 15)
    return False


def _json(frame: Frame) -> dict[str, Any] | None:
    try:
        return frame.json
    except NotJSON:
        return None


def _unreadable() -> GatewayError:
    return GatewayError("upstream_invalid_response", "The upstream sent something that is not an answer.")
