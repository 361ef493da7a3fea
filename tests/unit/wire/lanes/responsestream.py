"""Events of the Responses API for tests, and how to tell them in words."""

from typing import Any

from gateway.wire import frames
from gateway.wire.frames import Frame
from gateway.wire.lanes.editing import Editing, editing
from tests.support.edits import Redact


class Stream:
    """Events of one answer, numbered as they are made."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def say(self, kind: str, output: int | None = 0, **fields: Any) -> "Stream":
        where: dict[str, Any] = {} if output is None else {"output_index": output}
        if output is not None and "item" not in fields:
            where["item_id"] = f"item_{output}"
        value = {"type": f"response.{kind}", "sequence_number": len(self.frames), **where, **fields}
        self.frames.append(frames.event(value, value["type"]))
        return self

    def part(self, *pieces: str, output: int = 0, index: int = 0, notes: list[Any] | None = None) -> "Stream":
        whole = "".join(pieces)
        at = {"content_index": index}
        empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        self.say("content_part.added", output, **at, part=empty)
        for piece in pieces:
            self.say("output_text.delta", output, **at, delta=piece, logprobs=[{"token": piece}])
        for number, note in enumerate(notes or []):
            self.say("output_text.annotation.added", output, **at, annotation_index=number, annotation=note)
        logprobs = [{"token": piece} for piece in pieces]
        self.say("output_text.done", output, **at, text=whole, logprobs=logprobs)
        part = {"type": "output_text", "text": whole, "annotations": notes or [], "logprobs": logprobs}
        return self.say("content_part.done", output, **at, part=part)

    def message(self, *parts: list[str], output: int = 0) -> "Stream":
        item: dict[str, Any] = {"id": f"item_{output}", "type": "message", "role": "assistant", "content": []}
        self.say("output_item.added", output, item=item)
        for index, pieces in enumerate(parts):
            self.part(*pieces, output=output, index=index)
        content = [{"type": "output_text", "text": "".join(pieces), "annotations": []} for pieces in parts]
        return self.say("output_item.done", output, item={**item, "content": content})

    def end(self) -> "Stream":
        output = [f.json["item"] for f in self.frames if f.event == "response.output_item.done"]
        return self.say("completed", None, response={"id": "r", "status": "completed", "output": output, "x": 1})


def redacting(streamed: bool = True) -> Editing:
    return editing("responses", streamed, lambda lane: Redact())


def told(shown: list[Frame]) -> list[str]:
    """The events in words: what was said, and of echoes what they repeat."""
    words = []
    for number, frame in enumerate(shown):
        value = frame.json
        assert value["sequence_number"] == number
        kind = value["type"].removeprefix("response.")
        said = value.get("delta", value.get("text", value.get("arguments", value.get("part", {}).get("text"))))
        words.append(kind if said is None else f"{kind} {said}")
    return words
