"""Events of a Responses stream -> neutral events.

What an item holds is told by its deltas. A server that leaves deltas out still says everything in the `done` events and the
finished item, so whatever they hold beyond the deltas is made up for.
"""

from typing import Any, Final

from gateway.wire.fields import Fields
from gateway.wire.frames import DONE, Frame, NotJSON
from gateway.wire.neutral import (
    Begin,
    Delta,
    Ended,
    Event,
    Failed,
    Finished,
    LaneKind,
    Opaque,
    Sealed,
    Text,
    ToolBegin,
    Used,
    Whole,
)
from gateway.wire.responses.errors import read_fault
from gateway.wire.responses.watch import CALLS, LIFE, read_finish, read_usage

_BAD: Final = "upstream_invalid_response"
# Event without its ending -> lane, the field that holds the whole text when done, the field that counts parts of the item.
_LANES: Final[dict[str, tuple[LaneKind, str, str]]] = {
    "response.output_text": ("content", "text", "content_index"),
    "response.refusal": ("refusal", "refusal", "content_index"),
    "response.reasoning_text": ("reasoning", "text", "content_index"),
    "response.reasoning_summary_text": ("reasoning", "text", "summary_index"),
    "response.function_call_arguments": ("tool_args", "arguments", ""),
    "response.custom_tool_call_input": ("tool_args", "input", ""),
}
# Part of an item -> the lane event that carries it.
_PARTS: Final = {
    "output_text": "response.output_text",
    "refusal": "response.refusal",
    "reasoning_text": "response.reasoning_text",
    "summary_text": "response.reasoning_summary_text",
}

_Place = tuple[int, str, int]  # output index, lane event, index of the part


