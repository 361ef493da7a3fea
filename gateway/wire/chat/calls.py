"""Tool calls of one choice as they come in pieces: which piece belongs to which call.

The pieces should carry an index each, and id and name in the first. In practice some servers send a call in one piece, repeat
the id, leave the index out, give every call the index 0, or send the name late.
"""

from dataclasses import dataclass, field
from typing import Any

from gateway.wire.chat.turns import read_arguments
from gateway.wire.fields import Fields
from gateway.wire.neutral import Delta, Event, ToolBegin

_LEGACY = "function_call"


@dataclass(slots=True)
class _Call:
    index: int | None
    id: str | None = None
    name: str | None = None
    custom: bool = False
    held: str = ""  # arguments that came before the name
    extras: dict[str, Any] = field(default_factory=dict)


class Calls:
    """`answer_id` makes up ids for servers that give none."""

    def __init__(self, choice: int, answer_id: str) -> None:
        self._choice = choice
        self._answer_id = answer_id
        self._calls: list[_Call] = []

    def feed(self, piece: Fields) -> list[Event]:
        index, call_id, kind = piece.integer("index"), piece.text("id") or None, piece.text("type")
        custom = kind == "custom" or (kind is None and "custom" in piece.left)
        inner = piece.fields("custom" if custom else "function")
        if inner is None:
            name, text = None, ""
        else:
            name = inner.text("name") or None
            text = inner.text("input") or "" if custom else read_arguments(inner)
        place = self._place(index, call_id, name)
        call = self._calls[place]
        call.id = call.id or call_id
        call.custom = call.custom or custom
        if call.name is None:
            call.extras.update(piece.rest())
        return self._said(place, name, text)

    def feed_legacy(self, piece: Fields) -> list[Event]:
        """`function_call` of a delta: one call a choice."""
        if not self._calls:
            self._calls.append(_Call(index=None))
        return self._said(0, piece.text("name") or None, read_arguments(piece))

    def unnamed(self) -> bool:
        """A call has come of which nobody knows the name."""
        return any(call.name is None for call in self._calls)

    def _said(self, place: int, name: str | None, text: str) -> list[Event]:
        call = self._calls[place]
        events: list[Event] = []
        if call.name is None:
            if name is None:
                call.held += text
                return []
            call.name, text, call.held = name, call.held + text, ""
            call.id = call.id or f"call_{self._answer_id}_{self._choice}_{place}"
            events.append(
                ToolBegin(
                    choice=self._choice, tool=place, id=call.id, name=name, custom=call.custom, extras=call.extras
                )
            )
        if text:
            events.append(Delta(choice=self._choice, kind="tool_args", text=text, tool=place))
        return events

    def _place(self, index: int | None, call_id: str | None, name: str | None) -> int:
        """Where the piece goes on, or the place of a new call.

        An id that was seen decides. Without one the index decides, unless another id *and* a name say that this is a new call
        (a new id alone does not: some servers make one up for each piece). Without an index a named piece is a new call.
        """
        for place, call in enumerate(self._calls):
            if call_id is not None and call.id == call_id and (index is None or call.index == index):
                return place
        for place in range(len(self._calls) - 1, -1, -1):
            call = self._calls[place]
            if call.index == index and not self._is_another(call, index, call_id, name):
                return place
        if index is None and call_id is None and name is None and self._calls:
            return len(self._calls) - 1
        self._calls.append(_Call(index=index))
        return len(self._calls) - 1

    @staticmethod
    def _is_another(call: _Call, index: int | None, call_id: str | None, name: str | None) -> bool:
        if name is None or call.name is None:
            return False
        if call_id is not None and call.id is not None:
            return call_id != call.id
        return index is None or name != call.name
