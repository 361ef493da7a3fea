"""Lanes in the answers of chat completions and of the older completions: chunks, and a whole body as one chunk that ends all.

Every field of a choice is a lane, so nothing has to keep an order but a choice's end: the rest of its lanes goes before it.
"""

from typing import Any, Final

from gateway.wire import frames
from gateway.wire.frames import DONE, Frame
from gateway.wire.lanes.chat_fields import HEAD, Choice, Slot, drop_offsets, says_nothing
from gateway.wire.lanes.lane import SignedEdit
from gateway.wire.lanes.running import Key, Lanes, read

# What tells tokens of the text: dropped where the text is not what came.
_TOKENS: Final = ("logprobs", "token_ids")
_REPEATED: Final = ("id", "object", "created", "model", "system_fingerprint", "service_tier")


class ChatAnswer:
    """One answer. A choice's lanes close with its `finish_reason`; text behind that opens them anew."""

    def __init__(self, lanes: Lanes, streamed: bool) -> None:
        self._lanes = lanes
        self._streamed = streamed
        self._choices: dict[int, Choice] = {}
        self._last: tuple[dict[str, Any], str | None] | None = None

    def feed(self, frame: Frame) -> list[Frame]:
        if frame.data is None:
            return [frame]
        if frame.data == DONE:
            return [*self.finish(), frame]
        value = read(frame)
        choices = value.get("choices")
        if value.get("error") or not isinstance(choices, list):
            return [frame]
        self._last = value, frame.event
        changed = self._lanes.unknown(0, value, HEAD)
        tails: list[Frame] = []
        for choice in choices:
            if isinstance(choice, dict):
                changed = self._choice(value, choice, frame.event, tails) or changed
        if not changed:
            return [*tails, frame]
        if self._streamed and says_nothing(value):
            return tails
        return [*tails, frames.edited(frame, value)]

    def finish(self) -> list[Frame]:
        """The rest of every lane, in chunks like the last one."""
        if self._last is None:
            return []
        value, event = self._last
        return [self._tail(value, key, rest, event) for key in self._lanes.open() if (rest := self._lanes.close(key))]

    def _choice(self, value: dict[str, Any], choice: dict[str, Any], event: str | None, tails: list[Frame]) -> bool:
        index = choice.get("index")
        index = index if isinstance(index, int) else 0
        reader = self._choices.get(index)
        if reader is None:
            reader = self._choices[index] = Choice(self._lanes, index)
        slots = reader.slots(choice, streamed=self._streamed)
        for slot in slots:
            released = slot.run.feed(slot.came)
            if slot.signed:
                released += self._lanes.close(slot.key)
                if slot.run.changed:
                    raise SignedEdit(slot.run.lane)
            slot.holder[slot.name] = released
            if released:
                self._lanes.released = True
        if not self._streamed or choice.get("finish_reason") is not None:
            tails += self._ends(value, index, slots, event)
            self._lanes.released = True
        changed = self._drop_tokens(choice, slots) or reader.changed
        if self._points_nowhere(index, slots):
            changed = any([drop_offsets(choice.get("delta")), drop_offsets(choice.get("message")), changed])
        return changed or any(slot.changed for slot in slots)

    def _ends(self, value: dict[str, Any], index: int, slots: list[Slot], event: str | None) -> list[Frame]:
        """A lane that says something in this very frame says its rest there too."""
        tails: list[Frame] = []
        for key in self._lanes.open(index):
            rest = self._lanes.close(key)
            here = next((slot for slot in reversed(slots) if slot.key == key), None)
            if here is not None:
                here.holder[here.name] += rest
            elif rest:
                tails.append(self._tail(value, key, rest, event))
        return tails

    def _tail(self, like: dict[str, Any], key: Key, text: str, event: str | None) -> Frame:
        self._lanes.released = True
        chunk: dict[str, Any] = {name: like[name] for name in _REPEATED if name in like}
        choice: dict[str, Any] = {"index": key[0]}
        if like.get("object") == "text_completion":
            choice["text"] = text
        else:
            choice["delta"] = self._choices[key[0]].delta(key, text)
        chunk["choices"] = [{**choice, "logprobs": None, "finish_reason": None}]
        if "usage" in like:
            chunk["usage"] = None
        return frames.event(chunk, event)

    @staticmethod
    def _drop_tokens(choice: dict[str, Any], slots: list[Slot]) -> bool:
        if not any(slot.touched for slot in slots):
            return False
        dropped = [name for name in _TOKENS if choice.get(name) is not None]
        for name in dropped:
            choice[name] = None
        return bool(dropped)

    def _points_nowhere(self, index: int, slots: list[Slot]) -> bool:
        run = self._lanes.find((index, "content", None))
        return (run is not None and run.changed) or any(
            slot.run.changed for slot in slots if slot.key == (index, "content", None)
        )
