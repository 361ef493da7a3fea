"""A stream of events and a whole answer are the same thing: `fold` joins, `unfold` takes apart.

How the deltas were cut never changes what they fold to.
"""

from typing import Any

from gateway.errors import GatewayError
from gateway.wire.neutral import (
    Answer,
    Begin,
    Choice,
    Delta,
    Ended,
    Event,
    Failed,
    Finished,
    Part,
    Reasoning,
    Refusal,
    Sealed,
    Text,
    ToolBegin,
    ToolCall,
    Used,
    Whole,
)


def fold(events: list[Event], origin: str | None = None) -> Answer:
    """The answer these events make up; `origin` is the dialect that wrote it, and so its reasoning.

    Raises the error that came inside the stream, or `stream_cut` if the stream has no proper end.
    """
    folding = _Folding(origin)
    for event in events:
        folding.feed(event)
    return folding.close()


class _Folding:
    def __init__(self, origin: str | None) -> None:
        self.answer = Answer(id="", model="", created=0, choices=[])
        self._ended = False
        self._origin = origin
        self._choices: dict[int, _Open] = {}

    def feed(self, event: Event) -> None:
        match event:
            case Begin():
                answer = self.answer
                answer.id, answer.model, answer.created = event.id, event.model, event.created
                answer.usage, answer.extras = event.usage, dict(event.extras)
            case Used():
                self.answer.usage = event.usage
            case Ended():
                self._ended = True
            case Failed():
                raise GatewayError(event.code, event.message)
            case _:
                self._choice(event.choice).feed(event)

    def close(self) -> Answer:
        if not self._ended:
            raise GatewayError("stream_cut", "The upstream's stream broke off before its end.")
        self.answer.choices = [self._choices[index].close() for index in sorted(self._choices)]
        return self.answer

    def _choice(self, index: int) -> "_Open":
        found = self._choices.get(index)
        if found is None:
            found = self._choices[index] = _Open(index, self._origin)
        return found


class _Open:
    """One choice under way. `_last` is the part that a delta of its kind goes on with, None once it is closed."""

    def __init__(self, index: int, origin: str | None) -> None:
        self._choice = Choice(index=index, parts=[])
        self._origin = origin
        self._last: _Growing | None = None
        self._growing: list[_Growing] = []
        self._calls: dict[int, _Growing] = {}

    def feed(self, event: Delta | ToolBegin | Sealed | Whole | Finished) -> None:
        choice = self._choice
        match event:
            case Delta():
                self._delta(event)
            case ToolBegin():
                call = ToolCall(
                    id=event.id, name=event.name, arguments="", custom=event.custom, extras=dict(event.extras)
                )
                self._calls[event.tool] = self._grow(call)
                self._last = None
            case Sealed():
                self._seal(event)
            case Whole():
                self._whole(event.part)
            case Finished():
                choice.finish, choice.stop_sequence = event.finish, event.stop_sequence
                choice.extras = {**choice.extras, **event.extras}

    def close(self) -> Choice:
        for growing in self._growing:
            growing.close()
        return self._choice

    def _delta(self, event: Delta) -> None:
        if event.logprobs is not None:
            self._choice.logprobs = merged(self._choice.logprobs or {}, event.logprobs)
        if event.kind == "tool_args":
            call = self._calls.get(event.tool or 0)
            if call is None:
                raise GatewayError(
                    "upstream_invalid_response", "The upstream sent arguments of a tool call it never began."
                )
            call.pieces.append(event.text)
        elif event.text:
            self._lane(event.kind).pieces.append(event.text)

    def _lane(self, kind: str) -> "_Growing":
        """The open part of this kind, or a new one."""
        wanted = _KINDS[kind]
        if self._last is None or not isinstance(self._last.part, wanted):
            self._last = self._grow(Reasoning(origin=self._origin) if wanted is Reasoning else wanted(text=""))
        return self._last

    def _grow(self, part: Text | Refusal | Reasoning | ToolCall) -> "_Growing":
        growing = _Growing(part)
        self._growing.append(growing)
        self._choice.parts.append(part)
        return growing

    def _seal(self, event: Sealed) -> None:
        part = self._last.part if self._last else None
        if not isinstance(part, Reasoning):
            part = Reasoning(origin=self._origin)
            self._choice.parts.append(part)
        part.signature, part.encrypted, part.redacted, part.id = (
            event.signature,
            event.encrypted,
            event.redacted,
            event.id,
        )
        part.extras = {**part.extras, **event.extras}
        self._last = None

    def _whole(self, part: Part) -> None:
        """Text that comes whole closes the text before it: its extras (citations) are about all of that."""
        last = self._last
        self._last = None
        if last is not None and isinstance(part, Text) and isinstance(last.part, Text):
            last.pieces.append(part.text)
            last.part.extras = merged(last.part.extras, part.extras)
        else:
            self._choice.parts.append(part)


