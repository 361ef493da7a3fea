"""One lane that runs over several blocks: its text and the blocks' ends and beginnings, in order."""

from collections import deque
from typing import Any, NamedTuple

from gateway.wire.lanes.lane import Run


class Said(NamedTuple):
    """Text that goes out now, in the block at `place`."""

    place: Any
    text: str


class Later(NamedTuple):
    """What an adapter put in, whose turn has come."""

    value: Any


class _Held:
    """Text of a block that came and was not let go yet; unknown once an edit has changed the lane."""

    __slots__ = ("place", "raw")

    def __init__(self, place: Any, raw: str) -> None:
        self.place = place
        self.raw = raw


class Row:
    """The end of a block waits until the text before it has gone out, and that is known when the text of the next block goes out.

    Text that an edit changed goes to the last block it could stand in: whose text it was can only be told as long as what goes out
    is what came. The caller joins the blocks, so for the lane it is the same.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._waiting: deque[_Held | Later] = deque()  # the first is the block that is open for the caller
        self._lost = False

    def feed(self, place: Any, text: str) -> list[Said | Later]:
        released = self._run.feed(text)
        last = self._waiting[-1] if self._waiting else None
        if not isinstance(last, _Held) or last.place != place:
            self._waiting.append(_Held(place, text))
        elif not self._lost:
            last.raw += text
        return self._let(released)

    def later(self, value: Any, *, end: bool) -> list[Said | Later]:
        """`end`: no text can follow it in the block that is open."""
        if not self._waiting:
            return [Later(value)]
        first = self._waiting[0]
        if not end and len(self._waiting) == 1 and isinstance(first, _Held) and not first.raw:
            return [Later(value)]
        self._waiting.append(Later(value))
        return []

    def close(self, released: str) -> list[Said | Later]:
        """The rest; `released` is what the run's close gave."""
        steps = self._let(released)
        return steps + [waiting for waiting in self._waiting if isinstance(waiting, Later)]

    def _let(self, released: str) -> list[Said | Later]:
        steps: list[Said | Later] = []
        if not self._waiting:
            return steps
        while not self._lost and isinstance(first := self._waiting[0], _Held):
            common = _common(first.raw, released)
            if common:
                steps.append(Said(first.place, released[:common]))
                released, first.raw = released[common:], first.raw[common:]
            if first.raw or not self._begun_behind():
                break
            steps += self._pass()
        if released:
            self._lost = True
            while self._begun_behind():
                steps += self._pass()
            here = self._waiting[0]
            if isinstance(here, _Held):  # as the first always is
                here.raw = ""
                if steps and isinstance(last := steps[-1], Said):
                    steps[-1] = Said(here.place, last.text + released)
                else:
                    steps.append(Said(here.place, released))
        return steps

    def _begun_behind(self) -> bool:
        """Whether text of another block waits."""
        return any(isinstance(waiting, _Held) for waiting in list(self._waiting)[1:])

    def _pass(self) -> list[Later]:
        """The first block is done: what stands between it and the next text."""
        self._waiting.popleft()
        steps: list[Later] = []
        while isinstance(first := self._waiting[0], Later):
            self._waiting.popleft()
            steps.append(first)
        return steps


def _common(one: str, other: str) -> int:
    """The length of the beginning they share."""
    if other.startswith(one):
        return len(one)
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
