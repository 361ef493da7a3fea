"""Counting tokens: the native endpoint, and an estimate for targets that have none."""

import math
from typing import Any, Final

import msgspec

from gateway.errors import GatewayError
from gateway.wire.dialect import END, FAULT, TEXT
from gateway.wire.frames import Frame, NotJSON
from gateway.wire.messages.blocks import PLAIN_TEXT, as_plain
from gateway.wire.messages.errors import read_fault
from gateway.wire.neutral import (
    Audio,
    File,
    Finish,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)

# Tokens of one character by the length of its UTF-8 form. Rules of thumb for byte-pair tokenizers: four ASCII characters
# make a token; Cyrillic, Arabic or accented Latin some two and a half; Hangul, kana and Chinese some one and a half; an emoji is two.
PER_CHARACTER: Final = {1: 0.25, 2: 0.4, 3: 0.65, 4: 2.0}
PER_MESSAGE: Final = 4.0  # role and delimiters
PER_CALL: Final = 10.0  # a tool call or its result: ids and delimiters
PER_TOOL: Final = 12.0
PER_IMAGE: Final = 1_500.0  # about one of 1.2 megapixels, which is where the vendor scales larger ones to
PER_FILE: Final = 3_000.0  # a document whose text cannot be read here: some pages
PER_AUDIO: Final = 500.0

_TWO_BYTES: Final = bytes(range(0xC0, 0xE0))
_THREE_BYTES: Final = bytes(range(0xE0, 0xF0))
_FOUR_BYTES: Final = bytes(range(0xF0, 0xF8))
_REST: Final = bytes(range(0x80, 0xC0))


def estimate_tokens(request: Request) -> int:
    """The input tokens of a request, guessed from its text; at least 1. No tokenizer is asked, so that it holds for no model exactly.

    Text counts by script, tools and server blocks by their JSON, images, documents and audio flat. Signatures and sealed reasoning
    count nothing: the vendor takes them out before the model reads.
    """
    held = sum(_of_message(message) for message in request.messages)
    held += sum(
        PER_TOOL + of_text(tool.name) + of_text(tool.description or "") + _of_json(tool.parameters)
        for tool in request.tools
    )
    held += sum(PER_TOOL + _of_json(tool) for tool in request.hosted)
    if request.format is not None:
        held += _of_json(request.format.schema)
    return max(math.ceil(held), 1)


def of_text(text: str) -> float:
    """Tokens of a text by the lengths of its characters in UTF-8."""
    if text.isascii():
        return len(text) * PER_CHARACTER[1]
    raw = text.encode("utf-8", "replace")
    two, three, four, rest = (
        len(raw) - len(raw.translate(None, lead)) for lead in (_TWO_BYTES, _THREE_BYTES, _FOUR_BYTES, _REST)
    )
    one = len(raw) - two - three - four - rest
    return one * PER_CHARACTER[1] + two * PER_CHARACTER[2] + three * PER_CHARACTER[3] + four * PER_CHARACTER[4]


def _of_json(value: Any) -> float:
    return 0.0 if value is None else of_text(msgspec.json.encode(value).decode())


def _of_message(message: Message) -> float:
    return PER_MESSAGE + sum(_of_part(part) for part in message.parts)


def _of_part(part: Part) -> float:
    match part:
        case Text() | Refusal() | Reasoning():
            return of_text(part.text)
        case ToolCall():
            return PER_CALL + of_text(part.name) + of_text(part.arguments)
        case ToolResult():
            return PER_CALL + sum(_of_part(inner) for inner in part.parts)
        case Image():
            return PER_IMAGE
        case File():
            text = as_plain(part.data) if part.media_type == PLAIN_TEXT and part.data is not None else None
            return PER_FILE if text is None else of_text(text)
        case Audio():
            return PER_AUDIO
        case Opaque():
            return _of_json(part.value)


def write_count(tokens: int) -> dict[str, Any]:
    """The body of an answer."""
    return {"input_tokens": tokens}


class CountWatch:
    """A native count as it passes: whole, or a fault. It costs nothing, so it has no usage."""

    __slots__ = ("fault", "finish", "usage")

    def __init__(self, asked_usage: bool, streamed: bool) -> None:  # noqa: ARG002  (a seam: all dialects have both)
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.fault: GatewayError | None = None

    def look(self, frame: Frame) -> int:
        try:
            value = frame.json
        except NotJSON:
            value = {}
        if value.get("type") == "error":
            self.fault = read_fault(value)
        elif not isinstance(value.get("input_tokens"), int):
            self.fault = GatewayError(
                "upstream_invalid_response", "The upstream sent a body that is not a count of tokens."
            )
        return TEXT | END if self.fault is None else FAULT

    def shown(self, frame: Frame) -> Frame | None:
        return frame
