"""The lanes of one answer that are open."""

from typing import Any, Final

from gateway.errors import GatewayError
from gateway.wire.frames import Frame, NotJSON
from gateway.wire.lanes.json_lane import edited_value, inside
from gateway.wire.lanes.lane import EditFor, Lane, Run, SignedEdit
from gateway.wire.neutral import LaneKind

Key = tuple[int, LaneKind, int | str | None]

# Fields that name things and quote nothing, and those that hold an address.
_NAMES: Final = frozenset({"type", "id", "index", "role", "status", "phase", "object", "format", "model", "media_type"})
_ADDRESSES: Final = frozenset({"url", "uri", "source", "source_url", "image_url", "link"})
_SEALED: Final = frozenset({"signature", "data", "encrypted_content", "encrypted_index", "b64_json"})
DEEPEST: Final = 100  # levels of a citation or of a hosted tool's result; nobody sends more than a dozen
_QUOTES: Final = frozenset({"annotations", "citations", "search_results", "stop_details"})


class Lanes:
    """`opaque`: kinds of content that came and could not be read. `released`: whether text of a lane, or a close, has gone out."""

    def __init__(self, edit_for: EditFor) -> None:
        self.opaque: set[str] = set()
        self.released = False
        self._edit_for = edit_for
        self._runs: dict[Key, Run | None] = {}

    def run(self, key: Key, name: str = "", *, as_json: bool = False) -> Run | None:
        """The lane's run, opened if it was not; None if nobody looks at it."""
        try:
            return self._runs[key]
        except KeyError:
            edit = self._edit_for(Lane(*key, name))
        run = None if edit is None else Run(Lane(*key, name), inside(edit) if as_json else edit)
        self._runs[key] = run
        return run

    def find(self, key: Key) -> Run | None:
        return self._runs.get(key)

    def open(self, choice: int | None = None) -> list[Key]:
        """In the order in which they opened, of one choice or of all."""
        return [key for key in self._runs if choice is None or key[0] == choice]

    def close(self, key: Key) -> str:
        """The rest of the lane, which opens anew if more text comes."""
        run = self._runs.pop(key, None)
        return "" if run is None else run.close()

    def once(self, lane: Lane, text: str, *, signed: bool = False) -> str:
        """A text that is a lane of its own, whole."""
        edit = self._edit_for(lane) if text else None
        if edit is None:
            return text
        released = edit.feed(text) + edit.close()
        if signed and released != text:
            raise SignedEdit(lane)
        return released

    def arguments(self, lane: Lane, value: Any) -> tuple[Any, bool]:
        """Arguments that came as a decoded object, whole, and whether they changed. A call without any is looked at too."""
        edit = self._edit_for(lane)
        return (value, False) if edit is None else edited_value(edit, value)

    def unknown(self, choice: int, holder: dict[str, Any], known: frozenset[str]) -> bool:
        """Edits what stands in fields that are not `known` as quoted text, in place; whether any changed."""
        changed = False
        for name, held in holder.items():
            if name in known or not isinstance(held, str | list | dict) or not held:
                continue
            self.released = True
            if name not in _QUOTES:
                self.opaque.add("image" if name == "images" else "unknown")
            boxed = {name: held}
            if self.quoted(choice, boxed):
                holder[name] = boxed[name]
                changed = True
        return changed

    def quoted(self, choice: int, value: Any, depth: int = 0, word: str = "quoted") -> bool:
        """Edits every text inside a citation, a hosted tool's result or a field nobody models, in place; whether any changed.

        `word`: see `Lane`.
        """
        if depth > DEEPEST:
            raise too_deep()
        entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        changed = False
        for name, held in list(entries):
            if isinstance(held, str):
                if not held or name in _NAMES or str(name).endswith("_id"):
                    continue
                if name in _SEALED:
                    self.opaque.add("encrypted" if "encrypted" in str(name) or name == "signature" else "data")
                    continue
                lane = Lane(choice, "content", "url" if name in _ADDRESSES else word)
                value[name] = self.once(lane, held)
                changed = changed or value[name] != held
            else:
                changed = self.quoted(choice, held, depth + 1, word) or changed
        return changed


def too_deep() -> GatewayError:
    return GatewayError("upstream_invalid_response", "The upstream sent something nested too deeply to be read.")


def read(frame: Frame) -> dict[str, Any]:
    """The frame's data, decoded for us alone: it may be changed."""
    try:
        return Frame(frame.raw, frame.data, frame.event).json
    except NotJSON as error:
        raise GatewayError("upstream_invalid_response", f"The upstream sent something that is {error}.") from error
