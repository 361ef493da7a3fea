"""Lanes in the answers of the Responses API: events, each numbered, and whole bodies.

Text is said in `*.delta` events and repeated in nearly every other; what repeats is rebuilt from what was said. The texts of one
message are one lane: the end of a part waits while something of it is held back.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from gateway.wire import frames
from gateway.wire.frames import DONE, Frame
from gateway.wire.lanes.response_items import CALLS, CONTENT, KINDS, PARTS, TEXT, Items, Place
from gateway.wire.lanes.row import Later, Row, Said
from gateway.wire.lanes.running import Key, Lanes, read
from gateway.wire.responses.watch import LIFE

_EVENT: Final = frozenset({"type", "obfuscation", "item_id", "logprobs", "error", "code", "message", "param"})
_DONE_ENDINGS: Final = (".done", ".delta")


class _Waiting(NamedTuple):
    """An event behind held text. `rebuild` makes its echoes when its turn comes, and tells whether they changed."""

    frame: Frame
    value: dict[str, Any]
    rebuild: Callable[[dict[str, Any]], bool]


class ResponsesAnswer:
    """One answer. Numbers of events are the upstream's until one is left out, put in or overtaken; from then on they are ours."""

    def __init__(self, lanes: Lanes, streamed: bool) -> None:
        self._lanes = lanes
        self._streamed = streamed
        self._items = Items(lanes)
        self._row: Row | None = None
        self._row_output = -1
        self._saying: dict[Key, Place] = {}  # where the open lanes with a single part stand
        self._ids: dict[int, str] = {}
        self._number: int | None = None
        self._exact = True
        self._queued = 0
        self._events: dict[str, Callable[[Frame, dict[str, Any]], list[Frame]]] = {
            "response.output_item.added": self._item_added,
            "response.output_item.done": self._item_done,
            "response.content_part.added": self._part_added,
            "response.content_part.done": self._part_done,
            "response.reasoning_summary_part.added": self._part_added,
            "response.reasoning_summary_part.done": self._part_done,
            "response.output_text.annotation.added": self._annotation,
        }

    def feed(self, frame: Frame) -> list[Frame]:
        if frame.data is None:
            return [frame]
        if frame.data == DONE:
            return [*self.finish(), frame]
        value = read(frame)
        if not self._streamed:
            self._lanes.released = True
            return [frames.edited(frame, value) if self._items.response(value) else frame]
        name = str(value.get("type") or frame.event or "")
        if self._number is None and isinstance(number := value.get("sequence_number"), int):
            self._number = number - 1
        if isinstance(item_id := value.get("item_id"), str):
            self._ids[_output(value)] = item_id
        if name in LIFE:
            return self._life(name, frame, value)
        if (react := self._events.get(name)) is not None:
            return react(frame, value)
        event, _, ending = name.rpartition(".")
        if event in KINDS and ending == "delta":
            return self._delta(event, frame, value)
        if event in KINDS and ending == "done":
            return self._done(event, frame, value)
        return self._other(name, frame, value)

    def finish(self) -> list[Frame]:
        """The rest of every lane, and what waited behind it."""
        tails = self._end_texts()
        for place in list(self._saying.values()):
            tails += self._tail(place)
        return tails

    # --- events ------------------------------------------------------------------------------------------------------

    def _life(self, name: str, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        tails = self.finish() if LIFE[name] else []
        self._lanes.released = self._lanes.released or bool(LIFE[name])
        return [*tails, self._out(frame, value, self._items.response(value.get("response")))]

    def _item_added(self, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        output, item = _output(value), value.get("item")
        if not isinstance(item, dict):
            return [self._out(frame, value, False)]
        if isinstance(item_id := item.get("id"), str):
            self._ids[output] = item_id
        event = CALLS.get(str(item.get("type")))
        if event is None:
            self._lanes.released = self._lanes.released or item.get("type") not in ("message", "reasoning")
            return [self._out(frame, value, self._items.item(output, item, done=False))]
        self._lanes.released = True
        self._items.named(output, item)
        return self._begun(frame, value, item, (output, event, 0))

    def _part_added(self, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        part = value.get("part")
        event = PARTS.get(str(part.get("type"))) if isinstance(part, dict) else None
        if event is None or not isinstance(part, dict):
            return self._other("", frame, value)
        return self._begun(frame, value, part, _place(event, value))

    def _begun(self, frame: Frame, value: dict[str, Any], holder: dict[str, Any], place: Place) -> list[Frame]:
        """Begins a part; text it begins with follows as a delta of its own, if anybody looks at it."""
        field = KINDS[place[1]].field
        text = holder.get(field)
        ended = self._turn(place)
        first = text if isinstance(text, str) and text and self._items.part(place) is not None else ""
        if first:
            holder[field] = ""
        begun = self._later(_Waiting(frame, value, lambda _value: bool(first)), end=False)
        return ended + begun + (self._say(place, first) if first else [])

    def _delta(self, event: str, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        text = value.get("delta")
        if not isinstance(text, str) or not text:
            return self._later(_Waiting(frame, value, lambda _value: False), end=False)
        place = _place(event, value)
        ended = self._turn(place)
        if self._items.part(place) is None:
            self._lanes.released = True
            return [*ended, self._out(frame, value, False)]
        return ended + self._say(place, text, frame, value)

    def _done(self, event: str, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        place = _place(event, value)
        said = self._unsaid(place, value)
        field = KINDS[event].field
        if event == TEXT:
            return said + self._later(
                _Waiting(frame, value, lambda held: self._items.text(place, held, field)), end=True
            )
        said += self._tail(place)
        self._lanes.released = True
        return [*said, self._out(frame, value, self._items.text(place, value, field))]

    def _part_done(self, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        part = value.get("part")
        event = PARTS.get(str(part.get("type"))) if isinstance(part, dict) else None
        if event is None or not isinstance(part, dict):
            return self._other("", frame, value)
        place = _place(event, value)
        field = KINDS[event].field
        said = self._unsaid(place, part)
        if event == TEXT:
            shown = _Waiting(frame, value, lambda held: self._items.text(place, held["part"], field))
            return said + self._later(shown, end=True)
        said += self._tail(place)
        return [*said, self._out(frame, value, self._items.text(place, part, field))]

    def _item_done(self, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        output, item = _output(value), value.get("item")
        tails = self._end_texts() if output == self._row_output else []
        for place in [place for place in self._saying.values() if place[0] == output]:
            tails += self._tail(place)
        self._lanes.released = True
        return [*tails, self._out(frame, value, self._items.item(output, item))]

    def _annotation(self, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        place, number = _place(TEXT, value), value.get("annotation_index")
        part = self._items.parts.get(place)
        if part is None or not isinstance(number, int):
            return [self._out(frame, value, self._lanes.quoted(0, [value.get("annotation")]))]
        before = frames.body(value.get("annotation")).raw
        shown = self._items.annotation(part, number, value.get("annotation"))
        if shown is None:
            self._exact = False
            return []
        value["annotation"] = shown
        changed = frames.body(shown).raw != before
        return self._later(_Waiting(frame, value, lambda _value: changed), end=False)

    def _other(self, name: str, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        """An event that says nothing, or one that nobody here knows."""
        known = _EVENT if name != "error" else frozenset(value)
        if name.endswith(".partial_image") or name.startswith("response.audio"):
            self._lanes.opaque.add("image" if name.endswith("image") else "audio")
            self._lanes.released = True
            known |= {"partial_image_b64"} if name.endswith("image") else set() if "transcript" in name else {"delta"}
        return [self._out(frame, value, self._lanes.unknown(0, value, known))]

    # --- lanes -------------------------------------------------------------------------------------------------------

    def _say(
        self, place: Place, text: str, frame: Frame | None = None, value: dict[str, Any] | None = None
    ) -> list[Frame]:
        """Text of a part; in the event it came in, or in one of our own."""
        part = self._items.part(place)
        if part is None:
            return []
        part.came += len(text)
        held_before = part.run.holds
        steps: list[Said | Later]
        if place[1] == TEXT:
            if self._row is None:
                self._row, self._row_output = Row(part.run), place[0]
            steps = self._row.feed(place, text)
        else:
            self._saying[part.run.lane[:3]] = place
            released = part.run.feed(text)
            steps = [Said(place, released)] if released else []
        let_out: list[Frame] = []
        used = False
        for step in steps:
            if isinstance(step, Later):
                let_out.append(self._let_out(step.value))
            elif step is steps[-1] and step.place == place and frame is not None and value is not None:
                let_out.append(self._said(frame, value, step, step.text != text or held_before))
                used = True
            else:
                let_out.append(self._made(step))
        self._exact = self._exact and (used or frame is None)
        return let_out

    def _said(self, frame: Frame, value: dict[str, Any], step: Said, touched: bool) -> Frame:
        """The event with what may be said; tokens that are not those of its text are left out."""
        self._items.parts[step.place].said.append(step.text)
        self._lanes.released = True
        changed = value["delta"] != step.text
        value["delta"] = step.text
        if touched and value.get("logprobs"):
            value["logprobs"] = []
            changed = True
        return self._out(frame, value, changed)

    def _made(self, step: Said) -> Frame:
        """A delta of our own."""
        output, event, index = step.place
        self._items.parts[step.place].said.append(step.text)
        self._lanes.released = True
        self._exact = False
        counts = KINDS[event].counts
        value: dict[str, Any] = {"type": f"{event}.delta", "sequence_number": -1, "item_id": self._ids.get(output, "")}
        value |= {"output_index": output, **({counts: index} if counts else {}), "delta": step.text}
        if event == TEXT:
            value["logprobs"] = []
        if self._number is None:
            del value["sequence_number"]
        return self._out(frames.event(value, value["type"]), value, False)

    def _unsaid(self, place: Place, holder: dict[str, Any]) -> list[Frame]:
        """What a finished part holds beyond its deltas, which some servers leave out."""
        text, part = holder.get(KINDS[place[1]].field), self._items.parts.get(place)
        came = 0 if part is None else part.came
        if not isinstance(text, str) or len(text) <= came:
            return []
        return self._turn(place) + self._say(place, text[came:])

    def _turn(self, place: Place) -> list[Frame]:
        """Ends what cannot go on once this part speaks: text of another message, another part of the same kind."""
        if place[1] == TEXT:
            return self._end_texts() if place[0] != self._row_output else []
        ended = self._end_texts() if place[0] == self._row_output else []
        before = self._saying.get(self._items.key(place), place)
        return ended if before == place else ended + self._tail(before)

    def _tail(self, place: Place) -> list[Frame]:
        key = self._items.key(place)
        if self._saying.get(key) != place:
            return []
        del self._saying[key]
        rest = self._lanes.close(key)
        return [self._made(Said(place, rest))] if rest else []

    def _later(self, waiting: _Waiting, *, end: bool) -> list[Frame]:
        if self._row is None or _output(waiting.value) != self._row_output:
            self._lanes.released = self._lanes.released or end
            return [self._emit(waiting)]
        if self._row.later(waiting, end=end):
            return [self._emit(waiting)]
        self._queued += 1
        return []

    def _end_texts(self) -> list[Frame]:
        row, self._row, self._row_output = self._row, None, -1
        if row is None:
            return []
        steps = row.close(self._lanes.close(CONTENT))
        self._lanes.released = self._lanes.released or bool(steps)
        return [self._let_out(step.value) if isinstance(step, Later) else self._made(step) for step in steps]

    def _emit(self, waiting: _Waiting) -> Frame:
        return self._out(waiting.frame, waiting.value, waiting.rebuild(waiting.value))

    def _let_out(self, waiting: _Waiting) -> Frame:
        self._queued -= 1
        return self._out(waiting.frame, waiting.value, waiting.rebuild(waiting.value), waited=True)

    def _out(self, frame: Frame, value: dict[str, Any], changed: bool, *, waited: bool = False) -> Frame:
        """`waited`: it comes out of the row, in order. What goes out before that has overtaken it."""
        self._exact = self._exact and (waited or not self._queued)
        number = value.get("sequence_number")
        if isinstance(number, int):
            self._number = number if self._exact or self._number is None else self._number + 1
            changed = changed or number != self._number
            value["sequence_number"] = self._number
        return frames.edited(frame, value) if changed else frame


def _output(value: dict[str, Any]) -> int:
    output = value.get("output_index")
    return output if isinstance(output, int) else 0


def _place(event: str, value: dict[str, Any]) -> Place:
    index = value.get(KINDS[event].counts)
    return _output(value), event, index if isinstance(index, int) else 0
