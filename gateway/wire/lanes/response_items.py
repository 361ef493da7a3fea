"""What a Responses answer has said, part by part, and the places that repeat it: finished parts, items and responses."""

from typing import Any, Final, NamedTuple

from gateway.wire.frames import body
from gateway.wire.lanes.chat_fields import points
from gateway.wire.lanes.lane import Run
from gateway.wire.lanes.row import Row, Said
from gateway.wire.lanes.running import Key, Lanes
from gateway.wire.neutral import LaneKind


class Kind(NamedTuple):
    """One kind of text. `field`: where it stands whole; `counts`: what numbers the parts of an item, if it has several."""

    lane: LaneKind
    field: str
    counts: str = ""
    hosted: bool = False


# By the name of the event, without its ending.
KINDS: Final[dict[str, Kind]] = {
    "response.output_text": Kind("content", "text", "content_index"),
    "response.refusal": Kind("refusal", "refusal", "content_index"),
    "response.reasoning_text": Kind("reasoning", "text", "content_index"),
    "response.reasoning_summary_text": Kind("reasoning", "text", "summary_index"),
    "response.function_call_arguments": Kind("tool_args", "arguments"),
    "response.custom_tool_call_input": Kind("tool_args", "input"),
    "response.mcp_call_arguments": Kind("tool_args", "arguments", hosted=True),
    "response.code_interpreter_call_code": Kind("tool_args", "code", hosted=True),
}
TEXT: Final = "response.output_text"
PARTS: Final = {
    "output_text": TEXT,
    "text": TEXT,
    "refusal": "response.refusal",
    "reasoning_text": "response.reasoning_text",
    "summary_text": "response.reasoning_summary_text",
}
CALLS: Final = {
    "function_call": "response.function_call_arguments",
    "custom_tool_call": "response.custom_tool_call_input",
    "mcp_call": "response.mcp_call_arguments",
    "code_interpreter_call": "response.code_interpreter_call_code",
}
_BROUGHT: Final = frozenset({"function_call_output", "custom_tool_call_output"})
_SAID_BY_MODELS: Final = frozenset({*CALLS, "reasoning"})
CONTENT: Final[Key] = (0, "content", None)

Place = tuple[int, str, int]  # output index, name of the event without its ending, index of the part


class Part:
    """A part that somebody looks at: what it has said, of how many characters that came, and its annotations as they went out."""

    __slots__ = ("_runs", "came", "notes", "said")

    def __init__(self, run: Run) -> None:
        self.said: list[str] = []
        self.came = 0
        self.notes: dict[int, Any] = {}
        self._runs = [run]

    @property
    def run(self) -> Run:
        return self._runs[-1]

    @property
    def changed(self) -> bool:
        return any(run.changed for run in self._runs)

    def go_on(self, run: Run) -> None:
        """With another run, if the part has seen the end of its lane."""
        if run is not self.run:
            self._runs.append(run)


