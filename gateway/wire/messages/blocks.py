"""Content blocks of the Messages API, read into parts of the neutral form. Requests and answers use the same blocks.

A block or a source of a kind that the neutral form has no word for (server tools, search results, stored images) is kept whole.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any, Final

import msgspec

from gateway.wire.fields import Fields
from gateway.wire.neutral import File, Image, Opaque, Part, Reasoning, Text, ToolCall, ToolResult

NAME: Final = "messages"
PLAIN_TEXT: Final = "text/plain"


def read_content(holder: Fields) -> list[Part]:
    """`content` as a string or as a list of blocks; absent counts as empty."""
    value = holder.left.get("content")
    if isinstance(value, str):
        holder.any("content")
        return [Text(text=value)]
    if value is not None and not isinstance(value, list):
        raise holder.wrong("a string or a list of blocks", value, "content")
    return [read_block(block) for block in holder.each("content")]


def read_block(block: Fields) -> Part:
    whole = dict(block.left)
    reader = _READERS.get(block.needed_text("type"))
    return Opaque(dialect=NAME, value=whole) if reader is None else reader(block, whole)


def read_text(block: Fields) -> Text:
    return Text(text=block.needed_text("text"), extras=block.rest())


def _read_image(block: Fields, whole: dict[str, Any]) -> Part:
    source = block.needed_fields("source")
    kind = source.needed_text("type")
    if kind == "base64":
        data, media_type = source.needed_text("data"), source.needed_text("media_type")
        return Image(data=data, media_type=media_type, extras=block.rest())
    if kind == "url":
        return Image(url=source.needed_text("url"), extras=block.rest())
    return Opaque(dialect=NAME, value=whole)


def _read_document(block: Fields, whole: dict[str, Any]) -> Part:
    source = block.needed_fields("source")
    read = _SOURCES.get(source.needed_text("type"))
    if read is None:
        return Opaque(dialect=NAME, value=whole)
    file = read(source)
    file.filename = block.text("title")
    file.extras = block.rest()
    return file


def _read_call(block: Fields, _whole: dict[str, Any]) -> Part:
    """`input` is an object here, and JSON text in the neutral form."""
    call_id, name = block.needed_text("id"), block.needed_text("name")
    arguments = block.mapping("input")
    return ToolCall(id=call_id, name=name, arguments=as_text(arguments or {}), extras=block.rest())


def _read_result(block: Fields, _whole: dict[str, Any]) -> Part:
    call_id = block.needed_text("tool_use_id")
    is_error = block.flag("is_error") or False
    at = block.place("content")
    parts: list[Text | Image | File | Opaque] = []
    for index, part in enumerate(read_content(block)):
        if not isinstance(part, Text | Image | File | Opaque):
            raise Fields({}, f"{at}.{index}", block.code).unknown(
                "text, an image or a document in a tool result", "type"
            )
        parts.append(part)
    return ToolResult(call_id=call_id, parts=parts, is_error=is_error, extras=block.rest())


def _read_thinking(block: Fields, _whole: dict[str, Any]) -> Part:
    """Without a signature it was not written by this vendor (another upstream's reasoning, shown to a caller of this API)."""
    text, signature = block.needed_text("thinking"), block.text("signature") or None
    return Reasoning(text=text, signature=signature, origin=NAME if signature else None, extras=block.rest())


def _read_redacted(block: Fields, _whole: dict[str, Any]) -> Part:
    return Reasoning(encrypted=block.needed_text("data"), redacted=True, origin=NAME, extras=block.rest())


_READERS: Final[dict[str, Callable[[Fields, dict[str, Any]], Part]]] = {
    "text": lambda block, _whole: read_text(block),
    "image": _read_image,
    "document": _read_document,
    "tool_use": _read_call,
    "tool_result": _read_result,
    "thinking": _read_thinking,
    "redacted_thinking": _read_redacted,
}

_SOURCES: Final[dict[str, Callable[[Fields], File]]] = {
    "base64": lambda source: File(data=source.needed_text("data"), media_type=source.needed_text("media_type")),
    "url": lambda source: File(url=source.needed_text("url")),
    "file": lambda source: File(file_id=source.needed_text("file_id")),
    "text": lambda source: File(
        data=base64.b64encode(source.needed_text("data").encode()).decode(), media_type=PLAIN_TEXT
    ),
}


def as_text(value: dict[str, Any]) -> str:
    """An object as JSON text."""
    return msgspec.json.encode(value).decode()


def as_object(text: str) -> dict[str, Any] | None:
    """JSON text as an object, nothing as an empty one; None if it is anything else."""
    if not text.strip():
        return {}
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def as_plain(data: str) -> str | None:
    """Base64 of UTF-8 as text, or None."""
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
