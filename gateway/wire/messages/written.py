"""Neutral events, written as a stream of the Messages API.

This API has one open block at a time, while others let the arguments of parallel tool calls come interleaved. While a tool call is open
and its arguments are not yet a whole object, what belongs to other blocks waits; the order within each lane stays. The stop reason
and the usage go out together at the proper end: a stream that is cut has neither, and no `message_stop`.
"""

from typing import Any, Final

from gateway.wire import frames
from gateway.wire.frames import Frame
from gateway.wire.messages.answer import (
    OF_ANSWER,
    OF_CHOICE,
    call_block,
    citations,
    invalid,
    kept,
    text_block,
    thinking_block,
    write_said,
)
from gateway.wire.messages.braces import Braces
from gateway.wire.messages.errors import error_frames, failure
from gateway.wire.messages.usage import write_finish, write_usage
from gateway.wire.neutral import (
    Begin,
    Delta,
    Ended,
    Event,
    Failed,
    Finished,
    Part,
    Refusal,
    Request,
    Sealed,
    Text,
    ToolBegin,
    ToolCall,
    Usage,
    Used,
    Whole,
)

MOST_WAITING: Final = 8 << 20  # characters held for tool calls that wait for another one's end

Lane = Delta | ToolBegin | Sealed | Whole


class MessagesWriter:
    """One stream for a caller of this API. Raises `upstream_invalid_response` for what it has no block for."""

    def __init__(self, _request: Request) -> None:
        self._blocks = _Blocks()
        self._waiting: list[Lane] = []
        self._waiting_size = 0
        self._finished: Finished | None = None
        self._usage: Usage | None = None

    def feed(self, event: Event) -> list[Frame]:
        match event:
            case Begin():
                self._usage = event.usage
                return [_start(event)]
            case Used():
                self._usage = event.usage
                return []
            case Finished():
                _only(event.choice)
                self._finished = event
                return self._settle()
            case Ended():
                return [*self._settle(), self._end(), frames.event({"type": "message_stop"}, "message_stop")]
            case Failed():
                return error_frames(failure(event.code, event.message), "")
            case _:
                _only(event.choice)
                return self._lane(event)

    def _lane(self, event: Lane) -> list[Frame]:
        if self._blocks.busy_with_other_than(event):
            self._waiting.append(event)
            self._waiting_size += len(event.text) if isinstance(event, Delta) else 1
            if self._waiting_size > MOST_WAITING:
                raise invalid(f"parallel tool calls of which more than {MOST_WAITING} characters had to wait")
            return []
        written = self._blocks.write(event)
        return written + self._replay(whole=False) if self._waiting and not self._blocks.busy else written

    def _settle(self) -> list[Frame]:
        """The choice has ended: what waits goes out, and the last block closes."""
        return self._replay(whole=True) + self._blocks.close()

    def _replay(self, *, whole: bool) -> list[Frame]:
        """What waits goes out lane by lane; up to the next call that is not complete, unless the whole must go."""
        written: list[Frame] = []
        while self._waiting and (whole or not self._blocks.busy):
            tool = _tool(self._waiting[0])
            now = [event for event in self._waiting if tool is not None and _tool(event) == tool] or self._waiting[:1]
            self._waiting = [event for event in self._waiting if all(event is not other for other in now)]
            for event in now:
                written += self._blocks.write(event)
        self._waiting_size = sum(len(event.text) for event in self._waiting if isinstance(event, Delta))
        return written

    def _end(self) -> Frame:
        finished = self._finished
        finish = None if finished is None else finished.finish
        extras = {} if finished is None else finished.extras
        if finish == "stop" and self._blocks.refused:
            finish = "refusal"
        delta = {
            "stop_reason": write_finish(finish, extras),
            "stop_sequence": None if finished is None else finished.stop_sequence,
            **kept(extras, [name for name in OF_CHOICE if name != "context_management"]),
        }
        last = {
            "type": "message_delta",
            "delta": delta,
            "usage": write_usage(self._usage),
            **kept(extras, ["context_management"]),
        }
        return frames.event(last, "message_delta")


