"""The native way of chat completions: what a frame means, seen without decoding it wherever that is possible."""

import re
from typing import Any, Final

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

_USAGE: Final = b'"usage"'
_NO_USAGE: Final = b',"usage":null'
"""How OpenAI writes it in every chunk but the last, once it is asked for usage."""
_ENDING: Final = re.compile(rb"[^\[\]{}]*\}")
_FINISH: Final = b'"finish_reason"'
_NO_FINISH: Final = b'"finish_reason":null'
_NO_FINISH_SPACED: Final = b'"finish_reason": null'


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
        edit = EDIT if _USAGE in data and not self._asked_usage else NOTHING
        if self._text_seen and not _says_usage(data) and not _may_be_fault(frame, data) and not _says_finish(data):
            return TEXT | edit
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
        return (TEXT if text else NOTHING) | edit

    def shown(self, frame: Frame) -> Frame | None:
        """Takes `usage` out again, which only the gateway asked for."""
        if (cut := _without_null(frame)) is not None:
            return cut
        value = frame.json
        if not value.get("choices") and value.get("usage"):
            return None
        if "usage" not in value:  # it stands deeper, where nobody asked for it to go
            return frame
        return frames.edited(frame, {key: held for key, held in value.items() if key != "usage"})


class BodyWatch:
    """A unary body: one frame that holds everything."""

    __slots__ = ("fault", "finish", "usage")

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
    if not isinstance(choices, list):
        raise _no_objects()
    for choice in choices:
        if type(choice) is not dict:
            raise _no_objects()
    return choices


def _no_objects() -> GatewayError:
    return GatewayError("upstream_invalid_response", "The upstream sent `choices` that are no list of objects.")


def _has_text(choice: dict[str, Any]) -> bool:
    delta = choice.get("delta")
    holder = delta if isinstance(delta, dict) else choice
    return any(holder.get(name) for name in _TEXT_FIELDS)


def _may_be_fault(frame: Frame, data: bytes) -> bool:
    """Says that it is an error, or is torn: an object that was broken off does not end with its brace."""
    return b'"error"' in data or not data.endswith(b"}") or frame.event == "error"


def _says_usage(data: bytes) -> bool:
    return _USAGE in data and data.count(_USAGE) != data.count(_NO_USAGE)


def _says_finish(data: bytes) -> bool:
    said = data.count(_FINISH)
    return said > 0 and said != data.count(_NO_FINISH) and said != data.count(_NO_FINISH_SPACED)


def _without_null(frame: Frame) -> Frame | None:
    """The frame without a `usage` of null, every other byte as it was; None where that does not surely stand in the outermost
    object: it does if nothing but that object is closed behind it.
    """
    data = frame.data or b""
    at = data.rfind(_NO_USAGE)
    if at < 0 or data.count(_USAGE) != 1 or len(frame.raw) != len(data) + frames.AROUND:
        return None
    behind = data[at + len(_NO_USAGE) :]
    return frames.plain(data[:at] + behind) if _ENDING.fullmatch(behind) else None


def _json(frame: Frame) -> dict[str, Any] | None:
    try:
        return frame.json
    except NotJSON:
        return None


def _unreadable() -> GatewayError:
    return GatewayError("upstream_invalid_response", "The upstream sent something that is not an answer.")