_KINDS: dict[str, type[Text] | type[Refusal] | type[Reasoning]] = {
    "content": Text,
    "refusal": Refusal,
    "reasoning": Reasoning,
}


class _Growing:
    """A part whose text still comes; the pieces are joined once, at the end."""

    __slots__ = ("part", "pieces")

    def __init__(self, part: Text | Refusal | Reasoning | ToolCall) -> None:
        self.part = part
        self.pieces: list[str] = []

    def close(self) -> None:
        text = "".join(self.pieces)
        if isinstance(self.part, ToolCall):
            self.part.arguments = text
        else:
            self.part.text = text


def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Lists go on, other values are replaced."""
    joined = dict(first)
    for name, value in second.items():
        held = joined.get(name)
        joined[name] = [*held, *value] if isinstance(held, list) and isinstance(value, list) else value
    return joined


def unfold(answer: Answer) -> list[Event]:
    """Events that fold to this answer. A stream cannot say where one plain text ends and the next begins."""
    events: list[Event] = [
        Begin(id=answer.id, model=answer.model, created=answer.created, extras=answer.extras),
    ]
    for choice in answer.choices:
        events += _unfold_choice(choice)
    if answer.usage is not None:
        events.append(Used(usage=answer.usage))
    return [*events, Ended()]


def _unfold_choice(choice: Choice) -> list[Event]:
    events: list[Event] = []
    tools = 0
    for part in choice.parts:
        if isinstance(part, ToolCall):
            events += _unfold_call(choice.index, tools, part)
            tools += 1
        else:
            events += _unfold_part(choice.index, part)
    if choice.logprobs is not None:
        _carry_logprobs(events, choice)
    if choice.finish is not None:
        events.append(
            Finished(
                choice=choice.index, finish=choice.finish, stop_sequence=choice.stop_sequence, extras=choice.extras
            )
        )
    return events


def _unfold_call(choice: int, tool: int, call: ToolCall) -> list[Event]:
    begin = ToolBegin(choice=choice, tool=tool, id=call.id, name=call.name, custom=call.custom, extras=call.extras)
    return [begin, Delta(choice=choice, kind="tool_args", text=call.arguments, tool=tool)]


def _unfold_part(choice: int, part: Part) -> list[Event]:
    match part:
        case Text() if part.text:
            said = Delta(choice=choice, kind="content", text=part.text)
            return [said, Whole(choice=choice, part=Text(text="", extras=part.extras))] if part.extras else [said]
        case Refusal() if part.text and not part.extras:
            return [Delta(choice=choice, kind="refusal", text=part.text)]
        case Reasoning():
            return _unfold_reasoning(choice, part)
        case _:
            return [Whole(choice=choice, part=part)]


def _unfold_reasoning(choice: int, part: Reasoning) -> list[Event]:
    events: list[Event] = [Delta(choice=choice, kind="reasoning", text=part.text)] if part.text else []
    if (
        not part.text
        or part.signature is not None
        or part.encrypted is not None
        or part.redacted
        or part.id
        or part.extras
    ):
        events.append(
            Sealed(
                choice=choice,
                signature=part.signature,
                encrypted=part.encrypted,
                redacted=part.redacted,
                id=part.id,
                extras=part.extras,
            )
        )
    return events


def _carry_logprobs(events: list[Event], choice: Choice) -> None:
    """On the first text, or on an empty piece where there is none."""
    for event in events:
        if isinstance(event, Delta) and event.kind in ("content", "refusal"):
            event.logprobs = choice.logprobs
            return
    events.append(Delta(choice=choice.index, kind="content", text="", logprobs=choice.logprobs))
