"""Edits of one lane, one behind the other, and values put back into the strings of a tool call."""

from typing import Final

from gateway.guards.placeholders import Known
from gateway.guards.restoring import Restorer
from gateway.guards.sinks import Sinks
from gateway.wire.lanes.lane import Edit

_BETWEEN: Final = "\ufffe"
"""What `Editing` puts between the strings of one tool call's arguments."""


def chained(*edits: Edit | None) -> Edit | None:
    """The first one gets the text, the next one what that lets go. None if there is none."""
    found = [one for one in edits if one is not None]
    return found[0] if len(found) == 1 else Chain(found) if found else None


class Chain:
    """The guard first; what it lets go is restored. So no rule sees a value, and no value is kept with an answer."""

    __slots__ = ("_edits",)

    def __init__(self, edits: list[Edit]) -> None:
        self._edits = edits

    def feed(self, text: str, /) -> str:
        for edit in self._edits:
            text = edit.feed(text)
        return text

    def close(self) -> str:
        text = ""
        for edit in self._edits:
            text = edit.feed(text) + edit.close()
        return text


class Strings:
    """The strings of a tool call's arguments, each with sinks of its own."""

    __slots__ = ("_kinds", "_known", "_restorer")

    def __init__(self, known: Known, kinds: frozenset[str]) -> None:
        self._known = known
        self._kinds = kinds
        self._restorer = self._fresh()

    def feed(self, text: str, /) -> str:
        first, *others = text.split(_BETWEEN)
        written = [self._restorer.feed(first)]
        for part in others:
            written += self._restorer.close(), _BETWEEN
            self._restorer = self._fresh()
            written.append(self._restorer.feed(part))
        return "".join(written)

    def close(self) -> str:
        return self._restorer.close()

    def _fresh(self) -> Restorer:
        return Restorer(self._known, Sinks(is_argument=True), self._kinds)
