"""Where text stands in a choice of chat completions or of the older completions, and how a chunk that holds one text looks."""

from typing import Any, Final

from gateway.wire.lanes.lane import Lane, Run
from gateway.wire.lanes.running import Key, Lanes
from gateway.wire.neutral import LaneKind

# Fields that hold no text of the model, by what they stand in. What is in none of these lists is edited as quoted text.
HEAD: Final = frozenset(
    {
        "id",
        "object",
        "created",
        "model",
        "system_fingerprint",
        "service_tier",
        "choices",
        "usage",
        "obfuscation",
        "provider",
        "error",
        "prompt_filter_results",
        "prompt_logprobs",
        "prompt_token_ids",
        "kv_transfer_params",
    }
)
_CHOICE: Final = frozenset(
    {
        "index",
        "delta",
        "message",
        "text",
        "finish_reason",
        "native_finish_reason",
        "stop_reason",
        "matched_stop",
        "logprobs",
        "token_ids",
        "prompt_logprobs",
        "content_filter_results",
        "content_filter_offsets",
    }
)
_DELTA: Final = frozenset(
    {
        "role",
        "content",
        "reasoning_content",
        "reasoning",
        "refusal",
        "tool_calls",
        "function_call",
        "audio",
        "reasoning_details",
    }
)
# Of a chunk whose text is all held back: these alone are no reason to send it. `logprobs` are about text that is not there.
_SILENT: Final = (HEAD - {"usage"}) | {"index", "delta", "message", "logprobs", "token_ids"}

_PLAIN: Final[dict[str, tuple[LaneKind, str | None]]] = {
    "content": ("content", None),
    "reasoning_content": ("reasoning", None),
    "reasoning": ("reasoning", "reasoning"),
    "refusal": ("refusal", None),
}
_DETAILS: Final = {"reasoning.text": "text", "reasoning.summary": "summary"}


class Slot:
    """Text of a watched lane in `holder[name]`. `signed`: a signature stands beside it, over the whole lane."""

    __slots__ = ("came", "held_before", "holder", "key", "name", "run", "signed")

    def __init__(self, holder: dict[str, Any], name: str, key: Key, run: Run, *, signed: bool = False) -> None:
        self.signed = signed
        self.holder = holder
        self.name = name
        self.key = key
        self.run = run
        self.came: str = holder[name]
        self.held_before = run.holds

    @property
    def changed(self) -> bool:
        return bool(self.holder[self.name] != self.came)

    @property
    def touched(self) -> bool:
        """What is said here may not be what the frame's tokens say."""
        return self.held_before or self.changed


