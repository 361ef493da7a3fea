"""Lanes in the answers of the Messages API.

Texts that follow each other are one lane, which citations cut into blocks: where a lane holds something back, the end of its block
waits. A block of any other kind is a lane of its own and parts the texts before it from those behind it.
"""

from typing import Any, Final

from gateway.wire import frames
from gateway.wire.frames import Frame
from gateway.wire.lanes.lane import Lane, SignedEdit
from gateway.wire.lanes.row import Later, Row, Said
from gateway.wire.lanes.running import Key, Lanes, read

_TEXT: Final[Key] = (0, "content", None)
_CALLS: Final = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_MESSAGE: Final = frozenset(
    {"type", "id", "role", "model", "content", "stop_reason", "stop_sequence", "usage", "container"}
)
_SAYS: Final = ("text", "thinking")
_GROWS: Final = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


class MessagesAnswer:
    """One answer. Thinking that carries a signature is never changed: `SignedEdit` is raised where an edit wants to."""

    def __init__(self, lanes: Lanes, streamed: bool) -> None:
        self._lanes = lanes
        self._streamed = streamed
        self._blocks: dict[int, _Block] = {}
        self._row: Row | None = None
        self._calls = 0
        self._events = {
            "message_start": self._message,
            "content_block_start": self._start,
            "content_block_delta": self._delta,
            "content_block_stop": self._stop,
            "message_delta": self._end,
            "message_stop": self._end,
        }

    def feed(self, frame: Frame) -> list[Frame]:
        if frame.data is None:
            return [frame]
        value = read(frame)
        if not self._streamed:
            changed = value.get("type") != "error" and self._whole(value)
            self._lanes.released = True
            return [frames.edited(frame, value) if changed else frame]
        react = self._events.get(str(value.get("type")))
        return [frame] if react is None else react(frame, value)

    def finish(self) -> list[Frame]:
        """The rest of every lane, and what waited behind it."""
        let_out: list[Frame] = []
        for index in list(self._blocks):
            let_out += self._tail(index)
        return let_out + self._end_texts()

    # --- events ------------------------------------------------------------------------------------------------------

    def _message(self, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        message = value.get("message")
        changed = isinstance(message, dict) and self._whole(message)
        return [frames.edited(frame, value) if changed else frame]

    def _start(self, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        index, start = value.get("index"), value.get("content_block")
        if not isinstance(index, int) or not isinstance(start, dict):
            return [frame]
        kind = str(start.get("type"))
        block = self._blocks[index] = _Block(kind, self._key(kind, index), str(start.get("name") or ""))
        changed = self._lanes.quoted(0, start.get("citations"))
        if kind == "text" and not start.get("text"):
            return self._later(frames.edited(frame, value) if changed else frame)
        if kind in _SAYS and isinstance(text := start.get(kind), str) and text and self._watched(block):
            start[kind] = ""
            grown = {"type": "content_block_delta", "index": index, "delta": {"type": f"{kind}_delta", kind: text}}
            begun = frames.edited(frame, value)
            shown = self._later(begun) if kind == "text" else [*self._end_texts(), begun]
            return shown + self._delta(frames.event(grown, "content_block_delta"), grown)
        ended = [] if kind == "text" else self._end_texts()
        self._lanes.released = self._lanes.released or kind not in _SAYS or bool(start.get(kind))
        changed = self._open(block, start) or changed
        return [*ended, frames.edited(frame, value) if changed else frame]

    def _watched(self, block: "_Block") -> bool:
        return self._lanes.run(block.key) is not None

    def _delta(self, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        index, delta = value.get("index"), value.get("delta")
        block = self._blocks.get(index) if isinstance(index, int) else None
        if block is None or not isinstance(delta, dict) or not isinstance(index, int):
            return [frame]
        kind = str(delta.get("type"))
        field = _GROWS.get(kind)
        if field is None:
            return self._other_delta(frame, value, block, index)
        text = delta.get(field)
        if not isinstance(text, str) or not text:
            return self._later(frame) if block.kind == "text" else [frame]
        if kind == "text_delta":
            return self._text(frame, value, index, text)
        run = self._lanes.run(block.key, block.name, as_json=kind == "input_json_delta")
        block.grows = kind
        released = text if run is None else run.feed(text)
        if not released:
            return []
        self._lanes.released = True
        if released == text:
            return [frame]
        delta[field] = released
        return [frames.edited(frame, value)]

    def _other_delta(self, frame: Frame, value: dict[str, Any], block: "_Block", index: int) -> list[Frame]:
        """A citation, a signature, or something new."""
        delta = value["delta"]
        if delta.get("type") == "signature_delta":
            run = self._lanes.find(block.key)
            tail = self._tail(index)
            if run is not None and run.changed and delta.get("signature"):
                raise SignedEdit(run.lane)
            self._lanes.released = True
            return [*tail, frame]
        if delta.get("type") != "citations_delta":
            self._lanes.opaque.add("unknown")
        self._lanes.released = True
        shown = frames.edited(frame, value) if self._lanes.quoted(0, delta) else frame
        return self._later(shown) if block.kind == "text" else [shown]

    def _stop(self, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        index = value.get("index")
        block = self._blocks.get(index) if isinstance(index, int) else None
        if block is None or not isinstance(index, int):
            return [frame]
        if block.kind == "text":
            del self._blocks[index]
            return self._later(frame, end=True)
        tail = self._tail(index)
        del self._blocks[index]
        self._lanes.released = True
        return [*tail, frame]

    def _end(self, frame: Frame, value: dict[str, Any]) -> list[Frame]:
        tails = self.finish()
        self._lanes.released = True
        delta = value.get("delta")
        changed = isinstance(delta, dict) and self._lanes.quoted(0, delta.get("stop_details"))
        return [*tails, frames.edited(frame, value) if changed else frame]

    # --- lanes -------------------------------------------------------------------------------------------------------

    def _text(self, frame: Frame | None, value: dict[str, Any], index: int, text: str) -> list[Frame]:
        """Text of a block; `value` is its event, or another one of the same block where `frame` is None."""
        run = self._lanes.run(_TEXT)
        if run is None:
            self._lanes.released = True
            return [frame or _grown(index, "text_delta", text)]
        if self._row is None:
            self._row = Row(run)
        steps = self._row.feed(index, text)
        last = steps[-1] if steps else None
        if frame is None or not isinstance(last, Said) or last.place != index:
            return self._written(steps)
        self._lanes.released = True
        value["delta"]["text"] = last.text
        return [*self._written(steps[:-1]), frame if last.text == text else frames.edited(frame, value)]

    def _later(self, frame: Frame, *, end: bool = False) -> list[Frame]:
        if self._row is None:
            self._lanes.released = self._lanes.released or end
            return [frame]
        return self._written(self._row.later(frame, end=end))

    def _end_texts(self) -> list[Frame]:
        """Texts that follow cannot be joined to those before."""
        rest = self._lanes.close(_TEXT)
        row, self._row = self._row, None
        return [] if row is None else self._written(row.close(rest))

    def _written(self, steps: list[Said | Later]) -> list[Frame]:
        if steps:
            self._lanes.released = True
        return [
            step.value if isinstance(step, Later) else _grown(step.place, "text_delta", step.text) for step in steps
        ]

    def _tail(self, index: int) -> list[Frame]:
        """The rest of a block's own lane."""
        block = self._blocks[index]
        rest = "" if block.kind == "text" else self._lanes.close(block.key)
        return [_grown(index, block.grows, rest)] if rest else []

    def _open(self, block: "_Block", start: dict[str, Any]) -> bool:
        """What a block that is no text holds from its beginning; whether that changed."""
        changed = False
        if block.kind in _CALLS and self._streamed and not start.get("input"):
            self._lanes.run(
                block.key, block.name, as_json=True
            )  # nothing more may come, and the call is looked at all the same
        elif block.kind in _CALLS:
            lane = Lane(*block.key, block.name)
            start["input"], changed = self._lanes.arguments(lane, start.get("input") or {})
        if block.kind == "thinking" and isinstance(start.get("thinking"), str):
            lane, text = Lane(*block.key), start["thinking"]
            start["thinking"] = self._lanes.once(lane, text, signed=bool(start.get("signature")))
            changed = start["thinking"] != text
        if block.kind == "redacted_thinking":
            self._lanes.opaque.add("encrypted")
        elif block.kind not in _CALLS and block.kind not in _SAYS:
            self._lanes.opaque.add("hosted_tool")
            changed = self._lanes.quoted(0, start)
        return changed

    def _key(self, kind: str, index: int) -> Key:
        if kind == "tool_use":
            self._calls += 1
            return (0, "tool_args", self._calls - 1)
        if kind in _CALLS:
            return (0, "tool_args", f"hosted.{index}")
        return _TEXT if kind == "text" else (0, "reasoning", None)

    def _whole(self, message: dict[str, Any]) -> bool:
        """A body, all of it; whether it changed."""
        blocks = message.get("content")
        changed = self._lanes.unknown(0, message, _MESSAGE)
        texts: list[tuple[dict[str, Any], str]] = []
        for index, block in enumerate(blocks if isinstance(blocks, list) else ()):
            if not isinstance(block, dict):
                continue
            kind = str(block.get("type"))
            if kind == "text" and isinstance(block.get("text"), str):
                changed = self._lanes.quoted(0, block.get("citations")) or changed
                texts.append((block, block["text"]))
                continue
            changed = self._join(texts) or changed
            changed = self._open(_Block(kind, self._key(kind, index), str(block.get("name") or "")), block) or changed
        return self._join(texts) or changed

    def _join(self, texts: list[tuple[dict[str, Any], str]]) -> bool:
        """Texts of a body that follow each other, through one edit; whether any changed."""
        run = self._lanes.run(_TEXT) if any(text for _, text in texts) else None
        if run is None:
            texts.clear()
            return False
        row = Row(run)
        steps: list[Said | Later] = []
        for place, (_, text) in enumerate(texts):
            steps += row.feed(place, text) if text else []
        steps += row.close(self._lanes.close(_TEXT))
        changed = False
        for place, (block, text) in enumerate(texts):
            block["text"] = "".join(step.text for step in steps if isinstance(step, Said) and step.place == place)
            changed = changed or block["text"] != text
        texts.clear()
        return changed


class _Block:
    """An open block. `grows`: the deltas in which it came."""

    __slots__ = ("grows", "key", "kind", "name")

    def __init__(self, kind: str, key: Key, name: str) -> None:
        self.kind = kind
        self.key = key
        self.name = name
        self.grows = "text_delta"


def _grown(index: int, kind: str, text: str) -> Frame:
    value = {"type": "content_block_delta", "index": index, "delta": {"type": kind, _GROWS[kind]: text}}
    return frames.event(value, "content_block_delta")
