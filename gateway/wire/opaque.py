"""Endpoints whose bodies the gateway hands on without reading them: images, audio, files, batches, rerank.

They are routed, authenticated and recorded. Only policies look into them, at what is text there (`gateway/wire/lanes`).
"""

from typing import Any, Final

from gateway.errors import GatewayError
from gateway.wire.chat.errors import error_body, error_frames, read_error, read_fault, stamp_error
from gateway.wire.dialect import END, FAULT, NOTHING, TEXT, Billed, Dialect
from gateway.wire.frames import DONE, Frame, NotJSON
from gateway.wire.neutral import Finish, Usage

# The field names of images and audio, then those of the older APIs.
_INPUT: Final = ("input_tokens", "prompt_tokens")
_OUTPUT: Final = ("output_tokens", "completion_tokens")


_LAST: Final = frozenset({"transcript.text.done", "speech.audio.done"})


class OpaqueWatch:
    """A body is whole when it is there; pieces of anything else, and events without a last one, when the transport says so."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.fault: GatewayError | None = None

    def look(self, frame: Frame) -> int:
        if frame.data is None:
            return TEXT
        if frame.data == DONE:
            return TEXT | END
        try:
            value = frame.json
        except NotJSON:  # a list, or text that calls itself JSON
            return TEXT | END
        if isinstance(value.get("error"), dict) and len(value) == 1:
            self.fault = read_fault(value)
            return FAULT
        if isinstance(usage := value.get("usage"), dict):
            self.usage = Usage(input_tokens=_first(usage, _INPUT), output_tokens=_first(usage, _OUTPUT))
        is_event = frame.raw is not frame.data
        return TEXT if is_event and value.get("type") not in _LAST else TEXT | END

    def shown(self, frame: Frame) -> Frame | None:
        return frame


def _first(usage: dict[str, Any], names: tuple[str, ...]) -> int:
    return next((count for name in names if isinstance(count := usage.get(name), int) and count >= 0), NOTHING)


def _opaque(name: str, path: str, billed: Billed, *, has_text: bool = False) -> Dialect:
    return Dialect(
        name=name,
        path=path,
        watch=lambda _asked_usage, _streamed: OpaqueWatch(),
        error_body=error_body,
        error_frames=error_frames,
        read_error=read_error,
        stamp_error=stamp_error,
        opaque=True,
        has_text=has_text,
        billed=billed,
    )


IMAGES: Final = _opaque("images", "/images", "reported")
AUDIO: Final = _opaque("audio", "/audio", "reported", has_text=True)
FILES: Final = _opaque("files", "/files", "never")
BATCHES: Final = _opaque("batches", "/batches", "never")
RERANK: Final = _opaque("rerank", "/rerank", "input")
