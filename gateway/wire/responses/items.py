"""Output items of a Responses answer as they grow: each says what begins, what is added, and at its end all that it held."""

from collections.abc import Callable
from typing import Any, Final

from gateway.wire.neutral import Finish, Reasoning, Sealed
from gateway.wire.responses.seal import sealed_content


class Emit:
    """Events of one item: each carries the item's place and, unless it holds the item itself, its id."""

    def __init__(self, emit: Callable[..., None], index: int, item_id: str) -> None:
        self._emit = emit
        self._index = index
        self.item_id = item_id

    def item(self, name: str, value: dict[str, Any], /) -> None:
        self._emit(name, output_index=self._index, item=value)

    def part(self, event: str, /, **fields: Any) -> None:
        self._emit(event, item_id=self.item_id, output_index=self._index, **fields)


class Message:
    """What is said to the caller. `value` is the finished item, once it is closed."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._parts: list[dict[str, Any]] = []
        self._kind: str | None = None  # of the part that is open
        self._pieces: list[str] = []
        self._logprobs: list[Any] = []
        self.value = self._item("in_progress")
        emit.item("response.output_item.added", self.value)

    def add(self, kind: str, text: str, logprobs: dict[str, Any] | None) -> None:
        self._go_on(kind)
        self._pieces.append(text)
        if kind == "refusal":
            if text:
                self._emit.part("response.refusal.delta", content_index=len(self._parts), delta=text)
            return
        held = [_token(one) for one in (logprobs or {}).get("content") or []]
        self._logprobs += held
        self._emit.part("response.output_text.delta", content_index=len(self._parts), delta=text, logprobs=held)

    def whole(self, kind: str, text: str, annotations: list[Any]) -> None:
        """Goes on with the open part, or is one of its own; closes it in any case."""
        self._go_on(kind)
        if text:
            self.add(kind, text, None)
        self._end_part([_flat(note) for note in annotations])

    def close(self, status: str) -> None:
        self._end_part([])
        self.value = self._item(status)
        self._emit.item("response.output_item.done", self.value)

    def _item(self, status: str) -> dict[str, Any]:
        return {
            "id": self._emit.item_id,
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": list(self._parts),
        }

    def _go_on(self, kind: str) -> None:
        if self._kind == kind:
            return
        self._end_part([])
        self._kind = kind
        self._emit.part("response.content_part.added", content_index=len(self._parts), part=self._part([]))

    def _part(self, annotations: list[Any]) -> dict[str, Any]:
        text = "".join(self._pieces)
        if self._kind == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": self._logprobs}

    def _end_part(self, annotations: list[Any]) -> None:
        if self._kind is None:
            return
        part, index = self._part(annotations), len(self._parts)
        for place, note in enumerate(annotations):
            self._emit.part(
                "response.output_text.annotation.added", content_index=index, annotation_index=place, annotation=note
            )
        if self._kind == "refusal":
            self._emit.part("response.refusal.done", content_index=index, refusal=part["refusal"])
        else:
            self._emit.part(
                "response.output_text.done", content_index=index, text=part["text"], logprobs=part["logprobs"]
            )
        self._emit.part("response.content_part.done", content_index=index, part=part)
        self._parts.append(part)
        self._kind, self._pieces, self._logprobs = None, [], []


class Thought:
    """Reasoning, shown as one part of a summary: that is where readers of this API look for it."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._pieces: list[str] = []
        self._seal: str | None = None
        self.value: dict[str, Any] = {"id": emit.item_id, "type": "reasoning", "summary": []}
        emit.item("response.output_item.added", self.value)

    def add(self, text: str) -> None:
        if not text:
            return
        if not self._pieces:
            self._emit.part("response.reasoning_summary_part.added", summary_index=0, part=self._part())
        self._pieces.append(text)
        self._emit.part("response.reasoning_summary_text.delta", summary_index=0, delta=text)

    def seal(self, seal: Sealed | Reasoning) -> None:
        self._seal = sealed_content(seal)

    def close(self, status: str) -> None:
        del status  # an item of reasoning has none
        part = self._part()
        if self._pieces:
            self._emit.part("response.reasoning_summary_text.done", summary_index=0, text=part["text"])
            self._emit.part("response.reasoning_summary_part.done", summary_index=0, part=part)
        self.value = {**self.value, "summary": [part] if self._pieces else []}
        if self._seal is not None:
            self.value["encrypted_content"] = self._seal
        self._emit.item("response.output_item.done", self.value)

    def _part(self) -> dict[str, Any]:
        return {"type": "summary_text", "text": "".join(self._pieces)}


class Call:
    """A call of a function or of a custom tool, which take text under different names."""

    def __init__(self, emit: Emit, call_id: str, name: str, *, custom: bool) -> None:
        self._emit = emit
        self._pieces: list[str] = []
        self._named = {"call_id": call_id, "name": name}
        self._lane, self._field = _CUSTOM if custom else _FUNCTION
        self._type = "custom_tool_call" if custom else "function_call"
        self.value = self._item("in_progress")
        emit.item("response.output_item.added", self.value)

    def add(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self._emit.part(f"{self._lane}.delta", delta=text)

    def close(self, status: str) -> None:
        self.value = self._item(status)
        done = {self._field: self.value[self._field]}
        if self._type == "function_call":
            done["name"] = self._named["name"]
        self._emit.part(f"{self._lane}.done", **done)
        self._emit.item("response.output_item.done", self.value)

    def _item(self, status: str) -> dict[str, Any]:
        text = "".join(self._pieces)
        return {"id": self._emit.item_id, "type": self._type, "status": status, self._field: text, **self._named}


_FUNCTION: Final = ("response.function_call_arguments", "arguments")
_CUSTOM: Final = ("response.custom_tool_call_input", "input")


def finished(finish: Finish | None) -> str:
    """The status of the items that were open when the choice ended."""
    return "incomplete" if finish in ("length", "content_filter") else "completed"


def _token(entry: Any) -> Any:
    """The API always tells a token's bytes and its rivals; chat servers may leave them out."""
    if not isinstance(entry, dict):
        return entry
    return {**_with_bytes(entry), "top_logprobs": [_with_bytes(one) for one in entry.get("top_logprobs") or []]}


def _with_bytes(entry: Any) -> Any:
    token = entry.get("token") if isinstance(entry, dict) else None
    if not isinstance(token, str) or entry.get("bytes") is not None:
        return entry
    return {**entry, "bytes": list(token.encode("utf-8", "surrogatepass"))}


def _flat(note: Any) -> Any:
    """The neutral form has citations of URLs as chat writes them: an object inside the object."""
    inner = note.get("url_citation") if isinstance(note, dict) else None
    return {"type": "url_citation", **inner} if isinstance(inner, dict) else note
