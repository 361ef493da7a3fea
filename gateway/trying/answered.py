"""What a caller makes of an answer: its text and the arguments of its calls, joined from whatever frames they came in. Pure.

Written apart from the lanes of the gateway, which are what is tried.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

Said = Iterator[tuple[str | None, str]]
"""Pieces in their order: of the content (None) or of a call's arguments, by its number or id."""


class Answer(NamedTuple):
    content: str
    arguments: list[str]


def answer_of(surface: str, frames: Sequence[Mapping[str, Any]]) -> Answer:
    """`frames`: one body, or the events of a stream. Arguments are written as JSON with a space behind `:` and `,`, where they are JSON."""
    read = _READERS.get(surface)
    content: list[str] = []
    calls: dict[str, list[str]] = {}
    for frame in frames if read is not None else ():
        for call, text in read(frame) if read is not None else ():
            if call is None:
                content.append(text)
            else:
                calls.setdefault(call, []).append(text)
    return Answer("".join(content), [_plain("".join(pieces)) for pieces in calls.values()])


def strings(value: Any) -> Iterator[str]:
    """Every text in JSON data, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield name
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def _chat(frame: Mapping[str, Any]) -> Said:
    for choice in frame.get("choices") or ():
        said = choice.get("message") or choice.get("delta") or {}
        yield None, said.get("content") or ""
        for number, call in enumerate(said.get("tool_calls") or ()):
            yield str(call.get("index", number)), (call.get("function") or {}).get("arguments") or ""


def _completions(frame: Mapping[str, Any]) -> Said:
    for choice in frame.get("choices") or ():
        yield None, choice.get("text") or ""


def _messages(frame: Mapping[str, Any]) -> Said:
    for block in frame.get("content") or ():
        if block.get("type") == "tool_use":
            yield block["id"], json.dumps(block["input"], ensure_ascii=False)
        else:
            yield None, block.get("text") or ""
    delta = frame.get("delta") or {}
    if delta.get("type") == "input_json_delta":
        yield str(frame["index"]), delta["partial_json"]
    elif delta.get("type") == "text_delta":
        yield None, delta["text"]


def _responses(frame: Mapping[str, Any]) -> Said:
    for item in frame.get("output") or ():
        if item.get("type") == "function_call":
            yield item["call_id"], item["arguments"]
        for part in item.get("content") or ():
            yield None, part.get("text") or ""
    if frame.get("type") == "response.output_text.delta":
        yield None, frame["delta"]
    elif frame.get("type") == "response.function_call_arguments.delta":
        yield str(frame["output_index"]), frame["delta"]


def _plain(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments), ensure_ascii=False)
    except ValueError:
        return arguments


_READERS: Final[dict[str, Callable[[Mapping[str, Any]], Said]]] = {
    "chat": _chat,
    "completions": _completions,
    "messages": _messages,
    "responses": _responses,
}
