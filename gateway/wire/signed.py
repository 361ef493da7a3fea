"""Signed and encrypted blocks: the strings in them that mean something to one account alone. Pure.

A vendor gives a caller its reasoning with a signature, or encrypted, and refuses any that another account made. Which strings these
are stands here, for the requests that bring them back and for the frames that carry them out. Chat has none.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from gateway.wire.frames import Frame, NotJSON

_NEWEST: Final = 100  # of a request; a caller cannot make us look at more


def brought_back(dialect: str, body: dict[str, Any]) -> Iterator[str]:
    """The signed strings of a native request, the newest first."""
    return islice(SIGNING[dialect].asked(body), _NEWEST)


def carried_out(dialect: str, frame: Frame) -> list[str]:
    """The signed strings of one frame for the caller, a whole body or an event. A frame without any is not decoded."""
    form = SIGNING[dialect]
    if frame.data is None or not form.suspect(frame.data):
        return []
    try:
        return list(form.answered(frame.json))
    except NotJSON:
        return []


class _Form(NamedTuple):
    asked: Callable[[dict[str, Any]], Iterator[str]]
    suspect: Callable[[bytes], bool]
    answered: Callable[[dict[str, Any]], Iterator[str]]


def _messages_asked(body: dict[str, Any]) -> Iterator[str]:
    for turn in reversed(_listed(body.get("messages"))):
        if isinstance(turn, dict):
            yield from _of_blocks(reversed(_listed(turn.get("content"))))


def _messages_suspect(data: bytes) -> bool:
    return b'"signature' in data or b'"redacted_thinking"' in data


def _messages_answered(value: dict[str, Any]) -> Iterator[str]:
    match value:
        case {"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": str(signature)}}:
            if signature:
                yield signature
        case {"type": "content_block_start", "content_block": block}:
            yield from _of_blocks(iter([block]))
        case {"type": "message"}:
            yield from _of_blocks(iter(_listed(value.get("content"))))


def _of_blocks(blocks: Iterator[Any]) -> Iterator[str]:
    for block in blocks:
        match block:
            case {"type": "thinking", "signature": str(text)} | {"type": "redacted_thinking", "data": str(text)}:
                if text:
                    yield text


def _responses_asked(body: dict[str, Any]) -> Iterator[str]:
    yield from _of_items(reversed(_listed(body.get("input"))))


def _responses_suspect(data: bytes) -> bool:
    return b'"encrypted_content"' in data


def _responses_answered(value: dict[str, Any]) -> Iterator[str]:
    """An item that only opens (`response.output_item.added`) holds nothing yet that a caller sends back."""
    match value:
        case {"type": "response.output_item.done", "item": item}:
            yield from _of_items(iter([item]))
        case {"response": {"output": list(items)}} | {"output": list(items)}:
            yield from _of_items(iter(items))


def _of_items(items: Iterator[Any]) -> Iterator[str]:
    """Reasoning, compactions, and whatever else is encrypted."""
    for item in items:
        if isinstance(item, dict) and isinstance(text := item.get("encrypted_content"), str) and text:
            yield text


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


_MESSAGES: Final = _Form(_messages_asked, _messages_suspect, _messages_answered)
_RESPONSES: Final = _Form(_responses_asked, _responses_suspect, _responses_answered)

SIGNING: Final = {"messages": _MESSAGES, "count_tokens": _MESSAGES, "responses": _RESPONSES}
"""The dialects whose requests and answers hold signed blocks."""
