"""Lanes in the answers of the smaller APIs: what images were made from, the documents of a rerank, files and batches.

What is no JSON there has no text: pictures, and whatever a file holds.
"""

from typing import Any, Final

import msgspec

from gateway.wire import frames
from gateway.wire.frames import Frame
from gateway.wire.lanes.lane import Lane
from gateway.wire.lanes.running import DEEPEST, Lanes, too_deep

_HEAD: Final = frozenset({"id", "object", "created", "model", "usage", "results", "data"})
_IMAGES: Final = _HEAD | {"background", "output_format", "quality", "size"}
_IMAGE: Final = frozenset({"b64_json", "url", "revised_prompt"})
_RESULT: Final = frozenset({"object", "index", "relevance_score", "score", "document", "text"})


class ImagesAnswer:
    """Pictures, and for each the prompt that it was really made from. A stream of them holds no text, and passes."""

    def __init__(self, lanes: Lanes, _streamed: bool) -> None:
        self._lanes = lanes

    def feed(self, frame: Frame) -> list[Frame]:
        lanes = self._lanes
        lanes.released = True
        value = decoded(frame)
        if not isinstance(value, dict):
            lanes.opaque.add("image")
            return [frame]
        changed = lanes.unknown(0, value, _IMAGES)
        for at, one in enumerate(_objects(value.get("data"))):
            if one.get("b64_json") or one.get("url"):
                lanes.opaque.add("image")
            changed = text_in(lanes, one, "revised_prompt", Lane(at, "content")) or changed
            changed = text_in(lanes, one, "url", Lane(at, "content", "url")) or changed
            changed = lanes.unknown(at, one, _IMAGE) or changed
        return [frames.edited(frame, value) if changed else frame]

    def finish(self) -> list[Frame]:
        return []


class RerankAnswer:
    """Documents of the caller, best first: each is one answer of its own. `data` and a bare list are what other servers call `results`."""

    def __init__(self, lanes: Lanes, _streamed: bool) -> None:
        self._lanes = lanes

    def feed(self, frame: Frame) -> list[Frame]:
        lanes = self._lanes
        lanes.released = True
        value = decoded(frame)
        if not isinstance(value, dict | list):
            lanes.opaque.add("data")
            return [frame]
        changed = False
        results: Any = value
        if isinstance(value, dict):
            changed = lanes.quoted(0, value.get("meta"))
            changed = lanes.unknown(0, value, _HEAD | {"meta"}) or changed
            results = [*_objects(value.get("results")), *_objects(value.get("data"))]
        for at, one in enumerate(_objects(results)):
            changed = self._texts(Lane(at, "content"), one, ("document", "text")) or changed
            changed = lanes.unknown(at, one, _RESULT) or changed
        if not changed:
            return [frame]
        return [frames.edited(frame, value) if isinstance(value, dict) else frames.body(value)]

    def finish(self) -> list[Frame]:
        return []

    def _texts(self, lane: Lane, holder: Any, names: Any, depth: int = 0) -> bool:
        """Every text under these names, whatever fields a document has."""
        if depth > DEEPEST:
            raise too_deep()
        changed = False
        for name in names:
            held = holder[name] if isinstance(holder, list) else holder.get(name)
            if isinstance(held, str):
                changed = text_in(self._lanes, holder, name, lane) or changed
            elif isinstance(held, dict):
                changed = self._texts(lane, held, list(held), depth + 1) or changed
            elif isinstance(held, list):
                changed = self._texts(lane, held, range(len(held)), depth + 1) or changed
        return changed


class StoredAnswer:
    """Files and batches: what is told of them is the vendor's and passes; what is in a file nobody reads."""

    def __init__(self, lanes: Lanes, _streamed: bool) -> None:
        self._lanes = lanes

    def feed(self, frame: Frame) -> list[Frame]:
        self._lanes.released = True
        self._lanes.opaque.add("file" if frame.data is None else "unknown")
        return [frame]

    def finish(self) -> list[Frame]:
        return []


def decoded(frame: Frame) -> Any:
    """The frame's data, for us alone; None where it is no JSON."""
    if frame.data is None:
        return None
    try:
        return msgspec.json.decode(frame.data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def text_in(lanes: Lanes, holder: Any, name: Any, lane: Lane) -> bool:
    """Edits a text that is whole, in place; whether it changed."""
    text = holder[name] if isinstance(holder, list) else holder.get(name)
    if not isinstance(text, str):
        return False
    holder[name] = lanes.once(lane, text)
    return bool(holder[name] != text)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