class _Blocks:
    """Blocks as they open, grow and close, one at a time."""

    def __init__(self) -> None:
        self.refused = False
        self._index = -1
        self._kind: str | None = None
        self._tool = -1
        self._braces = Braces()
        self._begun: set[int] = set()

    @property
    def busy(self) -> bool:
        """Whether a tool call is open whose arguments may go on."""
        return self._kind == "tool_use" and not self._braces.complete

    def busy_with_other_than(self, event: Lane) -> bool:
        return self.busy and not (isinstance(event, Delta) and _tool(event) == self._tool)

    def write(self, event: Lane) -> list[Frame]:
        match event:
            case Delta(kind="tool_args"):
                return self._arguments(event.tool or 0, event.text)
            case Delta(kind="reasoning"):
                return self._grow("thinking", event.text) if event.text else []
            case Delta():
                self.refused = self.refused or event.kind == "refusal"
                return self._grow("text", event.text) if event.text else []
            case ToolBegin():
                return self._call(event)
            case Sealed():
                return self._seal(event)
            case Whole():
                return self._whole(event.part)

    def close(self) -> list[Frame]:
        if self._kind is None:
            return []
        self._kind = None
        return [frames.event({"type": "content_block_stop", "index": self._index}, "content_block_stop")]

    def _open(self, block: dict[str, Any]) -> list[Frame]:
        closed = self.close()
        self._index += 1
        self._kind = block["type"]
        start = {"type": "content_block_start", "index": self._index, "content_block": block}
        return [*closed, frames.event(start, "content_block_start")]

    def _delta(self, delta: dict[str, Any]) -> Frame:
        value = {"type": "content_block_delta", "index": self._index, "delta": delta}
        return frames.event(value, "content_block_delta")

    def _grow(self, kind: str, text: str) -> list[Frame]:
        opened = [] if self._kind == kind else self._open(_EMPTY[kind]())
        return [*opened, self._delta({"type": f"{kind}_delta", kind: text})]

    def _call(self, event: ToolBegin) -> list[Frame]:
        if event.custom:
            raise invalid("the call of a tool that takes free text")
        self._tool = event.tool
        self._begun.add(event.tool)
        self._braces = Braces()
        return self._open(call_block(event.id, event.name, event.extras, {}))

    def _arguments(self, tool: int, text: str) -> list[Frame]:
        if self._kind != "tool_use" or tool != self._tool:
            if tool in self._begun and not text.strip():
                return []
            raise invalid("arguments of a tool call that is not open")
        if not text:
            return []
        self._braces.feed(text)
        return [self._delta({"type": "input_json_delta", "partial_json": text})]

    def _seal(self, event: Sealed) -> list[Frame]:
        """A signature closes the thinking it signs. Another vendor's encrypted reasoning has no place here and is left out."""
        if event.redacted and event.encrypted is not None:
            return [*self._open({"type": "redacted_thinking", "data": event.encrypted}), *self.close()]
        if event.signature is None:
            return self.close() if self._kind == "thinking" else []
        opened = [] if self._kind == "thinking" else self._open(thinking_block(""))
        return [*opened, self._delta({"type": "signature_delta", "signature": event.signature}), *self.close()]

    def _whole(self, part: Part) -> list[Frame]:
        if isinstance(part, Text):
            return self._whole_text(part)
        if isinstance(part, ToolCall):
            begin = ToolBegin(choice=0, tool=-2, id=part.id, name=part.name, custom=part.custom, extras=part.extras)
            return [*self._call(begin), *self._arguments(-2, part.arguments), *self.close()]
        self.refused = self.refused or isinstance(part, Refusal)
        block = write_said(part)
        if block is None:
            return []
        if block["type"] == "text":
            return [*self.close(), *self._grow("text", block["text"]), *self.close()]
        return [*self._open(block), *self.close()]

    def _whole_text(self, part: Text) -> list[Frame]:
        """Closes the text it belongs to; its citations are about all of that."""
        written = self._grow("text", part.text) if part.text else []
        if self._kind == "text":
            written += [self._delta({"type": "citations_delta", "citation": quoted}) for quoted in citations(part)]
            written += self.close()
        return written


_EMPTY: Final = {"text": lambda: text_block("", []), "thinking": lambda: thinking_block("")}


def _start(begin: Begin) -> Frame:
    message = {
        "id": begin.id,
        "type": "message",
        "role": "assistant",
        "model": begin.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": write_usage(begin.usage),
        **kept(begin.extras, OF_ANSWER),
    }
    return frames.event({"type": "message_start", "message": message}, "message_start")


def _only(choice: int) -> None:
    if choice != 0:
        raise invalid("more than one answer where one was asked for")


def _tool(event: Lane) -> int | None:
    if isinstance(event, ToolBegin):
        return event.tool
    return (event.tool or 0) if isinstance(event, Delta) and event.kind == "tool_args" else None