class Items:
    """The parts and items of one answer, by place. Rebuilding works in place and tells whether anything changed.

    Text that a place repeats is not looked at again; text that stands only there is edited there, whole.
    """

    def __init__(self, lanes: Lanes) -> None:
        self.parts: dict[Place, Part] = {}
        self._lanes = lanes
        self._calls: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._finished: dict[int, dict[str, Any]] = {}

    def key(self, place: Place) -> Key:
        output, event, _ = place
        kind = KINDS[event]
        if kind.lane != "tool_args":
            return (0, kind.lane, None)
        if kind.hosted:
            return (0, "tool_args", f"hosted.{output}")
        return (0, "tool_args", self._calls.setdefault(output, len(self._calls)))

    def part(self, place: Place) -> Part | None:
        """The part that is to say something; None if nobody looks at it."""
        as_json = KINDS[place[1]].field == "arguments"
        run = self._lanes.run(self.key(place), self._names.get(place[0], ""), as_json=as_json)
        if run is None:
            return None
        part = self.parts.get(place)
        if part is None:
            part = self.parts[place] = Part(run)
        part.go_on(run)
        return part

    def named(self, output: int, item: dict[str, Any]) -> None:
        self._names[output] = name = str(item.get("name") or "")
        event = CALLS.get(str(item.get("type")))
        if event is not None:  # a call that may never get arguments is one all the same
            self._lanes.run(self.key((output, event, 0)), name, as_json=KINDS[event].field == "arguments")

    # --- places that repeat ------------------------------------------------------------------------------------------

    def text(self, place: Place, holder: dict[str, Any], field: str) -> bool:
        """A text where it stands whole."""
        part = self.parts.get(place)
        if part is None:
            return False
        came, holder[field] = holder.get(field), "".join(part.said)
        changed = bool(came != holder[field])
        if part.changed and holder.get("logprobs"):
            holder["logprobs"] = []
            changed = True
        return self._annotations(part, holder) or changed

    def _annotations(self, part: Part, holder: dict[str, Any]) -> bool:
        notes = holder.get("annotations")
        if not isinstance(notes, list) or not notes:
            return False
        before = body(notes).raw
        shown = [self.annotation(part, number, note) for number, note in enumerate(notes)]
        holder["annotations"] = [note for note in shown if note is not None]
        return body(holder["annotations"]).raw != before

    def annotation(self, part: Part, number: int, note: Any) -> Any:
        """As it goes out everywhere; None where it points into a text that is no longer what it was made for."""
        if part.changed and points(note):
            return None
        if number not in part.notes:
            box = [note]
            self._lanes.quoted(0, box)
            part.notes[number] = box[0]
        return part.notes[number]

    def item(self, output: int, item: Any, *, done: bool = True) -> bool:
        if not isinstance(item, dict):
            return False
        kind = str(item.get("type"))
        if kind == "message":
            return self._parts(output, item.get("content"))
        if kind == "reasoning":
            if item.get("encrypted_content"):
                self._lanes.opaque.add("encrypted")
            summary = self._parts(output, item.get("summary"))
            return self._parts(output, item.get("content")) or summary
        event = CALLS.get(kind)
        if event is not None and not KINDS[event].hosted:
            self.named(output, item)
            return self._whole((output, event, 0), item)
        return self._hosted(output, item, event, done)

    def _hosted(self, output: int, item: dict[str, Any], event: str | None, done: bool) -> bool:
        """An item of a tool that the vendor runs: its arguments are a lane, and each other string is edited by itself."""
        is_image = item.get("type") == "image_generation_call"
        self._lanes.opaque.add("image" if is_image else "hosted_tool")
        before = self._finished.get(output)
        if before is not None and before.get("type") == item.get("type"):
            changed = before != item
            item.clear()
            item.update(before)
            return changed
        apart, changed = "result" if is_image else "", False
        if event is not None:
            apart = KINDS[event].field
            self.named(output, item)
            changed = self._whole((output, event, 0), item)
        rest = {name: held for name, held in item.items() if name != apart}
        changed = self._lanes.quoted(0, rest) or changed
        item.update(rest)
        if done:
            self._finished[output] = dict(item)
        return changed

    def response(self, response: Any) -> bool:
        if not isinstance(response, dict):
            return False
        output = response.get("output")
        changed = False
        for index, item in enumerate(output if isinstance(output, list) else ()):
            changed = self.item(index, item) or changed
        if isinstance(whole := response.get("output_text"), str) and whole:
            response["output_text"] = "".join(_texts(output))
            changed = changed or response["output_text"] != whole
        return self._listed(response) or changed

    def _listed(self, page: dict[str, Any]) -> bool:
        """Items of a conversation, a page of them: what the model said in it, and what it was told."""
        changed = False
        items = page.get("data") if page.get("object") == "list" else None
        for index, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict) and (item.get("role") == "assistant" or item.get("type") in _SAID_BY_MODELS):
                changed = self.item(index, item) or changed
            else:
                changed = self._lanes.quoted(0, item, word="told" if _is_callers(item) else "quoted") or changed
        return changed

    # --- text that stands only there ---------------------------------------------------------------------------------

    def _parts(self, output: int, parts: Any) -> bool:
        """Parts of an item; texts that follow each other go through one edit."""
        changed = False
        row: Row | None = None
        steps: list[Any] = []
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            if not isinstance(part, dict):
                continue
            event = PARTS.get(str(part.get("type")))
            if event is None:
                self._lanes.opaque.add("unknown")
                changed = self._lanes.quoted(0, part) or changed
                continue
            place = (output, event, index)
            if place not in self.parts and event == TEXT:
                row = self._first_text(place, part, row, steps)
            elif row is not None:
                self._end(row, steps)
                row = None
            if event != TEXT:
                changed = self._whole(place, part) or changed
        if row is not None:
            self._end(row, steps)
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            if isinstance(part, dict) and PARTS.get(str(part.get("type"))) == TEXT:
                changed = self.text((output, TEXT, index), part, "text") or changed
        return changed

    def _first_text(self, place: Place, holder: dict[str, Any], row: Row | None, steps: list[Any]) -> Row | None:
        text = holder.get("text")
        part = self.part(place) if isinstance(text, str) and text else None
        if part is None:
            return row
        row = row or Row(part.run)
        steps += row.feed(place, str(text))
        return row

    def _end(self, row: Row, steps: list[Any]) -> None:
        for step in steps + row.close(self._lanes.close(CONTENT)):
            if isinstance(step, Said):
                self.parts[step.place].said.append(step.text)
        steps.clear()

    def _whole(self, place: Place, holder: dict[str, Any]) -> bool:
        """A text that is a lane of its own."""
        field = KINDS[place[1]].field
        text = holder.get(field)
        if place not in self.parts and isinstance(text, str) and text and (part := self.part(place)) is not None:
            part.said += [part.run.feed(text), self._lanes.close(self.key(place))]
        return self.text(place, holder, field)


def _is_callers(item: Any) -> bool:
    """Whether the caller brought this into the conversation, and no tool of the vendor."""
    return isinstance(item, dict) and (item.get("role") is not None or item.get("type") in _BROUGHT)


def _texts(output: Any) -> list[str]:
    return [
        part["text"]
        for item in (output if isinstance(output, list) else ())
        if isinstance(item, dict) and item.get("type") == "message"
        for part in item.get("content") or ()
        if isinstance(part, dict) and part.get("type") == "output_text"
    ]
