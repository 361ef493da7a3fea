"""A stream of the Messages API, read into neutral events. `written` holds the other direction."""

from typing import Any, Final

from gateway.errors import GatewayError
from gateway.wire.frames import Frame, NotJSON
from gateway.wire.messages.answer import OF_ANSWER, OF_CHOICE, kept
from gateway.wire.messages.blocks import NAME, as_object, as_text
from gateway.wire.messages.errors import read_fault
from gateway.wire.messages.usage import read_finish, read_usage
from gateway.wire.neutral import (
    Begin,
    Delta,
    Ended,
    Event,
    Failed,
    Finished,
    Opaque,
    Sealed,
    Text,
    ToolBegin,
    Used,
    Whole,
)

_BAD: Final = "upstream_invalid_response"


class MessagesReader:
    """Frames of one stream -> events. Text goes on at once; a block is only kept until its `content_block_stop`."""

    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}
        self._counts: dict[str, Any] = {}
        self._held: dict[str, Any] = {}
        self._tools = 0
        self._after_text = False

    def feed(self, frame: Frame) -> list[Event]:
        if frame.data is None:
            return []
        try:
            value = frame.json
        except NotJSON as error:
            raise GatewayError(_BAD, f"The upstream sent an event that is {error}.") from error
        kind = value.get("type")
        if kind == "content_block_delta":
            return self._block(value).grow(_object(value, "delta"))
        if kind == "content_block_start":
            return self._open(value)
        if kind == "content_block_stop":
            return self._close(value)
        if kind == "message_start":
            return self._begin(_object(value, "message"))
        if kind == "message_delta":
            return self._finish(value)
        if kind == "message_stop":
            return [Ended()]
        if kind == "error":
            fault = read_fault(value)
            return [Failed(code=fault.code, message=fault.message)]
        return []

    def _begin(self, message: dict[str, Any]) -> list[Event]:
        usage = self._count(message.get("usage"))
        self._held = kept(message, OF_CHOICE)
        begin = Begin(
            id=_text(message, "id"), model=_text(message, "model"), created=0, extras=kept(message, OF_ANSWER)
        )
        begin.usage = None if usage is None else usage.usage
        return [begin]

    def _finish(self, value: dict[str, Any]) -> list[Event]:
        delta = _object(value, "delta")
        self._held |= kept(value, OF_CHOICE) | kept(delta, OF_CHOICE)
        events: list[Event] = []
        if isinstance(reason := delta.get("stop_reason"), str):
            finish, exact = read_finish(reason)
            met = delta.get("stop_sequence")
            events.append(
                Finished(
                    choice=0,
                    finish=finish,
                    stop_sequence=met if isinstance(met, str) else None,
                    extras=self._held | exact,
                )
            )
        used = self._count(value.get("usage"))
        return events if used is None else [*events, used]

    def _count(self, counts: Any) -> Used | None:
        """Later counts are cumulative and replace earlier ones; nulls replace nothing."""
        if not isinstance(counts, dict):
            return None
        self._counts.update({name: count for name, count in counts.items() if count is not None})
        return Used(usage=read_usage(self._counts))

    def _open(self, value: dict[str, Any]) -> list[Event]:
        """Where a text follows a text at once, an empty whole text between them says that they are two."""
        start = _object(value, "content_block")
        kind = _text(start, "type")
        block = _Block(start, kind, self._tools)
        self._blocks[_index(value)] = block
        parting: list[Event] = [Whole(choice=0, part=Text(text=""))] if kind == "text" and self._after_text else []
        self._after_text = False
        if kind == "tool_use":
            self._tools += 1
        return parting + block.open()

    def _close(self, value: dict[str, Any]) -> list[Event]:
        block = self._block(value)
        del self._blocks[_index(value)]
        self._after_text = block.kind == "text" and block.said and not block.citations
        return block.close()

    def _block(self, value: dict[str, Any]) -> "_Block":
        block = self._blocks.get(_index(value))
        if block is None:
            raise GatewayError(_BAD, "The upstream sent a delta of a block that is not open.")
        return block


class _Block:
    """One open block. `start` is what it began with, `tool` its number if it is a tool call."""

    __slots__ = ("citations", "kind", "pieces", "said", "start", "tool")

    def __init__(self, start: dict[str, Any], kind: str, tool: int) -> None:
        self.start = start
        self.kind = kind
        self.tool = tool
        self.said = False
        self.citations: list[Any] = []
        self.pieces: list[str] = []

    def open(self) -> list[Event]:
        start = self.start
        if self.kind == "text":
            self.citations = list(start.get("citations") or [])
            return self._say(Delta(choice=0, kind="content", text=_text(start, "text")))
        if self.kind == "thinking":
            events = self._say(Delta(choice=0, kind="reasoning", text=_text(start, "thinking")))
            return events + self._sign(_text(start, "signature"))
        if self.kind == "redacted_thinking":
            return [Sealed(choice=0, encrypted=_text(start, "data"), redacted=True)]
        if self.kind == "tool_use":
            extras = {
                name: value
                for name, value in start.items()
                if name not in ("type", "id", "name", "input") and value is not None
            }
            return [
                ToolBegin(choice=0, tool=self.tool, id=_text(start, "id"), name=_text(start, "name"), extras=extras)
            ]
        return []

    def grow(self, delta: dict[str, Any]) -> list[Event]:
        kind = delta.get("type")
        if kind == "text_delta":
            return self._say(Delta(choice=0, kind="content", text=_text(delta, "text")))
        if kind == "thinking_delta":
            return self._say(Delta(choice=0, kind="reasoning", text=_text(delta, "thinking")))
        if kind == "input_json_delta":
            if self.kind == "tool_use":
                return self._say(Delta(choice=0, kind="tool_args", text=_text(delta, "partial_json"), tool=self.tool))
            self.pieces.append(_text(delta, "partial_json"))
        elif kind == "signature_delta":
            return self._sign(_text(delta, "signature"))
        elif kind == "citations_delta":
            self.citations.append(delta.get("citation"))
        return []

    def close(self) -> list[Event]:
        if self.kind == "text":
            return [Whole(choice=0, part=Text(text="", extras={"citations": self.citations}))] if self.citations else []
        if self.kind == "tool_use":
            started = self.start.get("input")
            text = as_text(started if isinstance(started, dict) else {})
            return [] if self.said else [Delta(choice=0, kind="tool_args", text=text, tool=self.tool)]
        if self.kind in ("thinking", "redacted_thinking"):
            return []
        value = dict(self.start)
        if self.pieces and (read := as_object("".join(self.pieces))) is not None:
            value["input"] = read
        return [Whole(choice=0, part=Opaque(dialect=NAME, value=value))]

    def _say(self, delta: Delta) -> list[Event]:
        self.said = self.said or bool(delta.text)
        return [delta] if delta.text else []

    def _sign(self, signature: str) -> list[Event]:
        return [Sealed(choice=0, signature=signature)] if signature else []


def _object(value: dict[str, Any], name: str) -> dict[str, Any]:
    held = value.get(name)
    if not isinstance(held, dict):
        raise GatewayError(_BAD, f"The upstream sent an event without the object {name!r}.")
    return held


def _text(value: dict[str, Any], name: str) -> str:
    held = value.get(name)
    return held if isinstance(held, str) else ""


def _index(value: dict[str, Any]) -> int:
    held = value.get("index")
    if not isinstance(held, int):
        raise GatewayError(_BAD, "The upstream sent an event of a block without its index.")
    return held