class Choice:
    """One choice of one answer. `slots(frame's choice)` also edits what stands there whole; `changed` tells of that."""

    def __init__(self, lanes: Lanes, index: int) -> None:
        self.changed = False
        self._streamed = True
        self._lanes = lanes
        self._index = index
        self._names: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._customs: set[int] = set()

    def slots(self, choice: dict[str, Any], *, streamed: bool) -> list[Slot]:
        found: list[Slot] = []
        self._streamed = streamed
        self.changed = self._lanes.unknown(self._index, choice, _CHOICE)
        self._text(choice, "text", "content", None, found)
        delta, message = choice.get("delta"), choice.get("message")
        if isinstance(delta, dict):
            self._holder(delta, found)
            if streamed and message is not None and self._lanes.run((self._index, "content", None)) is not None:
                del choice["message"]  # the whole text until now, which some servers repeat in every chunk
                self.changed = True
                return found
        if isinstance(message, dict):
            self._holder(message, found)
        return found

    def delta(self, key: Key, text: str) -> dict[str, Any]:
        """A delta that holds this text of a lane."""
        _, kind, tool = key
        if kind != "tool_args":
            if isinstance(tool, str) and tool.startswith("details."):
                place = int(tool.partition(".")[2])
                return {"reasoning_details": [{"type": "reasoning.text", "text": text, "index": place}]}
            if tool == "audio":
                return {"audio": {"transcript": text}}
            return {next(name for name, lane in _PLAIN.items() if lane == (kind, tool)): text}
        if not isinstance(tool, int):
            return {"function_call": {"arguments": text}}
        inner = {"custom": {"input": text}} if tool in self._customs else {"function": {"arguments": text}}
        return {"tool_calls": [{"index": tool, **inner}]}

    def _holder(self, holder: dict[str, Any], found: list[Slot]) -> None:
        self.changed = self._lanes.unknown(self._index, holder, _DELTA) or self.changed
        for name, (kind, tool) in _PLAIN.items():
            if holder.get(name):
                self._text(holder, name, kind, tool, found)
        if isinstance(parts := holder.get("content"), list):
            self._parts(parts, found)
        if calls := holder.get("tool_calls"):
            self._calls(calls, found)
        if isinstance(call := holder.get("function_call"), dict):
            self._call(call, "arguments", "function_call", found)
        if isinstance(audio := holder.get("audio"), dict):
            self._audio(audio, found)
        if details := holder.get("reasoning_details"):
            self._details(details, found)

    def _text(
        self, holder: dict[str, Any], name: str, kind: LaneKind, tool: str | None, found: list[Slot]
    ) -> Slot | None:
        text = holder.get(name)
        if not isinstance(text, str) or not text:
            return None
        key: Key = (self._index, kind, tool)
        run = self._lanes.run(key)
        if run is None:
            self._lanes.released = True
            return None
        slot = Slot(holder, name, key, run)
        found.append(slot)
        return slot

    def _audio(self, audio: dict[str, Any], found: list[Slot]) -> None:
        if audio.get("data"):
            self._lanes.opaque.add("audio")
            self._lanes.released = True
        self._text(audio, "transcript", "content", "audio", found)

    def _parts(self, parts: list[Any], found: list[Slot]) -> None:
        """Content as a list of parts (Mistral)."""
        for part in parts:
            kind = part.get("type") if isinstance(part, dict) else None
            if kind == "text":
                self._text(part, "text", "content", None, found)
            elif kind == "thinking" and isinstance(part.get("thinking"), list):
                for inner in part["thinking"]:
                    if isinstance(inner, dict):
                        self._text(inner, "text", "reasoning", None, found)
            else:
                self._lanes.opaque.add(_OPAQUE.get(str(kind), "unknown"))
                self.changed = self._lanes.quoted(self._index, part) or self.changed

    def _calls(self, calls: Any, found: list[Slot]) -> None:
        self._lanes.released = True
        for place, call in enumerate(calls if isinstance(calls, list) else ()):
            if not isinstance(call, dict):
                continue
            number = self._number(call, place)
            for kind, field in (("function", "arguments"), ("custom", "input")):
                if isinstance(inner := call.get(kind), dict):
                    if isinstance(name := inner.get("name"), str) and name:
                        self._names[number] = name
                    if kind == "custom":
                        self._customs.add(number)
                    self._call(inner, field, number, found)

    def _number(self, call: dict[str, Any], place: int) -> int:
        """Its index; where a server gives none, an id or a name begins a new call."""
        index, call_id = call.get("index"), call.get("id")
        if isinstance(index, int) or not self._streamed:
            number = index if isinstance(index, int) else place
        elif isinstance(call_id, str) and call_id:
            number = self._numbers.get(call_id, len(self._numbers))
        else:
            number = max(self._numbers.values(), default=place)
        self._numbers[call_id if isinstance(call_id, str) and call_id else f"#{number}"] = number
        return number

    def _call(self, holder: dict[str, Any], field: str, tool: int | str, found: list[Slot]) -> None:
        text = holder.get(field)
        name = self._names.get(tool, "") if isinstance(tool, int) else str(holder.get("name") or "")
        key: Key = (self._index, "tool_args", tool)
        if not text:
            if name:  # a call that may never get arguments is one all the same
                self._lanes.run(key, name, as_json=field == "arguments")
            return
        self._lanes.released = True
        if isinstance(text, dict):  # decoded, as some servers send it
            holder[field], changed = self._lanes.arguments(Lane(self._index, "tool_args", tool, name), text)
            self.changed = self.changed or changed
        elif isinstance(text, str) and (run := self._lanes.run(key, name, as_json=field == "arguments")) is not None:
            found.append(Slot(holder, field, key, run))

    def _details(self, details: Any, found: list[Slot]) -> None:
        """Reasoning as OpenRouter tells it a second time, with the vendor's signature behind it."""
        for place, detail in enumerate(details if isinstance(details, list) else ()):
            if not isinstance(detail, dict):
                continue
            if detail.get("data"):
                self._lanes.opaque.add("encrypted")
            index = detail.get("index")
            field = _DETAILS.get(str(detail.get("type")))
            if field is None:
                continue
            key: Key = (self._index, "reasoning", f"details.{index if isinstance(index, int) else place}")
            signed = bool(detail.get("signature"))
            if isinstance(detail.get(field), str) and detail[field]:
                run = self._lanes.run(key)
                self._lanes.released = self._lanes.released or run is None
            else:
                run = self._lanes.find(key) if signed else None
                detail[field] = detail.get(field) or ""
            if run is not None:
                found.append(Slot(detail, field, key, run, signed=signed))


_OPAQUE: Final = {"image_url": "image", "image": "image", "input_audio": "audio", "audio": "audio", "file": "file"}


def drop_offsets(holder: Any) -> bool:
    """Takes out the annotations that point into a text which is no longer what they were made for."""
    notes = holder.get("annotations") if isinstance(holder, dict) else None
    if not isinstance(notes, list):
        return False
    kept = [note for note in notes if not points(note)]
    holder["annotations"] = kept
    return len(kept) != len(notes)


def points(note: Any) -> bool:
    """Whether an annotation tells a place by its offset."""
    if not isinstance(note, dict):
        return False
    inner = note.get("url_citation")
    return "start_index" in note or "end_index" in note or (isinstance(inner, dict) and points(inner))


def says_nothing(chunk: dict[str, Any]) -> bool:
    """A chunk of which nothing is left that the caller would miss."""
    if any(value and name not in _SILENT for name, value in chunk.items()):
        return False
    for choice in chunk["choices"]:
        if not isinstance(choice, dict) or any(value and name not in _SILENT for name, value in choice.items()):
            return False
        for holder in (choice.get("delta"), choice.get("message")):
            if isinstance(holder, dict) and any(_tells(name, value) for name, value in holder.items()):
                return False
    return True


def _tells(name: str, value: Any) -> bool:
    if name == "tool_calls" and isinstance(value, list):
        return any(_tells_of_call(call) for call in value)
    if name == "reasoning_details" and isinstance(value, list):
        return any(detail.get("text") or detail.get("summary") or detail.get("data") for detail in value)
    if isinstance(value, dict):
        return any(inner for inner in value.values())
    return bool(value)


def _tells_of_call(call: Any) -> bool:
    if not isinstance(call, dict) or call.get("id"):
        return True
    return any(
        inner.get("name") or inner.get("arguments") or inner.get("input")
        for kind in ("function", "custom")
        if isinstance(inner := call.get(kind), dict)
    )
