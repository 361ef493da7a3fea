"""A streamed answer of chat completions: chunks -> neutral events, and events -> chunks."""

from typing import Any

from gateway.errors import GatewayError
from gateway.wire import frames
from gateway.wire.chat.answer import read_time
from gateway.wire.chat.calls import Calls
from gateway.wire.chat.errors import error_body, read_fault
from gateway.wire.chat.finish import read_finish, write_finish
from gateway.wire.chat.parts import NAME, read_part, write_part
from gateway.wire.chat.usage import read_usage, write_usage
from gateway.wire.fields import Fields
from gateway.wire.frames import DONE, Frame, NotJSON
from gateway.wire.neutral import (
    Begin,
    Delta,
    Ended,
    Event,
    Failed,
    Finished,
    Image,
    LaneKind,
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

_BAD = "upstream_invalid_response"


class StreamReader:
    """Chunks of one answer. What comes after `[DONE]` is ignored.

    Fields of a choice that are not modelled are kept from the chunk that ends the choice; those of the answer from the first.
    """

    def __init__(self) -> None:
        self._id: str | None = None
        self._calls: dict[int, Calls] = {}
        self._ended = False

    def feed(self, frame: Frame) -> list[Event]:
        if frame.data is None or self._ended:
            return []
        if frame.data == DONE:
            self._ended = True
            return [Ended()]
        try:
            value = frame.json
        except NotJSON as error:
            raise GatewayError(_BAD, f"The upstream sent an event that is {error}.") from error
        if value.get("error") or value.get("object") == "error":
            fault = read_fault(value)
            return [Failed(code=fault.code, message=fault.message)]
        return self._read_chunk(Fields(value, code=_BAD))

    def _read_chunk(self, chunk: Fields) -> list[Event]:
        usage = chunk.mapping("usage")
        choices = list(chunk.each("choices"))
        events = self._begin(chunk, has_choices=bool(choices))
        ended = False
        for choice in choices:
            said = self._read_choice(choice)
            ended = ended or any(isinstance(event, Finished) for event in said)
            events += said
        if usage is not None and (ended or not choices):  # a running count in between is no news
            events.append(Used(usage=read_usage(usage)))
        return events

    def _begin(self, chunk: Fields, *, has_choices: bool) -> list[Event]:
        """The first chunk that says whose answer it is; Azure sends one before it about its filters, with an empty id."""
        answer_id = chunk.text("id")
        if self._id is not None or not (answer_id or has_choices):
            return []
        self._id = answer_id or ""
        chunk.any("object")
        begin = Begin(id=self._id, model=chunk.text("model") or "", created=read_time(chunk))
        begin.extras = chunk.rest()
        return [begin]

    def _read_choice(self, choice: Fields) -> list[Event]:
        index = choice.integer("index") or 0
        delta = choice.fields("delta")
        events = [] if delta is None else self._read_delta(index, delta)
        if logprobs := choice.mapping("logprobs"):
            _attach_logprobs(events, index, logprobs)
        finished = Finished(choice=index, finish="stop")
        if read_finish(choice, finished):
            if index in self._calls and self._calls[index].unnamed():
                raise GatewayError(_BAD, "The upstream streamed a tool call without a name.")
            finished.extras = choice.rest()
            events.append(finished)
        return events

    def _read_delta(self, index: int, delta: Fields) -> list[Event]:
        events: list[Event] = []
        thought, other = delta.text("reasoning_content"), delta.any("reasoning")
        if thought is None and isinstance(other, str):
            thought = other
        if thought:
            events.append(Delta(choice=index, kind="reasoning", text=thought))
        events += _read_content(index, delta)
        if refusal := delta.text("refusal"):
            events.append(Delta(choice=index, kind="refusal", text=refusal))
        calls = self._calls.setdefault(index, Calls(index, self._id or ""))
        for piece in delta.each("tool_calls"):
            events += calls.feed(piece)
        if (legacy := delta.fields("function_call")) is not None:
            events += calls.feed_legacy(legacy)
        if annotations := delta.items("annotations"):
            events.append(Whole(choice=index, part=Text(text="", extras={"annotations": annotations})))
        events += [Whole(choice=index, part=read_part(image)) for image in delta.each("images")]
        return events


def _read_content(index: int, delta: Fields) -> list[Event]:
    """Text, or (Mistral) a list of parts."""
    content = delta.any("content")
    if content is None or isinstance(content, str):
        return [Delta(choice=index, kind="content", text=content)] if content else []
    if not isinstance(content, list):
        raise delta.wrong("a string", content, "content")
    events: list[Event] = []
    for place, item in enumerate(content):
        part = read_part(Fields(item, f"content.{place}", _BAD))
        plain = isinstance(part, Text) and not part.extras
        if isinstance(part, Text) and plain:
            events.append(Delta(choice=index, kind="content", text=part.text))
        else:
            events.append(Whole(choice=index, part=part))
    return events


def _attach_logprobs(events: list[Event], index: int, logprobs: dict[str, Any]) -> None:
    """To the text they are about, or to an empty piece of text where the chunk has none."""
    for event in events:
        if isinstance(event, Delta) and event.kind in ("content", "refusal"):
            event.logprobs = logprobs
            return
    events.append(Delta(choice=index, kind="content", text="", logprobs=logprobs))


# --- writing ---------------------------------------------------------------------------------------------------------

_FIELDS: dict[LaneKind, str] = {"content": "content", "reasoning": "reasoning_content", "refusal": "refusal"}


class StreamWriter:
    """Events as OpenAI sends them: each choice opens with its role; usage, if it was asked for, comes last with no choices.

    What chat has no place for (signatures of reasoning, traces of another vendor's hosted tools) is left out.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._head: dict[str, Any] = {}
        self._begun: set[int] = set()
        self._usage: Usage | None = None
        self._tools: dict[int, int] = {}  # calls that came whole or in pieces, counted by choice
        self._custom: set[tuple[int, int]] = set()

    def feed(self, event: Event) -> list[Frame]:
        match event:
            case Begin():
                self._head = {
                    "id": event.id,
                    "object": "chat.completion.chunk",
                    "created": event.created,
                    "model": event.model,
                    **event.extras,
                }
                return []
            case Delta():
                return self._write_delta(event)
            case ToolBegin():
                return self._write_begin(event)
            case Whole():
                return self._write_whole(event.choice, event.part)
            case Finished():
                return [
                    *self._opened(event.choice),
                    self._chunk(event.choice, {}, {**write_finish(event, self._request), **event.extras}),
                ]
            case Used():
                self._usage = event.usage
                return []
            case Ended():
                return self._write_end()
            case Failed():
                return [frames.event(error_body(GatewayError(event.code, event.message), ""))]
            case Sealed():
                return []

    def _write_delta(self, event: Delta) -> list[Frame]:
        rest = {} if event.logprobs is None else {"logprobs": event.logprobs}
        if event.kind == "tool_args":
            return [self._chunk(event.choice, self._arguments(event.choice, event.tool or 0, event.text), rest)]
        text = "" if event.kind == "content" else None
        return [*self._opened(event.choice, text), self._chunk(event.choice, {_FIELDS[event.kind]: event.text}, rest)]

    def _arguments(self, choice: int, tool: int, text: str) -> dict[str, Any]:
        if (choice, tool) in self._custom:
            return {"tool_calls": [{"index": tool, "custom": {"input": text}}]}
        if self._request.legacy_functions:
            return {"function_call": {"arguments": text}}
        return {"tool_calls": [{"index": tool, "function": {"arguments": text}}]}

    def _write_begin(self, event: ToolBegin) -> list[Frame]:
        self._tools[event.choice] = max(self._tools.get(event.choice, 0), event.tool + 1)
        call: dict[str, Any] = {"index": event.tool, "id": event.id}
        if event.custom:
            self._custom.add((event.choice, event.tool))
            call |= {"type": "custom", "custom": {"name": event.name, "input": ""}}
        else:
            call |= {"type": "function", "function": {"name": event.name, "arguments": ""}}
        delta: dict[str, Any] = {"tool_calls": [{**call, **event.extras}]}
        if self._request.legacy_functions and not event.custom:
            delta = {"function_call": call["function"]}
        return [*self._opened(event.choice), self._chunk(event.choice, delta)]

    def _write_whole(self, choice: int, part: Part) -> list[Frame]:
        match part:
            case Text():
                delta: dict[str, Any] = {"content": part.text} if part.text else {}
                if notes := part.extras.get("annotations"):
                    delta["annotations"] = notes
            case Refusal():
                delta = {"refusal": part.text}
            case Reasoning():
                delta = {"reasoning_content": part.text} if part.text else {}
            case ToolCall():
                tool = self._tools.get(choice, 0)
                begin = ToolBegin(
                    choice=choice, tool=tool, id=part.id, name=part.name, custom=part.custom, extras=part.extras
                )
                text = Delta(choice=choice, kind="tool_args", text=part.arguments, tool=tool)
                return [*self._write_begin(begin), *self._write_delta(text)]
            case Image():
                delta = {"images": [write_part(part, native=True, at="")]}
            case Opaque() if part.dialect == NAME:
                delta = {"content": [part.value]}
            case _:
                return []
        return [*self._opened(choice), self._chunk(choice, delta)] if delta else []

    def _write_end(self) -> list[Frame]:
        if not self._request.include_usage or self._usage is None:
            return [frames.done()]
        return [frames.event({**self._head, "choices": [], "usage": write_usage(self._usage)}), frames.done()]

    def _opened(self, choice: int, content: str | None = None) -> list[Frame]:
        if choice in self._begun:
            return []
        self._begun.add(choice)
        return [self._chunk(choice, {"role": "assistant", "content": content, "refusal": None})]

    def _chunk(self, choice: int, delta: dict[str, Any], rest: dict[str, Any] | None = None) -> Frame:
        chunk = {
            **self._head,
            "choices": [{"index": choice, "delta": delta, "logprobs": None, "finish_reason": None, **(rest or {})}],
        }
        return frames.event({**chunk, "usage": None} if self._request.include_usage else chunk)