class ResponsesReader:
    """One stream. `whole` reads a unary body as the events that it would have been."""

    def __init__(self) -> None:
        self._begun = False
        self._said: dict[_Place, str] = {}
        self._cited: set[_Place] = set()
        self._tools: dict[int, int] = {}

    def feed(self, frame: Frame) -> list[Event]:
        if frame.data is None or frame.data == DONE:
            return []
        try:
            fields = Fields(frame.json, code=_BAD)
        except NotJSON as error:
            raise Fields({}, "the event", _BAD).unknown("a JSON object", "data") from error
        name = fields.text("type") or frame.event or ""
        if name in LIFE:
            return self._life(name, fields.needed_fields("response").left)
        if name == "error":
            return [_failed(fields.left)]
        return self._begin({}) + self._part(name, fields)

    def whole(self, response: dict[str, Any]) -> list[Event]:
        events = self._begin(response)
        for index, item in enumerate(Fields(response, code=_BAD).each("output")):
            events += self._item_done(index, item)
        return events + self._life(f"response.{response.get('status')}", response)

    def _begin(self, response: dict[str, Any]) -> list[Event]:
        if self._begun:
            return []
        self._begun = True
        fields = Fields(response, "response", _BAD)
        tier = fields.text("service_tier")
        return [
            Begin(
                id=fields.text("id") or "",
                model=fields.text("model") or "",
                created=int(fields.number("created_at") or 0),
                extras={} if tier is None else {"service_tier": tier},
            )
        ]

    def _life(self, name: str, response: dict[str, Any]) -> list[Event]:
        events = self._begin(response)
        if name == "response.failed":
            return [*events, _failed(response)]
        if name not in ("response.completed", "response.incomplete"):
            return events
        events.append(Finished(choice=0, finish=read_finish(response)))
        if (usage := read_usage(response.get("usage"))) is not None:
            events.append(Used(usage=usage))
        return [*events, Ended()]

    def _part(self, name: str, fields: Fields) -> list[Event]:
        output = fields.integer("output_index") or 0
        lane, _, ending = name.rpartition(".")
        if lane in _LANES and ending in ("delta", "done"):
            _, text_field, index_field = _LANES[lane]
            place = (output, lane, (fields.integer(index_field) or 0) if index_field else 0)
            if ending == "delta":
                return self._delta(place, fields.needed_text("delta"), fields.items("logprobs"))
            return self._rest(place, fields.text(text_field) or "", fields.items("logprobs"))
        if name == "response.output_item.added":
            return self._call_begins(output, fields.needed_fields("item"))
        if name == "response.output_item.done":
            return self._item_done(output, fields.needed_fields("item"))
        if name == "response.content_part.done":
            return self._part_done(output, fields.integer("content_index") or 0, fields.needed_fields("part"))
        return []

    def _delta(self, place: _Place, text: str, logprobs: list[Any] | None) -> list[Event]:
        output, lane, _ = place
        kind = _LANES[lane][0]
        said = self._said.get(place)
        if kind == "tool_args" and output not in self._tools:
            raise Fields({}, "the event", _BAD).unknown("a call that was added before its arguments", "output_index")
        held = {"content": logprobs} if logprobs and kind == "content" else None
        events: list[Event] = []
        if text and kind == "reasoning" and not said and self._has_thought(output):
            events.append(Delta(choice=0, kind=kind, text="\n\n"))
        self._said[place] = (said or "") + text
        tool = self._tools[output] if kind == "tool_args" else None
        if text or held:
            events.append(Delta(choice=0, kind=kind, text=text, tool=tool, logprobs=held))
        return events

    def _has_thought(self, output: int) -> bool:
        return any(
            at == output and said and _LANES[lane][0] == "reasoning" for (at, lane, _), said in self._said.items()
        )

    def _rest(self, place: _Place, whole: str, logprobs: list[Any] | None) -> list[Event]:
        """What `whole` has beyond the deltas. Where the two contradict each other, the deltas were there first."""
        said = self._said.get(place)
        if said is None:
            return self._delta(place, whole, logprobs)
        return self._delta(place, whole[len(said) :], None) if whole.startswith(said) else []

    def _call_begins(self, output: int, item: Fields) -> list[Event]:
        kind = item.needed_text("type")
        if kind not in CALLS or output in self._tools:
            return []
        self._tools[output] = len(self._tools)
        return [
            ToolBegin(
                choice=0,
                tool=self._tools[output],
                id=item.needed_text("call_id"),
                name=item.needed_text("name"),
                custom=kind == "custom_tool_call",
            )
        ]

    def _item_done(self, output: int, item: Fields) -> list[Event]:
        whole = dict(item.left)
        kind = whole.get("type")
        if kind == "message":
            return self._parts_done(output, item, "content")
        if kind == "reasoning":
            events = self._parts_done(output, item, "summary") + self._parts_done(output, item, "content")
            return [*events, Sealed(choice=0, encrypted=item.text("encrypted_content"), id=item.text("id"))]
        if kind in CALLS:
            events = self._call_begins(output, item)
            custom = kind == "custom_tool_call"
            lane = "response.custom_tool_call_input" if custom else "response.function_call_arguments"
            return events + self._rest((output, lane, 0), item.text("input" if custom else "arguments") or "", None)
        return [Whole(choice=0, part=Opaque(dialect="responses", value=whole))]

    def _parts_done(self, output: int, item: Fields, name: str) -> list[Event]:
        events: list[Event] = []
        for index, part in enumerate(item.each(name)):
            events += self._part_done(output, index, part)
        return events

    def _part_done(self, output: int, index: int, part: Fields) -> list[Event]:
        lane = _PARTS.get(part.needed_text("type"))
        if lane is None:
            return []
        place = (output, lane, index)
        notes, logprobs = part.items("annotations"), part.items("logprobs")
        events = self._rest(place, part.text(_LANES[lane][1]) or "", logprobs)
        if notes and place not in self._cited:
            self._cited.add(place)
            events.append(
                Whole(choice=0, part=Text(text="", extras={"annotations": [_nested(note) for note in notes]}))
            )
        return events


def _failed(value: dict[str, Any]) -> Failed:
    fault = read_fault(value)
    return Failed(code=fault.code, message=fault.message)


def _nested(note: Any) -> Any:
    """The neutral form has citations of URLs as chat writes them."""
    if not isinstance(note, dict) or note.get("type") != "url_citation":
        return note
    return {"type": "url_citation", "url_citation": {name: note[name] for name in note if name != "type"}}
