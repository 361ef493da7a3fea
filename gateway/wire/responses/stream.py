"""Neutral events -> the events of a Responses stream, and a whole answer as the last of them.

Every echo (`*.done`, finished items, `response.completed`) is rebuilt from the text that was let out before it. A message or a
reasoning item closes when something else begins; calls stay open until the choice ends, since their arguments may come mixed.
An error becomes the event `error`: `response.failed` would say that the vendor's own run of the model went wrong.
"""

import hashlib
from typing import Any

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.fold import unfold
from gateway.wire.frames import Frame
from gateway.wire.neutral import (
    Answer,
    Begin,
    Delta,
    Ended,
    Event,
    Failed,
    Finish,
    Finished,
    Image,
    Opaque,
    Part,
    Reasoning,
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
from gateway.wire.responses.answer import begun, ended
from gateway.wire.responses.errors import error_event
from gateway.wire.responses.items import Call, Emit, Message, Thought, finished


def write_answer(answer: Answer, request: Request) -> dict[str, Any]:
    writer = ResponsesWriter(request)
    for event in unfold(answer):
        writer.feed(event)
    return writer.response


class ResponsesWriter:
    """One stream. `next_sequence` is the number of the event to come; `response` the object as it stands."""

    def __init__(self, request: Request) -> None:
        self.next_sequence = 0
        self.response: dict[str, Any] = {}
        self._request = request
        self._frames: list[Frame] = []
        self._items: list[Message | Thought | Call | dict[str, Any]] = []
        self._open: Message | Thought | None = None
        self._calls: dict[int, Call] = {}
        self._finish: Finish | None = None
        self._usage: Usage | None = None

    def feed(self, event: Event) -> list[Frame]:
        """A Responses answer has one choice: what belongs to another is left out."""
        match event:
            case Begin():
                self._begin(event)
            case Used():
                self._usage = event.usage
            case Ended():
                self._end()
            case Failed():
                error = GatewayError(event.code, event.message)
                self._frames.append(error_event(error, None, self.next_sequence))
                self.next_sequence += 1
            case _ if event.choice == 0:
                self._choice(event)
        let_out, self._frames = self._frames, []
        return let_out

    def _emit(self, event: str, /, **fields: Any) -> None:
        value = {"type": event, "sequence_number": self.next_sequence, **fields}
        self.next_sequence += 1
        self._frames.append(frames.event(value, event))

    def _begin(self, begin: Begin) -> None:
        self._usage = begin.usage
        self.response = begun(begin, self._request)
        self._emit("response.created", response=self.response)
        self._emit("response.in_progress", response=self.response)

    def _end(self) -> None:
        self._close_all()
        output = [item if isinstance(item, dict) else item.value for item in self._items]
        name = ended(self.response, output, self._finish, self._usage)
        self._emit(name, response=self.response)

    def _choice(self, event: Delta | ToolBegin | Sealed | Whole | Finished) -> None:
        match event:
            case Delta():
                self._delta(event)
            case ToolBegin():
                self._call(event.tool, event.id, event.name, custom=event.custom)
            case Sealed():
                self._seal(event)
            case Whole():
                self._whole(event.part)
            case Finished():
                self._finish = event.finish
                self._close_all()

    def _delta(self, event: Delta) -> None:
        if event.kind == "tool_args":
            call = self._calls.get(event.tool or 0)
            if call is None:
                raise GatewayError("upstream_invalid_response", "The upstream sent arguments of a call it never began.")
            call.add(event.text)
        elif event.kind == "reasoning":
            if event.text:
                self._thought().add(event.text)
        elif event.text or (event.logprobs and isinstance(self._open, Message)):
            self._message().add(event.kind, event.text, event.logprobs)

    def _whole(self, part: Part) -> None:
        """What the Responses API has no place for (blocks of another vendor's hosted tools, images by URL) is left out."""
        match part:
            case Text():
                self._message().whole("content", part.text, part.extras.get("annotations") or [])
            case Refusal():
                self._message().whole("refusal", part.text, [])
            case Reasoning():
                self._thought().add(part.text)
                self._seal(part)
            case ToolCall():
                tool = -1 - len(self._calls)
                self._call(tool, part.id, part.name, custom=part.custom)
                self._calls[tool].add(part.arguments)
            case Opaque() if part.dialect == "responses":
                self._item(part.value)
            case Image() if part.data is not None:
                self._item({"type": "image_generation_call", "status": "completed", "result": part.data})

    def _message(self) -> Message:
        if not isinstance(self._open, Message):
            self._close()
            self._open = Message(self._next("msg"))
            self._items.append(self._open)
        return self._open

    def _thought(self) -> Thought:
        if not isinstance(self._open, Thought):
            self._close()
            self._open = Thought(self._next("rs"))
            self._items.append(self._open)
        return self._open

    def _seal(self, seal: Sealed | Reasoning) -> None:
        self._thought().seal(seal)
        self._close()

    def _call(self, tool: int, call_id: str, name: str, *, custom: bool) -> None:
        self._close()
        call = self._calls[tool] = Call(self._next("ctc" if custom else "fc"), call_id, name, custom=custom)
        self._items.append(call)

    def _item(self, value: dict[str, Any]) -> None:
        """An item that comes in one piece."""
        self._close()
        emit = self._next("item")
        item = value if "id" in value else {"id": emit.item_id, **value}
        self._items.append(item)
        emit.item("response.output_item.added", item)
        emit.item("response.output_item.done", item)

    def _next(self, prefix: str) -> Emit:
        """Ids follow from that of the response and the place, so that the same events give the same bytes."""
        index = len(self._items)
        digest = hashlib.blake2b(f"{self.response.get('id')}/{index}".encode(), digest_size=12).hexdigest()
        return Emit(self._emit, index, f"{prefix}_{digest}")

    def _close(self) -> None:
        if self._open is not None:
            self._open.close("completed")
            self._open = None

    def _close_all(self) -> None:
        status = finished(self._finish)
        if self._open is not None:
            self._open.close(status)
            self._open = None
        for call in self._calls.values():
            call.close(status)
        self._calls = {}
